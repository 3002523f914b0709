"""What an offer takes off. Registered like conditions.

There are four families, and a kind from outside belongs to the first or the second:
`PerUnit` answers for one unit at a time; `PerTotal` once for the sum of all it reaches, which is then
shared over the lines; `Bundled` ones eat units, so that no unit serves twice; `Handed` ones give something
that does not compete for the money of the goods.
"""

from typing import Annotated, Literal

from msgspec import Meta

from vokrug.promotions.engine.basket import Natural, Positive
from vokrug.promotions.engine.offers.parts import Goods, Name, Part, SetPart, ShareBp, Units


class Benefit(Part, frozen=True, kw_only=True):
    """Base of the kinds."""


class PerUnit(Benefit, frozen=True, kw_only=True):
    """Reckoned and rounded for each unit alone."""

    def off(self, left_minor: int, price_minor: int, qty_milli: int) -> int:
        """Minor units off one unit that still costs `left_minor`; never asked to look at floors.

        `price_minor` is the first price of a piece or a kilogram; `qty_milli` is 1000 for a piece.
        """
        raise NotImplementedError


class PerTotal(Benefit, frozen=True, kw_only=True):
    """Reckoned once on the sum of what the offer reaches, then shared over it."""

    def off(self, left_minor: int) -> int:
        """Minor units off goods that together still cost `left_minor`."""
        raise NotImplementedError


class Bundled(Benefit, frozen=True, kw_only=True):
    """Eats units: each serves once, as a condition or as a reward."""


class Handed(Benefit, frozen=True, kw_only=True):
    """Gives something beside the goods."""


class PercentOff(Benefit, frozen=True, kw_only=True, tag_field="kind", tag="percent"):
    """`unit`: rounded half up for each unit. `total`: rounded once, then shared to the lines."""

    percent_bp: ShareBp
    per: Literal["unit", "total"] = "unit"


class AmountOff(Benefit, frozen=True, kw_only=True, tag_field="kind", tag="amount"):
    """So much off each unit (each kilogram), or off everything aimed at together."""

    amount_minor: Positive
    per: Literal["unit", "total"] = "total"


class FixedPrice(Benefit, frozen=True, kw_only=True, tag_field="kind", tag="fixed_price"):
    """Each unit (each kilogram) costs this, or all of them together; unless it is cheaper already."""

    price_minor: Natural
    per: Literal["unit", "total"] = "unit"


class SetPrice(Bundled, frozen=True, kw_only=True, tag_field="kind", tag="set"):
    """Parts bought together: for one price, or with a percentage or an amount off each set."""

    parts: Annotated[tuple[SetPart, ...], Meta(min_length=1, max_length=8)]
    price_minor: Natural | None = None
    percent_bp: ShareBp | None = None
    amount_minor: Positive | None = None
    most_sets: Units | None = None


class BuyGet(Bundled, frozen=True, kw_only=True, tag_field="kind", tag="buy_get"):
    """So many units at their price give so many with a percentage off, set by set.

    Goods of None are those the offer aims at. Of the units that could be given, the `pick` ones are.
    `partial`: the last set may give fewer.
    """

    buy_units: Units
    get_units: Units = 1
    buy: Goods | None = None
    get: Goods | None = None
    percent_bp: ShareBp = 10_000
    pick: Literal["cheapest", "dearest"] = "cheapest"
    partial: bool = False
    most_sets: Units | None = None


class GiftChoice(Part, frozen=True, kw_only=True):
    """Goods that may be given."""

    sku: Annotated[str, Meta(min_length=1, max_length=64)]
    units: Units = 1


class Gift(Handed, frozen=True, kw_only=True, tag_field="kind", tag="gift"):
    """Units on top, at no price: one of the choices, for every `per_units` of the goods aimed at.

    `per_units` None: once a check. The gift is no line of the basket; the till adds it at zero.
    """

    choices: Annotated[tuple[GiftChoice, ...], Meta(min_length=1, max_length=50)]
    per_units: Units | None = None
    most: Units | None = None  # times


class Delivery(Handed, frozen=True, kw_only=True, tag_field="kind", tag="delivery"):
    """Cheaper delivery: free by default, or a percentage off, or for a price."""

    percent_bp: ShareBp = 10_000
    price_minor: Natural | None = None


class CouponForNextTime(Handed, frozen=True, kw_only=True, tag_field="kind", tag="coupon"):
    """Coupons of a series, to be issued when the sale is final."""

    series: Name
    count: Units = 1


class TierGrant(Handed, frozen=True, kw_only=True, tag_field="kind", tag="tier"):
    """A tier for so many days, from the sale on."""

    tier: str
    days: Annotated[int, Meta(ge=1, le=36_500)]


OURS = (PercentOff, AmountOff, FixedPrice, SetPrice, BuyGet, Gift, Delivery, CouponForNextTime, TierGrant)
