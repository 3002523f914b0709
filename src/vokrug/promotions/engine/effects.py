"""What a benefit does, ready to be asked ten thousand times: a function of one unit, or of one sum."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from vokrug.promotions.engine.allocate import times
from vokrug.promotions.engine.offers import (
    AmountOff,
    BasketDiscount,
    Benefit,
    Bundled,
    Delivery,
    Discount,
    EarnRule,
    FixedPoints,
    FixedPrice,
    Handed,
    ItemDiscount,
    OfferBody,
    PercentOff,
    PerTotal,
    PerUnit,
    Pick,
    PointsReward,
)

OfUnit = Callable[[int, int, int], int]  # what it still costs, price of one, thousandths; off it
OfTotal = Callable[[int], int]  # what all of it still costs; off that
ALL = Pick()


class Effect:
    """One benefit with its bounds. `family`: unit, total, bundle, or handed over beside the goods."""

    __slots__ = (
        "benefit",
        "family",
        "is_additive",
        "max_minor",
        "max_per_line",
        "max_per_unit",
        "of_total",
        "of_unit",
        "pick",
        "skip_discounted_in",
        "with_delivery",
    )

    def __init__(self, benefit: Benefit, body: OfferBody) -> None:
        self.benefit = benefit
        self.of_unit: OfUnit | None = None
        self.of_total: OfTotal | None = None
        if isinstance(benefit, Handed) and not isinstance(benefit, Delivery):
            self.family = "handed"
        elif isinstance(benefit, Bundled):
            self.family = "bundle"
        elif isinstance(benefit, Delivery):
            self.family, self.of_unit = "unit", of_delivery(benefit)
        elif isinstance(benefit, PerTotal) or getattr(benefit, "per", "unit") == "total":
            self.family, self.of_total = "total", of_total(benefit)
        else:
            self.family, self.of_unit = "unit", of_unit(benefit)
        self.pick, self.skip_discounted_in, self.with_delivery = ALL, frozenset[str](), False
        self.max_minor: int | None = getattr(body, "max_minor", None)
        self.max_per_line = self.max_per_unit = None
        if isinstance(body, Discount):
            self.pick, self.with_delivery = body.units, body.with_delivery
            self.skip_discounted_in = frozenset(body.skip_discounted_in)
            self.max_per_line, self.max_per_unit = body.max_per_line_minor, body.max_per_unit_minor
        # Worth the same for a unit whatever else the offer reaches: then units may be looked at one by one.
        self.is_additive = self.family == "unit" and self.max_minor is None and self.max_per_line is None


def effect_of(body: OfferBody) -> Effect | None:
    """None for bodies that take nothing off goods."""
    if isinstance(body, (ItemDiscount, BasketDiscount, Discount, PointsReward)):
        return Effect(body.benefit, body)
    return None


def of_unit(benefit: Benefit) -> OfUnit:
    match benefit:
        case PercentOff(percent_bp=bp):
            return lambda left, price, qty: (left * bp + 5_000) // 10_000
        case AmountOff(amount_minor=amount):
            return lambda left, price, qty: min(left, amount if qty == 1000 else times(amount, qty))
        case FixedPrice(price_minor=wanted):
            return lambda left, price, qty: max(0, left - (wanted if qty == 1000 else times(wanted, qty)))
        case PerUnit():
            return lambda left, price, qty: max(0, min(left, benefit.off(left, price, qty)))
    raise TypeError(f"{type(benefit).__name__} belongs to no family of benefits")


def of_total(benefit: Benefit) -> OfTotal:
    match benefit:
        case PercentOff(percent_bp=bp):
            return lambda left: (left * bp + 5_000) // 10_000
        case AmountOff(amount_minor=amount):
            return lambda left: min(left, amount)
        case FixedPrice(price_minor=wanted):
            return lambda left: max(0, left - wanted)
        case PerTotal():
            return lambda left: max(0, min(left, benefit.off(left)))
    raise TypeError(f"{type(benefit).__name__} belongs to no family of benefits")


def of_delivery(benefit: Delivery) -> OfUnit:
    if benefit.price_minor is not None:
        wanted = benefit.price_minor
        return lambda left, price, qty: max(0, left - wanted)
    bp = benefit.percent_bp
    return lambda left, price, qty: (left * bp + 5_000) // 10_000


def on_terms(body: OfferBody, value: int) -> OfferBody:
    """The offer with the value that one customer was promised; a kind without a value stays as it is."""
    changed: dict[str, Any] = {}
    if isinstance(body, EarnRule):
        if isinstance(body.reward, FixedPoints):
            changed["reward"] = FixedPoints(points_minor=value)
    elif isinstance(body, (ItemDiscount, BasketDiscount, Discount)):
        match body.benefit:
            case PercentOff() as benefit:
                changed["benefit"] = replace(benefit, percent_bp=min(value, 10_000))
            case AmountOff() as benefit:
                changed["benefit"] = replace(benefit, amount_minor=value)
            case FixedPrice() as benefit:
                changed["benefit"] = replace(benefit, price_minor=value)
    return replace(body, **changed) if changed else body
