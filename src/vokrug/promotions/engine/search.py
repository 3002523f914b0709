"""The layers one after another, and across them where what one gives spoils what another would.

A layer's own best is the check's best as long as no later layer minds which units became cheaper. Where
one does, the layer's ways are tried together with what follows, the hopeless ones cut off by what later
offers could at most give. The search counts steps, not time, and says when it had to stop.
"""

from collections.abc import Iterator
from itertools import combinations
from math import comb

from vokrug.promotions.engine import orders, packing
from vokrug.promotions.engine.desk import Desk, Node
from vokrug.promotions.engine.policy import Group
from vokrug.promotions.engine.stacking import begin_layer, competing, force, hand_over, settle
from vokrug.promotions.engine.units import MANY, Offer, State


class Search:
    """One check."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.layers = desk.layers
        self.gap = 0

    def solve(self, start: State) -> tuple[State, int]:
        """The best final state, and how much more a better one could at most give."""
        final = self.onward(0, start)
        if not self.gap:
            return final, 0
        return final, max(0, min(self.gap, self.ceiling(0, start) + start.given - final.given))

    def onward(self, at: int, state: State) -> State:
        """The best final state that this one leads to, from a layer on."""
        while at < len(self.layers):
            state = self.begin(self.layers[at], state)
            after = settle(self.desk, self.layers[at], state, self.choose)
            if self.is_minded(at, state, after):
                return self.together(at, state, after)
            state = after
            at += 1
        return state

    def begin(self, node: Node, state: State) -> State:
        state = begin_layer(state)
        return force(self.desk, node, state._replace(starts=(*state.starts, (node.group.key, state))))

    def choose(self, node: Node, state: State) -> State:
        """The best of a group that leaves a choice."""
        group, desk = node.group, self.desk
        offers = [member for member in competing(node) if isinstance(member, Offer)]
        if packs(group) and not node.children:
            best, gap = self.pack_within(node, offers, state)
            self.gap += gap
            return best
        best = state
        bound = state.given + orders.node_ceiling(desk, node, state)

        def hopeless(partial: State, more: int) -> bool:
            return partial.given + more <= best.given

        for after in orders.ways(desk, node, state, hopeless, self.choose):
            if after.given > best.given:
                best = after
        if desk.steps_left <= 0:
            self.gap += max(0, bound - best.given)
        return best

    def pack_within(self, node: Node, offers: list[Offer], state: State) -> tuple[State, int]:
        """Exclusive offers stand alone; where only so many may be given, sets of offers are tried."""
        desk, group = self.desk, node.group
        exclusive = [offer for offer in offers if offer.rule.exclusive]
        shared = [offer for offer in offers if not offer.rule.exclusive]
        sets = [shared, *([offer] for offer in exclusive)]
        most, possible = group.max_promotions, 0
        if most is not None and len(shared) > most:
            sets[0], missed = self.fewer(node, shared, most, state)
            possible = state.given + missed
        best = state
        for some in sets:
            after, missed = packing.pack(desk, group, some, state) if some else (state, 0)
            possible = max(possible, after.given + missed)
            if after.given > best.given:
                best = after
        return best, max(0, possible - best.given)

    def fewer(self, node: Node, offers: list[Offer], most: int, state: State) -> tuple[list[Offer], int]:
        """Which so many offers of a group: all sets of them, while there are few enough; else also what a
        better set could at most be worth."""
        desk, group = self.desk, node.group
        worth = {offer.rule.offer_id: desk.worth(offer, state, group) for offer in offers}
        useful = sorted(
            (offer for offer in offers if worth[offer.rule.offer_id]),
            key=lambda offer: (worth[offer.rule.offer_id], offer.rule.rank),
            reverse=True,
        )
        if len(useful) <= most:
            return useful, 0
        if most == 1:
            return useful[:1], 0
        best, given, bound = useful[:most], -1, sum(worth[offer.rule.offer_id] for offer in useful[:most])
        tries = comb(len(useful), most)
        for some in combinations(useful, most):
            if desk.steps_left <= 0:
                break
            tries -= 1
            if sum(worth[offer.rule.offer_id] for offer in some) <= given:
                continue
            after, _ = packing.pack(desk, group, some, state)
            if after.given - state.given > given:
                best, given = list(some), after.given - state.given
        return best, bound if tries else 0

    # Across layers

    def is_minded(self, at: int, state: State, after: State) -> bool:
        """Whether the layer had a choice, and a later offer may wish that it had chosen otherwise."""
        node, desk = self.layers[at], self.desk
        later = [(j, offer) for j in range(at + 1, len(self.layers)) for offer in self.layers[j].every_offer()]
        later = [(j, offer) for j, offer in later if offer.effect.family != "handed"]
        if not later or not has_choice(node):
            return False
        if desk.tree.shut or any(node.group.key in offer.effect.skip_discounted_in for _, offer in later):
            return True
        if any(self.is_spoilt(at, j, offer, state, after) for j, offer in later):
            return True
        return not self.is_best_everywhere(node) and not self.only_sum_matters([offer for _, offer in later])

    def is_spoilt(self, at: int, j: int, offer: Offer, state: State, after: State) -> bool:
        """Whether the offer's threshold holds now, and may not hold any more when its layer comes."""
        desk = self.desk
        if offer.rule.offer_id not in desk.moving or desk.missing(offer, state) is not None:
            return False
        between = self.layers[at + 1 : j + (not gives_one(self.layers[j]))]
        reset = begin_layer(after)
        less = sum(orders.node_ceiling(desk, node, reset) for node in between)
        return desk.missing(offer, after, less) is not None

    def is_best_everywhere(self, node: Node) -> bool:
        """Each unit gets the most it can get by any choice: then no later offer wishes for another one."""
        if not packs(node.group) or node.children or node.group.max_promotions is not None:
            return False
        offers = [member for member in competing(node) if isinstance(member, Offer)]
        return self.desk.table.cost_cap >= MANY // 2 and all(
            offer.effect.is_additive
            and offer.units == offer.amount == MANY
            and not offer.rule.exclusive
            and offer.effect.pick.which == "all"
            for offer in offers
        )

    def only_sum_matters(self, later: list[Offer]) -> bool:
        """Later offers look at the sum of all goods alone: then the greatest discount now is the best."""
        table = self.desk.table
        if any(table.floor) or any(table.closed) or table.delivery < len(table.price):
            return False
        everything = frozenset(range(table.delivery))
        return all(
            offer.effect.family == "total"
            and offer.aimed == everything
            and offer.effect.pick.which == "all"
            and offer.effect.pick.max_per_line is offer.effect.max_per_line is offer.effect.max_per_unit is None
            for offer in later
        )

    def together(self, at: int, state: State, after: State) -> State:
        """Ways of this layer with what follows each of them."""
        node, desk = self.layers[at], self.desk
        best = self.onward(at + 1, after)
        bare = self.onward(at + 1, hand_over(desk, node, state))
        if bare.given > best.given:
            best = bare
        bound = state.given + self.ceiling(at, state)

        def hopeless(partial: State, more: int) -> bool:
            return partial.given + more + self.ceiling(at + 1, partial) <= best.given

        for after in self.ways(node, state, hopeless):
            final = self.onward(at + 1, hand_over(desk, node, after))
            if final.given > best.given:
                best = final
            if best.given >= bound:
                return best
        if desk.steps_left <= 0:
            self.gap += max(0, bound - best.given)
        return best

    def ways(self, node: Node, state: State, hopeless: orders.Hopeless) -> Iterator[State]:
        """Everything the layer could come to."""
        group = node.group
        if group.mode != "best_for_customer" or group.per != "check":
            return
        if not packs(group) or node.children:
            yield from orders.ways(self.desk, node, state, hopeless, self.choose)
            return
        offers = [member for member in competing(node) if isinstance(member, Offer)]
        shared = [offer for offer in offers if not offer.rule.exclusive]
        most = MANY if group.max_promotions is None else group.max_promotions
        for some in (shared, *([offer] for offer in offers if offer.rule.exclusive)):
            for after in packing.ways(self.desk, group, some, state, hopeless):
                if len(after.trail) - len(state.trail) <= most:
                    yield after

    def ceiling(self, at: int, state: State) -> int:
        """The most that the layers from here on can give."""
        state = begin_layer(state)
        return sum(orders.node_ceiling(self.desk, node, state) for node in self.layers[at:])


def packs(group: Group) -> bool:
    return group.max_per_unit == 1


def has_choice(node: Node) -> bool:
    if node.group.mode == "best_for_customer" and any(True for _ in competing(node)):
        return True
    return any(has_choice(child) for child in node.children)


def gives_one(node: Node) -> bool:
    """A layer in which no offer comes after another."""
    return node.group.per == "check" and (
        node.group.mode in ("first", "highest", "lowest") or node.group.max_promotions == 1
    )
