"""Which units go to which offer, when a unit carries one offer at most: a packing of the greatest worth.

Offers that are worth the same for a unit whatever else they reach settle each unit by itself. The others
(sets, "buy and get", amounts off a total, capped ones) are searched for: units that stand alike are one
class, classes that share no such offer fall apart, and what offers could at best add bounds the search.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import permutations
from typing import NamedTuple

from vokrug.promotions.engine.desk import Desk
from vokrug.promotions.engine.gains import most_gain
from vokrug.promotions.engine.packed import build, spread, used_by, worth_of
from vokrug.promotions.engine.planning import Counts, Plan, plan
from vokrug.promotions.engine.policy import Group
from vokrug.promotions.engine.units import Offer, State, reckon

Hopeless = Callable[[State, int], bool]
PERMUTED = 3  # so many offers are tried in every order before the search begins, more of them only in some


class Packed(NamedTuple):
    """A packing: what each rival was given, and what it made of it."""

    worth: int
    given: dict[int, Counts]


def pack(desk: Desk, group: Group, offers: Sequence[Offer], state: State) -> tuple[State, int]:
    """The best packing found, and by how much a better one could at most beat it."""
    ready = plan(desk, group, offers, state)
    given: dict[int, Counts] = {}
    gap = 0
    for rivals in components(ready):
        packed, missed = Component(desk, ready, rivals).solve()
        given |= packed.given
        gap += missed
    return build(desk, ready, given), gap


def components(ready: Plan) -> list[list[int]]:
    """Rivals that share units, each group by itself."""
    parent = list(range(len(ready.rivals)))

    def root(one: int) -> int:
        while parent[one] != one:
            one = parent[one]
        return one

    for kin in ready.kin:
        for other in kin.rivals[1:]:
            parent[root(other)] = root(kin.rivals[0])
    found: dict[int, list[int]] = {}
    for number in range(len(parent)):
        found.setdefault(root(number), []).append(number)
    return list(found.values())


class Component:
    """Rivals for the same units: branch and bound over classes."""

    def __init__(self, desk: Desk, ready: Plan, rivals: list[int]) -> None:
        self.desk, self.ready, self.rivals = desk, ready, rivals
        mine = set(rivals)
        numbers = [number for number, kin in enumerate(ready.kin) if mine.intersection(kin.rivals)]
        # The most disputed units first: their fate decides most.
        numbers.sort(
            key=lambda n: (
                -len(ready.kin[n].rivals),
                -ready.kin[n].units * ready.state.slots[ready.kin[n].slots[0]].left,
                n,
            )
        )
        self.numbers = numbers
        self.plain = sum(ready.kin[n].units * ready.kin[n].plain for n in numbers)
        self.known: dict[tuple[int, tuple[tuple[int, int], ...]], tuple[int, Counts]] = {}
        self.best = Packed(self.plain, {})

    def value(self, rival: int, counts: Counts) -> tuple[int, Counts]:
        """What a rival makes of the units it is given, and which of them it really uses."""
        key = rival, tuple(sorted(counts.items()))
        found = self.known.get(key)
        if found is None:
            self.desk.steps_left -= 1
            ready = self.ready
            made = reckon(ready.rivals[rival], ready.state, self.desk.table, only=spread(ready, counts))
            found = (0, {}) if made is None else (worth_of(made), used_by(ready, made))
            self.known[key] = found
        return found

    def total(self, given: dict[int, Counts]) -> int:
        """Everything the component is worth: what is not used goes to the simple offers."""
        total = self.plain
        for rival, counts in given.items():
            worth, used = self.value(rival, counts)
            total += worth - sum(units * self.ready.kin[n].plain for n, units in used.items())
        return total

    def offer(self, given: dict[int, Counts]) -> None:
        worth = self.total(given)
        if worth > self.best.worth:
            self.best = Packed(worth, {rival: dict(counts) for rival, counts in given.items() if counts})

    def solve(self) -> tuple[Packed, int]:
        self.greedy()
        bound = self.bound({n: self.ready.kin[n].units for n in self.numbers}, {})
        if self.best.worth < bound and not (len(self.rivals) == 1 and self.is_settled(self.rivals[0])):
            self.branch(0, {rival: {} for rival in self.rivals})
            if self.desk.steps_left <= 0:
                return self.best, bound - self.best.worth
        return self.best, 0

    def is_settled(self, rival: int) -> bool:
        """Alone, and nobody else wants the units: what it makes of all of them is the most. Not so for sets where
        some units have floors: leaving such a unit out may make a better set."""
        floors = self.desk.table.has_floors and self.ready.rivals[rival].effect.family == "bundle"
        return not floors and all(not self.ready.kin[n].simple for n in self.numbers)

    def greedy(self) -> None:
        """Good packings to begin with: one rival after the other takes what pays."""
        rivals = sorted(self.rivals, key=lambda r: (-self.ready.rivals[r].rule.rank[0], r))
        if len(rivals) <= PERMUTED:
            orders = list(permutations(rivals))
        else:
            gains = {r: self.value(r, self.claim(r, {}))[0] for r in rivals}
            by_gain = sorted(rivals, key=lambda r: (-gains[r], r))
            orders = [(first, *(r for r in by_gain if r != first)) for first in by_gain[:8]]
        for order in orders:
            if self.desk.steps_left <= 0 and self.best.given:
                return
            taken: Counts = {}
            given: dict[int, Counts] = {}
            for rival in order:
                best: tuple[int, Counts] = 0, {}
                for only_paying in (False, True):
                    worth, used = self.value(rival, self.claim(rival, taken, only_paying=only_paying))
                    net = worth - sum(units * self.ready.kin[n].plain for n, units in used.items())
                    if net > best[0]:
                        best = net, used
                given[rival] = best[1]
                for n, units in best[1].items():
                    taken[n] = taken.get(n, 0) + units
            self.offer(given)

    def claim(self, rival: int, taken: Counts, *, only_paying: bool = False) -> Counts:
        """The free units the rival could use; or only those of which it takes more than the simple offers."""
        found: Counts = {}
        for n, off in self.ready.potential[rival].items():
            free = self.ready.kin[n].units - taken.get(n, 0)
            if free and (not only_paying or off > self.ready.kin[n].plain):
                found[n] = free
        return found

    def gains(self, free: Counts, given: dict[int, Counts]) -> int:
        """The most that the rivals add to what simple offers give, with what is given and what is free."""
        total, kin, slots = 0, self.ready.kin, self.ready.state.slots
        for rival in self.rivals:
            potential = self.ready.potential[rival]
            units = [(potential[n], 0, count, kin[n].slots[0]) for n, count in given.get(rival, {}).items()]
            units += [
                (potential[n], kin[n].plain, count, kin[n].slots[0]) for n, count in free.items() if n in potential
            ]
            total += most_gain(self.ready.rivals[rival], slots, units)
        return total

    def lost(self, given: dict[int, Counts]) -> int:
        """What is given is lost to the simple offers, whatever comes of it."""
        kin = self.ready.kin
        return sum(units * kin[n].plain for counts in given.values() for n, units in counts.items())

    def bound(self, free: Counts, given: dict[int, Counts]) -> int:
        """No packing that keeps to what is given already is worth more."""
        return self.plain + self.gains(free, given) - self.lost(given)

    def branch(self, at: int, given: dict[int, Counts]) -> None:
        self.desk.steps_left -= 1
        if self.desk.steps_left <= 0:
            return
        if at == len(self.numbers):
            self.offer(given)
            return
        free = {n: self.ready.kin[n].units for n in self.numbers[at:]}
        if self.bound(free, given) <= self.best.worth:
            return
        number = self.numbers[at]
        rivals = [rival for rival in self.ready.kin[number].rivals if rival in given]
        for counts in distributions(self.ready.kin[number].units, len(rivals)):
            for rival, units in zip(rivals, counts, strict=True):
                if units:
                    given[rival][number] = units
            self.branch(at + 1, given)
            for rival in rivals:
                given[rival].pop(number, None)
            if self.desk.steps_left <= 0:
                return


def distributions(units: int, takers: int) -> Iterator[tuple[int, ...]]:
    """Ways to deal alike units to takers, or to nobody; the generous ones first."""
    if takers == 0:
        yield ()
        return
    for n in range(units, -1, -1):
        for rest in distributions(units - n, takers - 1):
            yield (n, *rest)


def ways(desk: Desk, group: Group, offers: Sequence[Offer], state: State, hopeless: Hopeless) -> Iterator[State]:
    """Every packing there is, those that give less included, for when a later layer may make up for it."""
    ready = plan(desk, group, offers, state)
    component = Component(desk, ready, list(range(len(ready.rivals))))
    numbers = sorted(range(len(ready.kin)), key=lambda n: (-len(ready.kin[n].rivals), n))
    given: dict[int, Counts] = {rival: {} for rival in component.rivals}
    chosen: dict[int, list[tuple[int, int]]] = {}

    def go(at: int) -> Iterator[State]:
        desk.steps_left -= 1
        if desk.steps_left <= 0:
            return
        if at == len(numbers):
            yield build(desk, ready, given, chosen)
            return
        free = {n: ready.kin[n].units for n in numbers[at:]}
        most = sum(units * ready.kin[n].plain for n, units in free.items()) + component.gains(free, given)
        if hopeless(build(desk, ready, {}, chosen), most):
            return
        number = numbers[at]
        kin = ready.kin[number]
        for counts in distributions(kin.units, len(kin.rivals) + len(kin.simple)):
            for rival, units in zip(kin.rivals, counts, strict=False):
                if units:
                    given[rival][number] = units
            simple = enumerate(counts[len(kin.rivals) :])
            chosen[number] = [(way, units) for way, units in simple if units]
            yield from go(at + 1)
            for rival in kin.rivals:
                given[rival].pop(number, None)
            del chosen[number]
            if desk.steps_left <= 0:
                return

    yield from go(0)
