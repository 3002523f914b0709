"""What an offer could at best add to a packing: numbers that no packing exceeds, quick to reckon.

Units come as `(most, lost, count, slot)`: the most the offer can take off one, and what the offers that
look at units one by one lose when it goes to this one.
"""

from collections.abc import Callable, Sequence

from vokrug.promotions.engine.offers import AmountOff, BuyGet, FixedPrice, SetPrice
from vokrug.promotions.engine.units import MANY, Offer, Slot

Units = list[tuple[int, int, int, int]]
ONE_BY_ONE = 200  # sets looked at one by one; beyond that the last one's gain is taken for all the rest


def most_gain(offer: Offer, slots: Sequence[Slot], units: Units) -> int:
    """The offer's worth less what the others lose, over the best choice of these units."""
    if not units:
        return 0
    benefit = offer.effect.benefit
    most = offer.amount if offer.effect.max_minor is None else min(offer.amount, offer.effect.max_minor)
    if isinstance(benefit, BuyGet):
        return min(most, buy_get_gain(offer, benefit, slots, units))
    if isinstance(benefit, SetPrice):
        return min(most, set_gain(offer, benefit, slots, units))
    if isinstance(benefit, AmountOff) and benefit.per == "total":
        most = min(most, benefit.amount_minor)
    gain = fill(most, offer.units, units)
    if isinstance(benefit, FixedPrice) and benefit.per == "total":
        whole = sum(count * max(0, slots[at].left - lost) for _, lost, count, at in units)
        gain = min(gain, max(0, whole - benefit.price_minor))
    return gain


def fill(most: int, most_units: int, units: Units) -> int:
    """Fill what the offer may take with the units that lose the least for it."""
    if most >= MANY and most_units >= MANY:
        return sum(count * (top - lost) for top, lost, count, _ in units if top > lost)
    if most >= MANY:
        return top_sum([(top - lost, count) for top, lost, count, _ in units], most_units)
    gain = 0
    for top, lost, count, _ in sorted(units, key=lambda one: one[1] * 1_000_000 // one[0]):
        if top <= lost:
            continue
        if top * count <= most:
            gain, most = gain + (top - lost) * count, most - top * count
            continue
        # One unit is split: no real packing can, so this is never too little. One more for the rounded ratio.
        return gain + -(-(top - lost) * most // top) + top
    return gain


def buy_get_gain(offer: Offer, benefit: BuyGet, slots: Sequence[Slot], units: Units) -> int:
    buy_pool, get_pool = offer.parts
    gets, buys = [], []
    there = 0
    for top, lost, count, at in units:
        slot = slots[at]
        there += count
        if slot.line in get_pool:
            off = min(top, (slot.left * benefit.percent_bp + 5_000) // 10_000)
            gets.append((off - lost, count))
        if slot.line in buy_pool:
            buys.append((lost, count))
    buy, get = benefit.buy_units, benefit.get_units
    bought, given = sum(n for _, n in buys), sum(n for _, n in gets)
    partial = 1 if benefit.partial else 0
    sets = min(bought // buy, given // get + partial, there // (buy + get) + partial, benefit.most_sets or MANY)
    if offer.units < MANY:
        sets = min(sets, -(-offer.units // get))
    gets.sort(reverse=True)
    buys.sort()
    return best_of_sets(sets, lambda k: top_sum(gets, k * get) - low_sum(buys, k * buy))


def set_gain(offer: Offer, benefit: SetPrice, slots: Sequence[Slot], units: Units) -> int:
    sets = benefit.most_sets or MANY
    first = 0  # what the parts of the dearest set are worth more than the others lose
    for part, pool in zip(benefit.parts, offer.parts, strict=True):
        mine = []
        for _, lost, count, at in units:
            slot = slots[at]
            if slot.line in pool:
                mine.append((part_gain(benefit, slot.left, lost), count))
        sets = min(sets, sum(count for _, count in mine) // part.units)
        if not sets:
            return 0
        first += top_sum(sorted(mine, reverse=True), part.units, negative=True)
    if benefit.price_minor is not None:
        first -= benefit.price_minor
    elif benefit.percent_bp is None:
        first += benefit.amount_minor or 0
    return sets * max(0, first)


def part_gain(benefit: SetPrice, left: int, lost: int) -> int:
    if benefit.price_minor is not None:
        return left - lost
    if benefit.percent_bp is not None:
        return -(-left * benefit.percent_bp // 10_000) - lost
    return -lost


def best_of_sets(sets: int, gain: Callable[[int], int]) -> int:
    """The gain of the best number of sets; each further one adds no more than the one before."""
    best = before = 0
    for k in range(1, min(sets, ONE_BY_ONE) + 1):
        now = gain(k)
        if now <= before:
            return best
        best, step, before = now, now - before, now
        if k == ONE_BY_ONE:
            best += step * (sets - k)
    return best


def top_sum(values: list[tuple[int, int]], need: int, *, negative: bool = False) -> int:
    """The sum of the greatest, those below nothing left out unless they are needed."""
    total = 0
    for value, count in sorted(values, reverse=True):
        if need <= 0 or (value <= 0 and not negative):
            break
        n = min(count, need)
        total += n * value
        need -= n
    return total


def low_sum(values: list[tuple[int, int]], need: int) -> int:
    total = 0
    for value, count in values:
        n = min(count, need)
        total += n * value
        need -= n
    return total
