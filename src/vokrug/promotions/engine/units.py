"""The basket down to its units while discounts are searched for, and what one offer does to them.

Units of a line that stand alike are one slot; an offer that reaches some of them cuts the slot. States are
never changed: an offer applied to one gives the next, so that the search can go back as it pleases.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from vokrug.promotions.engine.allocate import deal_with_room, share_with_room, times
from vokrug.promotions.engine.bundles import buy_get, free_units, places, set_price
from vokrug.promotions.engine.effects import Effect
from vokrug.promotions.engine.offers import BuyGet, Pick, SetPrice
from vokrug.promotions.engine.policy import Floors

if TYPE_CHECKING:
    from vokrug.promotions.engine.rule import AnyRule
    from vokrug.promotions.engine.work import Work

MANY = 1 << 60


class Slot(NamedTuple):
    """Units of a line that stand alike. Sums are of one unit."""

    line: int
    units: int
    left: int  # what it still costs
    base: int  # what it cost when the group began
    uses: int  # offers of this layer on it
    eaten: bool  # served a set or a gift already


class Given(NamedTuple):
    """What one offer gave in one state."""

    offer: "Offer"
    by_line: dict[int, int]
    total: int
    units: int
    times: int = 1  # sets, gifts


class State(NamedTuple):
    """A moment of the search."""

    slots: list[Slot]
    given: int = 0
    trail: tuple[Given, ...] = ()
    starts: "tuple[tuple[str, State], ...]" = ()  # the layers so far, with what each began with


class Table:
    """What does not change while discounts are given. The charge for delivery is a line after the last."""

    __slots__ = ("closed", "cost_cap", "delivery", "floor", "has_floors", "price", "qty", "sku", "start")

    def __init__(self, work: "Work", floors: Floors, delivery_minor: int) -> None:
        self.price: list[int] = []
        self.qty: list[int] = []  # thousandths of one unit
        self.floor: list[int] = []  # of one unit
        self.closed: list[bool] = []
        self.sku: list[str] = []
        self.start: list[Slot] = []
        for i, line in enumerate(work.lines):
            units = work.units[i]
            qty = line.qty_milli if units == 1 else 1000
            floor = work.floor[i] // units
            if floors.min_price_bp:
                floor = max(floor, -(-times(line.price_minor, qty) * floors.min_price_bp // 10_000))
            if floors.min_margin_bp is not None and line.cost_minor:
                keep = 10_000 - floors.min_margin_bp
                floor = max(floor, -(-times(line.cost_minor, qty) * 10_000 // keep))
            self.price.append(line.price_minor)
            self.qty.append(qty)
            self.floor.append(floor)
            self.closed.append(line.no_discount or line.gift_card_sale)
            self.sku.append(line.sku)
            cheap, dearer = divmod(work.left[i], units)
            if units > dearer:
                self.start.append(Slot(i, units - dearer, cheap, cheap, 0, False))
            if dearer:
                self.start.append(Slot(i, dearer, cheap + 1, cheap + 1, 0, False))
        self.has_floors = any(self.floor)
        self.delivery = len(work.lines)
        if delivery_minor:
            self.price.append(delivery_minor)
            self.qty.append(1000)
            self.floor.append(0)
            self.closed.append(False)
            self.sku.append("")
            self.start.append(Slot(self.delivery, 1, delivery_minor, delivery_minor, 0, False))
        cap = sum(work.left) * floors.max_discount_bp // 10_000 if floors.max_discount_bp < 10_000 else MANY
        self.cost_cap = cap if floors.max_discount_minor is None else min(cap, floors.max_discount_minor)


Piece = tuple[int, int, int]  # slot, units, off each
Reach = tuple[int, int]  # slot, units


class Offer(NamedTuple):
    """A rule as it stands in this check: its lines, and what bounds it beside its own caps."""

    rule: "AnyRule"
    effect: Effect
    layer: str
    groups: frozenset[str]  # of the policy, its layer among them
    aimed: frozenset[int]
    counted: tuple[int, ...] = ()  # the lines that conditions count
    parts: tuple[frozenset[int], ...] = ()  # of a bundle
    units: int = MANY  # left of its limits
    amount: int = MANY


Only = Mapping[int, int]  # slot to units: nothing else is there


class Made(NamedTuple):
    """What an offer would take: pieces of slots, and units that serve without a discount of their own."""

    pieces: list[Piece]
    eaten: dict[int, int]
    eats: bool = False
    sets: int = 1


def apply(offer: Offer, state: State, table: Table, most_uses: int = MANY, *, from_base: bool = False) -> State | None:
    """The state after the offer took what it takes; None when that is nothing."""
    made = reckon(offer, state, table, most_uses, from_base=from_base)
    return None if made is None else take(state, [(offer, made)])


def reckon(
    offer: Offer,
    state: State,
    table: Table,
    most_uses: int = MANY,
    *,
    from_base: bool = False,
    only: Only | None = None,
) -> Made | None:
    """What the offer would take in this state, of all units or of some."""
    slots, effect, aimed, floor, closed = state.slots, offer.effect, offer.aimed, table.floor, table.closed
    most = offer.amount if effect.max_minor is None else min(offer.amount, effect.max_minor)
    most = min(most, table.cost_cap - state.given)
    if most <= 0:
        return None
    if effect.skip_discounted_in:
        aimed = aimed.difference(
            line for given in state.trail if given.offer.layer in effect.skip_discounted_in for line in given.by_line
        )
    if effect.family == "bundle":
        return reckon_bundle(offer, slots, table, most_uses, most, only)
    if only is None and not (effect.pick.which == "all" and effect.pick.max_per_line is None):
        # Chosen before anybody asks whether they may still be made cheaper: or else an offer would give the more,
        # the more others gave before it.
        only = dict(pick(effect.pick, slots, aimed_at(slots, aimed, closed)))
    reached: list[Reach] = []
    for at in places(slots, aimed, only):
        slot = slots[at]
        # What is at its floor still counts in the sum that a percentage is of.
        can_count = slot.left > floor[slot.line] or effect.family == "total"
        if can_count and slot.uses < most_uses and not closed[slot.line]:
            reached.append((at, slot.units if only is None else only[at]))
    if offer.units < MANY:
        reached = most_units(effect, slots, table, reached, offer.units)
    if not reached:
        return None
    reckoned = per_unit if effect.family == "unit" else per_total
    pieces = reckoned(effect, slots, table, reached, from_base, most)
    return Made(pieces, {}) if pieces else None


def reckon_bundle(
    offer: Offer, slots: Sequence[Slot], table: Table, most_uses: int, most: int, only: Only | None
) -> Made | None:
    benefit = offer.effect.benefit
    pools = [free_units(slots, lines, table, most_uses, only) for lines in offer.parts]
    if isinstance(benefit, BuyGet):
        bundle = buy_get(benefit, pools, slots, table, offer.units)
    else:
        assert isinstance(benefit, SetPrice), "a kind of bundle that nobody taught the engine"
        bundle = set_price(benefit, pools, slots, table, offer.units)
    if bundle is None:
        return None
    pieces = bundle.pieces
    if sum(units * off for _, units, off in pieces) > most:
        pieces = cap(pieces, slots, most)
    return Made(pieces, bundle.eaten, True, bundle.sets) if pieces else None


def per_unit(
    effect: Effect, slots: Sequence[Slot], table: Table, reached: list[Reach], from_base: bool, most: int
) -> list[Piece]:
    of_unit = effect.of_unit
    assert of_unit is not None, "a benefit of one unit"
    pieces: list[Piece] = []
    total = 0
    for at, units in reached:
        line, _, left, base, _, _ = slots[at]
        off = min(of_unit(base if from_base else left, table.price[line], table.qty[line]), left - table.floor[line])
        if effect.max_per_unit is not None and off > effect.max_per_unit:
            off = effect.max_per_unit
        if off > 0:
            pieces.append((at, units, off))
            total += off * units
    if effect.max_per_line is not None:
        pieces = cap_lines(pieces, slots, effect.max_per_line)
        total = sum(units * off for _, units, off in pieces)
    return cap(pieces, slots, most) if total > most else pieces


def per_total(
    effect: Effect, slots: Sequence[Slot], table: Table, reached: list[Reach], from_base: bool, most: int
) -> list[Piece]:
    of_total = effect.of_total
    assert of_total is not None, "a benefit of the total"
    lines: dict[int, list[Reach]] = {}
    for reach in reached:
        lines.setdefault(slots[reach[0]].line, []).append(reach)
    weights = [sum(units * slots[at].left for at, units in reaches) for reaches in lines.values()]
    whole = sum(units * slots[at].base for at, units in reached) if from_base else sum(weights)
    cap_unit = effect.max_per_unit

    def room(at: int) -> int:
        free = slots[at].left - table.floor[slots[at].line]
        return free if cap_unit is None else min(free, cap_unit)

    rooms = [sum(units * room(at) for at, units in reaches) for reaches in lines.values()]
    if effect.max_per_line is not None:
        rooms = [min(free, effect.max_per_line) for free in rooms]
    shares = share_with_room(min(of_total(whole), most), weights, rooms)
    pieces: list[Piece] = []
    for share, reaches in zip(shares, lines.values(), strict=True):
        if share:
            runs = [(units, slots[at].left, room(at)) for at, units in reaches]
            pieces += [(reaches[run][0], units, off) for run, units, off in deal_with_room(share, runs) if off]
    return pieces


def cap_lines(pieces: list[Piece], slots: Sequence[Slot], most: int) -> list[Piece]:
    """No line gets more than so much."""
    lines: dict[int, list[Piece]] = {}
    for piece in pieces:
        lines.setdefault(slots[piece[0]].line, []).append(piece)
    capped: list[Piece] = []
    for mine in lines.values():
        too_much = sum(units * off for _, units, off in mine) > most
        capped += cap(mine, slots, most) if too_much else mine
    return capped


def cap(pieces: list[Piece], slots: Sequence[Slot], most: int) -> list[Piece]:
    """Together no more than so much: shared by what each would have got, over lines and then over units."""
    lines: dict[int, list[Piece]] = {}
    for piece in pieces:
        lines.setdefault(slots[piece[0]].line, []).append(piece)
    whole = [sum(units * off for _, units, off in mine) for mine in lines.values()]
    capped: list[Piece] = []
    for share, mine in zip(share_with_room(most, whole, whole), lines.values(), strict=True):
        dealt = deal_with_room(share, [(units, off, off) for _, units, off in mine])
        capped += [(mine[run][0], units, off) for run, units, off in dealt if off]
    return capped


def take(state: State, made: Sequence[tuple[Offer, Made]]) -> State:
    """Cut the slots and take the amounts off. Offers taken together reach different units."""
    cuts: dict[int, list[tuple[int, int, bool, int]]] = {}
    for number, (_, (pieces, eaten, eats, _)) in enumerate(made):
        for at, units in eaten.items():
            cuts.setdefault(at, []).append((units, 0, True, number))
        for at, units, off in pieces:
            cuts.setdefault(at, []).append((units, off, eats, number))
    by_line: list[dict[int, int]] = [{} for _ in made]
    reached = [0] * len(made)
    slots: list[Slot] = []
    for at, slot in enumerate(state.slots):
        mine = cuts.get(at)
        if mine is None:
            slots.append(slot)
            continue
        line, units, left, base, uses, eaten_before = slot
        for n, off, eats, number in mine:
            slots.append(Slot(line, n, left - off, base, uses + 1, eats or eaten_before))
            units -= n
            if off:
                lines = by_line[number]
                lines[line] = lines.get(line, 0) + n * off
                reached[number] += n
        if units:
            slots.append(Slot(line, units, left, base, uses, eaten_before))
    trail, given = state.trail, state.given
    for number, (offer, one) in enumerate(made):
        total = sum(by_line[number].values())
        given += total
        trail += (Given(offer, by_line[number], total, reached[number], one.sets),)
    return State(slots, given, trail, state.starts)


def aimed_at(slots: Sequence[Slot], aimed: Collection[int], closed: Sequence[bool]) -> list[Reach]:
    return [(at, slots[at].units) for at in places(slots, aimed) if not closed[slots[at].line]]


def pick(wanted: Pick, slots: Sequence[Slot], reached: list[Reach]) -> list[Reach]:
    """The cheapest, the dearest or every nth of the units reached; equal ones by their place in the check."""
    if wanted.max_per_line is not None:
        reached = at_most_per_line(slots, reached, wanted.max_per_line)
    if wanted.which == "all":
        return reached
    sign = 1 if wanted.which == "cheapest" else -1
    ranked = sorted(reached, key=lambda reach: (sign * slots[reach[0]].left, reach[0]))
    chosen: dict[int, int] = {}
    if wanted.which == "nth":
        seen = 0
        for at, units in ranked:
            every = (seen + units) // wanted.nth - seen // wanted.nth
            seen += units
            if every:
                chosen[at] = every
    else:
        need = wanted.units
        for at, units in ranked:
            if need and (n := min(need, units)):
                chosen[at] = n
                need -= n
    return [(at, chosen[at]) for at, _ in reached if at in chosen]


def at_most_per_line(slots: Sequence[Slot], reached: list[Reach], most: int) -> list[Reach]:
    taken: dict[int, int] = {}
    kept = []
    for at, units in reached:
        line = slots[at].line
        n = min(units, most - taken.get(line, 0))
        if n > 0:
            taken[line] = taken.get(line, 0) + n
            kept.append((at, n))
    return kept


def most_units(effect: Effect, slots: Sequence[Slot], table: Table, reached: list[Reach], most: int) -> list[Reach]:
    """Where a limit leaves only some units, the customer gets those that give most."""

    def gain(reach: Reach) -> tuple[int, int]:
        slot = slots[reach[0]]
        if effect.of_unit is None:
            return -(slot.left - table.floor[slot.line]), reach[0]
        return -effect.of_unit(slot.left, table.price[slot.line], table.qty[slot.line]), reach[0]

    chosen: dict[int, int] = {}
    for at, units in sorted(reached, key=gain):
        if most and (n := min(most, units)):
            chosen[at] = n
            most -= n
    return [(at, chosen[at]) for at, _ in reached if at in chosen]
