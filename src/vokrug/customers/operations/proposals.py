"""Four eyes: one proposes that two customers are one person, another decides. A decision can be undone."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from vokrug.customers import rules, store
from vokrug.customers.directory import Directory
from vokrug.customers.errors import CustomerUnknown, FourEyesNeeded, MergeOfOneself, ProposalDecided, ProposalUnknown
from vokrug.customers.operations.merging import BY_HAND, keep_apart, merge, unmerge
from vokrug.customers.store.proposals import ProposalRow
from vokrug.customers.types import Proposal, ProposalState, Source
from vokrug.runtime.database import Tx

MATCHING = "matching"  # who proposes what `vokrug customers match` found


async def propose(
    tx: Tx,
    id: UUID,
    one_id: UUID,
    other_id: UUID,
    *,
    by: str,
    now: datetime,
    rule: str = BY_HAND,
    probability: float | None = None,
    reasons: Mapping[str, Any] | None = None,
) -> Proposal | None:
    """Propose a merge. Repeat freely. None: the pair is proposed already, or a matching's pair was decided before."""
    rules.require_plain_rule(rule)
    rules.require_storable(reasons or {})
    if one_id == other_id:
        raise MergeOfOneself
    if (known := await store.find_proposal(tx, id)) is not None:
        return known
    found = await store.find_members(tx, [one_id, other_id])
    if len(found) < 2 or any(member.state == "erased" for member in found.values()):
        raise CustomerUnknown
    first, second = sorted(member.number for member in found.values())
    is_new = await store.insert_proposal(
        tx,
        id,
        (first, second),
        by=by,
        rule=rule,
        probability=probability,
        reasons=reasons or {},
        unless_decided=by == MATCHING,
        now=now,
    )
    return await store.find_proposal(tx, id) if is_new else None


async def accept(tx: Tx, directory: Directory, id: UUID, *, by: str, source: Source, now: datetime) -> Proposal:
    """Merge the two, as somebody else proposed. Repeat freely."""
    row = await _undecided(tx, id, ProposalState.ACCEPTED, by)
    if row is not None:
        one_id, other_id = await _ids(tx, row)
        rule = MATCHING if row.proposed_by == MATCHING else BY_HAND
        merged = await merge(tx, directory, one_id, other_id, source=source, now=now, rule=rule)
        await store.decide_proposal(tx, id, ProposalState.ACCEPTED, by=by, merge_id=merged.merge_id, now=now)
    return await shown(tx, id)


async def reject(tx: Tx, id: UUID, *, by: str, source: Source, now: datetime) -> Proposal:
    """They are two people, and stay so whatever a rule says. Repeat freely."""
    row = await _undecided(tx, id, ProposalState.REJECTED, by)
    if row is not None:
        one_id, other_id = await _ids(tx, row)
        await keep_apart(tx, one_id, other_id, source=source, now=now, reason="proposal rejected")
        await store.decide_proposal(tx, id, ProposalState.REJECTED, by=by, merge_id=None, now=now)
    return await shown(tx, id)


async def undo(tx: Tx, id: UUID, *, by: str, source: Source, now: datetime) -> Proposal:
    """Take an accepted merge apart again. Whoever accepted it may undo it. Repeat freely."""
    row = await store.lock_proposal(tx, id)
    if row is None:
        raise ProposalUnknown
    if row.state == ProposalState.ACCEPTED:
        assert row.merge_id is not None, "an accepted proposal has its merge"
        if by == row.proposed_by:
            raise FourEyesNeeded
        await unmerge(tx, row.merge_id, source=source, now=now, reason="merge undone")
        await store.decide_proposal(tx, id, ProposalState.UNDONE, by=by, merge_id=None, now=now)
    elif row.state != ProposalState.UNDONE:
        raise ProposalDecided(state=row.state)
    return await shown(tx, id)


async def proposals(tx: Tx, state: ProposalState, *, after: UUID | None, limit: int) -> Sequence[Proposal]:
    return await store.list_proposals(tx, state, after, limit)


async def shown(tx: Tx, id: UUID) -> Proposal:
    if (found := await store.find_proposal(tx, id)) is None:
        raise ProposalUnknown
    return found


async def _undecided(tx: Tx, id: UUID, wanted: ProposalState, by: str) -> ProposalRow | None:
    """The proposal, if it is still to be decided; None if it was decided just so."""
    row = await store.lock_proposal(tx, id)
    if row is None:
        raise ProposalUnknown
    if row.state == wanted:
        return None
    if row.state != ProposalState.OPEN:
        raise ProposalDecided(state=row.state)
    if row.proposed_by == by:
        raise FourEyesNeeded
    return row


async def _ids(tx: Tx, row: ProposalRow) -> tuple[UUID, UUID]:
    ids = await store.ids_of(tx, [row.one, row.other])
    return ids[row.one], ids[row.other]
