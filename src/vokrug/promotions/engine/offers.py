"""Offers as data: what a marketer writes, what the database keeps, what the engine compiles.

Every kind is a tagged struct; its JSON Schema is made from here, and so are the checks of a body.
A body is never edited: a change is a new version, so that any receipt can be computed again.
"""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from vokrug.kernel import Rounding
from vokrug.promotions.engine.basket import Channel, Natural, Positive

ShareBp = Annotated[int, Meta(ge=1, le=10_000)]  # 10 000 basis points are the whole
Days = Annotated[int, Meta(ge=1, le=36_500)]
Clocktime = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything below: values, strict about unknown fields, silent about defaults."""


# Whom, where, when, what


class Goods(Part, frozen=True, kw_only=True):
    """Which lines an offer aims at: any that is named, all when none is, minus the exceptions."""

    articles: tuple[int, ...] = ()
    skus: tuple[str, ...] = ()
    categories: tuple[int, ...] = ()
    brands: tuple[str, ...] = ()
    except_articles: tuple[int, ...] = ()
    except_skus: tuple[str, ...] = ()
    except_categories: tuple[int, ...] = ()
    except_brands: tuple[str, ...] = ()


class Where(Part, frozen=True, kw_only=True):
    """Channels and shops; nothing named means everywhere. Groups become shops when compiled."""

    channels: tuple[Channel, ...] = ()
    shops: tuple[int, ...] = ()
    shop_groups: tuple[str, ...] = ()


class Who(Part, frozen=True, kw_only=True):
    """Tiers and segments (any of those named), or anyone with a card, or anyone at all."""

    members_only: bool = False
    tiers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()


class Hours(Part, frozen=True, kw_only=True):
    """From `start` until just before `end`. A window over midnight belongs to the day it began on."""

    start: Clocktime
    end: Clocktime


class When(Part, frozen=True, kw_only=True):
    """Dates are of the shop's own calendar, both inclusive. Weekdays: 1 is Monday, 7 is Sunday."""

    from_date: date | None = None
    until_date: date | None = None
    weekdays: tuple[Annotated[int, Meta(ge=1, le=7)], ...] = ()
    hours: tuple[Hours, ...] = ()


# Discounts


class PercentOff(Part, frozen=True, kw_only=True, tag_field="kind", tag="percent"):
    """`unit`: rounded half up for each unit. `total`: rounded once, then shared to the lines."""

    percent_bp: ShareBp
    per: Literal["unit", "total"] = "unit"


class AmountOff(Part, frozen=True, kw_only=True, tag_field="kind", tag="amount"):
    """So much off each unit (each kilogram), or off everything aimed at together."""

    amount_minor: Positive
    per: Literal["unit", "total"] = "total"


class FixedPrice(Part, frozen=True, kw_only=True, tag_field="kind", tag="fixed_price"):
    """Each unit (each kilogram) costs this, unless it is cheaper already."""

    price_minor: Natural


class _Offer(Part, frozen=True, kw_only=True):
    goods: Goods = Goods()
    where: Where = Where()
    who: Who = Who()
    when: When = When()
    code: str | None = None  # only for a check that brings this code
    priority: int = 0  # settles what money leaves equal: higher first
    funder: str = "merchant"


class ItemDiscount(_Offer, frozen=True, kw_only=True, tag_field="kind", tag="item_discount"):
    """Cheaper goods. The thresholds count everything the offer aims at, on however many lines."""

    benefit: PercentOff | AmountOff | FixedPrice
    min_qty_milli: Natural = 0
    min_minor: Natural = 0
    force: bool = False  # not a favour but the price: no search, and nothing else on the line


class BasketDiscount(_Offer, frozen=True, kw_only=True, tag_field="kind", tag="basket_discount"):
    """Something off the check once its chosen goods reach a threshold."""

    benefit: PercentOff | AmountOff
    min_qty_milli: Natural = 0
    min_minor: Natural = 0
    threshold_on: Literal["remaining", "original"] = "remaining"  # after item discounts, or before
    max_minor: Positive | None = None


# Points


class ExpireAfterDays(Part, frozen=True, kw_only=True, tag_field="kind", tag="days"):
    """At the end of the shop's day so many days on."""

    days: Days


class ExpireAtEndOfMonth(Part, frozen=True, kw_only=True, tag_field="kind", tag="end_of_month"):
    """`months` 0 is the month of the sale."""

    months: Annotated[int, Meta(ge=0, le=1200)] = 0


