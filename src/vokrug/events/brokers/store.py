"""The SQL of relays and intakes."""

from datetime import datetime

from vokrug.events.brokers.types import Last, Place, Told
from vokrug.events.workers.types import Hold, Share
from vokrug.runtime.database import Tx

ENROL = """
    insert into events_offset (reaction, partition, position) select $1, partition, 0 from events_head
    on conflict do nothing
"""

HEADS = "select partition, next_position - 1 as position from events_head"

POSITION = "select position from events_offset where reaction = $1 and partition = $2"

READ = """
    select l.position, l.key::text, l.id::text, t.name as type, l.subject, l.time, l.recorded_at, l.data
      from events_log l join events_type t on t.id = l.type
     where l.partition = $1 and l.position > $2
     order by l.position limit $3
"""

# A fact that retention has dropped cannot be compared any more: then there is nothing to hold against it.
TOLD_AT = """
    select (select l.id::text from events_log l where l.partition = $1 and l.position = $2) as id,
           (select next_position - 1 from events_head where partition = $1) as last
"""

# Under the lease's lock; see STILL_HOLDS in workers/store.py.
MOVE = """
    with held as (
        select from events_lease where work = $6 and partition = $2 and worker = $4 and epoch = $5 for share
    )
    update events_offset set position = $3 from held
     where reaction = $1 and events_offset.partition = $2
"""

RECORDED_AT = """
    select recorded_at from events_log where partition = $1 and position > $2 order by position limit 1
"""

BACKLOG = """
    select sum(h.next_position - 1 - o.position)::bigint
      from events_offset o join events_head h using (partition) where o.reaction = $1
"""


async def enrol(tx: Tx, relay: str) -> int:
    """Give the relay a place at the log's beginning; how many partitions there are."""
    await tx.run(ENROL, relay)
    return len(await heads(tx))


async def heads(tx: Tx) -> dict[int, int]:
    return {row["partition"]: row["position"] for row in await tx.rows(HEADS)}


async def position(tx: Tx, place: str, partition: int) -> int | None:
    """How far a place is; None when it was given up."""
    found: int | None = await tx.value(POSITION, place, partition)
    return found


async def read(tx: Tx, partition: int, after: int, limit: int) -> list[Told]:
    return [Told(*row) for row in await tx.rows(READ, partition, after, limit)]


async def is_ours(tx: Tx, partition: int, last: Last) -> bool:
    """Did this log tell that fact at that place?"""
    (row,) = await tx.rows(TOLD_AT, partition, last.position)
    return last.position <= row["last"] and row["id"] in (None, last.id)


async def move(tx: Tx, place: str, share: Share, hold: Hold, position: int) -> bool:
    """Has the place moved? Not when another worker holds the lease by now, nor when the place was given up."""
    return bool(await tx.run(MOVE, place, share.partition, position, hold.worker, hold.epoch, share.work))


async def recorded_after(tx: Tx, partition: int, position: int) -> datetime | None:
    """When the first fact past a position was written down."""
    found: datetime | None = await tx.value(RECORDED_AT, partition, position)
    return found


async def backlog(tx: Tx, relay: str) -> int:
    return await tx.value(BACKLOG, relay) or 0


# --- intakes: facts of others, with their places in the transaction of the effect ---

LOCK_INTAKE = """
    select position from events_intake where source = $1 and topic = $2 and partition = $3 for update
"""

BEGIN_INTAKE = """
    insert into events_intake (source, topic, partition) values ($1, $2, $3) on conflict do nothing
"""

MOVE_INTAKE = """
    update events_intake set position = $4, taken = taken + $5, refused = refused + $6, moved_at = clock_timestamp()
     where source = $1 and topic = $2 and partition = $3
"""


async def begin_intake(tx: Tx, source: str, place: Place) -> None:
    await tx.run(BEGIN_INTAKE, source, *place)


async def lock_intake(tx: Tx, source: str, place: Place) -> int | None:
    """The offset of the last message taken, under a lock; None before the first."""
    found: int | None = await tx.value(LOCK_INTAKE, source, *place)
    return found


async def move_intake(tx: Tx, source: str, place: Place, offset: int, *, taken: int, refused: int) -> None:
    await tx.run(MOVE_INTAKE, source, *place, offset, taken, refused)
