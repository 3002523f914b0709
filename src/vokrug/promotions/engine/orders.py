"""Which offers of a group, and in which order, when several may come to the same unit: sets and orders searched.

An offer never gives more on cheaper goods, so what the others would give right now bounds what they can
still add; two orders that leave the same units at the same prices are one.
"""

from collections.abc import Callable, Iterator

from vokrug.promotions.engine.desk import Desk, Node
from vokrug.promotions.engine.policy import Group
from vokrug.promotions.engine.stacking import Choose, Member, competing, rank_of, settle
from vokrug.promotions.engine.units import MANY, Offer, State

Hopeless = Callable[[State, int], bool]  # a state, and the most that this group can still add to it


def ways(desk: Desk, node: Node, start: State, hopeless: Hopeless, choose: Choose) -> Iterator[State]:
    """States that sets and orders of the members lead to, the most promising first; the start is one of them."""
    group = node.group
    everyone = sorted(competing(node), key=rank_of, reverse=True)
    shared = [member for member in everyone if not (isinstance(member, Offer) and member.rule.exclusive)]
    most = MANY if group.max_promotions is None else group.max_promotions
    for member in everyone:
        if isinstance(member, Offer) and member.rule.exclusive and (after := desk.step(member, start, group)):
            yield after
    seen: set[tuple[int, frozenset[int], tuple[object, ...]]] = set()

    def go(state: State, rest: list[Member], count: int) -> Iterator[State]:
        yield state
        if count == most or not rest or desk.steps_left <= 0:
            return
        options: list[tuple[int, int, State | None]] = []
        for at, member in enumerate(rest):
            after = play(member, state)
            if after is not None or not isinstance(member, Offer) or desk.may_grow(member):
                options.append((ceiling(desk, member, state, after, group), at, after))
        options.sort(key=lambda option: (-option[0], option[1]))
        if hopeless(state, sum(gain for gain, _, _ in options[: most - count])):
            return
        key = count, frozenset(id(rest[at]) for _, at, _ in options), tuple(state.slots)
        if key in seen:
            return
        seen.add(key)
        for _, at, after in options:
            if after is not None:
                yield from go(after, [rest[other] for _, other, _ in options if other != at], count + 1)

    def play(member: Member, state: State) -> State | None:
        if isinstance(member, Offer):
            return desk.step(member, state, group)
        after = settle(desk, member, state, choose)
        return after if len(after.trail) > len(state.trail) else None

    yield from go(start, shared, 0)


def ceiling(desk: Desk, member: Member, state: State, after: State | None, group: Group) -> int:
    """The most that a member can add, now or later."""
    if isinstance(member, Offer):
        if desk.may_grow(member):
            return desk.ceiling(member, state, group)
        return 0 if after is None else after.given - state.given
    return node_ceiling(desk, member, state)


def node_ceiling(desk: Desk, node: Node, state: State) -> int:
    """The most that a group can add to a state: its members' worth, each alone, as many as it may have."""
    group = node.group
    worths = [desk.ceiling(offer, state, group) for offer in node.offers if offer.effect.family != "handed"]
    worths += [node_ceiling(desk, child, state) for child in node.children]
    if group.per == "check" and (group.mode in ("first", "highest", "lowest") or group.max_promotions == 1):
        return max(worths, default=0)
    if group.per == "check" and group.max_promotions is not None and len(worths) > group.max_promotions:
        return sum(sorted(worths, reverse=True)[: group.max_promotions])
    return sum(worths)
