"""The SQL of the catalogue: types, their revisions, and who reads them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from vokrug.events.registry.compatibility import Change
from vokrug.events.types import Compatibility, Origin, TypeCard
from vokrug.runtime.database import Row, Tx

# --- types ---

# Appends only read the table; whoever changes it waits for whoever is changing it.
LOCK_TYPES = "lock table events_type in share row exclusive mode"

LIST_TYPES = """
    select name, version, owner, key, words, schema, personal, retention_days, purpose, examples, compatibility,
           acknowledge_days, origin, publishers, identify, upcast, revision, changed_at
      from events_type where $1::text[] is null or name = any($1) order by name
"""

WRITE_TYPE = """
    insert into events_type
           (id, name, version, owner, key, words, schema, personal, retention_days, purpose, examples, compatibility,
            acknowledge_days, origin, publishers, identify, upcast, revision, registered_at, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)
    on conflict on constraint a_type_has_one_row do update
       set owner = excluded.owner, key = excluded.key, words = excluded.words, schema = excluded.schema,
           personal = excluded.personal, retention_days = excluded.retention_days, purpose = excluded.purpose,
           examples = excluded.examples, compatibility = excluded.compatibility,
           acknowledge_days = excluded.acknowledge_days, publishers = excluded.publishers,
           identify = excluded.identify, upcast = excluded.upcast, revision = excluded.revision,
           changed_at = excluded.changed_at
     where events_type.name = excluded.name and events_type.origin = excluded.origin
"""

WRITE_REVISION = """
    insert into events_type_revision (type, revision, schema, changes, changed_at, changed_by)
    values ($1, $2, $3, $4, $5, $6)
"""

REVISIONS = """
    select t.name, r.revision, r.schema, r.changes, r.changed_at, r.changed_by
      from events_type_revision r join events_type t on t.id = r.type
     where t.name = any($1) order by t.name, r.revision
"""


@dataclass(frozen=True, slots=True)
class Revision:
    """A schema that a type has or had, and what it changed."""

    name: str
    revision: int
    schema: dict[str, Any]
    changes: list[Change]
    changed_at: datetime
    changed_by: str


async def lock_types(tx: Tx) -> None:
    """Two processes that start together write the catalogue one after the other."""
    await tx.run(LOCK_TYPES)


async def list_types(tx: Tx, names: Collection[str] | None = None) -> list[TypeCard]:
    return [_card(row) for row in await tx.rows(LIST_TYPES, None if names is None else list(names))]


def _card(row: Row) -> TypeCard:
    parsed = {column: _parsed(row[column]) for column in ("schema", "personal", "examples", "identify", "upcast")}
    promise = {"compatibility": Compatibility(row["compatibility"]), "origin": Origin(row["origin"])}
    return TypeCard(**(dict(row) | parsed | promise))


def _parsed(value: str | None) -> Any:
    return None if value is None else msgspec.json.decode(value)


async def write_type(tx: Tx, id: int, card: TypeCard) -> None:
    written = await tx.run(
        WRITE_TYPE,
        id,
        card.name,
        card.version,
        card.owner,
        card.key,
        card.words,
        _json(card.schema),
        _json(card.personal),
        card.retention_days,
        card.purpose,
        _json(card.examples),
        card.compatibility,
        card.acknowledge_days,
        card.origin,
        card.publishers,
        _json(card.identify),
        None if card.upcast is None else _json(card.upcast),
        card.revision,
        card.changed_at,
    )
    assert written == 1, f"the id of {card.name} belongs to another name in this database"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


async def write_revision(tx: Tx, id: int, card: TypeCard, changes: Sequence[Change], by: str) -> None:
    await tx.run(WRITE_REVISION, id, card.revision, _json(card.schema), _json(changes), card.changed_at, by)


async def revisions(tx: Tx, names: Collection[str]) -> list[Revision]:
    """Every schema these types ever had, the oldest first."""
    return [
        Revision(
            name=row["name"],
            revision=row["revision"],
            schema=_parsed(row["schema"]),
            changes=msgspec.json.decode(row["changes"], type=list[Change]),
            changed_at=row["changed_at"],
            changed_by=row["changed_by"],
        )
        for row in await tx.rows(REVISIONS, list(names))
    ]


# --- consumers ---

CONSUMERS = """
    select c.name, c.words, c.contact, c.purposes, c.retention_days, c.keys, c.registered_at, c.changed_at
      from events_consumer c where $1::text is null or c.name = $1 order by c.name
