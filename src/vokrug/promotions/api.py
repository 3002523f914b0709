"""HTTP of offers, for staff."""

from collections import Counter
from uuid import UUID

from vokrug.promotions import exchange, operations, rules
from vokrug.promotions.engine import active_from, expires_at
from vokrug.promotions.errors import (
    BasketNonsense,
    OfferIdReused,
    OfferKeyTaken,
    OfferNonsense,
    OfferNotReady,
    OfferUnknown,
)
from vokrug.promotions.outside import Chain, outside_of
from vokrug.promotions.schemas import (
    BodySchema,
    ExportFile,
    Foreseen,
    Imported,
    ImportFile,
    NewDraft,
    NewOffer,
    OfferPage,
    SaveGroup,
    Tried,
    TryPrice,
    WhichVersion,
)
from vokrug.promotions.types import OfferCard, OfferState
from vokrug.runtime.http import Answer, Call, Role, Routes

PAGE = 100

routes = Routes("promotions")


@routes.get(
    "/v1/promotions",
    answers={200: OfferPage},
    refusals=[OfferNonsense],
    roles=[Role.STAFF],
    query={"state": str, "search": str, "after": int},
)
async def list_offers(call: Call) -> Answer[OfferPage]:
    """Offers, by state and by a part of their name or key."""
    try:
        state = OfferState(call.query["state"]) if "state" in call.query else None
        after = int(call.query.get("after", "0"))
    except ValueError as error:
        raise OfferNonsense(field="query", why=str(error), why_ru="такого значения нет") from None
    if not -(2**63) <= after < 2**63:
        raise OfferNonsense(field="after", why="there is no such number", why_ru="такого номера нет")
    async with call.db.transaction(readonly=True) as tx:
        offers = await operations.list_offers(tx, state=state, search=call.query.get("search"), after=after, limit=PAGE)
    more = offers[-1].number if len(offers) == PAGE else None
    return Answer(OfferPage(offers, more))


@routes.post(
    "/v1/promotions",
    answers={201: OfferCard},
    refusals=[OfferNonsense, OfferKeyTaken, OfferIdReused],
    roles=[Role.STAFF],
)
async def create_offer(call: Call, body: NewOffer) -> Answer[OfferCard]:
    """Write down a new offer as a draft. Repeat freely: an id counts once."""
    async with call.db.transaction() as tx:
        card = await operations.create_offer(
            tx,
            body.id,
            key=body.key,
            name=body.name,
            owner=body.owner,
            body=rules.read_body(body.body),
            by=call.caller.key_id,
            now=call.now,
        )
    return Answer(card, status=201)


