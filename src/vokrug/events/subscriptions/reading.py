"""A subscription's way through the log: what it may see of what is there, and the place to read on from."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from vokrug.events import operations as log_operations
from vokrug.events import rules as log_rules
from vokrug.events.personal import reveal
from vokrug.events.registry.upcasts import Upcasts
from vokrug.events.subscriptions import cesql, limits, shaping, store
from vokrug.events.subscriptions.attributes import reader_of
from vokrug.events.subscriptions.errors import FilterMalformed
from vokrug.events.subscriptions.types import Subscription
from vokrug.events.types import Envelope, Installation, Page
from vokrug.runtime.database import Tx

# How far one reading looks for facts of the wanted types before it moves on and lets others have a turn.
SCAN = 10_000


@dataclass(frozen=True, slots=True)
class Lens:
    """What one subscription sees of a fact."""

    names: frozenset[str]  # the versions that were asked for
    read: list[int]  # those, and the older ones that can be raised to them
    filter: cesql.Expression | None
    strippers: Mapping[str, shaping.Strip]
    purposes: frozenset[str]
    upcasts: Upcasts

    async def through(self, tx: Tx, told: list[Envelope]) -> list[Envelope]:
        """The facts that pass the filter, as the version asked for, without the fields that are not for this
        subscriber.
        """
        passed = told if self.filter is None else [one for one in told if self.filter.passes(self._as_asked(one))]
        if not passed:
            return passed
        shown = [self._stripped(one) for one in await reveal(tx, passed, self.purposes)]
        # An older version was stripped by its own marks; the newer one may have others.
        return [
            one if one.type in self.names else self._stripped(self.upcasts.raise_to(one, self.names)) for one in shown
        ]

    def _as_asked(self, told: Envelope) -> Envelope:
        if told.type in self.names:
            return told
        return replace(told, type=next(name for name in self.names if told.type in self.upcasts.older(name)))

    def _stripped(self, told: Envelope) -> Envelope:
        strip = self.strippers.get(told.type)
        return told if strip is None else replace(told, data=strip(told.data))


def compile_filter(text: str, installation: Installation) -> cesql.Expression | None:
    """A filter made ready, or None for the empty one. Raises FilterMalformed."""
    if not text.strip():
        return None
    readers = reader_of(installation)
    try:
        compiled = cesql.compile(text, lambda name: readers.get(name, lambda told: None))
    except cesql.ParseError as error:
        raise FilterMalformed(at=error.at + 1, problem=error.problem) from None
    if unknown := sorted(compiled.attributes - readers.keys()):
        raise FilterMalformed(at=text.lower().find(unknown[0]) + 1, problem=f"our events have no “{unknown[0]}”")
    if compiled.known_error is not None:
        raise FilterMalformed(at=1, problem="there is no such function with so many arguments")
    return compiled


class Lenses:
    """The lenses of a process, ground once and again when a subscription or one of its types has changed."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self._ground: dict[str, tuple[Any, Lens]] = {}

    async def of(self, tx: Tx, subscription: Subscription) -> Lens:
        # Asked each time: a type may gain a personal field at any moment, and nobody may see it by mistake.
        mark = (subscription.types, subscription.filter, subscription.purposes, await store.catalogue_mark(tx))
        known = self._ground.get(subscription.name)
        if known is None or known[0] != mark:
            known = self._ground[subscription.name] = (mark, await self._grind(tx, subscription))
        return known[1]

    async def _grind(self, tx: Tx, subscription: Subscription) -> Lens:
        upcasts = Upcasts.of(await log_operations.list_types(tx))
        read = sorted(upcasts.names_to_read(subscription.types))
        # What came to need a purpose that was not asked for is seen no more.
        consents = await store.consents(tx, read)
        allowed = [name for name in read if consents.get(name) in (None, *subscription.purposes)]
        strippers = {}
        for name, fields in await store.personal_fields(tx, read):
            if strip := shaping.stripper(shaping.left_out(fields, subscription.purposes)):
                strippers[name] = strip
        return Lens(
            frozenset(subscription.types),
            [log_rules.type_id_of(name) for name in allowed],
            compile_filter(subscription.filter, self.installation),
            strippers,
            frozenset(subscription.purposes),
            upcasts,
        )


async def start_of(tx: Tx, subscription: Subscription, after: Mapping[int, int] | None) -> dict[int, int]:
    """The places of a cursor, or those that were committed."""
    reaches = await store.reaches(tx, subscription.name)
    return {reach.partition: reach.position if after is None else after[reach.partition] for reach in reaches}


async def read_page(
    tx: Tx, lens: Lens, subscription: Subscription, after: Mapping[int, int] | None, limit: int, now: datetime
) -> Page:
    """The next facts past a cursor, or past what was committed; each partition gets an equal share.

    What is left out is passed by, so a page may be empty and still have more behind it.
    """
    limit = await limits.granted(tx, subscription, min(limit, subscription.max_in_flight), now)
    spans = {}
    horizons = {}
    for reach in await store.reaches(tx, subscription.name):
        begin = reach.position if after is None else after[reach.partition]
        horizons[reach.partition] = reach.horizon
        spans[reach.partition] = (begin, min(reach.horizon, begin + SCAN))
    busy = {partition: span for partition, span in spans.items() if span[0] < span[1]}
    positions = {partition: max(begin, until) for partition, (begin, until) in spans.items()}
    shown: list[Envelope] = []
    if busy:
        share = max(1, limit // len(busy))
        read = await store.read(tx, busy, lens.read, limit=share, is_replay=subscription.replays is not None)
        _stop_at_full_shares(read, positions, share)
        shown = await lens.through(tx, read)
        await limits.spend(tx, subscription, len(shown), now)
    has_more = any(position < horizons[partition] for partition, position in positions.items())
    return Page(shown, positions, has_more)


def _stop_at_full_shares(read: list[Envelope], positions: dict[int, int], share: int) -> None:
    counts: dict[int, int] = {}
    last: dict[int, int] = {}
    for told in read:
        counts[told.partition] = counts.get(told.partition, 0) + 1
        last[told.partition] = told.position
    for partition, count in counts.items():
        if count == share:
            positions[partition] = last[partition]
