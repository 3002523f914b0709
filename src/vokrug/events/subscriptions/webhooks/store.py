"""The SQL of delivering: who may send what now, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from vokrug.events.subscriptions.store import ENDPOINT_COLUMNS
from vokrug.events.subscriptions.types import Endpoint, place_of
from vokrug.events.types import Envelope
from vokrug.runtime.database import Tx

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Lease:
    holder: UUID | None
    until: datetime
    width: int
    until_position: int
    singly_until: int


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked fact that may be tried now, or follows one of its key that may."""

    tries: int
    envelope: Envelope


FIND_WORK = """
    with due as materialized (
        select distinct reaction, partition from events_parked_first where retry_at <= $1
    )
    select s.name, o.partition
      from events_subscription s
           join events_endpoint e on e.subscription = s.name
           join events_offset o on o.reaction = 'subscription/' || s.name
           join events_head h using (partition)
           left join events_sending l on l.subscription = s.name and l.partition = o.partition
     where s.state = 'active' and s.delivery = 'webhook'
       and (e.open_until is null or e.open_until <= $1)
       and (l.holder is null or l.until <= $1)
       and (o.position < least(h.next_position - 1, o.until)
            or exists (select from due where due.reaction = o.reaction and due.partition = o.partition))
"""

LOCK_ENDPOINT = f"""
    select {ENDPOINT_COLUMNS} from events_endpoint where subscription = $1 for no key update skip locked
"""  # noqa: S608  the columns are ours

WAIT_FOR_ENDPOINT = """
    select from events_endpoint where subscription = $1 for no key update
"""

LOCKS_WITHIN = "select set_config('lock_timeout', $1, true)"

LEASE = """
    select holder, until, width, until_position, singly_until
      from events_sending where subscription = $1 and partition = $2
"""

WIDTH_TAKEN = """
    select coalesce(sum(width), 0) from events_sending where subscription = $1 and holder is not null and until > $2
"""

TAKE_LEASE = """
    insert into events_sending (subscription, partition, holder, until, width, until_position)
    values ($1, $2, $3, $4, $5, $6)
    on conflict on constraint a_partition_has_one_lease do update
       set holder = excluded.holder, until = excluded.until, width = excluded.width,
           until_position = excluded.until_position
"""

RELEASE = """
    update events_sending set holder = null, width = 0, singly_until = greatest(singly_until, $4)
     where subscription = $1 and partition = $2 and holder = $3
"""

# Of every key whose oldest parked fact is due, the oldest few, oldest first.
DUE = """
    select p.tries, told.partition, told.position, told.type, told.id, told.key, told.subject, told.time,
           told.recorded_at, told.data, $4::boolean as is_replay
      from events_parked_first first
           cross join lateral
           (select position, tries from events_parked p
             where p.reaction = first.reaction and p.partition = first.partition and p.key = first.key
             order by position limit $6) as p
           join events_envelope told on told.partition = first.partition and told.position = p.position
     where first.reaction = $1 and first.partition = $2 and first.retry_at <= $3
     order by p.position limit $5
"""

PARK = """
    insert into events_parked (reaction, partition, position, key, tries, retry_at, error, parked_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict do nothing
"""

UNPARK = "delete from events_parked where reaction = $1 and partition = $2 and position = any($3)"

FAILED_AGAIN = """
    update events_parked set tries = $4, error = $5, retry_at = $6
     where reaction = $1 and partition = $2 and position = $3
"""

NOTE_OUTCOME = """
    update events_endpoint
       set failures = case when $2 then $3 else failures + $3 end,
           open_until = case when $8 then $4 else greatest(open_until, $4) end,
           last_status = case when $5 <> '' then $6 else last_status end,
           last_error = case when $5 <> '' then $5 else last_error end,
           last_failed_at = case when $5 <> '' then $7 else last_failed_at end,
           delivered_at = case when $2 then $7 else delivered_at end
     where subscription = $1
"""

HOLD_OFF = "update events_endpoint set open_until = $2 where subscription = $1"

