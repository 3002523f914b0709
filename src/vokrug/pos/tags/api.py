"""Shelf prices and labels over HTTP."""

from typing import Annotated

import msgspec

from vokrug.pos import errors
from vokrug.pos.api import TILLS
from vokrug.pos.checkout import Checkout
from vokrug.pos.schemas import Code
from vokrug.pos.tags.operations import tags_of, tags_since, take_prices
from vokrug.pos.tags.schemas import PriceTags, ShelfPrices, ShelfPricesTaken
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("pos")

MOST_SKUS = 100
Since = Annotated[int, msgspec.Meta(ge=0, le=2**62)]


@routes.put(
    "/v1/shelf-prices",
    answers={200: ShelfPricesTaken},
    refusals=[errors.ShopUnknown, errors.AmountMalformed],
    max_body_bytes=1 << 21,
)
async def put_shelf_prices(call: Call, body: ShelfPrices) -> Answer[ShelfPricesTaken]:
    """Say what stands on a shop's shelves; what is not named stays. Repeat freely."""
    checkout = call.services.get(Checkout)
    shop = checkout.reference.shops.get(body.shop)
    if shop is None:
        raise errors.ShopUnknown(shop=body.shop)

    async def story(tx: Tx) -> ShelfPricesTaken:
        return await take_prices(checkout, tx, body, shop, call.now)

    return Answer(await call.db.replayed(story))


@routes.get(
    "/pos/v1/prices",
    answers={200: PriceTags},
    refusals=[errors.ShopUnknown, errors.ForeignShop, errors.CheckMalformed],
    query={"shop": Code, "sku": list[Code], "since": Since},
    query_needed=["shop"],
    roles=TILLS,
)
async def get_prices(call: Call) -> Answer[PriceTags]:
    """What shelf labels say. With `sku`: these, as of this very moment. Else what has changed since a `version`: all of
    it without one. Labels follow offers within a minute.
    """
    checkout = call.services.get(Checkout)
    shop = checkout.reference.shop(call.caller, call.asked["shop"])
    async with call.db.transaction(readonly=True) as tx:
        if skus := call.asked.get("sku"):
            if len(skus) > MOST_SKUS:
                raise errors.CheckMalformed(reason=f"no more than {MOST_SKUS} labels at once")
            return Answer(await tags_of(checkout, tx, shop, skus, call.now))
        return Answer(await tags_since(tx, shop, call.asked.get("since", 0)))
