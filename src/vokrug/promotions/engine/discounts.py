"""The item and basket layers: what each offer is worth alone, and which of them the customer gets.

Each line takes the best item offer for the customer, then the check takes the best basket offer. The
one place where the two disturb each other is a basket threshold on what item discounts leave; then
all ways to give the item offers are tried, while they are few enough to try.
"""

from collections.abc import Iterable, Sequence
from itertools import product
from math import prod
from typing import Literal, NamedTuple

from vokrug.promotions.engine.compile import BasketRule, ItemRule
from vokrug.promotions.engine.priced import Verdict
from vokrug.promotions.engine.work import Work
from vokrug.promotions.engine.worth import amounts, discountable, threshold

MOST_WAYS = 2048  # a count of tries, not a clock: the same basket gets the same answer on every machine
Optimality = Literal["proven", "bounded"]


class Offered(NamedTuple):
    """What one item offer would take off one line."""

    amount: int
    rank: tuple[bool, int, int]
    rule: ItemRule


Choice = Sequence[Offered | None]  # for each line


class BasketChoice(NamedTuple):
    """The basket offer that takes most, and how."""

    amount: int
    rank: tuple[bool, int, int]
    rule: BasketRule
    lines: list[int]
    shares: list[int]


def give_discounts(
    work: Work, item: list[tuple[ItemRule, list[int]]], basket: list[tuple[BasketRule, list[int]]]
) -> Optimality:
    """Take the discounts of both layers off the lines, and write the verdicts."""
    if not item and not basket:
        return "proven"
    start = list(work.left)
    ways, worth = _item_offers(work, item)
    best: Choice = [max(way) if way else None for way in ways]
    optimality: Optimality = "proven"
    if item:
        _take_items(work, best)
        if basket and _is_any_spoilt(work, start, work.left, basket):
            _put_back(work, start, best)
            best, optimality = _search(work, start, ways, best, basket)
            _take_items(work, best)
        _judge_items(work, item, worth, best)
    if basket:
        _take_basket(work, start, basket)
    return optimality


# Item layer


def _item_offers(work: Work, item: list[tuple[ItemRule, list[int]]]) -> tuple[list[list[Offered]], dict[ItemRule, int]]:
    """For each line what it may choose from, and what each rule is worth if it gets all its lines."""
    ways: list[list[Offered]] = [[] for _ in work.lines]
    forced: dict[int, Offered] = {}
    worth: dict[ItemRule, int] = {}
    for rule, aimed in item:
        body = rule.body
        if body.min_qty_milli or body.min_minor:
            verdict = threshold(rule, aimed, work, work.left)
            if verdict is not None:
                work.verdicts.append(verdict)
                continue
        lines = discountable(work, aimed)
        offs = amounts(body.benefit, work, lines, work.left)
        worth[rule] = sum(offs)
        for i, amount in zip(lines, offs, strict=True):
            if amount <= 0:
                continue
            offered = Offered(amount, rule.rank, rule)
            if not body.force:
                ways[i].append(offered)
            elif i not in forced or (rule.rank[1:], amount) > (forced[i].rank[1:], forced[i].amount):
                forced[i] = offered
    for i, offered in forced.items():
        ways[i] = [offered]
    return ways, worth


def _take_items(work: Work, chosen: Choice) -> None:
    for i, offered in enumerate(chosen):
        if offered is not None:
            work.take(i, offered.amount, offered.rule, "item")


def _put_back(work: Work, start: list[int], chosen: Choice) -> None:
    work.left[:] = start
    for i, offered in enumerate(chosen):
        if offered is not None:
            work.discounts[i].pop()


def _judge_items(
    work: Work, item: list[tuple[ItemRule, list[int]]], worth: dict[ItemRule, int], chosen: Choice
) -> None:
    given: dict[ItemRule, int] = {}
    for offered in chosen:
        if offered is not None:
            given[offered.rule] = given.get(offered.rule, 0) + offered.amount
    for rule, lines in item:
        if rule not in worth:
            continue  # its threshold has spoken already
        if rule in given:
            work.verdicts.append(Verdict(rule.offer_id, rule.version, "applied", given[rule]))
        elif worth[rule] == 0:
            work.verdicts.append(Verdict(rule.offer_id, rule.version, "excluded", reason="nothing_left"))
        else:
            rivals = [offered for i in lines if (offered := chosen[i]) is not None]
            first = max(rivals, default=None)
            work.verdicts.append(
                Verdict(
                    rule.offer_id,
                    rule.version,
                    "beaten",
                    by=first.rule.offer_id if first else None,
                    amount_minor=max(0, sum(rival.amount for rival in rivals) - worth[rule]),
                )
            )


