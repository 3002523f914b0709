"""From a packing to the state after it."""

from vokrug.promotions.engine.desk import Desk
from vokrug.promotions.engine.planning import Counts, Plan
from vokrug.promotions.engine.units import MANY, Made, Offer, State, cap, reckon, take


def spread(ready: Plan, counts: Counts, taken: dict[int, int] | None = None) -> dict[int, int]:
    """Units of classes to units of slots, past those that are taken."""
    only: dict[int, int] = {}
    for n, units in counts.items():
        for at in ready.kin[n].slots:
            free = ready.state.slots[at].units - (taken.get(at, 0) if taken else 0)
            if mine := min(units, free):
                only[at] = mine
                units -= mine
    return only


def worth_of(made: Made) -> int:
    return sum(units * off for _, units, off in made.pieces)


def used_by(ready: Plan, made: Made) -> Counts:
    """The classes of the units that an offer really took."""
    home = {at: n for n, kin in enumerate(ready.kin) for at in kin.slots}
    used: Counts = {}
    for at, units in (*((at, units) for at, units, _ in made.pieces), *made.eaten.items()):
        used[home[at]] = used.get(home[at], 0) + units
    return used


def build(
    desk: Desk, ready: Plan, given: dict[int, Counts], simple: dict[int, list[tuple[int, int]]] | None = None
) -> State:
    """The state after a packing. `simple`: by class the ways chosen and their units; else the best for all."""
    taken: dict[int, int] = {}
    made: dict[int, tuple[Offer, Made]] = {}
    for rival, counts in sorted(given.items()):
        if not counts:
            continue
        offer = ready.rivals[rival]
        one = reckon(offer, ready.state, desk.table, only=spread(ready, counts, taken))
        if one is not None:
            made[offer.rule.offer_id] = offer, one
            for at, units in (*((at, units) for at, units, _ in one.pieces), *one.eaten.items()):
                taken[at] = taken.get(at, 0) + units
    for n, kin in enumerate(ready.kin):
        if not kin.simple:
            continue
        wanted = [(0, MANY)] if simple is None else simple.get(n, [])
        for way, units in wanted:
            best = kin.simple[way]
            for at in kin.slots:
                free = min(ready.state.slots[at].units - taken.get(at, 0), units)
                if free > 0:
                    offer, one = made.setdefault(best.offer.rule.offer_id, (best.offer, Made([], {})))
                    one.pieces.append((at, free, best.off))
                    taken[at] = taken.get(at, 0) + free
                    units -= free
    return take(ready.state, within_cost(desk, ready.state, list(made.values())))


def within_cost(desk: Desk, state: State, made: list[tuple[Offer, Made]]) -> list[tuple[Offer, Made]]:
    """No more than the merchant lets one check lose."""
    room = desk.table.cost_cap - state.given
    if room >= MANY // 2:
        return made
    kept = []
    for offer, one in made:
        worth = worth_of(one)
        if worth > room:
            one = one._replace(pieces=cap(one.pieces, state.slots, room) if room > 0 else [])
        room -= min(room, worth)
        if one.pieces:
            kept.append((offer, one))
    return kept
