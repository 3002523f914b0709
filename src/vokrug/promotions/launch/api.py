"""HTTP of what comes before a launch, for staff."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vokrug import customers
from vokrug.promotions.errors import BasketNonsense, OfferNonsense, OfferNotReady, OfferUnknown
from vokrug.promotions.launch import linting, simulating, together
from vokrug.promotions.launch.together import Published, PublishOffers
from vokrug.promotions.launch.types import Change, Linted, Simulate, Simulated
from vokrug.promotions.outside import Chain, outside_of
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("promotions")

Most = Annotated[int, Meta(ge=1, le=10_000)]


class LintOffer(Struct, frozen=True, forbid_unknown_fields=True):
    """How much offers may take off together before it is said: basis points, a half by default."""

    most_bp: Most = 5_000


class LintSet(Change, frozen=True, forbid_unknown_fields=True):
    """The set that runs, with what is tried."""

    most_bp: Most = 5_000


@routes.post(
    "/promotions/v1/offers/{offer_id:uuid}:lint",
    answers={200: Linted},
    refusals=[OfferUnknown, OfferNonsense],
    roles=[Role.STAFF],
)
async def lint_offer(call: Call, body: LintOffer | None) -> Answer[Linted]:
    """What is wrong with the newest wording of an offer, by itself and beside those that run."""
    most_bp = body.most_bp if body else None
    async with call.db.transaction(readonly=True) as tx:
        found = await linting.lint_offer(tx, UUID(str(call.path["offer_id"])), _chain(call), call.now, most_bp=most_bp)
    return Answer(found)


@routes.post(
    "/promotions/v1/offers:publish",
    answers={200: Published},
    refusals=[OfferUnknown, OfferNonsense, OfferNotReady],
    roles=[Role.STAFF],
)
async def publish_offers(call: Call, body: PublishOffers) -> Answer[Published]:
    """Let many offers run at once: all of them or none. Drafts are checked on the way; tills change over once."""
    async with call.db.transaction() as tx:
        by, chain = call.caller.key_id, _chain(call)
        return Answer(await together.publish_offers(tx, body.offers, by=by, now=call.now, chain=chain))


@routes.post("/promotions/v1/lint", answers={200: Linted}, refusals=[OfferUnknown, OfferNonsense], roles=[Role.STAFF])
async def lint_offers(call: Call, body: LintSet) -> Answer[Linted]:
    """What is wrong with the whole set that runs, with what is tried in its place."""
    async with call.db.transaction(readonly=True) as tx:
        found = await linting.lint_change(tx, body, _chain(call), call.now, most_bp=body.most_bp, everything=True)
    return Answer(found)


@routes.post(
    "/promotions/v1/simulate",
    answers={200: Simulated},
    refusals=[BasketNonsense, OfferUnknown, OfferNonsense, customers.CustomerUnknown],
    roles=[Role.STAFF],
)
async def simulate(call: Call, body: Simulate) -> Answer[Simulated]:
    """A basket at any moment, past or to come, with a change and without it. Nothing is sold or held."""
    if body.at is not None and body.at.tzinfo is None:
        raise BasketNonsense(field="at", why="no offset", why_ru="не указан часовой пояс")
    async with call.db.transaction(readonly=True) as tx:
        return Answer(await simulating.simulate(tx, body, _chain(call), call.now))


def _chain(call: Call) -> Chain:
    return outside_of(call.services).chain