class ExpireAtEndOfYear(Part, frozen=True, kw_only=True, tag_field="kind", tag="end_of_year"):
    """`years` 0 is the year of the sale."""

    years: Annotated[int, Meta(ge=0, le=100)] = 0


class ExpireNever(Part, frozen=True, kw_only=True, tag_field="kind", tag="none"):
    """Points that stay."""


Expiry = ExpireAfterDays | ExpireAtEndOfMonth | ExpireAtEndOfYear | ExpireNever


class Activation(Part, frozen=True, kw_only=True):
    """When points may be spent: at once, after so many seconds, or when the shop's nth day begins."""

    delay_s: Natural = 0
    day_starts: Annotated[int, Meta(ge=0, le=3660)] = 0


class RateFrom(Part, frozen=True, kw_only=True):
    """From this check total on, this rate for the whole base. 100 bp are a point per 100.00."""

    from_minor: Natural
    rate_bp: Annotated[int, Meta(ge=0, le=100_000)]


class ByRate(Part, frozen=True, kw_only=True, tag_field="kind", tag="rate"):
    """Basis points of the base, by the size of the check."""

    steps: tuple[RateFrom, ...]
    rounding: Rounding = Rounding.DOWN
    step_minor: Positive = 1  # of points: 10 means tenths of a point


class PerStep(Part, frozen=True, kw_only=True, tag_field="kind", tag="per_step"):
    """So many points for every full step of the base: 1 point per 10.00."""

    step_minor: Positive
    points_minor: Positive


class FixedPoints(Part, frozen=True, kw_only=True, tag_field="kind", tag="fixed"):
    """So many points for the check, once."""

    points_minor: Positive


Base = Literal["gross", "net_of_discounts", "net_of_points"]


class _Grant(_Offer, frozen=True, kw_only=True):
    min_minor: Natural = 0  # of the base, over the goods aimed at
    stack: Literal["add", "best"] = "add"  # `best`: only the best of its group
    group: str = ""
    expires: Expiry = ExpireNever()
    active_from: Activation = Activation()


class EarnRule(_Grant, frozen=True, kw_only=True, tag_field="kind", tag="earn"):
    """Points for buying."""

    reward: ByRate | PerStep | FixedPoints
    base: Base = "net_of_points"


class EarnMultiplier(_Grant, frozen=True, kw_only=True, tag_field="kind", tag="earn_multiplier"):
    """Points of other rules times a factor, on the goods aimed at: 20 000 bp double them."""

    factor_bp: Annotated[int, Meta(gt=10_000, le=1_000_000)]
    of_rules: tuple[str, ...] = ()  # keys; none named means all
    rounding: Rounding = Rounding.DOWN
    step_minor: Positive = 1


class BurnCap(_Offer, frozen=True, kw_only=True, tag_field="kind", tag="burn_cap"):
    """How far points may pay, in a basket that holds any of its `goods`.

    All caps that fit hold together, unless one `replaces` those of lower priority.
    """

    closed: Goods = Goods()  # what points never pay for; nothing named closes nothing
    share_bp: Annotated[int, Meta(ge=0, le=10_000)] = 10_000
    share_of: Literal["check", "eligible"] = "check"
    line_share_bp: Annotated[int, Meta(ge=0, le=10_000)] = 10_000
    keep_minor: Natural = 0  # money that stays to be paid for each unit
    min_check_minor: Natural = 0
    step_minor: Positive = 1  # of points
    min_minor: Natural = 0  # of points
    replaces: bool = False


class PointProgramme(_Offer, frozen=True, kw_only=True, tag_field="kind", tag="point_programme"):
    """What a point is: its digits after the point, and its price.

    One minor unit of points pays `value_num / value_den` minor units of money.
    """

    currency: str = "RUB"
    scale: Annotated[int, Meta(ge=0, le=4)] = 2
    value_num: Positive = 1
    value_den: Positive = 1


OfferBody = ItemDiscount | BasketDiscount | EarnRule | EarnMultiplier | BurnCap | PointProgramme
KINDS: dict[str, type[OfferBody]] = {
    kind.__struct_config__.tag: kind  # type: ignore[misc]
    for kind in (ItemDiscount, BasketDiscount, EarnRule, EarnMultiplier, BurnCap, PointProgramme)
}


def kind_of(body: OfferBody) -> str:
    """The word a body is tagged with."""
    return str(type(body).__struct_config__.tag)


class OfferVersion(Part, frozen=True, kw_only=True):
    """One version of one offer, as it was published."""

    offer_id: int
    version: int
    key: str
    body: OfferBody
