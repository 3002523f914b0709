"""The engine's one call: manual discounts, then items, basket, points, and what is earned."""

from datetime import datetime

from vokrug.promotions.engine.allocate import deal, split_weighed
from vokrug.promotions.engine.basket import Basket, Shopper
from vokrug.promotions.engine.burn import Burnt, burn_points
from vokrug.promotions.engine.compile import CompiledOffers
from vokrug.promotions.engine.discounts import give_discounts
from vokrug.promotions.engine.earn import Granted, earn_points
from vokrug.promotions.engine.priced import (
    EarnByRule,
    LineEarn,
    Priced,
    PricedLine,
    Split,
    Totals,
    UnitRun,
)
from vokrug.promotions.engine.work import Work, find_rules


def price(basket: Basket, shopper: Shopper | None, offers: CompiledOffers, now: datetime) -> Priced:
    """What the basket costs, what points pay of it and what it earns, with a word on every offer.

    The same basket, shopper, offers and moment always get the same answer.
    """
    work = Work(basket.lines)
    found = find_rules(basket, shopper, offers, now, work)
    optimality = give_discounts(work, found.item, found.basket)
    burnt = burn_points(work, basket.burn, shopper, found.caps, found.programmes)
    granted = earn_points(work, found, burnt) if shopper is not None else []
    lines = _lines(work, burnt, granted)
    gross, left, off = sum(work.gross), sum(work.left), sum(burnt.money)
    return Priced(
        lines=lines,
        totals=Totals(
            gross_minor=gross,
            discount_minor=gross - left,
            points_off_minor=off,
            points_burn_minor=burnt.answer.applied_minor,
            net_minor=left - off,
            earn_minor=sum(one.points for one in granted),
        ),
        burn=burnt.answer,
        earn=tuple(
            EarnByRule(
                one.rule.offer_id,
                one.rule.version,
                one.points,
                one.base,
                one.rule.funder,
                one.rule.body.expires,
                one.rule.body.active_from,
            )
            for one in granted
        ),
        verdicts=tuple(work.verdicts),
        rules_version=offers.version,
        optimality=optimality,
    )


def _lines(work: Work, burnt: Burnt, granted: list[Granted]) -> tuple[PricedLine, ...]:
    earned: dict[int, list[tuple[Granted, int]]] = {}
    for one in granted:
        for i, points in one.by_line.items():
            earned.setdefault(i, []).append((one, points))
    return tuple([_line(work, i, burnt, earned.get(i)) for i in range(len(work.lines))])


def _line(work: Work, i: int, burnt: Burnt, earned: list[tuple[Granted, int]] | None) -> PricedLine:
    line, gross, off, points = work.lines[i], work.gross[i], burnt.money[i], burnt.points[i]
    net = work.left[i] - off
    runs = _units(work, i, burnt, earned)
    if work.is_weighed(i):
        split = split_weighed(line.qty_milli, line.price_minor, net)
    elif len(runs) == 1 or (len(runs) == 2 and runs[0].net_minor == runs[1].net_minor):
        split = (Split(line.qty_milli, runs[0].net_minor, net),)
    else:
        split = _split(runs)
    earn = tuple([LineEarn(one.rule.offer_id, one.rule.version, n) for one, n in earned]) if earned else ()
    return PricedLine(line.n, gross, tuple(work.discounts[i]), off, points, net, earn, runs, split)


def _split(units: tuple[UnitRun, ...]) -> tuple[Split, ...]:
    """A row for each price, in the order the units stand in."""
    counts: dict[int, int] = {}
    for run in units:
        counts[run.net_minor] = counts.get(run.net_minor, 0) + run.units
    return tuple(Split(count * 1000, price, count * price) for price, count in counts.items())


def _units(work: Work, i: int, burnt: Burnt, earned: list[tuple[Granted, int]] | None) -> tuple[UnitRun, ...]:
    """The line's sums down to each unit, so that a return of any of them has its own kopecks.

    Discounts go to all units alike, odd kopecks to the first; points paid follow what a unit can give.
    """
    units, left = work.units[i], work.left[i]
    if units == 1:
        qty, off = work.lines[i].qty_milli, burnt.money[i]
        by_rule = tuple([points for _, points in earned]) if earned else ()
        return (UnitRun(1, qty, left - off, off, burnt.points[i], sum(by_rule), by_rule),)
    if not earned and not burnt.money[i] and left % units == 0:
        return (UnitRun(units, 1000, left // units, 0, 0, 0, ()),)
    cheap, dearer = divmod(left, units)
    if not dearer and not burnt.money[i] and (earned is None or len(earned) <= 1):
        return _alike(units, cheap, earned or [])
    runs = [(units - dearer, cheap, 0, 0)]  # units, what each still costs, paid by points, points
    if dearer:
        runs.append((dearer, cheap + 1, 0, 0))
    if burnt.money[i]:
        floor = burnt.floor[i] // units
        runs = [
            (n, runs[run][1] - off, off, 0)
            for run, n, off in deal(burnt.money[i], [(n, costs - floor) for n, costs, _, _ in runs])
        ]
        runs = [
            (n, *runs[run][1:3], points)
            for run, n, points in deal(burnt.points[i], [(n, off) for n, _, off, _ in runs])
        ]
    shares: list[tuple[int, ...]] = [()] * len(runs)
    for one, points in earned or ():
        dealt = deal(points, [(n, _weight(one, net, off)) for n, net, off, _ in runs])
        shares = [(*shares[run], share) for run, _, share in dealt]
        runs = [(n, *runs[run][1:]) for run, n, _ in dealt]
    return tuple(
        UnitRun(n, 1000, net, off, burn, sum(by_rule), by_rule)
        for (n, net, off, burn), by_rule in zip(runs, shares, strict=True)
    )


def _alike(units: int, net: int, earned: list[tuple[Granted, int]]) -> tuple[UnitRun, ...]:
    """Nearly every line: its units cost the same, and at most their odd points differ, the first ones' up."""
    if not earned:
        return (UnitRun(units, 1000, net, 0, 0, 0, ()),)
    each, odd = divmod(earned[0][1], units)
    rest = UnitRun(units - odd, 1000, net, 0, 0, each, (each,))
    return (UnitRun(odd, 1000, net, 0, 0, each + 1, (each + 1,)), rest) if odd else (rest,)


def _weight(granted: Granted, net: int, off: int) -> int:
    """Units earn as their rule counts: what is left to pay, with or without the part paid by points."""
    if granted.counts == "net_of_points":
        return net
    return net + off if granted.counts == "net_of_discounts" else 1
