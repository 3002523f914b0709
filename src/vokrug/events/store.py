"""All the SQL of the log and its catalogue. The SQL of its readers is in reading.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from vokrug.events.types import Envelope, EventType, Row, TypeCard
from vokrug.runtime.database import Row as Record
from vokrug.runtime.database import Tx

# --- catalogue ---

LOCK_TYPES = "lock table events_type in share row exclusive mode"

LIST_TYPES = """
    select name, version, owner, key, words, schema, personal, retention_days, changed_at
      from events_type where $1::text is null or name = $1 order by name
"""

WRITE_TYPE = """
    insert into events_type
           (id, name, version, owner, key, words, schema, personal, retention_days, registered_at, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
    on conflict on constraint a_type_has_one_row do update
       set owner = excluded.owner, key = excluded.key, words = excluded.words, schema = excluded.schema,
           personal = excluded.personal, retention_days = excluded.retention_days,
           changed_at = excluded.changed_at
     where events_type.name = excluded.name
"""


async def lock_types(tx: Tx) -> None:
    """Two processes that start together write the catalogue one after the other."""
    await tx.run(LOCK_TYPES)


async def list_types(tx: Tx, name: str | None = None) -> list[TypeCard]:
    return [_card(row) for row in await tx.rows(LIST_TYPES, name)]


def _card(row: Record) -> TypeCard:
    parsed = {column: msgspec.json.decode(row[column]) for column in ("schema", "personal")}
    return TypeCard(**(dict(row) | parsed))


async def write_type(tx: Tx, type: EventType, now: datetime) -> None:
    personal = [{"field": tag.field, "purpose": tag.purpose} for tag in type.personal]
    written = await tx.run(
        WRITE_TYPE,
        type.id,
        type.name,
        type.version,
        type.owner,
        type.key,
        type.words,
        _json(type.schema),
        _json(personal),
        type.retention_days,
        now,
    )
    assert written == 1, f"the id of {type.name} belongs to another name in this database"


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


# --- the log ---

APPEND = "select events_append($1, $2, $3, $4, $5, $6)"

PARTITIONS = "select events_partitions()"

READ = """
    select e.*
      from unnest($1::smallint[], $2::bigint[]) as wanted (partition, after)
           cross join lateral
           (select * from events_envelope told
             where told.partition = wanted.partition and told.position > wanted.after
             order by told.position limit $3) as e
     order by e.partition, e.position
"""


async def append(tx: Tx, rows: Sequence[Row]) -> None:
    await tx.run(APPEND, *map(list, zip(*rows, strict=True)))


async def partitions(tx: Tx) -> int:
    count: int = await tx.value(PARTITIONS)
    return count


async def read(tx: Tx, after: Mapping[int, int], limit: int) -> list[Envelope]:
    """At most `limit` facts of each partition, past the given positions."""
    return await tx.all(Envelope, READ, list(after), list(after.values()), limit)


# --- the past ---

# What nobody needs any more: read by every reaction and not parked by any, and old enough. The scan
# ends where the shortest-kept facts are still young.
DROP_EXPIRED = """
    with young as (
        select h.partition, events_position_before(h.partition, $1) as position from events_head h
    ), needed as (
        select partition, min(position) as position
          from (select partition, position + 1 as position from events_offset
                 where until is null or position < until
                union all
                select partition, position from events_parked) as reader
         group by partition
    )
    delete from events_log using (
        select l.partition, l.position
          from young left join needed using (partition)
               cross join lateral
               (select log.partition, log.position
                  from events_log log join events_type t on t.id = log.type
                 where log.partition = young.partition
                   and log.position <= least(young.position, needed.position - 1)
                   and log.recorded_at < $2::timestamptz
                       - make_interval(days => coalesce(t.retention_days, $3::integer))
                 order by log.position limit $4) as l
    ) as old
    where events_log.partition = old.partition and events_log.position = old.position
"""

SHORTEST_KEPT_DAYS = "select least($1::integer, min(retention_days)) from events_type"


async def drop_expired(tx: Tx, now: datetime, *, kept_before: datetime, keep_days: int, batch: int) -> int:
    """Drops at most `batch` facts of each partition."""
    return await tx.run(DROP_EXPIRED, kept_before, now, keep_days, batch)


async def shortest_kept_days(tx: Tx, keep_days: int) -> int:
    days: int = await tx.value(SHORTEST_KEPT_DAYS, keep_days)
    return days
