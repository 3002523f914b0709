"""Discounts by any policy: the search set up, run, and its result written on the desk."""

from typing import NamedTuple

from vokrug.promotions.engine.compile import CompiledOffers
from vokrug.promotions.engine.desk import Desk
from vokrug.promotions.engine.finding import Found, Met
from vokrug.promotions.engine.funding import shares_of
from vokrug.promotions.engine.judging import Judge
from vokrug.promotions.engine.moment import Moment
from vokrug.promotions.engine.offers import CouponForNextTime, Gift, TierGrant
from vokrug.promotions.engine.priced import CouponToIssue, Delivery, Discount, GiftGiven, Hint, Taking, TierToGrant
from vokrug.promotions.engine.search import Search
from vokrug.promotions.engine.units import Given, State, Table
from vokrug.promotions.engine.work import Work

Runs = list[tuple[int, int]]  # units of a line and what one of them still costs


class Discounted(NamedTuple):
    """What the layers before points came to. `runs` is by line; None when the units of every line are alike."""

    gap: int = 0
    runs: list[Runs] | None = None
    delivery: Delivery | None = None
    gifts: tuple[GiftGiven, ...] = ()
    coupons: tuple[CouponToIssue, ...] = ()
    tiers: tuple[TierToGrant, ...] = ()
    takings: tuple[Taking, ...] = ()
    hints: tuple[Hint, ...] = ()


def give_by_policy(work: Work, found: Found, moment: Moment, offers: CompiledOffers) -> Discounted:
    """Search for the discounts, take them off the lines, and write the verdicts."""
    met = [*found.met, *(Met(rule, lines) for rule, lines in found.item)]
    met += [Met(rule, lines) for rule, lines in found.basket]
    met.sort(key=lambda one: one.rule.offer_id)  # the order in which goods lie in the basket decides nothing
    delivery_minor = moment.basket.delivery_minor
    table = Table(work, offers.policy.floors, delivery_minor)
    desk = Desk(met, table, moment, offers.tree)
    search = Search(desk)
    start = State(table.start)
    final, gap = search.solve(start)
    judge = Judge(desk, start, final)
    work.verdicts += judge.verdicts(found.codes)
    off_delivery: list[Discount] = []
    for given in final.trail:
        note(work, given, table, off_delivery)
    left = delivery_minor - sum(each.amount_minor for each in off_delivery)
    return Discounted(
        gap=gap,
        runs=runs_of(final, len(work.lines)),
        delivery=Delivery(delivery_minor, left, tuple(off_delivery)) if delivery_minor else None,
        gifts=tuple(gift(given) for given in final.trail if isinstance(given.offer.effect.benefit, Gift)),
        coupons=tuple(
            CouponToIssue(rule.offer_id, rule.version, benefit.series, benefit.count)
            for rule, benefit in ((given.offer.rule, given.offer.effect.benefit) for given in final.trail)
            if isinstance(benefit, CouponForNextTime)
        ),
        tiers=tuple(
            TierToGrant(rule.offer_id, rule.version, benefit.tier, benefit.days)
            for rule, benefit in ((given.offer.rule, given.offer.effect.benefit) for given in final.trail)
            if isinstance(benefit, TierGrant)
        ),
        takings=takings(final, found),
        hints=judge.hints(),
    )


def note(work: Work, given: Given, table: Table, off_delivery: list[Discount]) -> None:
    """Write down what an offer took."""
    rule, layer = given.offer.rule, given.offer.layer
    for line, amount in sorted(given.by_line.items()):
        if line < table.delivery:
            work.take(line, amount, rule, layer)
        else:
            shares = shares_of(amount, rule.shares) if len(rule.shares) > 1 else ()
            off_delivery.append(Discount(rule.offer_id, rule.version, layer, amount, rule.funder, shares))


def runs_of(state: State, lines: int) -> list[Runs]:
    """By line: its units in their order, neighbours that cost the same together."""
    runs: list[Runs] = [[] for _ in range(lines + 1)]
    for line, units, left, _, _, _ in state.slots:
        mine = runs[line]
        if mine and mine[-1][1] == left:
            mine[-1] = mine[-1][0] + units, left
        else:
            mine.append((units, left))
    return runs


def gift(given: Given) -> GiftGiven:
    rule, benefit = given.offer.rule, given.offer.effect.benefit
    assert isinstance(benefit, Gift), "asked of gifts alone"
    return GiftGiven(rule.offer_id, rule.version, benefit.choices, given.times, rule.funder)


def takings(final: State, found: Found) -> tuple[Taking, ...]:
    """What is to be counted with the sale: offers with limits, with codes, and those that are somebody's own."""
    taken: dict[int, Taking] = {}
    for given in final.trail:
        rule = given.offer.rule
        if not rule.is_counted:
            continue
        units = given.units or (given.times if given.offer.effect.family == "handed" else 0)
        before = taken.get(rule.offer_id)
        taken[rule.offer_id] = Taking(
            rule.offer_id,
            rule.version,
            1,
            units + (before.units if before else 0),
            given.total + (before.amount_minor if before else 0),
            code=found.codes.get(rule.offer_id),
        )
    return tuple(taken.values())
