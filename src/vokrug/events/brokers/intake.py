"""Facts of other systems from a broker, through the same door as those that come over HTTP.

A door takes the CloudEvents of a topic as dictionaries and says for each what became of it; what it refuses it
keeps as a dead letter. Our place in the topic moves in the door's transaction, so each message is taken once.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vokrug.events.brokers import store
from vokrug.events.brokers.bindings import foreign_event
from vokrug.events.brokers.types import Broker, ForeignReader, Place
from vokrug.events.workers.leases import Leases
from vokrug.events.workers.store import still_holds
from vokrug.events.workers.types import Share
from vokrug.runtime.database import Database, Tx

logger = logging.getLogger(__name__)

AGAIN_SHORTEST_S, AGAIN_LONGEST_S = 0.2, 5.0


@dataclass(frozen=True, slots=True)
class Taken:
    """What a door says of one event: taken (also: known already), or refused with a stable code."""

    refused: str | None = None


Door = Callable[[Tx, str, Sequence[dict[str, Any]]], Awaitable[Sequence[Taken]]]


class Intake:
    """The topics of others that one process reads, if the lease on reading them is its own."""

    def __init__(
        self, db: Database, broker: Broker, leases: Leases, door: Door, topics: Sequence[str], *, batch: int = 200
    ) -> None:
        self.name = work_name(broker)
        self._db = db
        self._broker = broker
        self._leases = leases
        self._door = door
        self._topics = topics
        self._batch = batch

    async def run(self, stop: asyncio.Event) -> None:
        pause_s = AGAIN_SHORTEST_S
        while not stop.is_set():
            reader: ForeignReader | None = None
            try:
                reader = await self._broker.foreign(self._topics)
                while not stop.is_set() and self._is_ours():
                    await self.turn(reader)
                    pause_s = AGAIN_SHORTEST_S
            except Exception as error:
                logger.warning("intake: waits for the broker (%s)", type(error).__name__)
            finally:
                if reader is not None:
                    await reader.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)
            pause_s = min(pause_s * 2, AGAIN_LONGEST_S)
        await self._broker.close()

    async def turn(self, reader: ForeignReader, *, wait_s: float = 0.2) -> int:
        """Take what is there, a batch of each partition; how many messages were taken or refused."""
        return sum([await self._take(reader, place, wait_s) for place in await reader.places()])

    def _is_ours(self) -> bool:
        return 0 in self._leases.of(self.name)

    async def _take(self, reader: ForeignReader, place: Place, wait_s: float) -> int:
        async with self._db.transaction() as tx:
            await store.begin_intake(tx, self.name, place)
            after = await store.lock_intake(tx, self.name, place)
        messages = await reader.read(place, after, self._batch, wait_s)
        if not messages:
            return 0
        async with self._db.transaction() as tx:
            hold = self._leases.of(self.name).get(0)
            if hold is None or not await still_holds(tx, Share(self.name, 0), hold):
                return 0
            if await store.lock_intake(tx, self.name, place) != after:
                return 0  # another process was faster
            events = [foreign_event(message.headers, message.body, key=message.key) for message in messages]
            said = await self._door(tx, place.topic, events)
            refused = sum(one.refused is not None for one in said)
            taken = len(said) - refused
            await store.move_intake(tx, self.name, place, messages[-1].offset, taken=taken, refused=refused)
        return len(messages)


def work_name(broker: Broker) -> str:
    """The intake's name among the works that are leased."""
    return "intake." + broker.name.removeprefix("relay.")