@routes.get(
    "/v1/promotions/{offer_id:uuid}",
    answers={200: OfferCard},
    refusals=[OfferUnknown],
    roles=[Role.STAFF],
)
async def get_offer(call: Call) -> Answer[OfferCard]:
    """An offer with its versions and its history."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(await operations.offer_card(tx, _offer_id(call)))


@routes.post(
    "/v1/promotions/{offer_id:uuid}/versions",
    answers={201: OfferCard},
    refusals=[OfferUnknown, OfferNonsense],
    roles=[Role.STAFF],
)
async def write_draft(call: Call, body: NewDraft) -> Answer[OfferCard]:
    """Word the offer anew, as a draft. What runs goes on running."""
    async with call.db.transaction() as tx:
        card = await operations.write_draft(
            tx, _offer_id(call), rules.read_body(body.body), by=call.caller.key_id, now=call.now
        )
    return Answer(card, status=201)


@routes.post(
    "/v1/promotions/{offer_id:uuid}:check",
    answers={200: OfferCard},
    refusals=[OfferUnknown, OfferNonsense, OfferNotReady],
    roles=[Role.STAFF],
)
async def check_offer(call: Call, body: WhichVersion) -> Answer[OfferCard]:
    """Look for nonsense in a draft, and name its field."""
    async with call.db.transaction() as tx:
        return Answer(
            await operations.check_offer(
                tx, _offer_id(call), body.version, by=call.caller.key_id, now=call.now, chain=_chain(call)
            )
        )


@routes.post(
    "/v1/promotions/{offer_id:uuid}:publish",
    answers={200: OfferCard},
    refusals=[OfferUnknown, OfferNonsense, OfferNotReady],
    roles=[Role.STAFF],
)
async def publish_offer(call: Call, body: WhichVersion) -> Answer[OfferCard]:
    """Let a checked or paused version run, in place of the one that did."""
    async with call.db.transaction() as tx:
        return Answer(
            await operations.publish_offer(
                tx, _offer_id(call), body.version, by=call.caller.key_id, now=call.now, chain=_chain(call)
            )
        )


@routes.post(
    "/v1/promotions/{offer_id:uuid}:pause",
    answers={200: OfferCard},
    refusals=[OfferUnknown, OfferNotReady],
    roles=[Role.STAFF],
)
async def pause_offer(call: Call) -> Answer[OfferCard]:
    """Let the offer rest."""
    async with call.db.transaction() as tx:
        return Answer(await operations.pause_offer(tx, _offer_id(call), by=call.caller.key_id, now=call.now))


@routes.post(
    "/v1/promotions/{offer_id:uuid}:end",
    answers={200: OfferCard},
    refusals=[OfferUnknown, OfferNotReady],
    roles=[Role.STAFF],
)
async def end_offer(call: Call) -> Answer[OfferCard]:
    """Take the offer off for good."""
    async with call.db.transaction() as tx:
        return Answer(await operations.end_offer(tx, _offer_id(call), by=call.caller.key_id, now=call.now))


@routes.post(
    "/v1/promotions:price",
    answers={200: Tried},
    refusals=[BasketNonsense, OfferUnknown, OfferNonsense],
    roles=[Role.STAFF],
)
async def try_price(call: Call, body: TryPrice) -> Answer[Tried]:
    """Price a basket at any moment, with drafts if wished. Nothing is sold and nothing is held."""
    at = body.at or call.now
    if at.tzinfo is None:
        raise BasketNonsense(field="at", why="no offset", why_ru="не указан часовой пояс")
    async with call.db.transaction(readonly=True) as tx:
        priced = await operations.try_price(tx, body.basket, body.shopper, at, body.drafts)
    foreseen = [
        Foreseen(
            grant.offer_id,
            grant.version,
            grant.points_minor,
            active_from(grant.active_from, at, body.basket.zone),
            expires_at(grant.expires, at, body.basket.zone),
        )
        for grant in priced.earn
    ]
    return Answer(Tried(at, priced, foreseen))


@routes.put("/v1/promotions/shop-groups/{key}", answers={204: None}, roles=[Role.STAFF])
async def save_shop_group(call: Call, body: SaveGroup) -> Answer[None]:
    """Name a set of shops, or change it. Offers of the group follow."""
    async with call.db.transaction() as tx:
        await operations.save_shop_group(
            tx,
            call.path["key"],
            name=body.name,
            shop_ids=body.shop_ids,
            includes=body.includes,
            except_shop_ids=body.except_shop_ids,
            by=call.caller.key_id,
            now=call.now,
        )
    return Answer(None, status=204)


@routes.get("/v1/promotions:export", answers={200: ExportFile}, roles=[Role.STAFF])
async def export_offers(call: Call) -> Answer[ExportFile]:
    """Every offer as a line of JSON. Shops, articles and categories stand there by name."""
    async with call.db.transaction(readonly=True) as tx:
        lines = [line async for line in exchange.export_offers(tx, _chain(call))]
    return Answer(ExportFile(b"".join(lines).decode()))


@routes.post(
    "/v1/promotions:import",
    answers={200: Imported},
    refusals=[OfferNonsense, OfferKeyTaken],
    roles=[Role.STAFF],
)
async def import_offers(call: Call, body: ImportFile) -> Answer[Imported]:
    """Offers from an export, as drafts. One bad line and nothing is taken, unless bad lines are to be skipped."""
    lines = enumerate(body.text.encode().split(b"\n"), start=1)
    counts: Counter[str] = Counter()
    told = []
    async with call.db.transaction() as tx:
        async for taken in exchange.take_lines(
            tx, lines, by=call.caller.key_id, now=call.now, chain=_chain(call), is_dry=body.dry_run
        ):
            counts[taken.outcome] += 1
            if taken.outcome == "refused" and body.bad_lines == "refuse" and not body.dry_run:
                raise OfferNonsense(field=f"line {taken.line}: {taken.field}", why=taken.why, why_ru=taken.why_ru)
            if taken.outcome != "unchanged":
                told.append(taken)
    return Answer(
        Imported(
            created=counts["created"],
            drafted=counts["changed"],
            unchanged=counts["unchanged"],
            refused=counts["refused"],
            is_dry=body.dry_run,
            lines=told,
        )
    )


@routes.get("/v1/promotions:schema", answers={200: BodySchema}, roles=[Role.STAFF])
async def get_schema(call: Call) -> Answer[BodySchema]:
    """The JSON Schema of an offer's body."""
    return Answer(BodySchema(rules.body_schema()))


def _chain(call: Call) -> Chain:
    return outside_of(call.services).chain


def _offer_id(call: Call) -> UUID:
    return UUID(str(call.path["offer_id"]))
