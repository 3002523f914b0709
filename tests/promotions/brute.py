"""The engine's answer by the longest way round: every unit a thing of its own, every choice tried.

Nothing here is shared with the engine but the sharing of amounts, which has tables and laws of its own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

from vokrug.promotions import Basket, Policy
from vokrug.promotions.engine.allocate import share_with_room
from vokrug.promotions.engine.offers import (
    AmountOff,
    AtLeastAmount,
    AtLeastUnits,
    BuyGet,
    Discount,
    FixedPrice,
    Goods,
    PercentOff,
    SetPrice,
)
from vokrug.promotions.engine.policy import Group


@dataclass(frozen=True)
class Piece:
    """One unit."""

    line: int
    article: int
    floor: int
    left: int
    base: int
    uses: int = 0
    eaten: bool = False


Pieces = tuple[Piece, ...]


@dataclass(frozen=True)
class Deal:
    """An offer with its number."""

    number: int
    body: Discount


def most_given(bought: Basket, bodies: Sequence[Discount], policy: Policy) -> int:
    """The most that may come off the basket inside the policy."""
    pieces = tuple(
        Piece(at, line.article_id or 0, min(line.min_price_minor, line.price_minor), line.price_minor, line.price_minor)
        for at, line in enumerate(bought.lines)
        for _ in range(line.qty_milli // 1000)
    )
    deals = [Deal(number, body) for number, body in enumerate(bodies, 1)]
    start = tuple(piece.left for piece in pieces)
    finals = layers(policy.layers, pieces, deals, start, policy)
    return max(sum(start) - cost(final) for final in finals)


def cost(pieces: Pieces) -> int:
    return sum(piece.left for piece in pieces)


def layers(
    groups: Sequence[Group], pieces: Pieces, deals: list[Deal], original: Sequence[int], policy: Policy
) -> Iterator[Pieces]:
    if not groups:
        yield pieces
        return
    group = groups[0]
    begun = tuple(replace(piece, uses=0, base=piece.left) for piece in pieces)
    mine = [deal for deal in deals if deal.body.layer == group.key]
    outcomes = {
        tuple(sorted(enumerate(after), key=lambda one: one[0])): after
        for after in resolve(group, begun, mine, original, policy)
    }
    for after in outcomes.values():
        yield from layers(groups[1:], after, deals, original, policy)


def resolve(
    group: Group, pieces: Pieces, deals: list[Deal], original: Sequence[int], policy: Policy
) -> Iterator[Pieces]:
    """What the group may come to: one outcome, or every one where the customer's best is looked for."""
    most = group.max_promotions or 100
    uses = group.max_per_unit or 100
    from_base = group.base == "original"

    def play(
        deal: Deal, now: Pieces, only: Sequence[int] | None = None, articles: set[int] | None = None
    ) -> Pieces | None:
        if not holds(deal, now, original, policy):
            return None
        return apply(deal, now, uses, from_base=from_base, only=only, articles=articles)

    def queue(order: list[Deal], now: Pieces, most: int) -> Pieces:
        for deal in order:
            if most and (after := play(deal, now)) is not None:
                now, most = after, most - 1
        return now

    if group.per == "article":
        for article in dict.fromkeys(piece.article for piece in pieces):
            tried = [
                (cost(after), deal.number, after) for deal in deals if (after := play(deal, pieces, None, {article}))
            ]
            if tried:
                pieces = min(tried, key=lambda one: one[:1])[2]
        yield pieces
        return
    by_order = sorted(deals, key=lambda deal: (deal.body.order, deal.number))
    by_priority = sorted(deals, key=lambda deal: (-deal.body.priority, deal.body.order, deal.number))
    match group.mode:
        case "all":
            yield queue(by_order, pieces, most)
        case "first":
            yield queue(by_order, pieces, 1)
        case "priority":
            alone = [after for deal in by_priority if deal.body.exclusive and (after := play(deal, pieces)) is not None]
            yield alone[0] if alone else queue(by_priority, pieces, most)
        case "highest" | "lowest":
            sign = 1 if group.mode == "highest" else -1
            alone = [after for deal in by_rank(deals) if (after := play(deal, pieces)) is not None]
            yield min(alone, key=lambda after: sign * cost(after), default=pieces)
        case "best_for_customer":
            shared = [deal for deal in deals if not deal.body.exclusive]
            for some in (shared, *([deal] for deal in deals if deal.body.exclusive)):
                if group.max_per_unit == 1:
                    yield from packings(some, pieces, most, original, policy)
                else:
                    yield from orders(some, pieces, most, play)


