"""HTTP of joining wallets, for staff: proposed by merges of people, done and undone by hand."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.kernel import format_minor
from vokrug.ledger.errors import InsufficientFunds, WalletClosed
from vokrug.ledger.joins import operations
from vokrug.ledger.joins.errors import JoinDecided, JoinUnknown, NotOnePerson
from vokrug.ledger.joins.types import Join, JoinState
from vokrug.ledger.operations.wallets import units
from vokrug.ledger.store import JournalIds
from vokrug.ledger.types import unit_of
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("ledger")
PAGE = 100


class JoinCard(Struct, kw_only=True):
    """Points of `joined` that go to `customer`, what was moved and what was given back of it."""

    id: UUID
    customer: UUID
    joined: UUID
    unit: str
    state: JoinState
    moved: str
    given_back: str
    proposed_at: datetime
    joined_at: datetime | None
    joined_by: str | None
    ended_at: datetime | None
    ended_by: str | None


class JoinCards(Struct):
    joins: list[JoinCard]


class ProposeJoins(Struct, kw_only=True):
    """A person whose merged customers may still have points on wallets of their own."""

    customer: UUID


async def _cards(tx: Tx, found: list[Join]) -> list[JoinCard]:
    by_id = {unit.id: unit for unit in (await units(tx)).values()}
    return [
        JoinCard(
            id=one.id,
            customer=one.taker_id,
            joined=one.giver_id,
            unit=(unit := by_id[unit_of(one.giver)]).code,
            state=one.state,
            moved=format_minor(one.moved, unit.scale),
            given_back=format_minor(one.given_back, unit.scale),
            proposed_at=one.proposed_at,
            joined_at=one.joined_at,
            joined_by=one.joined_by,
            ended_at=one.ended_at,
            ended_by=one.ended_by,
        )
        for one in found
    ]


@routes.get(
    "/v1/wallet-joins",
    answers={200: JoinCards},
    query={"state": JoinState, "after": UUID, "limit": Annotated[int, Meta(ge=1, le=1000)]},
)
async def list_joins(call: Call) -> Answer[JoinCards]:
    """Wallets of customers who are one person: proposed ones by default. `after` is the last id of a page."""
    state = call.asked.get("state", JoinState.PROPOSED)
    async with call.db.transaction(readonly=True) as tx:
        found = await operations.joins(tx, state, after=call.asked.get("after"), limit=call.asked.get("limit", PAGE))
        return Answer(JoinCards(await _cards(tx, list(found))))


@routes.post("/v1/wallet-joins", answers={204: None})
async def propose_joins(call: Call, body: ProposeJoins) -> Answer[None]:
    """Look again whether there is anything to join: what was held at the time may be free by now. Repeat freely."""
    await call.db.replayed(lambda tx: operations.propose(tx, body.customer, call.now))
    return Answer(None, status=204)


@routes.post(
    "/v1/wallet-joins/{id:uuid}:join",
    answers={200: JoinCard},
    refusals=[JoinUnknown, JoinDecided, NotOnePerson, WalletClosed],
)
async def join(call: Call) -> Answer[JoinCard]:
    """Move what is free, lot by lot, each with its time and origin. Holds stay valid; debts are paid first."""

    async def story(tx: Tx) -> JoinCard:
        ids = call.services.get(JournalIds)
        one = await operations.join(tx, ids, UUID(call.path["id"]), by=call.caller.key_id, now=call.now)
        return (await _cards(tx, [one]))[0]

    return Answer(await call.db.replayed(story))


@routes.post(
    "/v1/wallet-joins/{id:uuid}:reverse",
    answers={200: JoinCard},
    refusals=[JoinUnknown, JoinDecided, WalletClosed, InsufficientFunds],
)
async def reverse(call: Call) -> Answer[JoinCard]:
    """Give back what is left of the very lots that were joined. What was spent of them meanwhile stays spent."""

    async def story(tx: Tx) -> JoinCard:
        ids = call.services.get(JournalIds)
        one = await operations.reverse(tx, ids, UUID(call.path["id"]), by=call.caller.key_id, now=call.now)
        return (await _cards(tx, [one]))[0]

    return Answer(await call.db.replayed(story))


@routes.post("/v1/wallet-joins/{id:uuid}:decline", answers={200: JoinCard}, refusals=[JoinUnknown, JoinDecided])
async def decline(call: Call) -> Answer[JoinCard]:
    """The wallets stay as they are."""

    async def story(tx: Tx) -> JoinCard:
        one = await operations.decline(tx, UUID(call.path["id"]), by=call.caller.key_id, now=call.now)
        return (await _cards(tx, [one]))[0]

    return Answer(await call.db.replayed(story))
