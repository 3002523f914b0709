"""The SQL of readers: how far each reaction is, and whose facts are parked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from vokrug.events.types import Envelope, Lag
from vokrug.events.workers.types import Hold
from vokrug.runtime.database import Tx


@dataclass(frozen=True, slots=True)
class Work:
    """A reader with something to do in one partition."""

    name: str  # whose offset
    handler: str  # whose handler: another one's in a replay
    partition: int
    hold: Hold | None = None  # the lease it is done under; None: whoever gets the place's lock


@dataclass(frozen=True, slots=True)
class Place:
    """How far a reader is, and how far it may read now."""

    position: int
    horizon: int


ENROL = """
    insert into events_offset (reaction, partition, position)
    select $1, partition, case when $2 then 0 else next_position - 1 end from events_head
    on conflict do nothing
"""

FIND_WORK = """
    select o.reaction as name, coalesce(o.replays, o.reaction) as handler, o.partition
      from events_offset o join events_head h using (partition)
     where coalesce(o.replays, o.reaction) = any($1)
       and (o.position < least(h.next_position - 1, o.until)
            or (o.reaction, o.partition) in
               (select reaction, partition from events_parked_first where retry_at <= $2))
     order by o.reaction, o.partition
"""

# The head's row says how far everything is committed, so what is read next is complete up to there.
LOCK_PLACE = """
    select o.position, least(h.next_position - 1, o.until) as horizon
      from events_offset o join events_head h using (partition)
     where o.reaction = $1 and o.partition = $2
       for no key update of o skip locked
"""

# Under a lease also the lease is locked: who takes it over comes before this transaction or after it, and a
# worker that overslept finds another epoch here, whatever its clock says.
LOCK_LEASED_PLACE = """
    select o.position, least(h.next_position - 1, o.until) as horizon
      from events_offset o join events_head h using (partition)
           join events_lease l on l.work = $3 and l.partition = o.partition and l.worker = $4 and l.epoch = $5
     where o.reaction = $1 and o.partition = $2
       for no key update of o skip locked for share of l skip locked
"""

READ_BATCH = """
    select *, $6::boolean as is_replay from events_envelope
     where partition = $1 and position > $2 and position <= $3 and type = any($4)
     order by position limit $5