def by_rank(deals: list[Deal]) -> list[Deal]:
    return sorted(deals, key=lambda deal: (-deal.body.priority, deal.number))


def orders(deals: list[Deal], pieces: Pieces, most: int, play: object) -> Iterator[Pieces]:
    yield pieces
    for count in range(1, min(most, len(deals)) + 1):
        for order in permutations(deals, count):
            now = pieces
            for deal in order:
                now = play(deal, now) or now  # type: ignore[operator]
            yield now


def packings(deals: list[Deal], pieces: Pieces, most: int, original: Sequence[int], policy: Policy) -> Iterator[Pieces]:
    """Every unit to one of the offers or to none; each offer then does what it does with its own units."""
    live = [deal for deal in deals if holds(deal, pieces, original, policy)]
    wishes = []
    for at, _ in enumerate(pieces):
        wishes.append([-1, *(k for k, deal in enumerate(live) if at in wanted(deal, pieces))])
    for choice in product(*wishes):
        now, given = list(pieces), 0
        for k, deal in enumerate(live):
            mine = [at for at, chosen in enumerate(choice) if chosen == k]
            after = apply(deal, pieces, 1, only=mine) if mine else None
            if after is not None:
                given += 1
                for at in mine:
                    now[at] = after[at]
        if given <= most:
            yield tuple(now)


def wanted(deal: Deal, pieces: Pieces) -> set[int]:
    """The units an offer may be given at all."""
    body = deal.body
    if isinstance(body.benefit, SetPrice):
        return {at for at, piece in enumerate(pieces) for part in body.benefit.parts if names(part.goods, piece)}
    if isinstance(body.benefit, BuyGet):
        parts = [body.benefit.buy or body.goods, body.benefit.get or body.goods]
        return {at for at, piece in enumerate(pieces) for part in parts if names(part, piece)}
    return set(picked(body, pieces, [at for at, piece in enumerate(pieces) if names(body.goods, piece)]))


def names(goods: Goods, piece: Piece) -> bool:
    return not goods.articles or piece.article in goods.articles


def holds(deal: Deal, pieces: Pieces, original: Sequence[int], policy: Policy) -> bool:
    parts = deal.body.benefit.parts if isinstance(deal.body.benefit, SetPrice) else ()
    aimed = [
        at
        for at, piece in enumerate(pieces)
        if (any(names(part.goods, piece) for part in parts) if parts else names(deal.body.goods, piece))
    ]
    for condition in deal.body.conditions:
        if isinstance(condition, AtLeastUnits) and len(aimed) * 1000 < condition.at_least_milli:
            return False
        if isinstance(condition, AtLeastAmount):
            of = policy.threshold_on if condition.of == "policy" else condition.of
            has = sum(pieces[at].left if of == "remaining" else original[at] for at in aimed)
            if has < condition.at_least_minor:
                return False
    return True


def picked(body: Discount, pieces: Pieces, reached: list[int]) -> list[int]:
    if body.units.which == "cheapest":
        return sorted(reached, key=lambda at: (pieces[at].left, at))[: body.units.units]
    if body.units.which == "dearest":
        return sorted(reached, key=lambda at: (-pieces[at].left, at))[: body.units.units]
    return reached


def apply(
    deal: Deal,
    pieces: Pieces,
    uses: int,
    *,
    from_base: bool = False,
    only: Sequence[int] | None = None,
    articles: set[int] | None = None,
) -> Pieces | None:
    body, benefit = deal.body, deal.body.benefit
    there = [
        at
        for at, piece in enumerate(pieces)
        if piece.uses < uses and (only is None or at in only) and (articles is None or piece.article in articles)
    ]
    if isinstance(benefit, BuyGet):
        return settle(pieces, *buy_get(body, benefit, pieces, [at for at in there if not pieces[at].eaten]))
    if isinstance(benefit, SetPrice):
        return settle(pieces, *sets(benefit, pieces, [at for at in there if not pieces[at].eaten]))
    aimed = [
        at
        for at, piece in enumerate(pieces)
        if names(body.goods, piece) and (articles is None or piece.article in articles)
    ]
    reached = picked(body, pieces, aimed) if only is None else aimed
    counted = [at for at in reached if at in there]  # a unit that costs nothing any more has its part in a total
    reached = [at for at in counted if pieces[at].left > pieces[at].floor]
    if getattr(benefit, "per", "unit") == "unit":
        offs = {
            at: min(
                of_unit(benefit, pieces[at].base if from_base else pieces[at].left), pieces[at].left - pieces[at].floor
            )
            for at in reached
        }
        offs = {at: off for at, off in offs.items() if off > 0}
        if body.max_minor is not None and sum(offs.values()) > body.max_minor:
            offs = spread(body.max_minor, pieces, offs, offs)
    else:
        whole = sum(pieces[at].base if from_base else pieces[at].left for at in counted)
        assert isinstance(benefit, (PercentOff, AmountOff))
        total = (
            (whole * benefit.percent_bp + 5000) // 10000 if isinstance(benefit, PercentOff) else benefit.amount_minor
        )
        if body.max_minor is not None:
            total = min(total, body.max_minor)
        rooms = {at: pieces[at].left - pieces[at].floor for at in reached}
        offs = spread(total, pieces, {at: pieces[at].left for at in reached}, rooms)
    return settle(pieces, {at: off for at, off in offs.items() if off}, set(), eats=False)


