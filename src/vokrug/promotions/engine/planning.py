"""What is to be packed: the offers of a group and the units they may take, in one state of the check."""

from collections.abc import Sequence
from typing import NamedTuple

from vokrug.promotions.engine.desk import Desk
from vokrug.promotions.engine.policy import Group
from vokrug.promotions.engine.units import MANY, Offer, State, aimed_at, pick, reckon


class Simple(NamedTuple):
    """The best offer for one unit among those that look at units one by one."""

    off: int
    rank: tuple[int, int, int]
    offer: Offer


class Kin(NamedTuple):
    """Units that stand alike: the same price, the same floor, the same offers."""

    slots: tuple[int, ...]
    units: int
    simple: tuple[Simple, ...]  # best first
    rivals: tuple[int, ...]  # numbers of the offers that are searched for

    @property
    def plain(self) -> int:
        return self.simple[0].off if self.simple else 0


class Plan(NamedTuple):
    """The group's offers in one state, ready to be packed."""

    state: State
    kin: list[Kin]
    rivals: list[Offer]
    potential: list[dict[int, int]]  # by rival: what it could take off one unit of a class


def plan(desk: Desk, group: Group, offers: Sequence[Offer], state: State) -> Plan:
    """Look at every offer and every unit once."""
    live = [offer for offer in offers if desk.missing(offer, state) is None and not desk.is_shut_out(offer, state)]
    picky = [offer for offer in live if offer.effect.pick.which != "all" or offer.effect.pick.max_per_line]
    if picky:
        state = cut_apart(desk, picky, state)
    table, slots = desk.table, state.slots
    simple: list[list[Simple]] = [[] for _ in slots]
    rivals: list[Offer] = []
    reach: list[dict[int, int]] = []
    for offer in live:
        effect, units = offer.effect, reached(desk, offer, state, group)
        if effect.is_additive and offer.units == MANY and offer.amount == MANY:
            made = reckon(offer, state, table, only=units)
            for at, _, off in made.pieces if made else ():
                simple[at].append(Simple(off, offer.rule.rank, offer))
            continue
        potential = {at: off for at in units if (off := most_off(desk, offer, state, at)) > 0}
        if potential:
            rivals.append(offer)
            reach.append(potential)
    for ways in simple:
        ways.sort(key=lambda way: way[:2], reverse=True)
    return Plan(state, *classes(desk, state, simple, rivals, reach))


def reached(desk: Desk, offer: Offer, state: State, group: Group) -> dict[int, int]:
    """The slots that an offer may be given, with their units."""
    table = desk.table
    most = MANY if group.max_per_unit is None else group.max_per_unit
    lines = frozenset().union(*offer.parts) if offer.parts else offer.aimed
    if offer.effect.skip_discounted_in:
        lines = lines.difference(
            line for each in state.trail if each.offer.layer in offer.effect.skip_discounted_in for line in each.by_line
        )
    chosen = aimed_at(state.slots, lines, table.closed)
    if offer.effect.pick.which != "all" or offer.effect.pick.max_per_line:
        chosen = pick(offer.effect.pick, state.slots, chosen)
    return {at: units for at, units in chosen if state.slots[at].uses < most}


def cut_apart(desk: Desk, picky: Sequence[Offer], state: State) -> State:
    """Offers for some units only need units that stand alone."""
    lines = frozenset().union(*(offer.aimed for offer in picky))
    slots = []
    for slot in state.slots:
        slots += [slot._replace(units=1)] * slot.units if slot.line in lines else [slot]
    return state._replace(slots=slots)


def most_off(desk: Desk, offer: Offer, state: State, at: int) -> int:
    """No unit of the slot can get more from the offer than this."""
    slot, effect = state.slots[at], offer.effect
    room = slot.left - desk.table.floor[slot.line]
    if effect.family == "bundle":
        return max(1, room)  # a unit without room may still be bought
    if effect.of_unit is not None:
        room = min(room, effect.of_unit(slot.left, desk.table.price[slot.line], desk.table.qty[slot.line]))
    elif (percent_bp := getattr(effect.benefit, "percent_bp", None)) is not None:
        room = min(room, -(-slot.left * percent_bp // 10_000))
    bounds = (effect.max_per_unit, effect.max_per_line, effect.max_minor, offer.amount)
    return min(room, *(bound for bound in bounds if bound is not None))


def classes(
    desk: Desk, state: State, simple: list[list[Simple]], rivals: list[Offer], reach: list[dict[int, int]]
) -> tuple[list[Kin], list[Offer], list[dict[int, int]]]:
    """Units that nobody could tell apart."""
    by_line = any(rival.effect.max_per_line is not None for rival in rivals)
    found: dict[object, list[int]] = {}
    for at, slot in enumerate(state.slots):
        mine = tuple(number for number, potential in enumerate(reach) if at in potential)
        if not mine and not simple[at]:
            continue
        parts = tuple(tuple(slot.line in part for part in rivals[number].parts) for number in mine)
        ways = tuple((way.off, way.rank) for way in simple[at])
        floor, qty = desk.table.floor[slot.line], desk.table.qty[slot.line]
        sign = (slot.left, floor, qty, slot.eaten, mine, parts, ways, slot.line if by_line else 0)
        found.setdefault(sign, []).append(at)
    kin, potentials = [], [dict[int, int]() for _ in rivals]
    for number, slots in enumerate(found.values()):
        mine = tuple(rival for rival, potential in enumerate(reach) if slots[0] in potential)
        kin.append(Kin(tuple(slots), sum(state.slots[at].units for at in slots), tuple(simple[slots[0]]), mine))
        for rival in mine:
            potentials[rival][number] = reach[rival][slots[0]]
    return kin, rivals, potentials


Counts = dict[int, int]  # class to units
