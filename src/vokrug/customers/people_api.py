"""HTTP of who is one person with whom. Of staff: a merge is proposed by one and decided by another."""

from datetime import datetime
from functools import partial
from uuid import UUID

from vokrug.customers.directory import Directory
from vokrug.customers.errors import (
    CustomersApart,
    CustomersAreOne,
    CustomerUnknown,
    EvidenceMalformed,
    FourEyesNeeded,
    IdentifierBlocked,
    IdentifierMalformed,
    IdentifierTypeUnknown,
    MergeOfOneself,
    MergeOverLimit,
    PairProposed,
    PhoneMalformed,
    ProposalDecided,
    ProposalUnknown,
    RuleMalformed,
)
from vokrug.customers.operations import joining, merging, proposals
from vokrug.customers.schemas import (
    KeepApart,
    MergeCard,
    MergesByRule,
    ProposalCard,
    ProposalCards,
    ProposeMerge,
    SeenTogether,
    SeeTogether,
    UndoneByRule,
)
from vokrug.customers.types import Proposal, ProposalState, Source
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("customers")
PAGE = 100


@routes.post(
    "/v1/customer-merges",
    answers={201: ProposalCard, 200: ProposalCard},
    refusals=[CustomerUnknown, MergeOfOneself, RuleMalformed, EvidenceMalformed, PairProposed],
)
async def propose_merge(call: Call, body: ProposeMerge) -> Answer[ProposalCard]:
    """Propose that two customers are one person. Somebody else accepts or rejects it."""
    by = call.caller.key_id

    async def story(tx: Tx) -> Proposal:
        made = await proposals.propose(tx, body.id, body.one, body.other, by=by, now=call.now, reasons=body.reasons)
        if made is None:
            raise PairProposed
        return made

    return _card(await call.db.replayed(story), status=201)


@routes.get(
    "/v1/customer-merges",
    answers={200: ProposalCards},
    refusals=[],
    query={"state": ProposalState, "after": UUID, "limit": int},
)
async def list_merges(call: Call) -> Answer[ProposalCards]:
    """What was proposed: open by default, people's own first, then the likeliest. `after` is the last id of a page."""
    state = call.asked.get("state", ProposalState.OPEN)
    limit = min(max(1, call.asked.get("limit", PAGE)), 1000)
    async with call.db.transaction() as tx:
        found = await proposals.proposals(tx, state, after=call.asked.get("after"), limit=limit)
    return Answer(ProposalCards(merges=[ProposalCard.of(one) for one in found]))


DECIDING = [ProposalUnknown, ProposalDecided, FourEyesNeeded]


@routes.post(
    "/v1/customer-merges/{id:uuid}:accept",
    answers={200: ProposalCard},
    refusals=[*DECIDING, CustomerUnknown, CustomersApart, MergeOverLimit],
)
async def accept_merge(call: Call) -> Answer[ProposalCard]:
    """Make one person of the two. Refused to whoever proposed it."""

    async def story(tx: Tx) -> Proposal:
        id = UUID(call.path["id"])
        directory = call.services.get(Directory)
        return await proposals.accept(tx, directory, id, by=call.caller.key_id, source=Source.STAFF, now=call.now)

    return _card(await call.db.replayed(story))


@routes.post(
    "/v1/customer-merges/{id:uuid}:reject",
    answers={200: ProposalCard},
    refusals=[*DECIDING, CustomerUnknown, CustomersAreOne],
)
async def reject_merge(call: Call) -> Answer[ProposalCard]:
    """They are two people: nobody proposes them again, and no rule merges them."""

    async def story(tx: Tx) -> Proposal:
        id = UUID(call.path["id"])
        return await proposals.reject(tx, id, by=call.caller.key_id, source=Source.STAFF, now=call.now)

    return _card(await call.db.replayed(story))


@routes.post("/v1/customer-merges/{id:uuid}:undo", answers={200: ProposalCard}, refusals=DECIDING)
async def undo_merge(call: Call) -> Answer[ProposalCard]:
    """Take an accepted merge apart: ids, profile and consents are exactly as they were, and stay apart."""

    async def story(tx: Tx) -> Proposal:
        id = UUID(call.path["id"])
        return await proposals.undo(tx, id, by=call.caller.key_id, source=Source.STAFF, now=call.now)

    return _card(await call.db.replayed(story))


@routes.post("/v1/customer-merges:undo-by-rule", answers={200: UndoneByRule}, refusals=[RuleMalformed])
async def undo_by_rule(call: Call, body: MergesByRule) -> Answer[UndoneByRule]:
    """End every merge that a rule made in [since, until). With `dry_run`, only say which."""
    async with call.db.transaction() as tx:
        found = await merging.merges_by_rule(tx, body.rule, body.since, body.until)
    if not body.dry_run:
        for row in found:
            await call.db.replayed(partial(_ended, merge_id=row.id, now=call.now))
    return Answer(UndoneByRule(merges=[MergeCard(row.id, row.rule, row.made_at) for row in found]))


async def _ended(tx: Tx, merge_id: int, now: datetime) -> None:
    await merging.unmerge(tx, merge_id, source=Source.STAFF, now=now, reason="rule undone")


@routes.post(
    "/v1/customers:keep-apart",
    answers={204: None},
    refusals=[CustomerUnknown, MergeOfOneself, CustomersAreOne],
)
async def keep_apart(call: Call, body: KeepApart) -> Answer[None]:
    """These two are never one person, whatever a rule says; `allow` takes it back."""

    async def story(tx: Tx) -> None:
        if body.allow:
            await merging.let_join(tx, body.one, body.other, source=Source.STAFF, now=call.now)
        else:
            await merging.keep_apart(tx, body.one, body.other, source=Source.STAFF, now=call.now, reason=body.reason)

    await call.db.replayed(story)
    return Answer(None, status=204)


@routes.post(
    "/v1/customers:see-together",
    answers={200: SeenTogether},
    refusals=[IdentifierTypeUnknown, IdentifierMalformed, PhoneMalformed, IdentifierBlocked],
)
async def see_together(call: Call, body: SeeTogether) -> Answer[SeenTogether]:
    """Somebody has shown all of these: make one person of those they lead to, as far as each is proven well enough.
    Which stayed with somebody else is told by their places, and waits for a steward. Such merges can be undone by
    their rule, `seen_together`.
    """
    seen = [joining.Seen(one.type, one.value, one.strength) for one in body.identifiers]
    directory = call.services.get(Directory)

    async def story(tx: Tx) -> joining.Together:
        return await joining.see_together(tx, directory, seen, source=Source.STAFF, now=call.now)

    found = await call.db.replayed(story)
    return Answer(SeenTogether(customer=found.customer_id, merges=found.merge_ids, contested=found.contested))


def _card(proposal: Proposal, status: int = 200) -> Answer[ProposalCard]:
    return Answer(ProposalCard.of(proposal), status=status)