"""

MOVE_PLACE = "update events_offset set position = $3 where reaction = $1 and partition = $2"

PARKED_KEYS = "select distinct key from events_parked where reaction = $1 and partition = $2"

PARK = """
    insert into events_parked (reaction, partition, position, key, tries, retry_at, error, parked_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""

NEXT_DUE = """
    select told.*, $4::boolean as is_replay
      from events_parked_first first join events_envelope told using (partition, position)
     where first.reaction = $1 and partition = $2 and first.retry_at <= $3
     order by position limit 1
"""

UNPARK = "delete from events_parked where reaction = $1 and partition = $2 and position = $3"

TRIED_AGAIN = """
    update events_parked
       set tries = tries + 1, error = $4, retry_at = case when tries + 1 < $5 then $6::timestamptz end
     where reaction = $1 and partition = $2 and position = $3
"""

TRIES = "select tries from events_parked where reaction = $1 and partition = $2 and position = $3"

REDRIVE = """
    update events_parked p set tries = 0, retry_at = $3
      from events_parked_first first
     where first.retry_at is null and first.reaction = $1 and ($2::bigint is null or first.key = $2)
       and (p.reaction, p.partition, p.position) = (first.reaction, first.partition, first.position)
"""

LAG = """
    select o.reaction, o.partition, o.position,
           least(h.next_position - 1, o.until) - o.position as behind,
           case when o.position < least(h.next_position - 1, o.until) then
               (select l.recorded_at from events_log l
                 where l.partition = o.partition and l.position > o.position order by l.position limit 1)
           end as waiting_since,
           coalesce(parked.count, 0) as parked, coalesce(parked.stuck, 0) as stuck
      from events_offset o join events_head h using (partition)
           left join (select reaction, partition, count(*), count(*) filter (where retry_at is null) as stuck
                        from events_parked group by reaction, partition) as parked
                  using (reaction, partition)
     order by o.reaction, o.partition
"""

IS_ENROLLED = "select exists (select from events_offset where reaction = $1)"

REPLAY_FROM_TIME = """
    insert into events_offset (reaction, partition, position, replays, until)
    select $1, partition, events_position_before(partition, $3), $2, next_position - 1 from events_head
"""

REPLAY_FROM_POSITION = """
    insert into events_offset (reaction, partition, position, replays, until)
    select $1, partition, least($3::bigint - 1, next_position - 1), $2, next_position - 1
      from events_head where $4::smallint is null or partition = $4
"""

RETIRE = "delete from events_offset where reaction = $1"


async def enrol(tx: Tx, name: str, *, with_history: bool) -> None:
    await tx.run(ENROL, name, with_history)


async def find_work(tx: Tx, handlers: Collection[str], now: datetime) -> list[Work]:
    return await tx.all(Work, FIND_WORK, list(handlers), now)


async def lock_place(tx: Tx, work: Work) -> Place | None:
    """None when another process holds this place: it is doing the work."""
    if (hold := work.hold) is not None:
        leased = (work.handler, hold.worker, hold.epoch)
        return await tx.maybe(Place, LOCK_LEASED_PLACE, work.name, work.partition, *leased)
    return await tx.maybe(Place, LOCK_PLACE, work.name, work.partition)


async def read_batch(tx: Tx, work: Work, types: Sequence[str], *, after: int, until: int, limit: int) -> list[Envelope]:
    is_replay = work.name != work.handler
    return await tx.all(Envelope, READ_BATCH, work.partition, after, until, types, limit, is_replay)


async def move_place(tx: Tx, work: Work, position: int) -> None:
    await tx.run(MOVE_PLACE, work.name, work.partition, position)


async def parked_keys(tx: Tx, work: Work) -> set[int]:
    return {row["key"] for row in await tx.rows(PARKED_KEYS, work.name, work.partition)}


async def park(
    tx: Tx, work: Work, told: Envelope, *, tries: int, retry_at: datetime | None, error: str, now: datetime
) -> None:
    at = (work.partition, told.position, told.key)
    await tx.run(PARK, work.name, *at, tries, retry_at, error, now)


async def next_due(tx: Tx, work: Work, now: datetime) -> Envelope | None:
    is_replay = work.name != work.handler
    return await tx.maybe(Envelope, NEXT_DUE, work.name, work.partition, now, is_replay)


async def unpark(tx: Tx, reaction: str, partition: int, position: int) -> int:
    return await tx.run(UNPARK, reaction, partition, position)


async def tries(tx: Tx, work: Work, position: int) -> int:
    return await tx.value(TRIES, work.name, work.partition, position) or 0


async def tried_again(tx: Tx, work: Work, position: int, *, error: str, most_tries: int, retry_at: datetime) -> None:
    await tx.run(TRIED_AGAIN, work.name, work.partition, position, error, most_tries, retry_at)


async def redrive(tx: Tx, reaction: str, key: int | None, now: datetime) -> int:
    return await tx.run(REDRIVE, reaction, key, now)


async def lag(tx: Tx) -> list[Lag]:
    return await tx.all(Lag, LAG)


async def is_enrolled(tx: Tx, reaction: str) -> bool:
    return bool(await tx.value(IS_ENROLLED, reaction))


async def replay_from_time(tx: Tx, name: str, replays: str, moment: datetime) -> None:
    await tx.run(REPLAY_FROM_TIME, name, replays, moment)


async def replay_from_position(tx: Tx, name: str, replays: str, position: int, partition: int | None) -> None:
    await tx.run(REPLAY_FROM_POSITION, name, replays, position, partition)


async def retire(tx: Tx, reaction: str) -> int:
    return await tx.run(RETIRE, reaction)