# Basket layer


def _try_basket(
    work: Work, left: Sequence[int], start: Sequence[int], rule: BasketRule, aimed: list[int]
) -> BasketChoice | Verdict:
    """What a basket offer takes off what is left, or what it still asks for."""
    counted = left if rule.body.threshold_on == "remaining" else start
    missing = threshold(rule, aimed, work, counted)
    if missing is not None:
        return missing
    lines = discountable(work, aimed)
    shares = amounts(rule.body.benefit, work, lines, left, most=rule.body.max_minor)
    return BasketChoice(sum(shares), rule.rank, rule, lines, shares)


def _best_basket(tried: Iterable[BasketChoice | Verdict]) -> BasketChoice | None:
    best: BasketChoice | None = None
    for choice in tried:
        if isinstance(choice, BasketChoice) and choice.amount > 0 and (best is None or choice[:2] > best[:2]):
            best = choice
    return best


def _take_basket(work: Work, start: list[int], basket: list[tuple[BasketRule, list[int]]]) -> None:
    tried = [_try_basket(work, work.left, start, rule, aimed) for rule, aimed in basket]
    best = _best_basket(tried)
    if best is not None:
        for i, share in zip(best.lines, best.shares, strict=True):
            if share:
                work.take(i, share, best.rule, "basket")
    for choice in tried:
        if isinstance(choice, Verdict):
            work.verdicts.append(choice)
            continue
        rule = choice.rule
        if choice is best:
            verdict = Verdict(rule.offer_id, rule.version, "applied", choice.amount)
        elif best is None or not choice.amount:
            verdict = Verdict(rule.offer_id, rule.version, "excluded", reason="nothing_left")
        else:
            lost = best.amount - choice.amount
            verdict = Verdict(rule.offer_id, rule.version, "beaten", lost, best.rule.offer_id)
        work.verdicts.append(verdict)


# When the layers meet


def _is_any_spoilt(
    work: Work, start: Sequence[int], left: Sequence[int], basket: list[tuple[BasketRule, list[int]]]
) -> bool:
    """Would item discounts keep a basket offer from its threshold?"""
    return any(
        rule.body.min_minor
        and rule.body.threshold_on == "remaining"
        and threshold(rule, lines, work, left) is not None
        and threshold(rule, lines, work, start) is None
        for rule, lines in basket
    )


def _search(
    work: Work,
    start: list[int],
    ways: list[list[Offered]],
    greedy: Choice,
    basket: list[tuple[BasketRule, list[int]]],
) -> tuple[Choice, Optimality]:
    """Try every way to give or withhold item offers; too many, and only all or none of them."""
    options = [_distinct(way) for way in ways]
    none = [way[0] if len(way) == 1 and way[0] is not None else None for way in options]
    tries: Iterable[Choice] = [greedy, none]
    optimality: Optimality = "bounded"
    if prod(len(way) for way in options) <= MOST_WAYS:
        tries, optimality = product(*options), "proven"

    def rank(chosen: Choice) -> tuple[int, int]:
        left = _after(start, chosen)
        best = _best_basket(_try_basket(work, left, start, rule, aimed) for rule, aimed in basket)
        given = sum(start) - sum(left) + (best.amount if best else 0)
        return given, -sum(offered is not None for offered in chosen)  # then fewer offers

    best, best_rank = greedy, rank(greedy)
    for chosen in tries:
        if (tried := rank(chosen)) > best_rank:
            best, best_rank = chosen, tried
    return best, optimality


def _distinct(way: list[Offered]) -> list[Offered | None]:
    """The ways of one line that differ in money, the best first; a forced offer is no choice."""
    if len(way) == 1 and way[0].rule.body.force:
        return [way[0]]
    by_amount: dict[int, Offered] = {}
    for offered in sorted(way):
        by_amount[offered.amount] = offered
    return [*reversed(by_amount.values()), None]


def _after(start: Sequence[int], chosen: Choice) -> list[int]:
    return [left - offered.amount if offered is not None else left for left, offered in zip(start, chosen, strict=True)]
