"""The SQL of the sweep."""

from collections.abc import Sequence
from datetime import datetime

from vokrug.events.subscriptions.types import place_of
from vokrug.runtime.database import Tx

FIND_OVERRUN = """
    select s.name from events_subscription s join events_subscription_lag lag using (name)
     where s.state in ('active', 'paused') and s.lag_limit_days is not null
       and least(lag.unread_since, lag.parked_since) < $1::timestamptz - make_interval(days => s.lag_limit_days)
     order by s.name
"""

SKIP_UNREAD = """
    with late as (
        select partition, position, events_position_before(partition, $2) as until
          from events_offset where reaction = $1 for update
    ), moved as (
        update events_offset o set position = late.until from late
         where o.reaction = $1 and o.partition = late.partition and late.position < late.until
        returning late.partition, late.position, late.until
    )
    select count(*) from moved join events_log l using (partition)
     where l.position > moved.position and l.position <= moved.until
       and l.type in (select events_type_id(unnest(types)) from events_subscription where name = $3)
"""

SKIP_PARKED = """
    delete from events_parked p using events_log l
     where p.reaction = $1 and l.partition = p.partition and l.position = p.position and l.recorded_at < $2
"""

COUNT_SKIPPED = "update events_subscription set skipped = skipped + $2 where name = $1"

FINISHED_REPLAYS = """
    select s.name from events_subscription s
     where s.replays is not null and s.state in ('active', 'paused')
       and not exists (select from events_offset o
                        where o.reaction = 'subscription/' || s.name and o.position < o.until)
       and not exists (select from events_parked p where p.reaction = 'subscription/' || s.name)
       and not exists (select from events_sending l where l.subscription = s.name and l.holder is not null)
     order by s.name for update
"""

FORGET_ROUNDS = "delete from events_delivery where at < $1"

COMPACT = "insert into events_compaction (type, since) values ($1, $2) on conflict do nothing"

STOP_COMPACTING = "delete from events_compaction where type = $1"

COMPACTS_ANYTHING = "select exists (select from events_compaction)"

# One walk through the partition finds the newest of each key. Nothing that somebody has yet to read.
OUTDATED = """
    with newest as (
        select type, key, max(position) as position from events_log
         where partition = $1 and type in (select type from events_compaction) group by type, key
    ), needed as (
        select min(position) as position
          from (select position + 1 as position from events_offset
                 where partition = $1 and (until is null or position < until)
                union all
                select position from events_parked where partition = $1) as reader
    )
    select l.position from events_log l join newest using (type, key), needed
     where l.partition = $1 and l.position < newest.position
       and (needed.position is null or l.position < needed.position)
     order by l.position limit 100000
"""

DROP = "delete from events_log where partition = $1 and position = any($2)"


async def find_overrun(tx: Tx, now: datetime) -> list[str]:
    """Who is further behind than it said it would be."""
    return [row["name"] for row in await tx.rows(FIND_OVERRUN, now)]


async def skip(tx: Tx, name: str, moment: datetime) -> int:
    """Move past everything recorded before a moment; how many facts of its types that leaves unread."""
    skipped: int = await tx.value(SKIP_UNREAD, place_of(name), moment, name)
    skipped += await tx.run(SKIP_PARKED, place_of(name), moment)
    await tx.run(COUNT_SKIPPED, name, skipped)
    return skipped


async def finished_replays(tx: Tx) -> list[str]:
    return [row["name"] for row in await tx.rows(FINISHED_REPLAYS)]


async def forget_rounds(tx: Tx, before: datetime) -> None:
    await tx.run(FORGET_ROUNDS, before)


async def compact(tx: Tx, type_id: int, now: datetime) -> None:
    await tx.run(COMPACT, type_id, now)


async def stop_compacting(tx: Tx, type_id: int) -> None:
    await tx.run(STOP_COMPACTING, type_id)


async def compacts_anything(tx: Tx) -> bool:
    return bool(await tx.value(COMPACTS_ANYTHING))


async def outdated(tx: Tx, partition: int) -> list[int]:
    return [row["position"] for row in await tx.rows(OUTDATED, partition)]


async def drop(tx: Tx, partition: int, positions: Sequence[int]) -> int:
    return await tx.run(DROP, partition, positions)
