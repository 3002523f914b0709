"""The usual check by the usual policy: each line takes its best item offer, then the check its best basket offer.

That is exact as long as no item discount keeps a basket offer from its threshold. Where one does, the offer
may be worth giving up item discounts for; unless its threshold alone says that it is not, the search is asked.
"""

from collections.abc import Sequence
from typing import NamedTuple

from vokrug.promotions.engine.finding import BasketRule, Found, ItemRule
from vokrug.promotions.engine.offers import BasketDiscount, Missing, PercentOff
from vokrug.promotions.engine.priced import Hint, Taking, Verdict
from vokrug.promotions.engine.work import Work
from vokrug.promotions.engine.worth import amounts, discountable, item_amounts, sum_off, threshold

Rank = tuple[int, int, int]
MOST_HINTS = 5


class Offered(NamedTuple):
    """What one item offer would take off one line."""

    amount: int
    rank: Rank
    rule: ItemRule


def give_plainly(work: Work, found: Found) -> tuple[Hint, ...] | None:
    """Take the discounts of both layers off the lines, and write the verdicts. None: the search must be asked."""
    item, basket = found.item, found.basket
    if not item and not basket:
        return ()
    start, verdicts = work.left, work.verdicts
    said = len(verdicts)
    if item:
        best, worth = best_for_lines(work, item)
        work.left = [
            costs if offered is None else costs - offered[0] for costs, offered in zip(start, best, strict=True)
        ]
    else:
        work.left = list(start)
    tried = try_basket(work, start, basket) if basket else NOTHING_TRIED
    if tried is None:
        work.left = start
        del verdicts[said:]
        return None
    if item:
        for i, offered in enumerate(best):
            if offered is not None:
                work.note(i, offered[0], offered[2], "item")
        judge_items(work, item, worth, best)
    return take_basket(work, tried) if basket else ()


def plain_takings(work: Work, found: Found) -> tuple[Taking, ...]:
    """What is to be counted with the sale, of the offers that are to be counted."""
    counted = {rule.offer_id for rule, _ in found.item if rule.is_counted}
    counted |= {rule.offer_id for rule, _ in found.basket if rule.is_counted}
    taken: dict[int, Taking] = {}
    for i, discounts in enumerate(work.discounts):
        for each in discounts:
            if each.offer_id in counted:
                before = taken.get(each.offer_id)
                units = work.units[i] + (before.units if before else 0)
                amount = each.amount_minor + (before.amount_minor if before else 0)
                code = found.codes.get(each.offer_id)
                taken[each.offer_id] = Taking(each.offer_id, each.version, 1, units, amount, 0, code)
    return tuple(taken.values())


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
        lines = discountable(work, aimed) if work.has_flags else aimed
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
                (amount > before[0] or (amount == before[0] and rank > before[1])) and i not in forced
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
            given[offered[2]] = given.get(offered[2], 0) + offered[0]
    for rule, lines in item:
        if rule in given:
            verdict = Verdict(rule.offer_id, rule.version, "applied", given[rule])
        elif rule not in worth:
            continue  # its threshold has spoken already
        elif worth[rule] == 0:
            verdict = Verdict(rule.offer_id, rule.version, "excluded", reason="nothing_left")
        else:
            rivals = [offered for i in lines if (offered := chosen[i]) is not None]
            first = max(rivals, default=None)
            lost = max(0, sum([rival[0] for rival in rivals]) - worth[rule])
            by = first.rule.offer_id if first is not None else None
            verdict = Verdict(rule.offer_id, rule.version, "beaten", lost, by)
        work.verdicts.append(verdict)


# Basket layer


class Tried(NamedTuple):
    """Basket offers whose threshold is met, with what they would take; and those that ask for more."""

    met: list[tuple[int, Rank, BasketRule, list[int]]]
    short: list[tuple[int, BasketRule, Verdict]]


NOTHING_TRIED = Tried([], [])


