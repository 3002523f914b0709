"""How much of an article's price offers can take together, at the most, under a policy."""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from vokrug.promotions.engine.offers import (
    AmountOff,
    AtLeastAmount,
    BasketDiscount,
    BuyGet,
    Discount,
    ItemDiscount,
    OfferBody,
    PercentOff,
    PointsReward,
    SetPrice,
)
from vokrug.promotions.engine.policy import Group, Policy

NOTHING, ALL = Fraction(0), Fraction(1)


def share_bp(body: OfferBody) -> int | None:
    """The largest part of what it aims at that an offer takes off; None where that hangs on the price."""
    if not isinstance(body, ItemDiscount | BasketDiscount | Discount | PointsReward):
        return None
    asked, most = amount_asked(body), getattr(body, "max_minor", None)
    match body.benefit:
        case PercentOff(percent_bp=percent):
            return min(percent, most * 10_000 // asked) if most is not None and asked else percent
        case AmountOff(per="total", amount_minor=amount) if asked:
            return min(10_000, amount * 10_000 // asked)
        case SetPrice(percent_bp=percent):
            return percent
        case BuyGet() as buy_get:
            return buy_get.percent_bp * buy_get.get_units // (buy_get.buy_units + buy_get.get_units)
    return None


def amount_asked(body: OfferBody) -> int:
    """The least that must be bought of what the offer aims at, in money; 0 when nothing is asked."""
    asked = [getattr(body, "min_minor", 0)]
    for one in body.conditions:
        if isinstance(one, AtLeastAmount) and one.goods is None:
            asked += [one.at_least_minor, 0 if one.over_minor is None else one.over_minor + 1]
    return max(asked)


def place_of(body: OfferBody) -> tuple[str, str] | None:
    """The layer and the group an offer takes money off in."""
    match body:
        case ItemDiscount():
            return "item", ""
        case BasketDiscount():
            return "basket", ""
        case Discount():
            return body.layer, body.group
    return None


def takes_off(policy: Policy, bodies: Sequence[OfferBody]) -> Fraction:
    """The part of a price that these offers leave nothing of, if each finds what it asks for."""
    shares: dict[tuple[str, str], list[tuple[Fraction, bool]]] = {}
    for body in bodies:
        place, share = place_of(body), share_bp(body)
        if place is not None and share is not None:
            shares.setdefault(place, []).append((Fraction(share, 10_000), body.exclusive))
    layers = [layer for layer in policy.layers if any(place[0] == layer.key for place in shares)]
    best = NOTHING
    for chosen in _together(layers):
        left = ALL
        for layer in chosen:
            left *= ALL - _of_group(layer, layer.key, shares)
        best = max(best, ALL - left)
    floors = policy.floors
    return min(best, Fraction(floors.max_discount_bp, 10_000), ALL - Fraction(floors.min_price_bp, 10_000))


def _together(layers: Sequence[Group]) -> Iterator[list[Group]]:
    """The largest sets of layers or groups that do not shut each other out."""
    if not layers:
        yield []
        return
    first, rest = layers[0], layers[1:]
    foes = [one for one in rest if _are_foes(first, one)]
    for chosen in _together([one for one in rest if one not in foes]):
        yield [first, *chosen]
    if foes:
        yield from _together(rest)


def _are_foes(one: Group, other: Group) -> bool:
    if one.key in other.exclusive_with or other.key in one.exclusive_with:
        return True
    return bool(
        (one.joint_with and other.key not in one.joint_with) or (other.joint_with and one.key not in other.joint_with)
    )


def _of_group(group: Group, layer: str, shares: Mapping[tuple[str, str], Sequence[tuple[Fraction, bool]]]) -> Fraction:
    own = list(shares.get((layer, group.key), ()))
    if group.key == layer:
        own += shares.get((layer, ""), ())
    best = NOTHING
    for chosen in _together(group.groups):
        values = [*own, *((_of_group(inner, layer, shares), False) for inner in chosen)]
        best = max(best, _by_mode(group, values))
    return best


def _by_mode(group: Group, values: Sequence[tuple[Fraction, bool]]) -> Fraction:
    if not values:
        return NOTHING
    if group.mode in ("highest", "lowest", "first"):
        return max(share for share, _ in values)
    if group.mode == "priority":
        alone = max((share for share, is_exclusive in values if is_exclusive), default=NOTHING)
        values = [each for each in values if not each[1]]
    else:
        alone = NOTHING
    most = min(filter(None, (group.max_promotions, group.max_per_unit)), default=len(values))
    taken = sorted((share for share, _ in values), reverse=True)[:most]
    if group.base == "original":
        return max(alone, min(ALL, sum(taken, NOTHING)))
    left = ALL
    for share in taken:
        left *= ALL - share
    return max(alone, ALL - left)
