"""All the SQL of proofs."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.runtime.database import Row, Tx


class ProofRow(msgspec.Struct, frozen=True):
    """A row of pos_burn_proof, in its order."""

    check_id: UUID
    method: str
    rev: int
    sending: int
    customer_number: int
    shop_id: int
    till_id: int
    points_minor: int
    code_mac: bytes | None
    tries: int
    asked_at: datetime
    expires_at: datetime
    proved_at: datetime | None = None
    used_at: datetime | None = None
    by_whom: str | None = None
    reason: str | None = None


INSERT_PROOF = (
    "insert into pos_burn_proof values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
)
CODES_OF = (
    "select * from pos_burn_proof where check_id = $1 and method = $2 order by asked_at desc, rev desc, sending desc"
)
COUNT_TRY = """
    update pos_burn_proof set tries = tries + 1 where check_id = $1 and method = $2 and rev = $3 and sending = $4
"""
PROVED = """
    update pos_burn_proof set proved_at = $5 where check_id = $1 and method = $2 and rev = $3 and sending = $4
"""
GRANTED = """
    select coalesce(max(points_minor), 0) from pos_burn_proof
     where check_id = $1 and customer_number = $2 and proved_at > $3 and used_at is null
"""
USED = """
    update pos_burn_proof set used_at = $2 where check_id = $1 and proved_at is not null and used_at is null
"""


async def insert_proof(tx: Tx, row: ProofRow) -> None:
    await tx.run(INSERT_PROOF, *msgspec.structs.astuple(row))


async def codes_of(tx: Tx, check_id: UUID, method: str) -> list[ProofRow]:
    """The newest first."""
    return await tx.all(ProofRow, CODES_OF, check_id, method)


async def count_try(tx: Tx, row: ProofRow) -> None:
    await tx.run(COUNT_TRY, row.check_id, row.method, row.rev, row.sending)


async def proved(tx: Tx, row: ProofRow, now: datetime) -> None:
    await tx.run(PROVED, row.check_id, row.method, row.rev, row.sending, now)


async def granted(tx: Tx, check_id: UUID, customer: int, since: datetime) -> int:
    """How many points this customer lets this check burn."""
    found: int = await tx.value(GRANTED, check_id, customer, since)
    return found


async def used(tx: Tx, check_id: UUID, now: datetime) -> None:
    await tx.run(USED, check_id, now)


BURNED_LATELY = """
    select coalesce(sum(sale.burned_minor), 0)::bigint from pos_sale sale
     where sale.customer_number = $1 and sale.at > $2 and sale.burned_minor > 0
       and not exists (select from pos_burn_proof proof
                        where proof.check_id = sale.check_id and proof.used_at is not null)
"""


async def burned_lately(tx: Tx, customer: int, since: datetime) -> int:
    """Points that a customer's sales burned without a word. A day's sales of one customer are few."""
    found: int = await tx.value(BURNED_LATELY, customer, since)
    return found


# Secrets of shoppers

LOCK_OWN = """
    insert into pos_burn_secret as s (customer_number) values ($1)
    on conflict (customer_number) do update set pin_wrong = s.pin_wrong returning pin_mac, pin_wrong, last_step
"""
PUT_PIN = """
    insert into pos_burn_secret (customer_number, pin_mac) values ($1, $2)
    on conflict (customer_number) do update set pin_mac = excluded.pin_mac, pin_wrong = 0
"""
PIN_TRIED = "update pos_burn_secret set pin_wrong = $2 where customer_number = $1"
STEP_TAKEN = "update pos_burn_secret set last_step = $2 where customer_number = $1"
HAS_PIN = "select pin_mac is not null from pos_burn_secret where customer_number = $1"


async def lock_secret(tx: Tx, customer: int) -> Row:
    (row,) = await tx.rows(LOCK_OWN, customer)
    return row


async def put_pin(tx: Tx, customer: int, mac: bytes) -> None:
    await tx.run(PUT_PIN, customer, mac)


async def has_pin(tx: Tx, customer: int) -> bool:
    return bool(await tx.value(HAS_PIN, customer))


async def pin_tried(tx: Tx, customer: int, wrong: int) -> None:
    await tx.run(PIN_TRIED, customer, wrong)


async def step_taken(tx: Tx, customer: int, step: int) -> None:
    await tx.run(STEP_TAKEN, customer, step)


# QR codes that were shown

SHOW_TICKET = """
    insert into pos_burn_ticket (nonce, customer_number, till_id, points_minor, seen_at) values ($1, $2, $3, $4, $5)
    on conflict (nonce) do nothing
