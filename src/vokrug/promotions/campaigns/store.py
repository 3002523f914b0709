"""All the SQL of campaigns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.promotions.campaigns.types import Campaign, CampaignStep
from vokrug.runtime.database import Row, Tx

COLUMNS = "number, id, key, name, owner, from_at, until_at, state"
FIND = f"select {COLUMNS} from promotions_campaign where id = $1 for update"  # noqa: S608
LIST = f"select {COLUMNS} from promotions_campaign order by number desc limit 500"  # noqa: S608
INSERT = """
    insert into promotions_campaign (id, key, name, owner, from_at, until_at, state, changed_by, changed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing
"""
SET_STATE = "update promotions_campaign set state = $2, changed_by = $3, changed_at = $4 where id = $1"
JOIN = "update promotions_offer set campaign = $2 where id = any($1)"
OFFERS = "select key from promotions_offer where campaign = $1 order by key"
TURN = """
    with turned as (
        update promotions_campaign
           set state = case when until_at <= $1 then 'ended' else 'running' end, changed_by = 'calendar', changed_at = $1
         where (state <> 'ended' and until_at <= $1) or (state = 'planned' and coalesce(from_at, $1) <= $1)
        returning number, key, state
    ), told as (
        insert into promotions_campaign_audit (campaign, action, by, at)
        select number, state, 'calendar', $1 from turned order by number
    )
    select key from turned order by number
"""
INSERT_STEP = """
    insert into promotions_campaign_audit (campaign, action, by, at, detail) values ($1, $2, $3, $4, $5::jsonb)
"""
STEPS = "select action, by, at, detail::text from promotions_campaign_audit where campaign = $1 order by number"


def _campaign(row: Row) -> Campaign:
    return Campaign(**{**dict(row), "id": UUID(bytes=row["id"].bytes)})


async def find(tx: Tx, id: UUID) -> Campaign | None:
    rows = await tx.rows(FIND, id)
    return _campaign(rows[0]) if rows else None


async def list_all(tx: Tx) -> list[Campaign]:
    return [_campaign(row) for row in await tx.rows(LIST)]


async def insert(tx: Tx, campaign: Campaign, *, by: str, now: datetime) -> bool:
    c = campaign
    return await tx.run(INSERT, c.id, c.key, c.name, c.owner, c.from_at, c.until_at, c.state, by, now) == 1


async def set_state(tx: Tx, id: UUID, state: str, *, by: str, now: datetime) -> None:
    await tx.run(SET_STATE, id, state, by, now)


async def join(tx: Tx, campaign: int | None, offers: Sequence[UUID]) -> int:
    return await tx.run(JOIN, list(offers), campaign)


async def offers_of(tx: Tx, campaign: int) -> list[str]:
    return [row["key"] for row in await tx.rows(OFFERS, campaign)]


async def insert_step(
    tx: Tx, campaign: int, action: str, *, by: str, now: datetime, detail: Mapping[str, Any] | None = None
) -> None:
    await tx.run(INSERT_STEP, campaign, action, by, now, msgspec.json.encode(detail or {}).decode())


async def steps_of(tx: Tx, campaign: int) -> list[CampaignStep]:
    return [
        CampaignStep(row["action"], row["by"], row["at"], msgspec.json.decode(row["detail"]))
        for row in await tx.rows(STEPS, campaign)
    ]


async def turn(tx: Tx, now: datetime) -> list[str]:
    """Begin and end campaigns whose moment has come."""
    return [row["key"] for row in await tx.rows(TURN, now)]
