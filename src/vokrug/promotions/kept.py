"""What is kept of a sale, priced anew: for offers that ask for their threshold even after a return."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from vokrug.promotions import store
from vokrug.promotions.engine import Basket, OfferBody, OfferVersion, compile_offers, price
from vokrug.promotions.engine.offers.conditions import AtLeastAmount, AtLeastUnits, BoughtTogether
from vokrug.promotions.engine.offers.parts import When, Where, Who
from vokrug.promotions.launch.store import policy_at
from vokrug.runtime.database import Tx

OF_GOODS = (AtLeastUnits, AtLeastAmount, BoughtTogether)
Granted = Mapping[tuple[int, int], OfferBody]  # by offer and version


async def granted_if_claimed_back(tx: Tx, granted: Iterable[tuple[int, int]]) -> Granted:
    """The wordings of a sale's offers, if one of them claims back what a return leaves without its threshold."""
    found = {(one.offer_id, one.version): one.body for one in await store.list_wordings(tx, sorted(set(granted)))}
    return found if any(body.on_return == "claw_back" for body in found.values()) else {}


async def price_kept(tx: Tx, granted: Granted, kept: Basket, at: datetime) -> int:
    """What the kept goods would have cost under the offers that the sale was granted, by the policy of its moment.

    Who bought, where, when and by which code was settled at the sale, and is not asked again. Goods alone, without
    delivery; points and gift cards are no part of it.
    """
    offers = [
        OfferVersion(offer_id=number, version=version, key=f"kept.{number}", body=about_goods(body))
        for (number, version), body in granted.items()
    ]
    policy = await policy_at(tx, at)
    priced = price(kept, None, compile_offers(offers, policy=policy), at)
    return priced.totals.net_minor - priced.totals.delivery_minor


def about_goods(body: OfferBody) -> OfferBody:
    """The same offer for anybody, anywhere, at any time. One that keeps its discount asks nothing of what is left."""
    asks = tuple(one for one in body.conditions if isinstance(one, OF_GOODS))
    free = {"where": Where(), "who": Who(), "when": When(), "code": None, "coupon": False, "limits": ()}
    if body.on_return == "claw_back":
        return msgspec.structs.replace(body, conditions=asks, **free)
    thresholds = {name: 0 for name in ("min_qty_milli", "min_minor") if hasattr(body, name)}
    return msgspec.structs.replace(body, conditions=(), **free, **thresholds)
