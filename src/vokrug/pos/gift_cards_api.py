"""Gift cards at the till outside a check. Inside one they are lines to sell and tenders to pay with."""

from typing import Any

from vokrug import ledger
from vokrug.ledger import giftcards
from vokrug.pos import errors
from vokrug.pos.api import PLACE, TILLS, answered, at_the_till
from vokrug.pos.operations import gift_cards
from vokrug.pos.schemas import GiftCardAt, GiftCardBlock, GiftCardLoad, GiftCardStanding
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("pos gift cards")

CARD = [*PLACE, giftcards.GiftCardUnknown, giftcards.GiftCardMalformed]
LOAD = [*CARD, errors.AmountMalformed, giftcards.GiftCardNotForSale, ledger.KeyReused]


@routes.post("/pos/v1/gift-cards:balance", answers={200: GiftCardStanding}, refusals=CARD, roles=TILLS)
async def post_balance(call: Call, body: GiftCardAt) -> Answer[GiftCardStanding]:
    """What a card has left. With a wrong PIN it looks as if there were no such card; five in a row block it."""
    checkout, _, _ = at_the_till(call, body)
    async with call.db.transaction() as tx:
        standing = await gift_cards.stands(checkout, tx, body, call.now)
    if standing is None:
        raise giftcards.GiftCardUnknown()
    return Answer(standing)


async def loaded(call: Call, body: GiftCardLoad, *, is_topup: bool) -> Answer[Any]:
    checkout, shop, _ = at_the_till(call, body)

    async def story(tx: Tx) -> tuple[GiftCardStanding, bool]:
        return await gift_cards.load(checkout, tx, body, shop, call.now, is_topup=is_topup)

    return answered(*await call.db.replayed(story))


@routes.post("/pos/v1/gift-cards:activate", answers={200: GiftCardStanding}, refusals=LOAD, roles=TILLS)
async def post_activate(call: Call, body: GiftCardLoad) -> Answer[GiftCardStanding]:
    """Activate a card with money taken outside a check. Repeat freely: a request id counts once."""
    return await loaded(call, body, is_topup=False)


@routes.post("/pos/v1/gift-cards:topup", answers={200: GiftCardStanding}, refusals=LOAD, roles=TILLS)
async def post_topup(call: Call, body: GiftCardLoad) -> Answer[GiftCardStanding]:
    """Add money to a card that lives."""
    return await loaded(call, body, is_topup=True)


@routes.post("/pos/v1/gift-cards:block", answers={200: GiftCardStanding}, refusals=CARD, roles=TILLS)
async def post_block(call: Call, body: GiftCardBlock) -> Answer[GiftCardStanding]:
    """A card is lost: from now on it pays nothing, and its money stays. Staff may unblock it."""
    checkout, _, _ = at_the_till(call, body)

    async def story(tx: Tx) -> GiftCardStanding:
        return await gift_cards.block(checkout, tx, body, call.now)

    return Answer(await call.db.replayed(story))
