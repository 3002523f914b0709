"""The till protocol over HTTP: at most three calls a sale. Only `calculate` thinks."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from vokrug import accounts, customers, ledger, promotions
from vokrug.ledger import giftcards
from vokrug.pos import errors
from vokrug.pos.checkout import Checkout
from vokrug.pos.operations import chain
from vokrug.pos.operations.cancelling import cancel
from vokrug.pos.operations.committing import commit
from vokrug.pos.operations.extending import extend
from vokrug.pos.operations.giving import give, statement, take
from vokrug.pos.operations.health import hear, tills_health
from vokrug.pos.operations.identifying import enrol, identify
from vokrug.pos.operations.measuring import effect
from vokrug.pos.operations.orphans import ORPHANED_AFTER_DAYS, returns_waiting
from vokrug.pos.operations.quoting import calculate
from vokrug.pos.operations.returning import take_back
from vokrug.pos.proofs.errors import BurnCodeWrong, BurnNotAuthorised, CardStale, ReasonWanted
from vokrug.pos.proofs.types import Meters
from vokrug.pos.schemas import (
    Calculate,
    Calculated,
    Cancel,
    Cancelled,
    CatalogueGiven,
    CatalogueTaken,
    Commit,
    Committed,
    Enrol,
    Extend,
    Extended,
    Heartbeat,
    HeartbeatHeard,
    Identified,
    Identify,
    PointsGiven,
    PointsStatement,
    PointsTaken,
    PointsWithdrawn,
    Return,
    Returned,
    ReturnPolicy,
    ReturnPolicyDeclared,
    ReturnsWaiting,
    ShopCard,
    ShopGiven,
    Shops,
    TiersGiven,
    TiersTaken,
    TillsHealth,
)
from vokrug.pos.types import Shop, Till
from vokrug.runtime.batching import Overloaded
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("pos")

TILLS = [Role.TILL, Role.STAFF]
PLACE = [errors.ShopUnknown, errors.TillUnknown, errors.ForeignShop]
REPLAYED = {"Idempotent-Replay": "true"}


def at_the_till(call: Call, body: Any) -> tuple[Checkout, Shop, Till]:
    """Who asks is checked here, for every call of a till."""
    checkout = call.services.get(Checkout)
    shop, till = checkout.reference.place(call.caller, body.shop, body.till)
    return checkout, shop, till


def answered(answer: Any, is_repeat: bool, status: int = 200) -> Answer[Any]:
    return Answer(answer, status, REPLAYED) if is_repeat else Answer(answer, status)


@routes.post(
    "/pos/v1/identify",
    answers={200: Identified},
    refusals=[
        *PLACE,
        errors.CustomerUnknown,
        errors.CardBlocked,
        CardStale,
        customers.IdentifierTypeUnknown,
        customers.IdentifierMalformed,
        customers.IdentifierBlocked,
        Overloaded,
    ],
    roles=TILLS,
)
async def post_identify(call: Call, body: Identify) -> Answer[Identified]:
    """Who stands at the till: a short name, points to spend, the path to the next tier."""
    checkout, shop, till = at_the_till(call, body)
    return Answer(await identify(checkout, body, shop, till, call.language, call.now))


@routes.post(
    "/pos/v1/customers",
    answers={200: Identified},
    refusals=[
        *PLACE,
        customers.FullNameNotWanted,
        customers.IdentifierMalformed,
        customers.IdentifierBlocked,
        customers.IdentifierTaken,
    ],
    roles=TILLS,
)
async def post_customer(call: Call, body: Enrol) -> Answer[Identified]:
    """Register in one call: a phone and how to call the shopper. A phone that is known answers its owner."""
    checkout, shop, _ = at_the_till(call, body)
    return Answer(await enrol(checkout, body, shop, call.now))


@routes.post(
    "/pos/v1/checks/{check_uid:uuid}:calculate",
    answers={200: Calculated},
    refusals=[
        *PLACE,
        errors.AmountMalformed,
        errors.CheckMalformed,
        errors.CustomerUnknown,
        errors.CardBlocked,
        CardStale,
        errors.TokenStale,
        errors.DocumentConflict,
        errors.RevisionStale,
        errors.DocumentOfAnotherTill,
        errors.AlreadyCommitted,
        giftcards.GiftCardUnknown,
        giftcards.GiftCardNotForSale,
        customers.IdentifierTypeUnknown,
        customers.IdentifierMalformed,
        customers.IdentifierBlocked,
        Overloaded,
    ],
    roles=TILLS,
)
async def post_calculate(call: Call, body: Calculate) -> Answer[Calculated]:
    """Price a check. With `hold` the price and the points are promised, and `commit` can make it final.

    The same check and revision may be sent again and gets the same answer; a higher revision replaces it.
    """
    checkout, shop, till = at_the_till(call, body)
    check_id = UUID(call.path["check_uid"])
    return answered(*await calculate(checkout, check_id, body, shop, till, call.language, call.now))


@routes.post(
    "/pos/v1/checks/{check_uid:uuid}:commit",
    answers={200: Committed, 202: Committed},
    refusals=[
        *PLACE,
        errors.AmountMalformed,
        errors.CheckMalformed,
        errors.CheckUnknown,
        errors.CustomerUnknown,
        errors.CardBlocked,
        CardStale,
        errors.TokenStale,
        errors.DocumentConflict,
        errors.RevisionStale,
        errors.DocumentOfAnotherTill,
        errors.PriceChanged,
        errors.QuoteExpired,
        errors.HoldLost,
        BurnNotAuthorised,
        giftcards.GiftCardUnknown,
        giftcards.GiftCardNotForSale,
        giftcards.GiftCardShort,
        promotions.LimitReached,
        promotions.CouponRefused,
        customers.IdentifierTypeUnknown,
        customers.IdentifierMalformed,
        customers.IdentifierBlocked,
        Overloaded,
    ],
    roles=TILLS,
)
async def post_commit(call: Call, body: Commit) -> Answer[Committed]:
    """Make the sale final; points earned may be spent by the next call anywhere.

    Without `fiscal` the centre may still refuse. With it the receipt is printed and the sale is recorded as it
    is, 202 `accepted_late` if it differs. A check never calculated may come whole in `check`.
    """
    checkout, shop, till = at_the_till(call, body)
    check_id = UUID(call.path["check_uid"])
    answer, is_repeat = await commit(checkout, check_id, body, shop, till, call.language, call.now)
    return answered(answer, is_repeat, 202 if answer.status == "accepted_late" else 200)


@routes.post(
    "/pos/v1/checks/{check_uid:uuid}:extend",
    answers={200: Extended},
    refusals=[
        *PLACE,
        errors.CheckUnknown,
        errors.RevisionStale,
        errors.DocumentOfAnotherTill,
        errors.AlreadyCommitted,
        errors.QuoteExpired,
        errors.HoldLost,
    ],
    roles=TILLS,
)
async def post_extend(call: Call, body: Extend) -> Answer[Extended]:
    """Give a promised check more time: its price, its points, its gift cards, its limits and codes. Repeat freely.

    What has run out is not extended: calculate again.
    """
    checkout, shop, till = at_the_till(call, body)
    return Answer(await extend(checkout, UUID(call.path["check_uid"]), body, shop, till, call.now))


@routes.post(
    "/pos/v1/checks/{check_uid:uuid}:cancel",
    answers={200: Cancelled},
    refusals=[*PLACE, errors.DocumentOfAnotherTill, errors.AlreadyCommitted],
    roles=TILLS,
)
async def post_cancel(call: Call, body: Cancel) -> Answer[Cancelled]:
    """Release what the check holds. Repeat freely, for unknown checks too."""
    checkout, shop, till = at_the_till(call, body)
    released = await cancel(checkout, UUID(call.path["check_uid"]), shop, till, call.now)
    return Answer(Cancelled(status="cancelled", released=released))


RETURN_REFUSALS = [
    *PLACE,
    errors.AmountMalformed,
    errors.CheckMalformed,
    errors.DocumentConflict,
    errors.DocumentOfAnotherTill,
    errors.OriginalUnknown,
    errors.ReturnExceeds,
    errors.ReturnLineUnknown,
    errors.ReturnEmpty,
    errors.ReturnGoodsUnknown,
    errors.RefundExceeds,
    errors.ReceiptWanted,
    errors.PriceUnknown,
    giftcards.GiftCardUsed,
]


@routes.post(
    "/pos/v1/returns/{return_uid:uuid}:calculate", answers={200: Returned}, refusals=RETURN_REFUSALS, roles=TILLS
)
async def post_return_calculate(call: Call, body: Return) -> Answer[Returned]:
    """What a return would bring; nothing is changed."""
    checkout, shop, till = at_the_till(call, body)
    return_id = UUID(call.path["return_uid"])
    answer, _ = await take_back(checkout, return_id, body, shop, till, call.language, call.now, dry=True)
    return Answer(answer)


@routes.post(
    "/pos/v1/returns/{return_uid:uuid}:commit",
    answers={200: Returned, 202: Returned},
    refusals=[*RETURN_REFUSALS, ReasonWanted, BurnCodeWrong, accounts.TooManyTries],
    roles=TILLS,
)
async def post_return(call: Call, body: Return) -> Answer[Returned]:
    """Take goods back: money, burned points and earned points of these very units are reversed.

    If the sale is not known yet the return is parked (202) and posted together with the sale when it comes.
    """
    checkout, shop, till = at_the_till(call, body)
    return_id = UUID(call.path["return_uid"])
    meters = Meters.of(call.services)
    answer, is_repeat = await take_back(checkout, return_id, body, shop, till, call.language, call.now, meters=meters)
    return answered(answer, is_repeat, 202 if answer.status == "parked" else 200)


@routes.post("/pos/v1/heartbeat", answers={200: HeartbeatHeard}, refusals=PLACE, roles=TILLS)
async def post_heartbeat(call: Call, body: Heartbeat) -> Answer[HeartbeatHeard]:
    """A till says how it fares, and hears what it should do next."""
    _, _, till = at_the_till(call, body)
    async with call.db.transaction() as tx:
        return Answer(await hear(tx, till, body, call.caller, call.now))


# For staff


@routes.get("/v1/tills/health", answers={200: TillsHealth}, query={"shop": str})
async def get_tills_health(call: Call) -> Answer[TillsHealth]:
    """Every till of one shop, or of all: last seen, clock, queue, software, and alarms."""
    async with call.services.reports.transaction(readonly=True) as tx:
        return Answer(await tills_health(tx, call.asked.get("shop", ""), call.now))


@routes.get(
    "/v1/returns/waiting",
    answers={200: ReturnsWaiting},
    query={"days": Annotated[int, msgspec.Meta(ge=0, le=3650)], "shop": str},
)
async def get_returns_waiting(call: Call) -> Answer[ReturnsWaiting]:
    """Returns that have waited `days` (30 unless told) for their sale, of one shop or of all, the longest first."""
    days, shop = call.asked.get("days", ORPHANED_AFTER_DAYS), call.asked.get("shop", "")
    async with call.services.reports.transaction(readonly=True) as tx:
        return Answer(await returns_waiting(tx, call.now, days=days, shop=shop))


@routes.get(
    "/v1/experiments/{id:uuid}/effect",
    answers={200: promotions.Report},
    refusals=[promotions.ExperimentUnknown],
    query={"cost_bp": Annotated[int, msgspec.Meta(ge=0, le=10_000)]},
    query_needed=["cost_bp"],
    answer_timeout_s=600,
)
async def get_effect(call: Call) -> Answer[promotions.Report]:
    """What each variant brought in net margin a customer, with its 95 % interval. `cost_bp`: what goods cost the
    chain, in basis points of their price before discounts.
    """
    async with call.services.reports.transaction(readonly=True, isolation="repeatable_read") as tx:
        return Answer(await effect(tx, UUID(call.path["id"]), cost_bp=call.asked["cost_bp"], now=call.now))


@routes.post(
    "/v1/customers/{id:uuid}/points:give",
    answers={200: PointsTaken},
    refusals=[customers.CustomerUnknown, errors.AmountMalformed, errors.CurrencyUnknown, ledger.KeyReused],
)
async def post_points(call: Call, body: PointsGiven) -> Answer[PointsTaken]:
    """Give a customer points outside a sale, spendable at once. Repeat freely: a request id counts once."""

    async def story(tx: Tx) -> tuple[PointsTaken, bool]:
        return await give(tx, call.services.get(Checkout), UUID(call.path["id"]), body, call.now)

    return answered(*await call.db.replayed(story))


@routes.post(
    "/v1/customers/{id:uuid}/points:take",
    answers={200: PointsTaken},
    refusals=[
        customers.CustomerUnknown,
        errors.AmountMalformed,
        errors.CurrencyUnknown,
        ledger.KeyReused,
        ledger.InsufficientFunds,
    ],
)
async def post_points_taken(call: Call, body: PointsWithdrawn) -> Answer[PointsTaken]:
    """Take points away outside a sale. Repeat freely: a request id counts once."""

    async def story(tx: Tx) -> tuple[PointsTaken, bool]:
        return await take(tx, call.services.get(Checkout), UUID(call.path["id"]), body, call.now)

    return answered(*await call.db.replayed(story))


@routes.get("/v1/customers/{id:uuid}/points", answers={200: PointsStatement}, refusals=[customers.CustomerUnknown])
async def get_points(call: Call) -> Answer[PointsStatement]:
    """Every point of a customer, lot by lot: where it came from and where it went."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(await statement(tx, call.services.get(Checkout), UUID(call.path["id"]), call.now))


