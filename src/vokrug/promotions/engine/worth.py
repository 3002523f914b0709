"""What an offer would take off each line, looked at alone; and whether its threshold is met."""

from collections.abc import Sequence

from vokrug.promotions.engine.allocate import share_with_room, times
from vokrug.promotions.engine.finding import BasketRule, ItemRule
from vokrug.promotions.engine.offers import AmountOff, BasketDiscount, FixedPrice, PercentOff
from vokrug.promotions.engine.priced import Verdict
from vokrug.promotions.engine.work import Work


def threshold(rule: ItemRule | BasketRule, aimed: list[int], work: Work, counted: Sequence[int]) -> Verdict | None:
    """None when the threshold is met, else what is missing. The sale of a gift card never counts."""
    body = rule.body
    if not body.min_qty_milli and not body.min_minor:
        return None
    lines = work.lines
    if work.has_flags:
        aimed = [i for i in aimed if not lines[i].gift_card_sale]
    qty = sum([lines[i].qty_milli for i in aimed]) if body.min_qty_milli else 0
    total = sum([counted[i] for i in aimed]) if body.min_minor else 0
    if qty >= body.min_qty_milli and total >= body.min_minor:
        return None
    short_qty, short = max(0, body.min_qty_milli - qty), max(0, body.min_minor - total)
    return Verdict(rule.offer_id, rule.version, "not_met", 0, None, short_qty, short)


def discountable(work: Work, aimed: list[int]) -> list[int]:
    """Lines that no flag closes to discounts."""
    if not work.has_flags:
        return aimed
    lines = work.lines
    return [i for i in aimed if not (lines[i].no_discount or lines[i].gift_card_sale)]


def item_amounts(
    benefit: PercentOff | AmountOff | FixedPrice, work: Work, lines: list[int], left: Sequence[int]
) -> list[int]:
    """What a benefit of units takes off each of the lines, as far as their floors let it."""
    if isinstance(benefit, PercentOff):
        bp, units, floor = benefit.percent_bp, work.units, work.floor
        found = []
        for i in lines:
            count, costs = units[i], left[i]
            if count > 1:
                each = costs // count
                off = (each * bp + 5_000) // 10_000 * count
            else:
                off = (costs * bp + 5_000) // 10_000
            room = costs - floor[i]
            found.append(off if off <= room else room)
        return found
    if isinstance(benefit, AmountOff):
        return [_amount_of_units(benefit.amount_minor, work, i, left[i]) for i in lines]
    return [_down_to_price(benefit.price_minor, work, i, left[i]) for i in lines]


def sum_off(body: BasketDiscount, work: Work, lines: list[int], whole: int) -> int:
    """What a basket offer takes off all its lines together, which still cost the `whole`."""
    benefit, most = body.benefit, body.max_minor
    if benefit.per == "unit":
        return sum(amounts(benefit, work, lines, work.left, most=most))
    bp = benefit.percent_bp if isinstance(benefit, PercentOff) else 0
    total = (whole * bp + 5_000) // 10_000 if isinstance(benefit, PercentOff) else benefit.amount_minor
    room = whole - sum([work.floor[i] for i in lines]) if work.has_floors else whole
    return min(total, room) if most is None else min(total, room, most)


def amounts(
    benefit: PercentOff | AmountOff | FixedPrice,
    work: Work,
    lines: list[int],
    left: Sequence[int],
    *,
    most: int | None = None,
) -> list[int]:
    """What the benefit takes off each of the lines, as far as their floors let it."""
    if isinstance(benefit, FixedPrice):
        return [_down_to_price(benefit.price_minor, work, i, left[i]) for i in lines]
    if benefit.per == "unit":
        if isinstance(benefit, PercentOff):
            offs = [_percent_of_units(benefit.percent_bp, work, i, left[i]) for i in lines]
        else:
            offs = [_amount_of_units(benefit.amount_minor, work, i, left[i]) for i in lines]
        if most is None or sum(offs) <= most:
            return offs
        return share_with_room(most, offs, offs)
    weights = [left[i] for i in lines]
    if isinstance(benefit, PercentOff):
        total = (sum(weights) * benefit.percent_bp + 5_000) // 10_000
    else:
        total = benefit.amount_minor
    rooms = [left[i] - work.floor[i] for i in lines]
    return share_with_room(total if most is None else min(total, most), weights, rooms)


# Units of a line differ by a kopeck at most: `dearer` of them cost `cheap + 1`, the others `cheap`.


def _percent_of_units(percent_bp: int, work: Work, i: int, left: int) -> int:
    units = work.units[i]
    if units == 1:
        return min((left * percent_bp + 5_000) // 10_000, left - work.floor[i])
    cheap, dearer = divmod(left, units)
    room = cheap - work.floor[i] // units
    off = (units - dearer) * min((cheap * percent_bp + 5_000) // 10_000, room)
    return off + dearer * min(((cheap + 1) * percent_bp + 5_000) // 10_000, room + 1)


def _amount_of_units(amount: int, work: Work, i: int, left: int) -> int:
    if work.is_weighed(i):
        return min(times(amount, work.lines[i].qty_milli), left - work.floor[i])
    units = work.units[i]
    cheap, dearer = divmod(left, units)
    room = cheap - work.floor[i] // units
    return (units - dearer) * min(amount, room) + dearer * min(amount, room + 1)


def _down_to_price(price: int, work: Work, i: int, left: int) -> int:
    if work.is_weighed(i):
        return max(0, left - max(times(price, work.lines[i].qty_milli), work.floor[i]))
    units = work.units[i]
    price = max(price, work.floor[i] // units)
    cheap, dearer = divmod(left, units)
    return (units - dearer) * max(0, cheap - price) + dearer * max(0, cheap + 1 - price)