LOG = """
    insert into events_delivery (subscription, partition, at, delivered, failed, until_position, status, error)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""


async def find_work(tx: Tx, now: datetime) -> list[tuple[str, int]]:
    return [(row["name"], row["partition"]) for row in await tx.rows(FIND_WORK, now)]


async def lock_endpoint(tx: Tx, name: str) -> Endpoint | None:
    """None when another process is claiming or settling: it is its turn."""
    return await tx.maybe(Endpoint, LOCK_ENDPOINT, name)


async def wait_for_endpoint(tx: Tx, name: str, within_s: int) -> None:
    await tx.value(LOCKS_WITHIN, f"{within_s}s")
    await tx.rows(WAIT_FOR_ENDPOINT, name)


async def find_lease(tx: Tx, name: str, partition: int) -> Lease | None:
    return await tx.maybe(Lease, LEASE, name, partition)


async def width_taken(tx: Tx, name: str, now: datetime) -> int:
    return int(await tx.value(WIDTH_TAKEN, name, now))


async def take_lease(tx: Tx, name: str, partition: int, lease: Lease) -> None:
    await tx.run(TAKE_LEASE, name, partition, lease.holder, lease.until, lease.width, lease.until_position)


async def release(tx: Tx, name: str, partition: int, holder: UUID, *, singly_until: int) -> bool:
    """False when the lease was lost: another process is at work."""
    return bool(await tx.run(RELEASE, name, partition, holder, singly_until))


async def due(
    tx: Tx, name: str, partition: int, now: datetime, *, is_replay: bool, limit: int, of_key: int
) -> list[Parked]:
    rows = await tx.rows(DUE, place_of(name), partition, now, is_replay, limit, of_key)
    return [Parked(row["tries"], Envelope(*tuple(row)[1:])) for row in rows]


async def park(tx: Tx, name: str, told: Sequence[tuple[Envelope, int, datetime | None, str]], now: datetime) -> None:
    """Each with its tries, when to try it again, and why."""
    place = place_of(name)
    rows = [(place, one.partition, one.position, one.key, tries, at, error, now) for one, tries, at, error in told]
    await tx.run_many(PARK, rows)


async def unpark(tx: Tx, name: str, partition: int, positions: Sequence[int]) -> None:
    await tx.run(UNPARK, place_of(name), partition, positions)


async def failed_again(
    tx: Tx, name: str, partition: int, position: int, *, tries: int, error: str, retry_at: datetime | None
) -> None:
    await tx.run(FAILED_AGAIN, place_of(name), partition, position, tries, error, retry_at)


async def note_outcome(
    tx: Tx,
    name: str,
    now: datetime,
    *,
    has_delivered: bool,
    failures: int,
    open_until: datetime | None,
    was_probe: bool,
    status: int | None,
    error: str,
) -> None:
    """`failures` are those since the last success, or those to add when there was none."""
    await tx.run(NOTE_OUTCOME, name, has_delivered, failures, open_until, error, status, now, was_probe)


async def hold_off(tx: Tx, name: str, until: datetime) -> None:
    await tx.run(HOLD_OFF, name, until)


async def log(
    tx: Tx,
    name: str,
    partition: int,
    now: datetime,
    *,
    delivered: int,
    failed: int,
    until_position: int,
    status: int | None,
    error: str,
) -> None:
    await tx.run(LOG, name, partition, now, delivered, failed, until_position, status, error)


LIST_ROUNDS = """
    select at, partition, delivered, failed, status, error
      from events_delivery where subscription = $1 order by id desc limit $2
"""

LIST_PARKED = """
    select partition, position, key, tries, retry_at, error
      from events_parked where reaction = $1 order by partition, position limit $2
"""


async def list_rounds(tx: Tx, kind: type[T], name: str, limit: int) -> list[T]:
    return await tx.all(kind, LIST_ROUNDS, name, limit)


async def list_parked(tx: Tx, kind: type[T], name: str, limit: int) -> list[T]:
    return await tx.all(kind, LIST_PARKED, place_of(name), limit)
