"""All the SQL of coupons."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import asyncpg
import msgspec

from vokrug.promotions.coupons.types import Issue, Pool
from vokrug.runtime.database import Row, Tx

COLUMNS = """number, id, key, name, kind, offer, bundle_of, prefix, alphabet, length, check_kind, uses, is_restorable,
           needs_activation, from_at, until_at, valid_days, first_serial, last_serial, is_hashed, state"""
LIST_POOLS = f"select {COLUMNS} from promotions_coupon_pool order by number"  # noqa: S608
FIND_POOL = f"select {COLUMNS} from promotions_coupon_pool where id = $1"  # noqa: S608
INSERT_POOL = """
    insert into promotions_coupon_pool
        (id, key, name, kind, offer, bundle_of, prefix, alphabet, length, check_kind, uses, is_restorable, needs_activation,
         from_at, until_at, valid_days, first_serial, last_serial, is_hashed, created_by, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
        on conflict do nothing
"""
CLOSE_POOL = "update promotions_coupon_pool set state = 'void' where id = $1"
OFFER_NUMBER = "select number from promotions_offer where id = $1"
NEXT_POOL = "select coalesce(max(number), 0) + 1 from promotions_coupon_pool"


def _pool(row: Row) -> Pool:
    return msgspec.convert({**dict(row), "bundle_of": tuple(row["bundle_of"]), "id": UUID(bytes=row["id"].bytes)}, Pool)


async def list_pools(tx: Tx) -> list[Pool]:
    return [_pool(row) for row in await tx.rows(LIST_POOLS)]


async def find_pool(tx: Tx, id: UUID) -> Pool | None:
    rows = await tx.rows(FIND_POOL, id)
    return _pool(rows[0]) if rows else None


async def insert_pool(tx: Tx, pool: Pool, *, by: str, now: datetime) -> bool:
    """False when the id or the key is there already."""
    given = (
        pool.id, pool.key, pool.name, pool.kind, pool.offer, list(pool.bundle_of), pool.prefix, pool.alphabet,
        pool.length, pool.check_kind, pool.uses, pool.is_restorable, pool.needs_activation, pool.from_at,
        pool.until_at, pool.valid_days, pool.first_serial, pool.last_serial, pool.is_hashed, by, now,
    )  # fmt: skip
    return await tx.run(INSERT_POOL, *given) == 1


async def close_pool(tx: Tx, id: UUID) -> None:
    await tx.run(CLOSE_POOL, id)


async def next_pool_number(tx: Tx) -> int:
    number: int = await tx.value(NEXT_POOL)
    return number


async def offer_number(tx: Tx, id: UUID) -> int | None:
    number: int | None = await tx.value(OFFER_NUMBER, id)
    return number


# Issues

BEGIN_ISSUE = """
    insert into promotions_coupon_issue (id, pool, count, by, at) values ($1, $2, $3, $4, $5) on conflict (id) do nothing
"""
LOCK_ISSUE = """
    select number, id, pool, count, made, position, skipped from promotions_coupon_issue where id = $1 for update
"""
MOVE_ISSUE = "update promotions_coupon_issue set made = $2, position = $3, skipped = $4 where id = $1"


async def begin_issue(tx: Tx, id: UUID, pool: int, count: int, *, by: str, now: datetime) -> None:
    await tx.run(BEGIN_ISSUE, id, pool, count, by, now)


async def lock_issue(tx: Tx, id: UUID) -> Issue | None:
    rows = await tx.rows(LOCK_ISSUE, id)
    if not rows:
        return None
    row = dict(rows[0])
    return Issue(**{**row, "skipped": tuple(row["skipped"])})


async def move_issue(tx: Tx, id: UUID, *, made: int, position: int, skipped: Sequence[int]) -> None:
    await tx.run(MOVE_ISSUE, id, made, position, list(skipped))


CodeRow = tuple[bytes, int, int, int | None, bytes, int | None, UUID | None, datetime | None]
FIELDS = ["code", "pool", "serial", "most", "state", "customer_number", "origin", "until_at"]
PUT_ASIDE = "create temporary table if not exists promotions_coupon_coming (like promotions_coupon including defaults) on commit delete rows"
TAKE_OVER = """
    insert into promotions_coupon (code, pool, serial, most, state, customer_number, origin, until_at)
    select code, pool, serial, most, state, customer_number, origin, until_at from promotions_coupon_coming
        on conflict do nothing returning serial
"""


async def copy_codes(tx: Tx, rows: Iterable[CodeRow]) -> None:
    """As fast as PostgreSQL takes rows. A code that is there already fails the whole: `add_codes` passes over it."""
    await tx.connection.copy_records_to_table("promotions_coupon", records=rows, columns=FIELDS)


async def add_codes(tx: Tx, rows: Sequence[CodeRow]) -> set[int]:
    """The serials that were new."""
    await tx.run(PUT_ASIDE)
    await tx.connection.copy_records_to_table("promotions_coupon_coming", records=rows, columns=FIELDS)
    return {row["serial"] for row in await tx.rows(TAKE_OVER)}


CLASH = asyncpg.exceptions.UniqueViolationError

# One code

FIND_CODE = """
    select c.code, c.pool, c.serial, c.uses, c.most, c.state, c.customer_number, coalesce(c.until_at, p.until_at) as until_at,
           exists (select from promotions_coupon_use u where u.code = c.code and u.state = 'h') as is_held,
           array(select u.check_id from promotions_coupon_use u where u.code = c.code and u.state = 't' order by 1) as used_by
      from promotions_coupon c join promotions_coupon_pool p on p.number = c.pool where c.code = any($1)
"""
SET_CODE_STATE = """
    update promotions_coupon set state = $2::"char"
     where code = any($1) and (case $2::"char" when 'a' then state = 'i' else state <> 'v' end)
"""
OWED = """
    select p.key as pool, d.customer_number, d.sale_id, d.used_by from promotions_coupon_debt d
      join promotions_coupon_pool p on p.number = d.pool order by d.sale_id limit 1000
"""


async def find_code(tx: Tx, kept: Sequence[bytes]) -> Row | None:
    rows = await tx.rows(FIND_CODE, list(kept))
    return rows[0] if rows else None


async def set_code_state(tx: Tx, kept: Sequence[bytes], state: bytes) -> int:
    """Make active what was issued, or void what was not void yet."""
    return await tx.run(SET_CODE_STATE, list(kept), state)


async def owed(tx: Tx) -> Sequence[Row]:
    """Coupons that were used although the sale that gave them came back."""
    return await tx.rows(OWED)


SIGNED_BEFORE = "select coalesce(sum(count), 0)::bigint from promotions_coupon_issue where pool = $1 and number < $2"


async def signed_before(tx: Tx, issue: Issue) -> int:
    """Where the serials of a signed pool's issue begin: after those of the issues before it."""
    first: int = await tx.value(SIGNED_BEFORE, issue.pool, issue.number)
    return first
