"""One group resolved by its mode. Layers and groups that leave a choice open ask the search."""

from collections.abc import Callable, Iterator

from vokrug.promotions.engine.desk import Desk, Node
from vokrug.promotions.engine.offers import AmountOff
from vokrug.promotions.engine.policy import Group
from vokrug.promotions.engine.units import MANY, Offer, Slot, State

Member = Offer | Node
Choose = Callable[["Node", State], State]  # how a best_for_customer group is resolved


def begin_layer(state: State) -> State:
    """A layer counts the offers on a unit from zero, and its base is what stands now."""
    slots = state.slots
    if any(slot.uses or slot.base != slot.left for slot in slots):
        slots = [Slot(line, units, left, left, 0, eaten) for line, units, left, _, _, eaten in slots]
        return state._replace(slots=slots)
    return state


def begin_group(group: Group, state: State) -> State:
    if group.base == "original" and any(slot.base != slot.left for slot in state.slots):
        return state._replace(slots=[slot._replace(base=slot.left) for slot in state.slots])
    return state


def force(desk: Desk, node: Node, state: State) -> State:
    """Compulsory prices come before any choice, the higher priority first; nothing else touches their units."""
    forced = sorted((offer for offer in node.every_offer() if offer.rule.force), key=lambda offer: offer.rule.rank[1:])
    for offer in reversed(forced):
        after = desk.step(offer, state, node.group)
        if after is not None:
            lines = after.trail[-1].by_line
            slots = [slot._replace(uses=MANY) if slot.line in lines else slot for slot in after.slots]
            state = after._replace(slots=slots)
    return state


def settle(desk: Desk, node: Node, state: State, choose: Choose) -> State:
    """The group's own result. `choose` resolves the groups that search."""
    group = node.group
    state = begin_group(group, state)
    if group.per == "article":
        return by_article(desk, node, state, choose)
    if group.mode == "best_for_customer":
        return hand_over(desk, node, choose(node, state))
    return by_mode(desk, node, state, choose)


def by_article(desk: Desk, node: Node, state: State, choose: Choose) -> State:
    """Each article chooses for itself: the offers reach its lines alone."""
    articles: dict[str, set[int]] = {}
    for line, sku in enumerate(desk.table.sku):
        articles.setdefault(sku, set()).add(line)
    for lines in articles.values():
        own = narrowed(node, frozenset(lines))
        if own is not None:
            searched = node.group.mode == "best_for_customer"
            state = choose(own, state) if searched else by_mode(desk, own, state, choose)
    return hand_over(desk, node, state)


def narrowed(node: Node, lines: frozenset[int]) -> Node | None:
    """The same group over some lines."""
    offers = tuple(
        offer._replace(aimed=offer.aimed & lines, parts=tuple(part & lines for part in offer.parts))
        for offer in node.offers
        if not offer.aimed.isdisjoint(lines) and offer.effect.family != "handed"
    )
    children = tuple(child for each in node.children if (child := narrowed(each, lines)) is not None)
    return Node(node.group, offers, children) if offers or children else None


def by_mode(desk: Desk, node: Node, state: State, choose: Choose) -> State:
    group = node.group

    def play(member: Member, state: State) -> State | None:
        if isinstance(member, Offer):
            return desk.step(member, state, group)
        after = settle(desk, member, state, choose)
        return after if len(after.trail) > len(state.trail) else None

    most = MANY if group.max_promotions is None else group.max_promotions
    match group.mode:
        case "all":
            return one_after_another(in_order(node), play, state, most)
        case "first":
            return one_after_another(in_order(node), play, state, 1)
        case "priority":
            members = by_priority(node)
            for member in members:
                if isinstance(member, Offer) and member.rule.exclusive and (after := play(member, state)) is not None:
                    return after
            return one_after_another(members, play, state, most)
        case _:
            return hand_over(desk, node, the_one(node, play, state, group.mode == "highest"))


Play = Callable[[Member, State], State | None]


def one_after_another(members: list[Member], play: Play, state: State, most: int) -> State:
    for member in members:
        if most and (after := play(member, state)) is not None:
            state = after
            most -= 1
    return state


def the_one(node: Node, play: Play, state: State, highest: bool) -> State:
    """The member that is worth most alone, or least. Of equal ones the one that loses least of its face value, so
    that the customer keeps the larger voucher; then by rank.
    """
    best: tuple[tuple[int, int, tuple[int, int, int]], State] | None = None
    for member in competing(node):
        after = play(member, state)
        if after is None:
            continue
        worth = after.given - state.given
        key = (worth if highest else -worth), -lost_of(member, worth), rank_of(member)
        if best is None or key > best[0]:
            best = key, after
    return state if best is None else best[1]


def lost_of(member: Member, worth: int) -> int:
    """What of an amount the goods were too cheap for."""
    if not isinstance(member, Offer) or not isinstance(member.effect.benefit, AmountOff):
        return 0
    benefit = member.effect.benefit
    return max(0, benefit.amount_minor - worth) if benefit.per == "total" else 0


def hand_over(desk: Desk, node: Node, state: State) -> State:
    """What does not compete for money is given beside whatever won."""
    for offer in node.offers:
        if offer.effect.family == "handed" and all(given.offer.rule is not offer.rule for given in state.trail):
            state = desk.step(offer, state, node.group) or state
    return state


def competing(node: Node) -> Iterator[Member]:
    yield from (offer for offer in node.offers if offer.effect.family != "handed" and not offer.rule.force)
    yield from node.children


def members(node: Node) -> Iterator[Member]:
    yield from (offer for offer in node.offers if not offer.rule.force)
    yield from node.children


def in_order(node: Node) -> list[Member]:
    return sorted(members(node), key=lambda member: (order_of(member), -rank_of(member)[2]))


def by_priority(node: Node) -> list[Member]:
    return sorted(members(node), key=lambda member: (-rank_of(member)[1], order_of(member), -rank_of(member)[2]))


def order_of(member: Member) -> int:
    return member.rule.order if isinstance(member, Offer) else member.group.order


def rank_of(member: Member) -> tuple[int, int, int]:
    return member.rule.rank if isinstance(member, Offer) else (0, member.group.priority, 0)
