"""Facts for reactions from a broker instead of the log's table.

Places stay in the database and move with the effects, so a fact has its effect once whichever way it came.
A task for each reader and partition listens and keeps a bounded stretch in memory. What the topic no longer
has (its retention is shorter than the log's), and what it tells less of than the log, is read from the log.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from vokrug.events import places
from vokrug.events.brokers import store
from vokrug.events.brokers.types import Broker, Heard
from vokrug.events.feeds import SCAN, Stretch
from vokrug.events.places import Place, Work
from vokrug.events.types import Envelope
from vokrug.runtime.database import Tx

logger = logging.getLogger(__name__)

MOST_WAITING = 10_000
AGAIN_S = 0.5

Reader = tuple[str, int]


@dataclass(slots=True)
class _Ear:
    """One listener and what it has heard."""

    began: int  # nothing up to here is needed any more
    position: int  # of the last fact heard
    heard: deque[Heard] = field(default_factory=deque)
    has_room: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None


class BrokerFeed:
    """Listens to a broker for the reactions of one runner."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._ears: dict[Reader, _Ear] = {}
        self._nudge: Callable[[], None] = lambda: None

    def on_news(self, nudge: Callable[[], None]) -> None:
        self._nudge = nudge

    async def read(self, tx: Tx, work: Work, types: Sequence[str], place: Place, limit: int) -> Stretch:
        ear = await self._ear(tx, work, place.position)
        heard = ear.heard
        while heard and heard[0].position <= place.position:
            ear.began = heard.popleft().position
        ear.has_room.set()
        if not heard:
            return Stretch([], place.position)
        if heard[0].after > place.position or heard[0].envelope is None:
            missed_until = heard[0].position if heard[0].envelope is None else heard[0].after
            until = min(missed_until, place.position + SCAN, place.horizon)
            missed = await places.read_batch(tx, work, types, after=place.position, until=until, limit=limit)
            return Stretch(missed, missed[-1].position if len(missed) == limit else until)
        facts: list[Envelope] = []
        until = place.position
        for fact in heard:
            if fact.envelope is None or fact.after > until or len(facts) == limit or fact.position > place.horizon:
                break
            until = fact.position
            if fact.envelope.type in types:
                facts.append(fact.envelope)
        return Stretch(facts, until)

    async def close(self) -> None:
        tasks = [ear.task for ear in self._ears.values() if ear.task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._broker.close()

    async def _ear(self, tx: Tx, work: Work, position: int) -> _Ear:
        """The listener of a reader; a new one when others have moved its place meanwhile."""
        reader = (work.name, work.partition)
        ear = self._ears.get(reader)
        if ear is not None:
            if ear.began <= position <= ear.position:
                return ear
            if ear.task:
                ear.task.cancel()
        recorded_at = await store.recorded_after(tx, work.partition, position)
        self._ears[reader] = ear = _Ear(position, position)
        ear.task = asyncio.create_task(self._listen(ear, work.partition, recorded_at))
        return ear

    async def _listen(self, ear: _Ear, partition: int, recorded_at: datetime | None) -> None:
        while True:
            try:
                async for facts in self._broker.facts(partition, ear.position, recorded_at):
                    for fact in facts:
                        # Already heard, or written by a relay that was fenced.
                        if fact.position <= ear.position:
                            continue
                        ear.heard.append(fact)
                        ear.position = fact.position
                        recorded_at = fact.envelope.recorded_at if fact.envelope else recorded_at
                    if facts:
                        self._nudge()
                    while len(ear.heard) >= MOST_WAITING:
                        ear.has_room.clear()
                        await ear.has_room.wait()
            except Exception as error:
                logger.info("feed of partition %s: waits for the broker (%s)", partition, type(error).__name__)
            await asyncio.sleep(AGAIN_S)
