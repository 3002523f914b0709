"""A round: some facts of one partition, claimed in one transaction, sent outside of any, settled in another.

Whoever claims takes a lease. A process that dies in between leaves the lease to run out, and the next one
sends the same messages again, under the same ids. One that wakes up late finds its lease gone and writes
nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from vokrug.events import places
from vokrug.events.places import Work
from vokrug.events.subscriptions import limits, rules
from vokrug.events.subscriptions import store as subscriptions_store
from vokrug.events.subscriptions.reading import SCAN, Lens, Lenses
from vokrug.events.subscriptions.types import Delivery, Endpoint, State, Subscription
from vokrug.events.subscriptions.webhooks import store
from vokrug.events.types import Envelope
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

ROUND = 100  # requests of one claim
OF_ONE_KEY = 20  # parked facts of a key in one round
SENDING_S = 20  # no request is begun later than this after the claim
MARGIN_S = 20


@dataclass(slots=True)
class Fact:
    """A fact on its way, and what became of it."""

    envelope: Envelope
    tries: int = 0
    is_parked: bool = False
    is_delivered: bool = False
    error: str = ""  # of the try that failed; empty: it was not tried

    @property
    def has_failed(self) -> bool:
        return bool(self.error)


Parcel = list[Fact]  # what goes in one request


@dataclass(slots=True)
class Round:
    """What one process may send now."""

    subscription: Subscription
    endpoint: Endpoint
    partition: int
    holder: UUID
    width: int  # requests at a time
    until: int  # the place is moved here when all is settled
    lanes: list[list[Parcel]]  # parcels of a lane go one after the other
    waiting: list[Fact] = field(default_factory=list)  # new facts of keys that have parked ones
    in_batches: bool = False
    delivered: int = 0
    streak: int = 0  # failures since the last success
    status: int | None = None
    error: str = ""  # the last failure
    wait_s: float | None = None  # the receiver asked for a pause
    is_gone: bool = False

    @property
    def facts(self) -> list[Fact]:
        return [fact for lane in self.lanes for parcel in lane for fact in parcel]


async def claim(tx: Tx, name: str, partition: int, now: datetime, lenses: Lenses) -> Round | bool:
    """Take what is next; True when there was only something to pass by, False when there is nothing."""
    endpoint = await store.lock_endpoint(tx, name)
    subscription = await subscriptions_store.find(tx, name)
    if endpoint is None or subscription is None or not _may_send(subscription, endpoint, now):
        return False
    lease = await store.find_lease(tx, name, partition)
    if lease is not None and lease.holder is not None and lease.until > now:
        return False
    free = subscription.max_in_flight - await store.width_taken(tx, name, now)
    allowed = await limits.allowance(tx, subscription, now, endpoint)
    work = Work(subscription.place, subscription.place, partition)
    place = await places.lock_place(tx, work)
    if free < 1 or place is None or allowed == 0:
        return False
    is_probe = rules.is_probing(endpoint)
    lens = await lenses.of(tx, subscription)
    taken = _Taking(subscription, endpoint, partition, lease, 1 if is_probe else ROUND, 1 if is_probe else allowed)
    # What is new asks whether a receiver is back, or a fact that it can't stand would ask again and again.
    # Otherwise half of a round is for what is parked, and nobody waits for long.
    if not is_probe:
        await taken.take_due(tx, lens, now, most=ROUND // 2)
    await taken.take_new(tx, lens, place, await places.parked_keys(tx, work))
    if is_probe and not taken.lanes:
        await taken.take_due(tx, lens, now, most=1)
    if not taken.lanes:
        if taken.until > place.position:
            await store.park(tx, name, [(fact.envelope, 0, now, BEHIND) for fact in taken.waiting], now)
            await places.move_place(tx, work, taken.until)
            return True
        return False
    # Half of what is free, so that the other partitions have a turn too.
    width = 1 if is_probe else min(len(taken.lanes), max(1, free // 2))
    holder = new_id()
    until = now + timedelta(seconds=SENDING_S + endpoint.timeout_s + MARGIN_S)
    await store.take_lease(tx, name, partition, store.Lease(holder, until, width, taken.until, 0))
    if is_probe:
        await store.hold_off(tx, name, until)
    sent = sum(len(parcel) for lane in taken.lanes for parcel in lane)
    await limits.spend(tx, subscription, sent, now, endpoint)
    return Round(
        subscription,
        endpoint,
        partition,
        holder,
        width,
        taken.until,
        taken.lanes,
        taken.waiting,
        in_batches=taken.in_batches,
        streak=endpoint.failures,
    )


def _may_send(subscription: Subscription, endpoint: Endpoint, now: datetime) -> bool:
    is_closed = endpoint.open_until is None or endpoint.open_until <= now
    return subscription.state == State.ACTIVE and subscription.delivery == Delivery.WEBHOOK and is_closed


BEHIND = "waits for an earlier fact"


class _Taking:
    """Fills a round's lanes: first what is parked and due, then what is new."""

    def __init__(
        self,
        subscription: Subscription,
        endpoint: Endpoint,
        partition: int,
        lease: store.Lease | None,
        most: int,
        allowed: int | None,
    ) -> None:
        self.subscription = subscription
        self.endpoint = endpoint
        self.partition = partition
        self.lease = lease
        self.most = most  # requests
        self.allowed = allowed  # facts
        self.until = 0
        self.lanes: list[list[Parcel]] = []
        self.waiting: list[Fact] = []
        self.in_batches = False

    @property
    def is_replay(self) -> bool:
        return self.subscription.replays is not None

    async def take_due(self, tx: Tx, lens: Lens, now: datetime, *, most: int) -> None:
        parked = await store.due(
            tx,
            self.subscription.name,
            self.partition,
            now,
            is_replay=self.is_replay,
            limit=most if self.allowed is None else min(most, self.allowed),
            of_key=OF_ONE_KEY,
        )
        facts = {one.envelope.position: Fact(one.envelope, one.tries, is_parked=True) for one in parked}
        # Parked facts have passed the filter once. What may be seen of them is decided anew.
        for shown in await lens.through(tx, [fact.envelope for fact in facts.values()]):
            facts[shown.position].envelope = shown
        self.lanes += _by_key(list(facts.values()))

    async def take_new(self, tx: Tx, lens: Lens, place: places.Place, parked: set[int]) -> None:
        self.until = place.position
        taken = sum(len(lane) for lane in self.lanes)
        size, until = self._batches(place)
        limit = (self.most - taken) * size
        if self.allowed is not None and self.allowed - taken < limit:
            limit = self.allowed - taken
            limit -= limit % size if limit > size else 0
        if place.position >= place.horizon or limit < 1:
            return
        span = {self.partition: (place.position, until)}
        read = await subscriptions_store.read(tx, span, lens.read, limit=limit, is_replay=self.is_replay)
        self.until = read[-1].position if len(read) == limit else until
        flowing: list[Fact] = []
        for told in await lens.through(tx, read):
            (self.waiting if told.key in parked else flowing).append(Fact(told))
        if size > 1:
            self.in_batches = True
            if flowing:
                self.lanes.append([flowing[at : at + size] for at in range(0, len(flowing), size)])
        else:
            self.lanes += _by_key(flowing)

    def _batches(self, place: places.Place) -> tuple[int, int]:
        """Facts in a request, and how far this round reads. A batch that failed is taken apart, and who
        follows a process that died reads as far as that one had, so that the batches are the same.
        """
        until = min(place.horizon, place.position + SCAN)
        lease = self.lease
        if lease is not None and place.position < lease.singly_until:
            return 1, min(until, lease.singly_until)
        if lease is not None and lease.holder is not None and place.position < lease.until_position:
            until = min(until, lease.until_position)
        return self.endpoint.batch_size, until


def _by_key(facts: Sequence[Fact]) -> list[list[Parcel]]:
    lanes: dict[int, list[Parcel]] = {}
    for fact in facts:
        lanes.setdefault(fact.envelope.key, []).append([fact])
    return list(lanes.values())
