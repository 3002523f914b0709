"""Telling facts and reading them."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.events import store
from vokrug.events.errors import EventMalformed, EventTypeUnknown
from vokrug.events.personal import Draft, seal
from vokrug.events.registry.store import list_types as list_cards
from vokrug.events.registry.store import owe
from vokrug.events.registry.upcasts import Upcasts
from vokrug.events.registry.validation import require_fit
from vokrug.events.types import Envelope, Event, EventType, Page, Row, TypeCard
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

_encoder = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical")


def encode(event: Event) -> bytes:
    """The JSON text that lies in the log."""
    return _encoder.encode(event)


def type_id(kind: type[Event]) -> int:
    """The small number that stands for a type in `events_append`; in SQL `events_type_id('name')`."""
    return kind.__event__.id


def row_of(event: Event, *, key: int, subject: str, at: datetime, id: UUID | None = None) -> Row:
    """A fact as a row. A hot path collects rows and makes arrays of them: `zip(*rows)`."""
    assert not event.__event__.personal, "personal data are sealed under a key: `publish` looks for it"
    return _row(event, encode(event), key=key, subject=subject, at=at, id=id)


def _row(event: Event, data: bytes, *, key: int, subject: str, at: datetime, id: UUID | None) -> Row:
    assert at.tzinfo is not None, "times are aware"
    return Row(key, event.__event__.id, id or new_id(), at, subject, data)


async def publish(tx: Tx, event: Event, *, key: int, subject: str, at: datetime, id: UUID | None = None) -> None:
    """Tell a fact if, and only if, this transaction commits.

    It is kept in hand until then: all facts of a transaction are appended by one call, in the order in
    which they were told, because from that call until the commit the heads of their partitions are locked.
    """
    type, id, data = event.__event__, id or new_id(), encode(event)
    if type.personal:
        (data,) = await seal(tx, [Draft(id, subject, type.schema, msgspec.json.decode(data))])
    if type.acknowledge_days is not None:
        await owe(tx, id, type.id, subject, at, type.acknowledge_days)
    await publish_row(tx, _row(event, data, key=key, subject=subject, at=at, id=id))


async def publish_row(tx: Tx, row: Row) -> None:
    """`publish`, of a fact that is a row already."""
    told: list[Row] = tx.attachments.setdefault(publish, [])
    if not told:
        tx.before_commit(lambda: _append_told(tx, told))
    told.append(row)


async def _append_told(tx: Tx, told: list[Row]) -> None:
    rows, told[:] = list(told), []
    await store.append(tx, rows)


async def append(tx: Tx, rows: Sequence[Row]) -> None:
    """Write rows at once. The last thing a transaction does: see `publish`."""
    if rows:
        await store.append(tx, rows)


async def read(tx: Tx, partition: int, after: int, limit: int) -> list[Envelope]:
    """Facts of one partition past a position, in order. Nothing is ever written before what was read."""
    return await store.read(tx, {partition: after}, limit)


async def read_page(tx: Tx, after: Mapping[int, int], limit: int, types: Collection[str] | None = None) -> Page:
    """About `limit` facts past the given positions, each partition getting an equal share of the page.

    Who asks for a version is given facts of older ones raised to it. A page that leaves out other types moves its
    positions past them too, so it may be empty and still have more behind it.
    """
    share = max(1, limit // len(after))
    read = await store.read(tx, after, share)
    positions, counts = dict(after), dict.fromkeys(after, 0)
    for envelope in read:
        positions[envelope.partition] = envelope.position
        counts[envelope.partition] += 1
    kept = read if types is None else await _raised(tx, read, types)
    return Page(kept, positions, has_more=share in counts.values())


async def _raised(tx: Tx, read: Sequence[Envelope], types: Collection[str]) -> list[Envelope]:
    upcasts = Upcasts.of(await list_types(tx))
    names = upcasts.names_to_read(types)
    return [upcasts.raise_to(envelope, types) for envelope in read if envelope.type in names]


async def list_types(tx: Tx) -> list[TypeCard]:
    """Every type that any process of this installation tells."""
    return await list_cards(tx)


async def find_type(tx: Tx, name: str) -> TypeCard:
    found = await list_cards(tx, [name])
    if not found:
        raise EventTypeUnknown(name=name)
    return found[0]


async def require_types(tx: Tx, names: Collection[str]) -> None:
    """Refuse a name that nobody tells facts under: a slip of the keyboard would read nothing for ever."""
    known = {card.name for card in await list_cards(tx, names)}
    for name in names:
        if name not in known:
            raise EventTypeUnknown(name=name)


def validate(type: EventType, data: bytes) -> None:
    """Does a fact fit its schema? Asked of what comes from outside; our own encoder cannot do otherwise."""
    try:
        given: Any = msgspec.json.decode(data)
    except msgspec.DecodeError:
        raise EventMalformed(name=type.name, field="") from None
    require_fit(type.name, _encoder.encode(type.schema), given)
