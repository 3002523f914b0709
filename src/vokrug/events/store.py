"""All the SQL of the log. That of its readers is in places.py, of the catalogue in registry/store.py."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from vokrug.events.types import Envelope, Row
from vokrug.runtime.database import Tx

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
