"""The usual check by the usual policy: each line takes its best item offer, then the check its best basket offer.

That is exact as long as no item discount keeps a basket offer from its threshold; where one does, the
search is asked instead.
"""

from collections.abc import Sequence
from typing import NamedTuple

from vokrug.promotions.engine.finding import BasketRule, Found, ItemRule
from vokrug.promotions.engine.offers import Missing
from vokrug.promotions.engine.priced import Hint, Verdict
from vokrug.promotions.engine.work import Work
from vokrug.promotions.engine.worth import amounts, discountable, item_amounts, sum_off, threshold

Rank = tuple[int, int, int]


class Offered(NamedTuple):
    """What one item offer would take off one line."""

    amount: int
    rank: Rank
    rule: ItemRule


def is_plain(work: Work, found: Found) -> bool:
    """Whether units of every line are alike and nothing asks for the search."""
    if found.met:
        return False
    if found.item:
        for rule, _ in found.item:
            if rule.body.benefit.per == "total":
                return False
        for units, left in zip(work.units, work.left, strict=True):
            if units > 1 and left % units:
                return False
    return True


def give_plainly(work: Work, found: Found) -> tuple[Hint, ...] | None:
    """Take the discounts of both layers off the lines, and write the verdicts. None: the search must be asked."""
    item, basket = found.item, found.basket
    if not item and not basket:
        return ()
    before = len(work.verdicts)
    if item:
        best, worth = best_for_lines(work, item)
        left = work.left
        after = [
            costs - offered.amount if offered is not None else costs for costs, offered in zip(left, best, strict=True)
        ]
        if basket and is_any_spoilt(work, left, after, basket):
            del work.verdicts[before:]
            return None
        start, work.left = left, list(left)
        for i, offered in enumerate(best):
            if offered is not None:
                work.take(i, offered.amount, offered.rule, "item")
        judge_items(work, item, worth, best)
    else:
        start = work.left
        work.left = list(start)
    return take_basket(work, start, basket) if basket else ()


# Item layer


def best_for_lines(
    work: Work, item: list[tuple[ItemRule, list[int]]]
) -> tuple[list[Offered | None], dict[ItemRule, int]]:
    """For each line the best offer, and what each rule is worth if it gets all its lines."""
    best: list[Offered | None] = [None] * len(work.lines)
    forced: set[int] = set()
    worth: dict[ItemRule, int] = {}
    left = work.left
    for rule, aimed in item:
        body = rule.body
        if (body.min_qty_milli or body.min_minor) and (verdict := threshold(rule, aimed, work, left)) is not None:
            work.verdicts.append(verdict)
            continue
        lines = discountable(work, aimed)
        rank, total = rule.rank, 0
        for i, amount in zip(lines, item_amounts(body.benefit, work, lines, left), strict=True):
            if amount <= 0:
                continue
            total += amount
            before = best[i]
            if body.force:
                if before is None or i not in forced or (rank[1:], amount) > (before.rank[1:], before.amount):
                    best[i] = Offered(amount, rank, rule)
                    forced.add(i)
            elif before is None or (
                i not in forced and (amount > before[0] or (amount == before[0] and rank > before[1]))
            ):
                best[i] = Offered(amount, rank, rule)
        worth[rule] = total
    return best, worth


def judge_items(
    work: Work, item: list[tuple[ItemRule, list[int]]], worth: dict[ItemRule, int], chosen: Sequence[Offered | None]
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
                    max(0, sum([rival.amount for rival in rivals]) - worth[rule]),
                    first.rule.offer_id if first else None,
                )
            )


# Basket layer


def take_basket(work: Work, start: Sequence[int], basket: list[tuple[BasketRule, list[int]]]) -> tuple[Hint, ...]:
    """The check takes the offer that takes most; of the others each says why not."""
    tried: list[tuple[int, Rank, BasketRule, list[int]]] = []
    short: list[tuple[BasketRule, list[int], Verdict]] = []
    for rule, aimed in basket:
        body = rule.body
        if body.min_minor or body.min_qty_milli:
            counted = work.left if body.threshold_on == "remaining" else start
            if (verdict := threshold(rule, aimed, work, counted)) is not None:
                work.verdicts.append(verdict)
                short.append((rule, aimed, verdict))
                continue
        lines = discountable(work, aimed)
        tried.append((sum_off(body, work, lines), rule.rank, rule, lines))
    best = max(tried, default=None, key=lambda one: one[:2])
    if best is not None and best[0]:
        lines = best[3]
        shares = amounts(best[2].body.benefit, work, lines, work.left, most=best[2].body.max_minor)
        hints = hints_of(work, short, best[0]) if short else ()
        for i, share in zip(lines, shares, strict=True):
            if share:
                work.take(i, share, best[2], "basket")
    else:
        hints = hints_of(work, short, 0) if short else ()
    for amount, _, rule, _ in tried:
        if not amount:
            verdict = Verdict(rule.offer_id, rule.version, "excluded", reason="nothing_left")
        elif best is not None and rule is best[2]:
            verdict = Verdict(rule.offer_id, rule.version, "applied", amount)
        else:
            assert best is not None, "somebody took more"
            verdict = Verdict(rule.offer_id, rule.version, "beaten", best[0] - amount, best[2].offer_id)
        work.verdicts.append(verdict)
    return hints


def is_any_spoilt(
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


def hints_of(work: Work, short: list[tuple[BasketRule, list[int], Verdict]], taken: int) -> tuple[Hint, ...]:
    """What a little more would bring, the most gain for it first."""
    found = []
    for rule, aimed, verdict in short:
        gain = sum_off(rule.body, work, discountable(work, aimed)) - taken
        if gain > 0:
            missing = verdict.missing or Missing("amount")
            found.append((-gain / max(1, verdict.missing_minor), Hint(rule.offer_id, rule.version, gain, 0, missing)))
    found.sort(key=lambda one: (one[0], one[1].offer_id))
    return tuple([hint for _, hint in found[:5]])
