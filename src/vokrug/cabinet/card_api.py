"""Pages for the till and the pocket: the card as a QR and as bars, offers of one's own, gift cards."""

from collections.abc import Mapping

from vokrug import pos, promotions
from vokrug.cabinet import drawing, operations
from vokrug.cabinet.here import FORMS, PAGE, Here, at_page, by_form
from vokrug.kernel import Refusal
from vokrug.pos import Checkout
from vokrug.promotions import OfferUnknown
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("cabinet")

# The picture is renewed well before it runs out.
RENEWED_EVERY_S = 60


@routes.get("/me/card", **PAGE)
async def card(call: Call) -> Answer[bytes]:
    """Who this is, for the till's scanner: a QR for a minute and a half, and the card's number as bars."""

    async def tell(here: Here) -> Answer[bytes]:
        shown = operations.card(call.services.get(pos.ProofKeys), here.person, None, here.now, may_spend=True)
        number = await operations.card_number(here.tx, here.directory, here.person.id)
        return await here.page(
            "card.html",
            qr=drawing.qr(shown.token),
            number=number,
            bars="" if number is None else drawing.bars(number),
            renewed_every_s=RENEWED_EVERY_S,
        )

    return await at_page(call, tell)


@routes.get("/me/offers", **PAGE)
async def offers(call: Call) -> Answer[bytes]:
    """What was given to this person; some of it waits to be activated."""
    return await at_page(call, _offers)


@routes.post("/me/offers:activate", refusals=FORMS, **PAGE)
async def activate(call: Call, body: bytes) -> Answer[bytes]:
    """The person wants it. Said again it does nothing."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        try:
            await promotions.activate_personal(here.tx, here.person.id, form.get("offer", ""), here.now)
        except OfferUnknown as refusal:
            return await _offers(here, refusal)
        return here.visit.go("/me/offers")

    return await by_form(call, body, tell)


async def _offers(here: Here, problem: Refusal | None = None) -> Answer[bytes]:
    found = await promotions.personal_offers(here.tx, here.person.id, here.now)
    return await here.page("offers.html", offers=found, problem=problem)


@routes.get("/me/gift-cards", **PAGE)
async def gift_cards(call: Call) -> Answer[bytes]:
    """What a gift card has left, by its number and PIN."""

    async def tell(here: Here) -> Answer[bytes]:
        return await here.page("gift-cards.html", standing=None, is_unknown=False)

    return await at_page(call, tell)


@routes.post("/me/gift-cards", refusals=FORMS, **PAGE)
async def gift_card(call: Call, body: bytes) -> Answer[bytes]:
    """The same answer for a wrong PIN and for a card that is not there; five wrong ones in a row block a card."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        checkout, number, pin = call.services.get(Checkout), form.get("number", ""), form.get("pin", "").strip()
        try:
            standing = await pos.gift_card_stands(checkout, here.tx, number, pin or None, here.now)
        except Refusal:
            standing = None
        return await here.page("gift-cards.html", standing=standing, is_unknown=standing is None)

    return await by_form(call, body, tell)
