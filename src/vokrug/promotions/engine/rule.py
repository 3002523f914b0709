"""One offer version made ready for the till: what is asked most often, worked out beforehand."""

from collections.abc import Iterable, Mapping
from typing import Any, Generic, TypeVar

from vokrug.promotions.engine.basket import Line
from vokrug.promotions.engine.effects import effect_of
from vokrug.promotions.engine.offers import (
    AmountOff,
    AtLeastAmount,
    AtLeastUnits,
    BasketDiscount,
    BurnCap,
    BuyGet,
    Common,
    Discount,
    EarnMultiplier,
    EarnRule,
    Goods,
    ItemDiscount,
    OfferBody,
    OfferVersion,
    PercentOff,
    PointProgramme,
    PointsReward,
    SetPrice,
)
from vokrug.promotions.engine.offers.parts import Pick
from vokrug.promotions.engine.policy import Policy
from vokrug.promotions.engine.schedule import Calendars, compile_schedule

ITEM, BASKET, DISCOUNT, EARN, MULTIPLIER, CAP, PROGRAMME, REWARD = range(8)
KINDS_IN_ORDER: tuple[type[OfferBody], ...] = (
    ItemDiscount,
    BasketDiscount,
    Discount,
    EarnRule,
    EarnMultiplier,
    BurnCap,
    PointProgramme,
    PointsReward,
)

B_co = TypeVar("B_co", bound=OfferBody, covariant=True)


class Named:
    """Goods that are named: what an offer leaves out, what a part of a set is, what a cap closes to points."""

    __slots__ = ("articles", "attributes", "brands", "categories", "except_for", "is_all", "skus")

    def __init__(self, goods: Goods) -> None:
        self.articles, self.skus = frozenset(goods.articles), frozenset(goods.skus)
        self.categories, self.brands = frozenset(goods.categories), frozenset(goods.brands)
        self.attributes = frozenset(goods.attributes)
        self.is_all = names_all(goods)
        self.except_for = exceptions_of(goods)

    def hold(self, line: Line) -> bool:
        held = self.is_all or (
            line.article_id in self.articles
            or line.sku in self.skus
            or line.brand in self.brands
            or not self.categories.isdisjoint(line.category_ids)
            or not self.attributes.isdisjoint(line.attributes)
        )
        return held and (self.except_for is None or not self.except_for.hold(line))


def names_all(goods: Goods) -> bool:
    """Goods that name nothing are all of them."""
    return not (goods.articles or goods.skus or goods.categories or goods.brands or goods.attributes)


def exceptions_of(goods: Goods) -> Named | None:
    named = Goods(
        articles=goods.except_articles,
        skus=goods.except_skus,
        categories=goods.except_categories,
        brands=goods.except_brands,
        attributes=goods.except_attributes,
    )
    return None if names_all(named) else Named(named)


class Rule(Generic[B_co]):
    """An offer version, compiled."""

    __slots__ = (
        "body",
        "closed",
        "code",
        "conditions",
        "coupon",
        "customers",
        "effect",
        "exceptions",
        "exclusive",
        "force",
        "funder",
        "gated",
        "goods",
        "group",
        "is_counted",
        "is_limited",
        "is_plain",
        "key",
        "kind",
        "layer",
        "members_only",
        "merchant_bp",
        "offer_id",
        "order",
        "parts",
        "personal",
        "priority",
        "rank",
        "schedule",
        "segments",
        "shares",
        "tiers",
        "version",
    )

    def __init__(self, offer: OfferVersion, body: B_co, calendars: Calendars) -> None:
        self.offer_id, self.version, self.key = offer.offer_id, offer.version, offer.key
        self.body = body
        self.shares = tuple((each.funder, each.share_bp) for each in body.funding) or ((body.funder, 10_000),)
        self.funder = max(self.shares, key=lambda share: share[1])[0]
        self.merchant_bp = sum(bp for funder, bp in self.shares if funder == "merchant")
        # Equal money: first what partners pay most of, then the higher priority, then the lower id.
        self.rank = (-self.merchant_bp, body.priority, -offer.offer_id)
        self.priority, self.order, self.exclusive = body.priority, body.order, body.exclusive
        self.code, self.coupon = body.code, body.coupon
        self.schedule = compile_schedule(body.when, calendars)
        who = body.who
        self.tiers, self.segments = frozenset(who.tiers), frozenset(who.segments)
        self.members_only, self.personal, self.customers = who.members_only, who.personal, frozenset(who.customers)
        self.goods = goods_of(body)
        self.exceptions = exceptions_of(self.goods)
        self.conditions = body.conditions
        self.is_limited = bool(body.limits)
        self.is_counted = self.is_limited or bool(body.code or body.coupon or who.personal)
        self.gated = (
            who != type(who)() or bool(body.code or body.coupon or body.conditions or body.limits)
        ) or self.schedule is not None
        self.closed = None if not isinstance(body, BurnCap) or names_all(body.closed) else Named(body.closed)
        self.effect = effect_of(body)
        self.layer, self.group = place_of(body)
        self.force = isinstance(body, (ItemDiscount, Discount)) and body.force
        self.parts = parts_of(body)
        self.kind = KINDS_IN_ORDER.index(type(body))
        # Settled without a search: a benefit of units for lines, or a benefit for the check.
        self.is_plain = not body.conditions and (
            isinstance(body, BasketDiscount) or (isinstance(body, ItemDiscount) and body.benefit.per == "unit")
        )


