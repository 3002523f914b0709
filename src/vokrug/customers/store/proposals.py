"""Merges that wait for a second pair of eyes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.customers.store.values import as_json, plain_uuid
from vokrug.customers.types import Proposal, ProposalState
from vokrug.runtime.database import Row, Tx


@dataclass(frozen=True, slots=True)
class ProposalRow:
    """As stored: customers by their numbers."""

    id: UUID
    one: int
    other: int
    proposed_by: str
    state: str
    merge_id: int | None


INSERT = """
    insert into customers_proposal (id, one, other, proposed_by, proposed_at, rule, probability, reasons)
    select $1, $2, $3, $4, $5, $6, $7, $8
     where not exists (select from customers_proposal where one = $2 and other = $3 and state <> 'open' and $9)
    on conflict do nothing
"""
LOCK = "select id, one, other, proposed_by, state, merge_id from customers_proposal where id = $1 for update"
DECIDE = """
    update customers_proposal set state = $2, decided_by = $3, decided_at = $4, merge_id = coalesce($5, merge_id)
     where id = $1
"""
COLUMNS = """
    select asked.id, one.id as one_id, other.id as other_id, asked.proposed_by, asked.proposed_at, asked.rule,
           asked.probability, asked.reasons, asked.state, asked.decided_by, asked.decided_at, asked.merge_id
      from customers_proposal asked
      join customers_customer one on one.number = asked.one
      join customers_customer other on other.number = asked.other
     where """
FIND = COLUMNS + "asked.id = $1"
PAGE = """asked.state = $1
       and ($2::uuid is null or (coalesce(-asked.probability, -2), asked.id) >
            (select coalesce(-last.probability, -2), last.id from customers_proposal last where last.id = $2))
     order by coalesce(-asked.probability, -2), asked.id limit $3
"""
LIST = COLUMNS + PAGE


async def insert_proposal(
    tx: Tx,
    id: UUID,
    pair: tuple[int, int],
    *,
    by: str,
    rule: str,
    probability: float | None,
    reasons: Mapping[str, Any],
    unless_decided: bool,
    now: datetime,
) -> bool:
    """False: this proposal, or one of the same pair that is open, is there; `unless_decided`: or was decided."""
    one, other = pair
    told = as_json(reasons)
    return await tx.run(INSERT, id, one, other, by, now, rule, probability, told, unless_decided) > 0


async def lock_proposal(tx: Tx, id: UUID) -> ProposalRow | None:
    return await tx.maybe(ProposalRow, LOCK, id)


async def decide_proposal(
    tx: Tx, id: UUID, state: ProposalState, *, by: str, merge_id: int | None, now: datetime
) -> None:
    await tx.run(DECIDE, id, state.value, by, now, merge_id)


async def find_proposal(tx: Tx, id: UUID) -> Proposal | None:
    rows = await tx.rows(FIND, id)
    return _shown(rows[0]) if rows else None


async def list_proposals(tx: Tx, state: ProposalState, after: UUID | None, limit: int) -> Sequence[Proposal]:
    """Those of people first, then the likeliest."""
    return [_shown(row) for row in await tx.rows(LIST, state.value, after, limit)]


def _shown(row: Row) -> Proposal:
    return Proposal(
        id=plain_uuid(row["id"]),
        one_id=plain_uuid(row["one_id"]),
        other_id=plain_uuid(row["other_id"]),
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        rule=row["rule"],
        probability=row["probability"],
        reasons=msgspec.json.decode(row["reasons"]),
        state=ProposalState(row["state"]),
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        merge_id=row["merge_id"],
    )