def try_basket(work: Work, start: Sequence[int], basket: list[tuple[BasketRule, list[int]]]) -> Tried | None:
    """None when item discounts keep an offer from its threshold that may be worth more than they are."""
    met: list[tuple[int, Rank, BasketRule, list[int]]] = []
    short: list[tuple[int, BasketRule, Verdict]] = []
    spoilt: list[int] = []  # what the check would at least cost under an offer that items keep from its threshold
    left, flags, floors = work.left, work.has_flags, work.has_floors
    count, everything, before = len(left), sum(left), sum(start)
    for rule, aimed in basket:
        body = rule.body
        least = body.min_minor
        if flags or floors or body.min_qty_milli or len(aimed) != count or body.benefit.per == "unit":
            lines = discountable(work, aimed) if flags else aimed
            off = sum_off(body, work, lines, sum([left[i] for i in lines]))
            if least or body.min_qty_milli:
                is_remaining = body.threshold_on == "remaining"
                verdict = threshold(rule, aimed, work, left if is_remaining else start)
                if verdict is not None:
                    if is_remaining and threshold(rule, aimed, work, start) is None:
                        return None
                    short.append((off, rule, verdict))
                    continue
            met.append((off, rule.rank, rule, lines))
            continue
        # The usual offer: for the whole check, without anything to look at line by line.
        off = off_whole(body, everything)
        has = everything if body.threshold_on == "remaining" else before
        if has < least:
            if before >= least:
                spoilt.append(least - off_whole(body, least))
            short.append((off, rule, Verdict(rule.offer_id, rule.version, "not_met", 0, None, 0, least - has)))
        else:
            met.append((off, rule.rank, rule, aimed))
    # The more is left to pay, the more an offer leaves of it: on its threshold the check costs least.
    if spoilt and min(spoilt) <= everything - max([one[0] for one in met], default=0):
        return None
    return Tried(met, short)


def off_whole(body: BasketDiscount, everything: int) -> int:
    """What a basket offer takes off a check without floors that costs so much."""
    benefit, most = body.benefit, body.max_minor
    if type(benefit) is PercentOff:
        off = (everything * benefit.percent_bp + 5_000) // 10_000
    else:
        off = benefit.amount_minor  # type: ignore[union-attr]
        if off > everything:
            off = everything
    return off if most is None or off < most else most


def take_basket(work: Work, tried: Tried) -> tuple[Hint, ...]:
    """The check takes the offer that takes most; the others say why not, and what a little more would bring."""
    best = max(tried.met, default=None, key=lambda one: one[:2])
    taken = 0 if best is None else best[0]
    if best is not None and taken:
        _, _, rule, lines = best
        shares = amounts(rule.body.benefit, work, lines, work.left, most=rule.body.max_minor)
        left = work.left
        for i, share in zip(lines, shares, strict=True):
            if share:
                left[i] -= share
                work.note(i, share, rule, "basket")
    for amount, _, rule, _ in tried.met:
        if not amount:
            verdict = Verdict(rule.offer_id, rule.version, "excluded", reason="nothing_left")
        elif best is not None and rule is best[2]:
            verdict = Verdict(rule.offer_id, rule.version, "applied", amount)
        else:
            assert best is not None, "somebody took more"
            verdict = Verdict(rule.offer_id, rule.version, "beaten", taken - amount, best[2].offer_id)
        work.verdicts.append(verdict)
    hints = []
    for amount, rule, verdict in tried.short:
        work.verdicts.append(verdict)
        if amount > taken:
            hints.append(((taken - amount) / (verdict.missing_minor or 1), amount - taken, rule, verdict))
    if not hints:
        return ()
    hints.sort(key=lambda one: (one[0], one[2].offer_id))
    return tuple([hint(gain, rule, verdict) for _, gain, rule, verdict in hints[:MOST_HINTS]])


def hint(gain: int, rule: BasketRule, verdict: Verdict) -> Hint:
    qty, minor = verdict.missing_qty_milli, verdict.missing_minor
    missing = Missing("amount" if minor else "units", qty_milli=qty, minor=minor)
    return Hint(rule.offer_id, rule.version, gain, 0, missing)
