"""All the SQL of policies and calendars."""

from collections.abc import Sequence
from datetime import date, datetime

import msgspec

from vokrug.promotions.engine import Policy
from vokrug.promotions.policies.types import PolicyVersion
from vokrug.runtime.database import Row, Tx

READ_POLICY = """
    select version, body::text, created_by, created_at from promotions_policy order by version desc limit 1
"""


async def read_policy(tx: Tx) -> PolicyVersion | None:
    rows = await tx.rows(READ_POLICY)
    return _version(rows[0]) if rows else None


LIST_POLICIES = """
    select version, body::text, created_by, created_at from promotions_policy order by version desc limit $1
"""


async def list_policies(tx: Tx, limit: int) -> list[PolicyVersion]:
    return [_version(row) for row in await tx.rows(LIST_POLICIES, limit)]


# One at a time: whoever writes has read what is in force.
LOCK_POLICY = "lock table promotions_policy in share row exclusive mode"

INSERT_POLICY = """
    insert into promotions_policy (body, created_by, created_at) values ($1::jsonb, $2, $3) returning version
"""


async def lock_policy(tx: Tx) -> None:
    await tx.run(LOCK_POLICY)


async def insert_policy(tx: Tx, policy: Policy, *, by: str, now: datetime) -> int:
    version: int = await tx.value(INSERT_POLICY, msgspec.json.encode(policy).decode(), by, now)
    return version


SAVE_CALENDAR = """
    insert into promotions_calendar (key, name, days, changed_by, changed_at) values ($1, $2, $3, $4, $5)
    on conflict (key) do update set name = excluded.name, days = excluded.days,
        changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""


async def save_calendar(tx: Tx, key: str, *, name: str, days: Sequence[date], by: str, now: datetime) -> None:
    await tx.run(SAVE_CALENDAR, key, name, sorted(set(days)), by, now)


LIST_CALENDARS = "select key, days from promotions_calendar"


async def list_calendars(tx: Tx) -> dict[str, frozenset[date]]:
    return {row["key"]: frozenset(row["days"]) for row in await tx.rows(LIST_CALENDARS)}


def _version(row: Row) -> PolicyVersion:
    policy = msgspec.json.decode(row["body"], type=Policy)
    return PolicyVersion(row["version"], policy, row["created_by"], row["created_at"])