def of_unit(benefit: object, left: int) -> int:
    match benefit:
        case PercentOff(percent_bp=percent_bp):
            return (left * percent_bp + 5000) // 10000
        case AmountOff(amount_minor=amount):
            return min(amount, left)
        case FixedPrice(price_minor=wanted):
            return max(0, left - wanted)
    raise AssertionError(benefit)


def spread(total: int, pieces: Pieces, weights: dict[int, int], rooms: dict[int, int]) -> dict[int, int]:
    """Over lines, then over the units of a line."""
    lines: dict[int, list[int]] = {}
    for at in weights:
        lines.setdefault(pieces[at].line, []).append(at)
    if not lines:
        return {}
    shares = share_with_room(
        total,
        [sum(weights[at] for at in mine) for mine in lines.values()],
        [sum(rooms[at] for at in mine) for mine in lines.values()],
    )
    found: dict[int, int] = {}
    for share, mine in zip(shares, lines.values(), strict=True):
        units = share_with_room(share, [weights[at] for at in mine], [rooms[at] for at in mine])
        found |= dict(zip(mine, units, strict=True))
    return found


def settle(pieces: Pieces, offs: dict[int, int], eaten: set[int], *, eats: bool = True) -> Pieces | None:
    if not offs:
        return None
    return tuple(
        replace(piece, left=piece.left - offs.get(at, 0), uses=piece.uses + 1, eaten=piece.eaten or eats)
        if at in offs or at in eaten
        else piece
        for at, piece in enumerate(pieces)
    )


def buy_get(body: Discount, benefit: BuyGet, pieces: Pieces, there: list[int]) -> tuple[dict[int, int], set[int]]:
    """One pool only: the dearest first into sets, the cheapest of each set given."""
    pool = sorted((at for at in there if names(body.goods, pieces[at])), key=lambda at: (-pieces[at].left, at))
    offs: dict[int, int] = {}
    eaten: set[int] = set()
    sets = 0
    while sets < (benefit.most_sets or 100):
        one, pool = pool[: benefit.buy_units + benefit.get_units], pool[benefit.buy_units + benefit.get_units :]
        if len(one) <= benefit.buy_units or (len(one) < benefit.buy_units + benefit.get_units and not benefit.partial):
            break
        sets += 1
        eaten |= set(one)
        for at in one[benefit.buy_units :]:
            room = pieces[at].left - pieces[at].floor
            if off := min((pieces[at].left * benefit.percent_bp + 5000) // 10000, room):
                offs[at] = off
    return offs, eaten


def sets(benefit: SetPrice, pieces: Pieces, there: list[int]) -> tuple[dict[int, int], set[int]]:
    """Parts that share no goods: the dearest of each part first."""
    pools = [
        sorted((at for at in there if names(part.goods, pieces[at])), key=lambda at: (-pieces[at].left, at))
        for part in benefit.parts
    ]
    offs: dict[int, int] = {}
    eaten: set[int] = set()
    count = 0
    while count < (benefit.most_sets or 100) and all(
        len(pool) >= part.units for pool, part in zip(pools, benefit.parts, strict=True)
    ):
        one = sorted(at for pool, part in zip(pools, benefit.parts, strict=True) for at in pool[: part.units])
        costs = sum(pieces[at].left for at in one)
        off = (
            costs - benefit.price_minor
            if benefit.price_minor is not None
            else (costs * (benefit.percent_bp or 0) + 5000) // 10000
        )
        rooms = [pieces[at].left - pieces[at].floor for at in one]
        if min(off, sum(rooms)) <= 0:
            break
        for at, share in zip(one, share_with_room(off, [pieces[at].left for at in one], rooms), strict=True):
            if share:
                offs[at] = share
        eaten |= set(one)
        pools = [pool[part.units :] for pool, part in zip(pools, benefit.parts, strict=True)]
        count += 1
    return offs, eaten
