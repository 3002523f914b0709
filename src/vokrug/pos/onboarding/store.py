"""SQL of integrations."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.pos.onboarding.types import Deed, Integration
from vokrug.runtime.database import Row, Tx

COLUMNS = """
    select i.id, i.place, i.shop_id, s.code as shop, i.till_ids, i.vendor, i.contact_email, i.software, i.language,
           i.is_sandbox, i.state, i.body_hash, i.invitation_id, i.code_sealed, i.code_until, i.claim_id, i.claimed_at,
           i.key_ids, i.report::text as report, i.report_passed, i.reported_at, i.created_at, i.changed_at
      from pos_integration i join pos_shop s on s.id = i.shop_id
"""
FIND = COLUMNS + " where i.id = $1"
LOCK = COLUMNS + " where i.id = $1 for update of i"
LOCK_BY_CODE = COLUMNS + " where i.code_sha256 = $1 for update of i"
LIST = (
    COLUMNS
    + """ where ($1::text is null or i.state = $1) and ($2::text is null or s.code = $2)
            and ($3::text is null or i.vendor = $3) and ($4::bigint is null or i.shop_id = $4)
            and i.place > $5 order by i.place limit $6
"""
)
COUNT = """
    select state, count(*) as many from pos_integration where $1::bigint is null or shop_id = $1 group by state
"""
INSERT = """
    insert into pos_integration (id, shop_id, till_ids, vendor, contact_email, software, language, is_sandbox, state,
                                 body_hash, invitation_id, code_sha256, code_sealed, code_until, created_at, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, 'invited', $9, $10, $11, $12, $13, $14, $14) on conflict (id) do nothing
"""
INVITE_AGAIN = """
    update pos_integration set state = 'invited', invitation_id = $2, code_sha256 = $3, code_sealed = $4,
           code_until = $5, claim_id = null, claimed_at = null, key_ids = '{}', changed_at = $6 where id = $1
"""
CLAIMED = """
    update pos_integration set state = 'keys', claim_id = $2, claimed_at = $3, key_ids = $4, changed_at = $3
     where id = $1
"""
REPORTED = """
    update pos_integration set state = $2, report = $3::jsonb, report_passed = $4, reported_at = $5, changed_at = $5
     where id = $1
"""
MOVED = "update pos_integration set state = $2, changed_at = $3 where id = $1"
TELL = "insert into pos_integration_event (integration_id, at, by, what, note) values ($1, $2, $3, $4, $5)"
HISTORY = "select at, by, what, note from pos_integration_event where integration_id = $1 order by id"
TILLS = "select id, code from pos_till where shop_id = $1 order by id"
# The keys that were taken, and those that have followed them since.
KEYS_OF_TILLS = """
    select key_id from runtime_key
     where role = 'till' and shop_id = $1 and till_id = any($2) and revoked_at is null
"""


async def find(tx: Tx, id: UUID, *, locked: bool = False) -> Integration | None:
    return integration_of(await tx.rows(LOCK if locked else FIND, id))


async def lock_by_code(tx: Tx, code_sha256: bytes) -> Integration | None:
    return integration_of(await tx.rows(LOCK_BY_CODE, code_sha256))


def integration_of(rows: Sequence[Row]) -> Integration | None:
    return read(rows[0]) if rows else None


def read(row: Row) -> Integration:
    report = row["report"]
    return Integration(**{**dict(row), "report": None if report is None else msgspec.json.decode(report)})


async def listed(tx: Tx, *asked: object) -> list[Integration]:
    return [read(row) for row in await tx.rows(LIST, *asked)]


async def counted(tx: Tx, shop_id: int | None) -> dict[str, int]:
    return {row["state"]: row["many"] for row in await tx.rows(COUNT, shop_id)}


async def insert(tx: Tx, *values: object) -> bool:
    return await tx.run(INSERT, *values) == 1


async def invite_again(tx: Tx, *values: object) -> None:
    await tx.run(INVITE_AGAIN, *values)


async def claimed(tx: Tx, id: UUID, claim_id: UUID, now: datetime, key_ids: Sequence[str]) -> None:
    await tx.run(CLAIMED, id, claim_id, now, list(key_ids))


async def reported(tx: Tx, id: UUID, state: str, report: Any, passed: bool, now: datetime) -> None:
    await tx.run(REPORTED, id, state, msgspec.json.encode(report).decode(), passed, now)


async def moved(tx: Tx, id: UUID, state: str, now: datetime) -> None:
    await tx.run(MOVED, id, state, now)


async def tell(tx: Tx, id: UUID, now: datetime, by: str, what: str, note: str = "") -> None:
    await tx.run(TELL, id, now, by, what, note)


async def history(tx: Tx, id: UUID) -> list[Deed]:
    return await tx.all(Deed, HISTORY, id)


async def tills_of(tx: Tx, shop_id: int) -> dict[str, int]:
    return {row["code"]: row["id"] for row in await tx.rows(TILLS, shop_id)}


async def keys_of_tills(tx: Tx, shop_id: int, till_ids: Sequence[int]) -> list[str]:
    return [row["key_id"] for row in await tx.rows(KEYS_OF_TILLS, shop_id, list(till_ids))]