# The chain


@routes.put(
    "/v1/shops", answers={200: ShopCard}, refusals=[errors.ZoneUnknown, errors.CurrencyUnknown, errors.AmountMalformed]
)
async def put_shop(call: Call, body: ShopGiven) -> Answer[ShopCard]:
    """Open a shop with its tills, or change it."""
    reference = call.services.get(Checkout).reference
    async with call.db.transaction() as tx:
        card = await chain.save_shop(tx, body, call.now, points_code=reference.points_code)
    await reference.renew(call.db, call.now)
    await reference.accounts(call.db, reference.shops[card.code], call.now)
    return Answer(card)


@routes.get("/v1/shops", answers={200: Shops})
async def get_shops(call: Call) -> Answer[Shops]:
    """Every shop and its tills."""
    async with call.services.reports.transaction(readonly=True) as tx:
        return Answer(Shops(shops=await chain.list_shops(tx)))


@routes.put("/v1/catalogue", answers={200: CatalogueTaken}, refusals=[errors.CheckMalformed, errors.AmountMalformed])
async def put_catalogue(call: Call, body: CatalogueGiven) -> Answer[CatalogueTaken]:
    """Take categories and articles; what is not named stays."""
    async with call.db.transaction() as tx:
        ids = await chain.save_catalogue(tx, body, call.now)
    await call.services.get(Checkout).reference.renew(call.db, call.now)
    return Answer(CatalogueTaken(categories=len(body.categories), articles=len(body.articles), category_ids=ids))


