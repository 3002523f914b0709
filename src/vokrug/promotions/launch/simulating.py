"""A basket as of any moment, with a change and without it. Nothing is sold, held or written."""

from collections.abc import Iterable
from datetime import datetime

import msgspec

from vokrug import customers
from vokrug.promotions.engine import OfferVersion, Priced, Shopper, price
from vokrug.promotions.launch import store
from vokrug.promotions.launch.trying import require_sound, resolve, setting_at
from vokrug.promotions.launch.types import Difference, LineChange, OfferChange, Simulate, Simulated
from vokrug.promotions.outside import Chain
from vokrug.promotions.rules import require_priceable
from vokrug.runtime.database import Tx


async def simulate(tx: Tx, asked: Simulate, chain: Chain, now: datetime) -> Simulated:
    """The verdicts of every offer that was live at the moment, of the change, and what the change changes."""
    require_priceable(asked.basket)
    at = asked.at or now
    live, setting = await store.live_at(tx, at), await setting_at(tx, at)
    tried = await resolve(tx, asked, chain)
    require_sound(tried, setting)
    changed = tried.over(live)
    shopper = await _shopper(tx, asked, chain, at)
    before = price(asked.basket, shopper, setting.compiled(live), at)
    after = price(asked.basket, shopper, setting.compiled(changed, tried.policy), at)
    return Simulated(at, after, before, difference(before, after, [*live, *changed]))


async def _shopper(tx: Tx, asked: Simulate, chain: Chain, at: datetime) -> Shopper | None:
    shopper = asked.shopper
    if asked.customer is not None:
        found = await chain.shopper(tx, asked.customer, at)
        if found is None:
            raise customers.CustomerUnknown()
        shopper = shopper or found
    if asked.tier is not None:
        shopper = msgspec.structs.replace(shopper or Shopper(), tier=asked.tier)
    if asked.segments is not None:
        shopper = msgspec.structs.replace(shopper or Shopper(), segments=asked.segments)
    return shopper


def difference(before: Priced, after: Priced, offers: Iterable[OfferVersion]) -> Difference:
    """What the second answer says otherwise than the first."""
    keys = {offer.offer_id: offer.key for offer in offers}
    then, now = before.totals, after.totals
    return Difference(
        net_minor=now.net_minor - then.net_minor,
        discount_minor=now.discount_minor - then.discount_minor,
        points_off_minor=now.points_off_minor - then.points_off_minor,
        earn_minor=now.earn_minor - then.earn_minor,
        lines=_lines(before, after),
        offers=_offers(before, after, keys),
    )


def _lines(before: Priced, after: Priced) -> list[LineChange]:
    changes = []
    for was, becomes in zip(before.lines, after.lines, strict=True):
        earned, earns = (sum(one.points_minor for one in line.earn) for line in (was, becomes))
        if (was.net_minor, earned) != (becomes.net_minor, earns):
            changes.append(LineChange(was.n, was.net_minor, becomes.net_minor, earned, earns))
    return changes


def _offers(before: Priced, after: Priced, keys: dict[int, str]) -> list[OfferChange]:
    fared = [{verdict.offer_id: verdict for verdict in one.verdicts if verdict.offer_id} for one in (before, after)]
    changes = []
    for number in sorted({*fared[0], *fared[1]}):
        was, becomes = fared[0].get(number), fared[1].get(number)
        change = OfferChange(
            number,
            keys.get(number, ""),
            was.status if was else None,
            becomes.status if becomes else None,
            was.amount_minor if was else 0,
            becomes.amount_minor if becomes else 0,
        )
        if (change.before, change.amount_before_minor) != (change.after, change.amount_after_minor):
            changes.append(change)
    return changes
