"""Subscriptions that are delivered to a topic of their own at the broker.

One process carries a partition of all of them, by a lease. What a subscription may not see never leaves for its topic.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from vokrug.events.brokers import store as carried
from vokrug.events.brokers.relay import Relay
from vokrug.events.brokers.types import Broker, Told
from vokrug.events.subscriptions import limits, store
from vokrug.events.subscriptions.errors import NoBroker, TopicTaken
from vokrug.events.subscriptions.reading import SCAN, Lenses
from vokrug.events.subscriptions.types import Delivery, State, Subscription
from vokrug.events.types import Envelope
from vokrug.events.workers.leases import Leases
from vokrug.events.workers.types import Hold, Share
from vokrug.kernel import Clock
from vokrug.runtime.database import Database, Tx

logger = logging.getLogger(__name__)

WORK = "topics of subscriptions"
LOOK_EVERY_S = 1.0
BATCH = 500


class TopicDoor(NamedTuple):
    """Is there a broker, and which topic there is not for subscriptions."""

    has_broker: bool
    mirror: str

    async def require_free(self, tx: Tx, name: str, topic: str) -> None:
        """A topic belongs to one subscription for ever: its end says how far the subscription is."""
        if not self.has_broker:
            raise NoBroker()
        if topic == self.mirror or await store.topic_taken(tx, name, topic):
            raise TopicTaken(topic=topic)


class SubscriptionSource:
    """What one subscription sees of the log."""

    work = WORK
    is_whole = False

    def __init__(self, subscription: Subscription, lenses: Lenses, clock: Clock) -> None:
        self._subscription = subscription
        self._lenses = lenses
        self._clock = clock
        self.place = subscription.place

    async def enrol(self, tx: Tx) -> int:
        """Its places were made when it was activated."""
        return len(await store.heads(tx))

    async def read(self, tx: Tx, partition: int, after: int, limit: int) -> tuple[Sequence[Told], int]:
        known = self._subscription
        allowed = await limits.allowance(tx, known, self._clock.now())
        limit = min(limit, BATCH) if allowed is None else min(limit, BATCH, allowed)
        reach = {one.partition: one.horizon for one in await store.reaches(tx, known.name)}
        until = min(reach.get(partition, after), after + SCAN)
        if limit < 1 or until <= after:
            return [], after
        lens = await self._lenses.of(tx, known)
        span = {partition: (after, until)}
        read = await store.read(tx, span, lens.read, limit=limit, is_replay=known.replays is not None)
        if len(read) == limit:
            until = read[-1].position
        return [_told(one) for one in await lens.through(tx, read)], until

    async def move(self, tx: Tx, partition: int, hold: Hold, position: int, *, sent: int = 0) -> bool:
        await limits.spend(tx, self._subscription, sent, self._clock.now())
        return await carried.move(tx, self.place, Share(self.work, partition), hold, position)


def _told(fact: Envelope) -> Told:
    time, recorded_at = fact.time, fact.recorded_at
    return Told(
        fact.position,
        str(fact.key),
        str(fact.id),
        fact.type,
        fact.subject,
        time,
        recorded_at,
        fact.data,
        fact.is_replay,
    )


class TopicCarriers:
    """The relays of one process, one for each active subscription with a topic."""

    def __init__(
        self, db: Database, clock: Clock, leases: Leases, lenses: Lenses, opens: Callable[[str, timedelta], Broker]
    ) -> None:
        """`opens` gives a client of the broker for a topic, and for how long it keeps what it is given."""
        self._db = db
        self._clock = clock
        self._leases = leases
        self._lenses = lenses
        self._opens = opens
        self._running: dict[str, tuple[Subscription, asyncio.Event, asyncio.Task[None]]] = {}

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self._look()
            except Exception as error:
                logger.warning("topics of subscriptions: the database does not answer (%s)", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY_S)
        await self._end(list(self._running))

    async def _look(self) -> None:
        """Begin with what became active or was changed, and end what is not any more."""
        async with self._db.transaction(readonly=True) as tx:
            active = {one.name: one for one in await store.list_all(tx, state=State.ACTIVE) if one.topic is not None}
        await self._end(
            [name for name, (known, _, _) in self._running.items() if _moving(active.get(name)) != _moving(known)]
        )
        for name, subscription in active.items():
            if name not in self._running and subscription.delivery == Delivery.BROKER:
                self._begin(subscription)

    def _begin(self, subscription: Subscription) -> None:
        assert subscription.topic is not None, "the table says so"
        source = SubscriptionSource(subscription, self._lenses, self._clock)
        broker = self._opens(subscription.topic, timedelta(days=subscription.keeps_days))
        relay = Relay(self._db, broker, self._leases, source, batch=BATCH)
        stop = asyncio.Event()
        self._running[subscription.name] = (subscription, stop, asyncio.create_task(relay.run(stop)))

    async def _end(self, names: Sequence[str]) -> None:
        ended = [self._running.pop(name) for name in names]
        for _, stop, _ in ended:
            stop.set()
        await asyncio.gather(*(task for _, _, task in ended), return_exceptions=True)


def _moving(subscription: Subscription | None) -> tuple[object, ...] | None:
    """What a relay was begun with; other columns change all the time."""
    if subscription is None:
        return None
    one = subscription
    return (one.topic, one.types, one.filter, one.purposes, one.max_per_s, one.changed_at)