AnyRule = Rule[OfferBody]


def place_of(body: OfferBody) -> tuple[str, str]:
    """Layer and group of the policy."""
    match body:
        case Discount():
            return body.layer, body.group
        case ItemDiscount():
            return "item", ""
        case BasketDiscount():
            return "basket", ""
    return "points", ""


def parts_of(body: OfferBody) -> tuple[Named | None, ...]:
    """Goods of the parts of a bundle; None is what the offer aims at."""
    if isinstance(body, Discount):
        match body.benefit:
            case SetPrice(parts=parts):
                return tuple(Named(part.goods) for part in parts)
            case BuyGet(buy=buy, get=get):
                return tuple(None if goods is None else Named(goods) for goods in (buy, get))
    return ()


def goods_of(body: OfferBody) -> Goods:
    """What brings an offer to a basket: the goods it aims at, or else those its parts name."""
    if isinstance(body, Discount) and names_all(body.goods):
        parts: list[Goods | None] = []
        match body.benefit:
            case SetPrice():
                parts = [part.goods for part in body.benefit.parts]
            case BuyGet(buy=buy, get=get):
                parts = [buy, get]
        named = [goods for goods in parts if goods is not None and not names_all(goods)]
        if parts and len(named) == len(parts):
            return Goods(
                articles=every(named, "articles"),
                skus=every(named, "skus"),
                categories=every(named, "categories"),
                brands=every(named, "brands"),
                attributes=every(named, "attributes"),
            )
    return body.goods


def every(parts: Iterable[Goods], field: str) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(each for goods in parts for each in getattr(goods, field)))


def plainly(body: OfferBody, policy: Policy) -> OfferBody:
    """A discount that is one of the plain kinds in all but name, as that kind: it is priced faster."""
    if not isinstance(body, Discount) or body.group or body.units != Pick() or body.skip_discounted_in:
        return body
    if body.with_delivery or body.max_per_line_minor or body.max_per_unit_minor or body.exclusive:
        return body
    least = {type(each): each for each in body.conditions}
    qty, amount = least.pop(AtLeastUnits, AtLeastUnits()), least.pop(AtLeastAmount, AtLeastAmount())
    assert isinstance(qty, AtLeastUnits), "by its type"
    assert isinstance(amount, AtLeastAmount), "by its type"
    if least or len(body.conditions) > 2 or (qty.goods, qty.over_milli, amount.goods) != (None, None, None):
        return body
    shared = {name: getattr(body, name) for name in Common.__struct_fields__}
    shared |= {"conditions": (), "min_qty_milli": qty.at_least_milli, "min_minor": amount.at_least_minor}
    if amount.over_minor is not None:
        shared["min_minor"] = max(amount.at_least_minor, amount.over_minor + 1)
    threshold_on = policy.threshold_on if amount.of == "policy" else amount.of
    match body.layer, body.benefit:
        case "item", (PercentOff(per="unit") | AmountOff(per="unit")) if (
            body.max_minor is None and not body.force and threshold_on == policy.threshold_on
        ):
            return ItemDiscount(benefit=body.benefit, **shared)
        case "basket", (PercentOff() | AmountOff()) if not body.force:
            return BasketDiscount(benefit=body.benefit, max_minor=body.max_minor, threshold_on=threshold_on, **shared)
    return body


def parts_in(rule: AnyRule, lines: Mapping[int, Line], aimed: list[int]) -> tuple[frozenset[int], ...]:
    """The lines that each part of a bundle may be taken from."""
    mine = frozenset(aimed)
    return tuple(
        mine if part is None else frozenset(i for i, line in lines.items() if part.hold(line)) for part in rule.parts
    )