"""
TAKE_TICKET = """
    update pos_burn_ticket set check_id = $1
     where nonce = (select nonce from pos_burn_ticket
                     where till_id = $2 and customer_number = $3 and check_id is null and seen_at > $4
                       and points_minor >= $5
                     order by seen_at desc limit 1 for update)
    returning points_minor
"""
HAS_TICKET = """
    select exists (select from pos_burn_ticket
                    where till_id = $1 and customer_number = $2 and check_id is null and seen_at > $3
                      and points_minor >= $4)
"""
FORGET_TICKETS = "delete from pos_burn_ticket where seen_at < $1"


async def show_ticket(tx: Tx, nonce: bytes, customer: int, till_id: int, points: int, now: datetime) -> None:
    await tx.run(SHOW_TICKET, nonce, customer, till_id, points, now)


async def take_ticket(
    tx: Tx, check_id: UUID, till_id: int, customer: int, *, since: datetime, points: int
) -> int | None:
    found: int | None = await tx.value(TAKE_TICKET, check_id, till_id, customer, since, points)
    return found


async def has_ticket(tx: Tx, till_id: int, customer: int, *, since: datetime, points: int) -> bool:
    return bool(await tx.value(HAS_TICKET, till_id, customer, since, points))


async def forget_tickets(tx: Tx, before: datetime) -> None:
    await tx.run(FORGET_TICKETS, before)


# Supervisors

FIND_SUPERVISOR = """
    select code from pos_supervisor where secret_mac = $1 and is_active and (shop_id is null or shop_id = $2)
"""
PUT_SUPERVISOR = """
    insert into pos_supervisor (code, called, shop_id, secret_mac, is_active) values ($1, $2, $3, $4, $5)
    on conflict (code) do update set called = excluded.called, shop_id = excluded.shop_id,
        secret_mac = excluded.secret_mac, is_active = excluded.is_active
"""
CHANGE_SUPERVISOR = "update pos_supervisor set called = $2, shop_id = $3, is_active = $4 where code = $1 returning 1"
LIST_SUPERVISORS = """
    select v.code, v.called, s.code as shop, v.is_active
      from pos_supervisor v left join pos_shop s on s.id = v.shop_id order by v.code
"""


async def find_supervisor(tx: Tx, mac: bytes, shop_id: int) -> str | None:
    found: str | None = await tx.value(FIND_SUPERVISOR, mac, shop_id)
    return found


async def put_supervisor(tx: Tx, code: str, called: str, shop_id: int | None, mac: bytes, *, is_active: bool) -> None:
    await tx.run(PUT_SUPERVISOR, code, called, shop_id, mac, is_active)


async def change_supervisor(tx: Tx, code: str, called: str, shop_id: int | None, *, is_active: bool) -> bool:
    return await tx.value(CHANGE_SUPERVISOR, code, called, shop_id, is_active) is not None


async def supervisors(tx: Tx) -> Sequence[Row]:
    return await tx.rows(LIST_SUPERVISORS)


# The policy of tills: versions, the newest holds

READ_TILL_POLICY = "select version, body::text from pos_till_policy order by version desc limit 1"
DECLARE_TILL_POLICY = """
    insert into pos_till_policy (body, declared_by, declared_at) values ($1, $2, $3) returning version
"""


async def till_policy(tx: Tx) -> tuple[int, str] | None:
    rows = await tx.rows(READ_TILL_POLICY)
    return (rows[0][0], rows[0][1]) if rows else None


async def declare_till_policy(tx: Tx, body: str, by: str, now: datetime) -> int:
    version: int = await tx.value(DECLARE_TILL_POLICY, body, by, now)
    return version
