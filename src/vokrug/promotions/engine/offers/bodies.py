"""The kinds of offers. A body is never edited: a change is a new version, so that any receipt can be
computed again.
"""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from msgspec import Meta

from vokrug.kernel import Rounding
from vokrug.promotions.engine.basket import Natural, Positive
from vokrug.promotions.engine.offers import benefits, conditions, registry
from vokrug.promotions.engine.offers.benefits import AmountOff, Benefit, FixedPrice, PercentOff
from vokrug.promotions.engine.offers.conditions import Condition
from vokrug.promotions.engine.offers.parts import Funder, Goods, Limit, Name, Part, Pick, When, Where, Who
from vokrug.promotions.engine.offers.points import Activation, Base, ExpireNever, Expiry, Reward

CONDITIONS: tuple[type[Condition], ...] = registry.with_plugged(registry.CONDITIONS, conditions.OURS, Condition)
BENEFITS: tuple[type[Benefit], ...] = registry.with_plugged(registry.BENEFITS, benefits.OURS, Benefit)

if TYPE_CHECKING:
    AnyCondition: TypeAlias = Condition
    AnyBenefit: TypeAlias = Benefit
else:  # the schema names every kind there is, those of other packages too
    AnyCondition = reduce(or_, CONDITIONS)
    AnyBenefit = reduce(or_, BENEFITS)


class Common(Part, frozen=True, kw_only=True):
    """What every kind has."""

    goods: Goods = Goods()
    where: Where = Where()
    who: Who = Who()
    when: When = When()
    conditions: tuple[AnyCondition, ...] = ()
    code: str | None = None  # only for a check that brings this code, which many may know
    coupon: bool = False  # only for a check that brings a coupon issued for this offer
    limits: tuple[Limit, ...] = ()
    priority: int = 0  # settles what money leaves equal: higher first
    order: int = 0  # where policy goes by order: lower first
    exclusive: bool = False  # where policy goes by priority: shuts the others of its group out
    funder: str = "merchant"
    funding: tuple[Funder, ...] = ()  # when several pay; else `funder` pays all
    on_return: Literal["keep", "claw_back"] = "keep"  # of a part: what stays keeps its discount, or is priced anew


class ItemDiscount(Common, frozen=True, kw_only=True, tag_field="kind", tag="item_discount"):
    """Cheaper goods. The thresholds count everything the offer aims at, on however many lines."""

    benefit: PercentOff | AmountOff | FixedPrice
    min_qty_milli: Natural = 0
    min_minor: Natural = 0
    force: bool = False  # not a favour but the price: no search, and nothing else on the line


class BasketDiscount(Common, frozen=True, kw_only=True, tag_field="kind", tag="basket_discount"):
    """Something off the check once its chosen goods reach a threshold."""

    benefit: PercentOff | AmountOff
    min_qty_milli: Natural = 0
    min_minor: Natural = 0
    threshold_on: Literal["remaining", "original"] = "remaining"  # after item discounts, or before
    max_minor: Positive | None = None


class Discount(Common, frozen=True, kw_only=True, tag_field="kind", tag="discount"):
    """Any benefit in any layer of the policy. The two kinds above are its plain cases."""

    benefit: AnyBenefit
    layer: Name = "item"
    group: str = ""  # of the layer, by its key; none is the layer itself
    units: Pick = Pick()
    skip_discounted_in: tuple[Name, ...] = ()  # lines that these layers made cheaper are passed over
    with_delivery: bool = False  # delivery takes part as one more line
    max_minor: Positive | None = None
    max_per_line_minor: Positive | None = None
    max_per_unit_minor: Positive | None = None
    force: bool = False


class Grant(Common, frozen=True, kw_only=True):
    """What every kind that gives points has."""

    min_minor: Natural = 0  # of the base, over the goods aimed at
    stack: Literal["add", "best"] = "add"  # `best`: only the best of its group
    group: str = ""
    expires: Expiry = ExpireNever()
    active_from: Activation = Activation()


class EarnRule(Grant, frozen=True, kw_only=True, tag_field="kind", tag="earn"):
    """Points for buying. `paid_by`: only for the part of the check that such tenders pay."""

    reward: Reward
    base: Base = "net_of_points"
    paid_by: tuple[str, ...] = ()


class EarnMultiplier(Grant, frozen=True, kw_only=True, tag_field="kind", tag="earn_multiplier"):
    """Points of other rules times a factor, on the goods aimed at: 20 000 bp double them."""

    factor_bp: Annotated[int, Meta(gt=10_000, le=1_000_000)]
    of_rules: tuple[str, ...] = ()  # keys; none named means all
    rounding: Rounding = Rounding.DOWN
    step_minor: Positive = 1


class BurnCap(Common, frozen=True, kw_only=True, tag_field="kind", tag="burn_cap"):
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


class PointProgramme(Common, frozen=True, kw_only=True, tag_field="kind", tag="point_programme"):
    """What a point is: its digits after the point, and its price.

    One minor unit of points pays `value_num / value_den` minor units of money.
    """

    currency: str = "RUB"
    scale: Annotated[int, Meta(ge=0, le=4)] = 2
    value_num: Positive = 1
    value_den: Positive = 1


class PointsReward(Common, frozen=True, kw_only=True, tag_field="kind", tag="points_reward"):
    """A discount bought with a fixed number of points: the shopper asks for it (`Burn` mode `reward`)."""

    points_minor: Positive
    benefit: PercentOff | AmountOff
    max_minor: Positive | None = None
    same_sale: bool = False  # points of this very sale may buy it


OfferBody = (
    ItemDiscount | BasketDiscount | Discount | EarnRule | EarnMultiplier | BurnCap | PointProgramme | PointsReward
)
KINDS: dict[str, type[OfferBody]] = {
    registry.tag_of(kind): kind
    for kind in (
        ItemDiscount, BasketDiscount, Discount, EarnRule, EarnMultiplier, BurnCap, PointProgramme, PointsReward,
    )
}  # fmt: skip


def kind_of(body: OfferBody) -> str:
    """The word a body is tagged with."""
    return registry.tag_of(type(body))


class OfferVersion(Part, frozen=True, kw_only=True):
    """One version of one offer, as it was published."""

    offer_id: int
    version: int
    key: str
    body: OfferBody
