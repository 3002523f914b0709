"""The SQL of leases."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from vokrug.events.workers.types import Hold, Lease, LeaseView, Share
from vokrug.runtime.database import Tx

ONE_AT_A_TIME = "select pg_advisory_xact_lock(hashtextextended('events_lease', 0))"

BEAT = """
    insert into events_worker (id, name, works, started_at, expires_at)
    values ($1, $2, $3, clock_timestamp(), clock_timestamp() + $4)
    on conflict on constraint a_worker_has_one_row do update
       set works = excluded.works, expires_at = excluded.expires_at
"""

OFFER = """
    insert into events_lease (work, partition)
    select work, partition from unnest($1::text[]) as work cross join events_head
    on conflict do nothing
"""

LIVING = "select id, works from events_worker where expires_at > clock_timestamp()"

LEASES = """
    select l.work, l.partition, l.epoch, w.id as worker
      from events_lease l left join events_worker w on w.id = l.worker and w.expires_at > clock_timestamp()
     where l.work = any($1) or l.worker = $2
     order by l.work, l.partition
"""

# A lease under which somebody acts this moment is locked, and taken or let go a second later.
FREE = """
    with free as (
        select work, partition from events_lease
         where (work, partition) in (select * from unnest($2::text[], $3::smallint[])) and worker = $1
           for no key update skip locked
    )
    update events_lease l set worker = null from free
     where l.work = free.work and l.partition = free.partition
"""

TAKE = """
    with taken as (
        select l.work, l.partition from events_lease l
         where (l.work, l.partition) in (select * from unnest($2::text[], $3::smallint[]))
           and not exists (select from events_worker w where w.id = l.worker and w.expires_at > clock_timestamp())
           for no key update of l skip locked
    )
    update events_lease l set worker = $1, epoch = l.epoch + 1, taken_at = clock_timestamp() from taken
     where l.work = taken.work and l.partition = taken.partition
"""

HELD = "select work, partition, epoch from events_lease where worker = $1"

LEAVE = "update events_lease set worker = null where worker = $1"

FORGET = "delete from events_worker where id = $1 or expires_at < clock_timestamp() - interval '1 hour'"

# Locks the lease until the effect's transaction ends: whoever takes the lease comes before or after it.
STILL_HOLDS = """
    select true from events_lease where work = $1 and partition = $2 and worker = $3 and epoch = $4 for share
"""

VIEW = """
    select l.work, l.partition, l.epoch, w.name as worker,
           coalesce(w.expires_at > clock_timestamp(), false) as is_alive, l.taken_at, w.expires_at,
           coalesce(h.next_position - 1 - o.position, 0) as behind
      from events_lease l join events_head h using (partition)
           left join events_worker w on w.id = l.worker
           left join events_offset o on o.reaction = l.work and o.partition = l.partition
     order by l.work, l.partition
"""


async def one_at_a_time(tx: Tx) -> None:
    await tx.run(ONE_AT_A_TIME)


async def beat(tx: Tx, worker: UUID, name: str, works: Sequence[str], lives: timedelta) -> None:
    await tx.run(BEAT, worker, name, works, lives)


async def offer(tx: Tx, works: Sequence[str]) -> None:
    await tx.run(OFFER, works)


async def living(tx: Tx) -> dict[UUID, list[str]]:
    return {row["id"]: row["works"] for row in await tx.rows(LIVING)}


async def leases(tx: Tx, works: Sequence[str], worker: UUID) -> list[Lease]:
    return await tx.all(Lease, LEASES, works, worker)


async def free(tx: Tx, worker: UUID, shares: Sequence[Share]) -> None:
    await tx.run(FREE, worker, *_columns(shares))


async def take(tx: Tx, worker: UUID, shares: Sequence[Share]) -> None:
    await tx.run(TAKE, worker, *_columns(shares))


def _columns(shares: Sequence[Share]) -> tuple[list[str], list[int]]:
    return [share.work for share in shares], [share.partition for share in shares]


async def held(tx: Tx, worker: UUID) -> dict[Share, Hold]:
    return {Share(row["work"], row["partition"]): Hold(worker, row["epoch"]) for row in await tx.rows(HELD, worker)}


async def leave(tx: Tx, worker: UUID) -> None:
    await tx.run(LEAVE, worker)
    await forget(tx, worker)


async def forget(tx: Tx, worker: UUID | None) -> None:
    await tx.run(FORGET, worker)


async def still_holds(tx: Tx, share: Share, hold: Hold) -> bool:
    return bool(await tx.value(STILL_HOLDS, share.work, share.partition, hold.worker, hold.epoch))


async def view(tx: Tx) -> list[LeaseView]:
    return await tx.all(LeaseView, VIEW)