"""

READINGS = """
    select r.consumer, t.name as type, r.fields, r.is_closed
      from events_reading r join events_type t on t.id = r.type
     where ($1::text is null or r.consumer = $1) and ($2::text[] is null or t.name = any($2))
     order by r.consumer, t.name
"""

LOCK_CONSUMER = "select keys from events_consumer where name = $1 for update"

WRITE_CONSUMER = """
    insert into events_consumer (name, words, contact, purposes, retention_days, keys, registered_at, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $7)
    on conflict on constraint a_consumer_has_one_name do update
       set words = excluded.words, contact = excluded.contact, purposes = excluded.purposes,
           retention_days = excluded.retention_days, keys = excluded.keys, changed_at = excluded.changed_at
"""

FORGET_READINGS = "delete from events_reading where consumer = $1"

WRITE_READING = """
    insert into events_reading (consumer, type, fields, is_closed) values ($1, events_type_id($2), $3, $4)
"""

FORGET_CONSUMER = "delete from events_consumer where name = $1"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a consumer takes from a type."""

    consumer: str
    type: str
    fields: list[str] | None  # None: all of them
    is_closed: bool  # a new choice among known ones would break it


@dataclass(frozen=True, slots=True)
class Consumer:
    """Somebody who reads facts, and said so."""

    name: str
    words: str
    contact: str
    purposes: list[str]
    retention_days: int
    keys: list[str]
    registered_at: datetime
    changed_at: datetime


async def consumers(tx: Tx, name: str | None = None) -> list[Consumer]:
    return await tx.all(Consumer, CONSUMERS, name)


async def readings(tx: Tx, *, consumer: str | None = None, types: Collection[str] | None = None) -> list[Reading]:
    return await tx.all(Reading, READINGS, consumer, None if types is None else list(types))


async def lock_consumer(tx: Tx, name: str) -> list[str] | None:
    """The keys that may change it; None when nobody is registered under the name."""
    return await tx.value(LOCK_CONSUMER, name)  # type: ignore[no-any-return]


async def write_consumer(tx: Tx, consumer: Consumer, readings: Sequence[Reading]) -> None:
    await tx.run(
        WRITE_CONSUMER,
        consumer.name,
        consumer.words,
        consumer.contact,
        consumer.purposes,
        consumer.retention_days,
        consumer.keys,
        consumer.changed_at,
    )
    await tx.run(FORGET_READINGS, consumer.name)
    await tx.run_many(WRITE_READING, [(one.consumer, one.type, one.fields, one.is_closed) for one in readings])


async def forget_consumer(tx: Tx, name: str) -> int:
    return await tx.run(FORGET_CONSUMER, name)


# --- acknowledgements ---

# Who holds personal data answers for every such fact; others for those they read.
OWE = """
    insert into events_acknowledgement (event, consumer, type, subject, told_at, due_at)
    select $1, c.name, $2, $3, $4::timestamptz, $4::timestamptz + make_interval(days => $5)
      from events_consumer c
     where c.purposes <> '{}' or exists (select from events_reading r where r.consumer = c.name and r.type = $2)
    on conflict do nothing
"""

ACKNOWLEDGE = """
    update events_acknowledgement
       set acknowledged_at = coalesce(acknowledged_at, $3), acknowledged_by = coalesce(acknowledged_by, $4)
     where consumer = $1 and event = any($2)
    returning event
"""

MISSING = """
    select a.event, a.consumer, t.name as type, a.subject, a.told_at, a.due_at
      from events_acknowledgement a join events_type t on t.id = a.type
     where a.acknowledged_at is null and a.due_at <= $1 and ($2::text is null or a.consumer = $2)
       and ($3::timestamptz is null or (a.due_at, a.event, a.consumer) > ($3, $4::uuid, $5))
     order by a.due_at, a.event, a.consumer limit $6
"""


@dataclass(frozen=True, slots=True)
class Owed:
    """A fact that a consumer has not acknowledged."""

    event: Any
    consumer: str
    type: str
    subject: str
    told_at: datetime
    due_at: datetime


async def owe(tx: Tx, event: Any, type: int, subject: str, told_at: datetime, days: int) -> None:
    await tx.run(OWE, event, type, subject, told_at, days)


async def acknowledge(tx: Tx, consumer: str, events: Collection[Any], now: datetime, by: str) -> set[str]:
    return {str(row["event"]) for row in await tx.rows(ACKNOWLEDGE, consumer, list(events), now, by)}


async def missing(tx: Tx, due_before: datetime, consumer: str | None, limit: int, after: Owed | None) -> list[Owed]:
    place = (after.due_at, after.event, after.consumer) if after else (None, None, None)
    return await tx.all(Owed, MISSING, due_before, consumer, *place, limit)
