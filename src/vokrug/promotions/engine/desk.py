"""All that the search for the best discounts needs of one check, and its budget of steps."""

from collections.abc import Sequence
from typing import NamedTuple

from vokrug.promotions.engine.bundles import places
from vokrug.promotions.engine.finding import Met
from vokrug.promotions.engine.gains import most_gain
from vokrug.promotions.engine.moment import Moment
from vokrug.promotions.engine.offers import Condition, Delivery, Gift, ItemDiscount, Missing
from vokrug.promotions.engine.offers.bodies import BasketDiscount
from vokrug.promotions.engine.offers.conditions import AtLeastAmount, AtLeastUnits
from vokrug.promotions.engine.policy import Group
from vokrug.promotions.engine.rule import AnyRule
from vokrug.promotions.engine.tree import Tree
from vokrug.promotions.engine.units import MANY, Made, Offer, State, Table, reckon, take


class Node(NamedTuple):
    """A group of the policy with what this check may get of it."""

    group: Group
    offers: tuple[Offer, ...]
    children: "tuple[Node, ...]"

    def every_offer(self) -> list[Offer]:
        found = list(self.offers)
        for child in self.children:
            found += child.every_offer()
        return found


class Desk:
    """One check, one policy, and the offers that may take something off it."""

    def __init__(self, met: Sequence[Met], table: Table, moment: Moment, tree: Tree) -> None:
        self.table, self.moment, self.tree = table, moment, tree
        self.policy = tree.policy
        self.steps_left = tree.policy.node_budget
        self.moving: dict[int, tuple[Condition, ...]] = {}  # by offer: conditions that what is left may change
        self.homeless: list[AnyRule] = []
        self.offers: dict[tuple[str, str], list[Offer]] = {}
        for one in met:
            offer = self._offer(one)
            if offer is None:
                self.homeless.append(one.rule)
                continue
            self.offers.setdefault((one.rule.layer, one.rule.group), []).append(offer)
        self.layers = [node for group in tree.layers if (node := self._node(group, group.key, True))]

    def _offer(self, met: Met) -> Offer | None:
        rule, effect = met.rule, met.rule.effect
        assert effect is not None, "only discounts come to the desk"
        groups = self.tree.path(rule.layer, rule.group)
        if groups is None:
            return None
        conditions = tuple(each for each in (*rule.conditions, *thresholds(rule)) if self.is_moving(each))
        if conditions:
            self.moving[rule.offer_id] = conditions
        lines = set(met.lines)
        if isinstance(effect.benefit, Delivery):
            lines = {self.table.delivery}
        elif effect.with_delivery:
            lines.add(self.table.delivery)
        parts: tuple[frozenset[int], ...] = ()
        if rule.parts:
            basket = self.moment.basket.lines
            parts = tuple(
                frozenset(met.lines if part is None else (i for i, line in enumerate(basket) if part.hold(line)))
                for part in rule.parts
            )
        left = met.left
        return Offer(
            rule,
            effect,
            rule.layer,
            groups,
            frozenset(lines),
            tuple(met.lines),
            parts,
            MANY if left.units is None else left.units,
            MANY if left.amount_minor is None else left.amount_minor,
        )

    def is_moving(self, condition: Condition) -> bool:
        return condition.is_moving(self.moment.threshold_on) or isinstance(condition, (AtLeastUnits, AtLeastAmount))

    def _node(self, group: Group, layer: str, is_layer: bool = False) -> Node | None:
        offers = list(self.offers.get((layer, group.key), ()))
        if is_layer:
            offers += self.offers.get((layer, ""), ())
        children = tuple(node for child in group.groups if (node := self._node(child, layer)))
        return Node(group, tuple(offers), children) if offers or children else None

    # What one offer does

    def missing(self, offer: Offer, state: State, less: int = 0) -> Missing | None:
        """The moving condition that does not hold in this state, or would not if goods cost `less` than now."""
        conditions = self.moving.get(offer.rule.offer_id)
        if conditions is None:
            return None
        moment = self.moment
        left = [0] * (self.table.delivery + 1)
        for line, units, costs, _, _, _ in state.slots:
            left[line] += units * costs
        moment.left, moment.aimed, moment.less = left, offer.counted, less
        for condition in conditions:
            if (missing := condition.missing(moment)) is not None:
                return missing
        return None

    def is_shut_out(self, offer: Offer, state: State) -> bool:
        """Whether a group that gave something does not stand beside this one."""
        if not self.tree.shut:
            return False
        for given in state.trail:
            if given.offer.groups == offer.groups:
                continue
            for key in given.offer.groups:
                apart = self.tree.shut.get(key)
                if apart and not apart.isdisjoint(offer.groups - given.offer.groups):
                    return True
        return False

    def reckon(self, offer: Offer, state: State, group: Group) -> Made | None:
        self.steps_left -= 1 + (len(state.slots) >> 3)  # the more lines, the dearer a look
        if self.is_shut_out(offer, state) or self.missing(offer, state) is not None:
            return None
        if offer.effect.family == "handed":
            times = self.times_handed(offer)
            return Made([], {}, sets=times) if times else None
        uses = MANY if group.max_per_unit is None else group.max_per_unit
        return reckon(offer, state, self.table, uses, from_base=group.base == "original")

    def times_handed(self, offer: Offer) -> int:
        benefit = offer.effect.benefit
        if not isinstance(benefit, Gift):
            return 1
        times = 1
        if benefit.per_units is not None:
            lines, work = self.moment.basket.lines, self.moment.work
            times = sum(work.units[i] for i in offer.counted if not lines[i].gift_card_sale) // benefit.per_units
        return min(times, benefit.most or MANY, offer.units)

    def step(self, offer: Offer, state: State, group: Group) -> State | None:
        """The state after the offer; None when it gives nothing here."""
        made = self.reckon(offer, state, group)
        return None if made is None else take(state, [(offer, made)])

    def may_grow(self, offer: Offer) -> bool:
        """Whether the offer may give more after others took some of its units: sets that floors spoil."""
        return self.table.has_floors and offer.effect.family == "bundle"

    def ceiling(self, offer: Offer, state: State, group: Group) -> int:
        """The most that the offer can take here, or later when the goods are cheaper still."""
        if not self.may_grow(offer):
            return self.worth(offer, state, group)
        if self.is_shut_out(offer, state) or self.missing(offer, state) is not None:
            return 0
        floor, slots = self.table.floor, state.slots
        lines = frozenset[int]().union(*offer.parts)
        units = [
            (max(1, slots[at].left - floor[slots[at].line]), 0, slots[at].units, at) for at in places(slots, lines)
        ]
        return most_gain(offer, slots, units)

    def worth(self, offer: Offer, state: State, group: Group) -> int:
        """What the offer alone would take here."""
        made = self.reckon(offer, state, group)
        return 0 if made is None else sum(units * off for _, units, off in made.pieces)


def thresholds(rule: AnyRule) -> tuple[Condition, ...]:
    """The thresholds of the plain kinds, as conditions."""
    body = rule.body
    found: list[Condition] = []
    if isinstance(body, (ItemDiscount, BasketDiscount)):
        if body.min_qty_milli:
            found.append(AtLeastUnits(at_least_milli=body.min_qty_milli))
        if body.min_minor:
            of = body.threshold_on if isinstance(body, BasketDiscount) else "policy"
            found.append(AtLeastAmount(at_least_minor=body.min_minor, of=of))
    return tuple(found)
