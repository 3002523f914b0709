"""Telling facts and reading them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

import jsonschema_rs
import msgspec

from vokrug.events import rules, store
from vokrug.events.catalogue import CATALOGUE, Catalogue
from vokrug.events.errors import EventMalformed, EventTypeUnknown, SchemaIncompatible
from vokrug.events.types import Envelope, Event, EventType, Page, Row, TypeCard
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

_encoder = msgspec.json.Encoder(decimal_format="string", uuid_format="canonical")


async def synchronise(
    tx: Tx, now: datetime, catalogue: Catalogue = CATALOGUE, *, allow_older: bool = False
) -> list[str]:
    """Write this process's types into the database; the names of those that were new or changed.

    A schema that is not a compatible addition to the one written down is refused. `allow_older` is for
    going back to a previous release: a database that knows more fields than we do keeps them.
    """
    await store.lock_types(tx)
    known = {card.name: card for card in await store.list_types(tx)}
    written = [type for type in catalogue if _is_news(type, known.get(type.name), allow_older=allow_older)]
    for type in written:
        await store.write_type(tx, type, now)
    return [type.name for type in written]


def _is_news(type: EventType, known: TypeCard | None, *, allow_older: bool) -> bool:
    if known is None:
        return True
    if breach := rules.breach(known.schema, type.schema):
        if allow_older and rules.breach(type.schema, known.schema) is None:
            return False
        raise SchemaIncompatible(name=type.name, field=breach.field, reason=breach.reason)
    ours = (type.owner, type.key, type.words, type.schema, type.retention_days)
    return ours != (known.owner, known.key, known.words, known.schema, known.retention_days)


def encode(event: Event) -> bytes:
    """The JSON text that lies in the log."""
    return _encoder.encode(event)


def type_id(kind: type[Event]) -> int:
    """The small number that stands for a type in `events_append`; in SQL `events_type_id('name')`."""
    return kind.__event__.id


def row_of(event: Event, *, key: int, subject: str, at: datetime, id: UUID | None = None) -> Row:
    """A fact as a row. A hot path collects rows and makes arrays of them: `zip(*rows)`."""
    assert at.tzinfo is not None, "times are aware"
    return Row(key, event.__event__.id, id or new_id(), at, subject, encode(event))


async def publish(tx: Tx, event: Event, *, key: int, subject: str, at: datetime, id: UUID | None = None) -> None:
    """Tell a fact if, and only if, this transaction commits.

    It is kept in hand until then: all facts of a transaction are appended by one call, in the order in
    which they were told, because from that call until the commit the heads of their partitions are locked.
    """
    await publish_row(tx, row_of(event, key=key, subject=subject, at=at, id=id))


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

    A page that leaves out other types moves its positions past them too, so it may be empty and still
    have more behind it.
    """
    share = max(1, limit // len(after))
    read = await store.read(tx, after, share)
    positions, counts = dict(after), dict.fromkeys(after, 0)
    for envelope in read:
        positions[envelope.partition] = envelope.position
        counts[envelope.partition] += 1
    kept = [envelope for envelope in read if types is None or envelope.type in types]
    return Page(kept, positions, has_more=share in counts.values())


async def list_types(tx: Tx) -> list[TypeCard]:
    """Every type that any process of this installation tells."""
    return await store.list_types(tx)


async def find_type(tx: Tx, name: str) -> TypeCard:
    found = await store.list_types(tx, name)
    if not found:
        raise EventTypeUnknown(name=name)
    return found[0]


async def require_types(tx: Tx, names: Iterable[str]) -> None:
    """Refuse a name that nobody tells facts under: a slip of the keyboard would read nothing for ever."""
    known = {card.name for card in await store.list_types(tx)}
    for name in names:
        if name not in known:
            raise EventTypeUnknown(name=name)


def validate(type: EventType, data: bytes) -> None:
    """Does a fact fit its schema? Asked of what comes from outside; our own encoder cannot do otherwise."""
    try:
        given: Any = msgspec.json.decode(data)
    except msgspec.DecodeError:
        raise EventMalformed(name=type.name, field="") from None
    for error in _validator(type.name, _encoder.encode(type.schema)).iter_errors(given):
        raise EventMalformed(name=type.name, field="/".join(map(str, error.instance_path)) or "/")


@cache
def _validator(name: str, schema: bytes) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(msgspec.json.decode(schema), validate_formats=True)