@routes.put("/v1/return-policy", answers={200: ReturnPolicyDeclared})
async def put_return_policy(call: Call, body: ReturnPolicy) -> Answer[ReturnPolicyDeclared]:
    """Declare what happens to points and money when goods come back. A sale keeps the terms of its minute."""
    async with call.db.transaction() as tx:
        version = await chain.declare_return_policy(tx, body, call.caller.key_id, call.now)
    await call.services.get(Checkout).reference.renew(call.db, call.now)
    return Answer(ReturnPolicyDeclared(version=version, policy=body))


@routes.get("/v1/return-policy", answers={200: ReturnPolicyDeclared})
async def get_return_policy(call: Call) -> Answer[ReturnPolicyDeclared]:
    """The return policy of new sales; version 0 is the usual one, never declared."""
    async with call.db.transaction(readonly=True) as tx:
        version, policy = await chain.return_policy(tx)
    return Answer(ReturnPolicyDeclared(version=version, policy=policy))


@routes.put("/v1/tiers", answers={200: TiersTaken}, refusals=[errors.CheckMalformed, errors.AmountMalformed])
async def put_tiers(call: Call, body: TiersGiven) -> Answer[TiersTaken]:
    """Replace the ladder of tiers."""
    async with call.db.transaction() as tx:
        await chain.save_tiers(tx, body.tiers)
    await call.services.get(Checkout).reference.renew(call.db, call.now)
    return Answer(TiersTaken(tiers=len(body.tiers)))
