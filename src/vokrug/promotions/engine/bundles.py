"""Sets and "buy so many, get so many": which units make a set, and what comes off them.

Units serve once. The customer's dearest units go first into sets, and the cheapest of each set is the one
that is given, unless the offer says otherwise.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from vokrug.promotions.engine.allocate import deal_with_room
from vokrug.promotions.engine.offers import BuyGet, SetPrice

if TYPE_CHECKING:
    from vokrug.promotions.engine.units import Slot, Table

MANY = 1 << 60


class Bundle(NamedTuple):
    """What sets of one offer take: units without and with a discount, and how many sets they make."""

    eaten: dict[int, int]  # slot to units
    pieces: list[tuple[int, int, int]]  # slot, units, off each
    sets: int


Pool = list[tuple[int, int]]  # slots and units


def places(slots: "Sequence[Slot]", lines: Collection[int], only: Mapping[int, int] | None = None) -> list[int]:
    """Where the slots of these lines stand, in order. Slots stand in the order of their lines, so that few lines among
    many are found without a walk.
    """
    if only is not None:
        return [at for at in sorted(only) if slots[at].line in lines]
    if len(lines) * 8 > len(slots):
        return [at for at, slot in enumerate(slots) if slot.line in lines]
    found: list[int] = []
    for line in sorted(lines):
        low, high = 0, len(slots)
        while low < high:
            middle = (low + high) >> 1
            if slots[middle].line < line:
                low = middle + 1
            else:
                high = middle
        while low < len(slots) and slots[low].line == line:
            found.append(low)
            low += 1
    return found


def free_units(
    slots: "Sequence[Slot]",
    lines: Collection[int],
    table: "Table",
    most_uses: int,
    only: Mapping[int, int] | None = None,
) -> Pool:
    """Units that may still serve, dearest first, equal ones by their place."""
    free = []
    for at in places(slots, lines, only):
        slot = slots[at]
        if not slot.eaten and slot.uses < most_uses and not table.closed[slot.line]:
            free.append((slot.left, at, slot.units if only is None else only[at]))
    free.sort(key=lambda one: (-one[0], one[1]))
    return [(at, units) for _, at, units in free]


def buy_get(
    offer: BuyGet, pools: Sequence[Pool], slots: "Sequence[Slot]", table: "Table", most_units: int
) -> Bundle | None:
    """As many sets as there are units for."""
    buys, gets = pools
    most = min(offer.most_sets or MANY, -(-most_units // offer.get_units) if most_units < MANY else MANY)
    if buys == gets:
        eaten, given, sets = from_one_pool(offer, buys, most, most_units)
    else:
        eaten, given, sets = from_two_pools(offer, buys, gets, most, most_units)
    pieces = []
    for at, units in sorted(given.items()):
        slot = slots[at]
        off = min((slot.left * offer.percent_bp + 5_000) // 10_000, slot.left - table.floor[slot.line])
        if off > 0:
            pieces.append((at, units, off))
        else:
            eaten[at] = eaten.get(at, 0) + units
    return Bundle(eaten, pieces, sets) if pieces else None


def from_one_pool(offer: BuyGet, pool: Pool, most: int, most_units: int) -> tuple[dict[int, int], dict[int, int], int]:
    """Dearest first into sets of buy + get units: the cheapest of each set are given."""
    buy, get = offer.buy_units, offer.get_units
    there = sum(units for _, units in pool)
    sets = min(there // (buy + get), most)
    rest = min(there - sets * (buy + get) - buy, get) if offer.partial and sets < most else 0
    given_units = min(sets * get + max(0, rest), most_units)
    if offer.pick == "dearest":
        given, after = first_units(pool, given_units)
        eaten, _ = last_units(after, (sets + (rest > 0)) * buy)
        return eaten, given, sets + (rest > 0)
    eaten, given, place = {}, {}, 0
    whole = sets * (buy + get)
    for at, units in pool:
        bought, free = roles(place, units, buy, get, whole, buy + rest if rest > 0 else 0)
        if bought:
            eaten[at] = bought
        if n := min(free, given_units):
            given[at] = n
            given_units -= n
        place += units
    return eaten, given, sets + (rest > 0)


def roles(place: int, units: int, buy: int, get: int, whole: int, tail: int) -> tuple[int, int]:
    """Of the units that stand at `place`…: how many are bought, and how many given, in sets of buy then get."""

    def bought_before(n: int) -> int:
        full, into = divmod(min(n, whole), buy + get)
        found = full * buy + min(into, buy)
        return found + min(max(0, min(n, whole + tail) - whole), buy)

    bought = bought_before(place + units) - bought_before(place)
    within = min(place + units, whole + tail) - min(place, whole + tail)
    return bought, within - bought


def from_two_pools(
    offer: BuyGet, buys: Pool, gets: Pool, most: int, most_units: int
) -> tuple[dict[int, int], dict[int, int], int]:
    """Other goods are given than are bought. What only counts as bought is used before what could be given."""
    buy, get = offer.buy_units, offer.get_units
    count_buys, count_gets = sum(n for _, n in buys), sum(n for _, n in gets)
    union = sum({**dict(buys), **dict(gets)}.values())
    sets = min(count_buys // buy, count_gets // get, union // (buy + get), most)
    rest = 0
    if offer.partial and sets < most and count_buys >= (sets + 1) * buy:
        rest = max(0, min(get, count_gets - sets * get, union - sets * (buy + get) - buy))
    need = (sets + (rest > 0)) * buy
    could_be_given = dict(gets)
    only_bought = [(at, n) for at, n in reversed(buys) if at not in could_be_given]
    both = [(at, n) for at, n in reversed(buys) if at in could_be_given]
    eaten, _ = first_units(only_bought + both, need)
    left = [(at, n - eaten.get(at, 0)) for at, n in gets]
    given, _ = first_units(left, min(sets * get + rest, most_units))
    return eaten, given, sets + (rest > 0)


def first_units(pool: Pool, need: int) -> tuple[dict[int, int], Pool]:
    """So many units from the front, and what stays."""
    taken: dict[int, int] = {}
    after = []
    for at, units in pool:
        n = min(units, need)
        if n:
            taken[at] = n
            need -= n
        if units > n:
            after.append((at, units - n))
    return taken, after


def last_units(pool: Pool, need: int) -> tuple[dict[int, int], Pool]:
    taken, after = first_units(pool[::-1], need)
    return taken, after[::-1]


def set_price(
    offer: SetPrice, ranked: Sequence[Pool], slots: "Sequence[Slot]", table: "Table", most_units: int
) -> Bundle | None:
    """Set after set from the dearest units, as long as a set is cheaper than its parts."""
    size = sum(part.units for part in offer.parts)
    most = min(offer.most_sets or MANY, most_units // size)
    pool = {at: n for part in ranked for at, n in part}
    # Parts with the fewest units to choose from choose first.
    by_choice = sorted(range(len(ranked)), key=lambda part: (sum(n for _, n in ranked[part]), part))
    taken: dict[tuple[int, int], int] = {}
    sets = 0
    while sets < most:
        one = one_set(offer, ranked, by_choice, pool)
        if one is None:
            break
        # The same set again and again while its units last: a hundred pieces are no hundred searches.
        again = min(most - sets, min(pool[at] // n for at, n in one.items()))
        off = off_set(offer, sum(slots[at].left * n for at, n in one.items()))
        rooms = [(n, slots[at].left, slots[at].left - table.floor[slots[at].line]) for at, n in one.items()]
        off = min(off, sum(n * room for n, _, room in rooms))
        if off <= 0:
            break
        order = list(one)
        for run, units, share in deal_with_room(off, rooms):
            at = order[run]
            taken[at, share] = taken.get((at, share), 0) + units * again
        for at, n in one.items():
            pool[at] -= n * again
        sets += again
    if not sets:
        return None
    eaten = {at: n for (at, off), n in taken.items() if not off}
    return Bundle(eaten, sorted((at, n, off) for (at, off), n in taken.items() if off), sets)


def one_set(
    offer: SetPrice, ranked: Sequence[Pool], by_choice: list[int], pool: dict[int, int]
) -> dict[int, int] | None:
    """The dearest units for each part, by slot and in the order of the check; None when a part finds too few."""
    chosen: dict[int, int] = {}
    for part in by_choice:
        need = offer.parts[part].units
        for at, _ in ranked[part]:
            n = min(need, pool[at] - chosen.get(at, 0))
            if n > 0:
                chosen[at] = chosen.get(at, 0) + n
                need -= n
        if need:
            return None
    return dict(sorted(chosen.items()))


def off_set(offer: SetPrice, costs: int) -> int:
    """What comes off one set that would cost so much."""
    if offer.price_minor is not None:
        return costs - offer.price_minor
    if offer.percent_bp is not None:
        return (costs * offer.percent_bp + 5_000) // 10_000
    return min(costs, offer.amount_minor or 0)
