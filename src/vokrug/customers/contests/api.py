"""HTTP of contested identifiers: a steward's work list, by what is due first."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.customers.contests import operations
from vokrug.customers.contests.errors import ContestDecided, ContestOver, ContestUnknown
from vokrug.customers.contests.types import Contest, ContestState, Standing
from vokrug.customers.directory import Directory
from vokrug.customers.errors import (
    CustomerUnknown,
    IdentifierImmutable,
    TooManyIdentifiers,
    TooManyNewIdentifiers,
)
from vokrug.customers.gateways import Witnesses
from vokrug.customers.types import Rung, Source, Strength
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("customers")
PAGE = 100


class Settle(Struct, kw_only=True):
    """Does the identifier move to whoever asked, or stay?"""

    moves: bool


class ContestCard(Struct, kw_only=True):
    id: UUID
    identifier_id: int
    type: str
    holder: UUID
    claimant: UUID
    source: Source
    strength: Strength
    opened_at: datetime
    due_at: datetime
    is_overdue: bool
    state: ContestState
    decided_by: str | None
    decided_at: datetime | None


class ContestCards(Struct):
    contests: list[ContestCard]


class StandingCard(Struct):
    """The rungs somebody stands on, and when they were last heard of."""

    rungs: list[Rung]
    last_word: datetime | None


class ContestSheet(Struct, kw_only=True):
    """What speaks for each. `advice` is keep or move, by the first rung that tells them apart; absent if none does."""

    contest: ContestCard
    holder: StandingCard
    claimant: StandingCard
    advice: str | None
    by: Rung | None


def _card(directory: Directory, one: Contest, now: datetime) -> ContestCard:
    return ContestCard(
        id=one.id,
        identifier_id=one.identifier_id,
        type=directory.identifier_type_by_id(one.type_id).code,
        holder=one.holder_id,
        claimant=one.claimant_id,
        source=one.source,
        strength=one.strength,
        opened_at=one.opened_at,
        due_at=one.due_at,
        is_overdue=one.state is ContestState.OPEN and one.due_at < now,
        state=one.state,
        decided_by=one.decided_by,
        decided_at=one.decided_at,
    )


@routes.get(
    "/v1/identifier-contests",
    answers={200: ContestCards},
    query={"state": ContestState, "after": UUID, "limit": Annotated[int, Meta(ge=1, le=1000)]},
)
async def list_contests(call: Call) -> Answer[ContestCards]:
    """Identifiers that two people want, what is due first first. `after` is the last id of a page."""
    directory = call.services.get(Directory)
    state = call.asked.get("state", ContestState.OPEN)
    async with call.db.transaction() as tx:
        found = await operations.contests(tx, state, after=call.asked.get("after"), limit=call.asked.get("limit", PAGE))
        await directory.meet_ids(tx, (one.type_id for one in found))
    return Answer(ContestCards([_card(directory, one, call.now) for one in found]))


@routes.get("/v1/identifier-contests/{id:uuid}", answers={200: ContestSheet}, refusals=[ContestUnknown, ContestOver])
async def read_contest(call: Call) -> Answer[ContestSheet]:
    """What speaks for each of the two, and what the type's ladder makes of it."""
    directory = call.services.get(Directory)
    witnesses = call.services.parts.get(Witnesses, Witnesses())
    async with call.db.transaction() as tx:
        one = await operations.shown(tx, UUID(call.path["id"]))
        holder, claimant, advice = await operations.standings(tx, directory, witnesses, one)
    said = None if advice.moves is None else ("move" if advice.moves else "keep")
    return Answer(
        ContestSheet(
            contest=_card(directory, one, call.now),
            holder=_standing(holder),
            claimant=_standing(claimant),
            advice=said,
            by=advice.by,
        )
    )


def _standing(one: Standing) -> StandingCard:
    return StandingCard([rung for rung in Rung if rung in one.rungs], one.last_word)


@routes.post(
    "/v1/identifier-contests/{id:uuid}:settle",
    answers={200: ContestCard},
    refusals=[
        ContestUnknown,
        ContestDecided,
        ContestOver,
        CustomerUnknown,
        IdentifierImmutable,
        TooManyIdentifiers,
        TooManyNewIdentifiers,
    ],
)
async def settle_contest(call: Call, body: Settle) -> Answer[ContestCard]:
    """Leave it with its holder, or let it lead to the claimant. Repeat freely."""
    directory = call.services.get(Directory)

    async def story(tx: Tx) -> Contest:
        id, by = UUID(call.path["id"]), call.caller.key_id
        return await operations.settle(tx, directory, id, moves=body.moves, by=by, now=call.now)

    return await _changed(call, await call.db.replayed(story))


@routes.post(
    "/v1/identifier-contests/{id:uuid}:undo",
    answers={200: ContestCard},
    refusals=[ContestUnknown, ContestOver, CustomerUnknown],
)
async def undo_contest(call: Call) -> Answer[ContestCard]:
    """Take the decision back exactly: edges are as they were, and the contest waits again."""
    directory = call.services.get(Directory)

    async def story(tx: Tx) -> Contest:
        return await operations.undo(tx, directory, UUID(call.path["id"]), by=call.caller.key_id, now=call.now)

    return await _changed(call, await call.db.replayed(story))


async def _changed(call: Call, contest: Contest) -> Answer[ContestCard]:
    directory = call.services.get(Directory)
    async with call.db.transaction() as tx:
        await directory.meet_ids(tx, [contest.type_id])
    return Answer(_card(directory, contest, call.now))
