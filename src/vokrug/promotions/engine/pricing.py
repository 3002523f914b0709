"""The engine's one call: manual discounts, then items, basket, points, and what is earned."""

from datetime import datetime

from msgspec.structs import replace

from vokrug.promotions.engine.allocate import deal, split_weighed
from vokrug.promotions.engine.basket import Basket, Line, Shopper
from vokrug.promotions.engine.burn import Burnt, burn_points, judge_reward, rewards_to_try
from vokrug.promotions.engine.compile import CompiledOffers
from vokrug.promotions.engine.earn import Granted, earn_points
from vokrug.promotions.engine.finding import Found, find_rules
from vokrug.promotions.engine.funding import shares_of
from vokrug.promotions.engine.general import Discounted, Runs, give_by_policy
from vokrug.promotions.engine.moment import Moment
from vokrug.promotions.engine.plain import give_plainly, plain_takings
from vokrug.promotions.engine.priced import (
    EarnByRule,
    Hint,
    LineEarn,
    Priced,
    PricedLine,
    Split,
    Taking,
    Totals,
    UnitRun,
    Verdict,
)
from vokrug.promotions.engine.work import Work

NOTHING = Discounted()


def price(basket: Basket, shopper: Shopper | None, offers: CompiledOffers, now: datetime) -> Priced:
    """What the basket costs, what points pay of it and what it earns, with a word on every offer.

    The same basket, shopper, offers and moment always get the same answer.
    """
    numbers = [line.n for line in basket.lines]
    if numbers != sorted(numbers):
        return _by_number(basket, shopper, offers, now)
    work = Work(basket.lines)
    moment = Moment(basket, shopper, now, work, offers.policy.threshold_on)
    found = find_rules(basket, shopper, offers, now, work, moment)
    hints: tuple[Hint, ...] | None = None
    given = NOTHING
    if offers.tree.is_plain and not (found.met or work.is_uneven or basket.delivery_minor):
        hints = give_plainly(work, found)
    if hints is None:
        given = give_by_policy(work, found, moment, offers)
        hints = given.hints
    moment.left = work.left
    burnt, granted = _points(work, found, basket, shopper, moment)
    lines = _lines(work, burnt, granted, given.runs)
    gross, left, off = sum(work.gross), sum(work.left), sum(burnt.money)
    delivery = 0 if given.delivery is None else given.delivery.net_minor
    return Priced(
        lines=lines,
        totals=Totals(
            gross_minor=gross,
            discount_minor=gross - left,
            points_off_minor=off,
            points_burn_minor=burnt.answer.applied_minor,
            net_minor=left - off + delivery,
            earn_minor=sum([one.points for one in granted]),
            delivery_minor=delivery,
        ),
        burn=burnt.answer,
        earn=tuple([_earned(one) for one in granted]),
        verdicts=tuple(_with_codes(work.verdicts, found.codes)),
        rules_version=offers.version,
        optimality="bounded" if given.gap else "proven",
        gap_minor=given.gap,
        delivery=given.delivery,
        gifts=given.gifts,
        coupons_to_issue=given.coupons,
        tier_grants=given.tiers,
        takings=_takings(work, found, given, granted) if found.codes or found.counted else (),
        hints=hints,
    )


def _by_number(basket: Basket, shopper: Shopper | None, offers: CompiledOffers, now: datetime) -> Priced:
    """The earlier line is the one with the lower number, wherever it stands in the list."""
    ordered = tuple(sorted(basket.lines, key=lambda line: line.n))
    priced = price(replace(basket, lines=ordered), shopper, offers, now)
    place = {line.n: at for at, line in enumerate(ordered)}
    return replace(priced, lines=tuple(priced.lines[place[line.n]] for line in basket.lines))


def _points(
    work: Work, found: Found, basket: Basket, shopper: Shopper | None, moment: Moment
) -> tuple[Burnt, list[Granted]]:
    """Points pay, or buy a reward; and what the check earns."""
    if basket.burn.mode == "reward" and shopper is not None:
        for reward in rewards_to_try(work, basket.burn, found.rewards):
            rule = reward.reward
            assert rule is not None, "a reward was tried"
            said = len(work.verdicts)
            granted = earn_points(work, found, reward, moment)
            has = shopper.available_minor
            if rule.body.same_sale:
                has += sum(one.points for one in granted)
            if has >= rule.body.points_minor:
                judge_reward(work, rule, sum(reward.money), has)
                return reward, granted
            del work.verdicts[said:]  # what it would have earned is not what it earns
            judge_reward(work, rule, sum(reward.money), has)
    burnt = burn_points(work, basket.burn, shopper, found.caps, found.programmes)
    return burnt, earn_points(work, found, burnt, moment) if shopper is not None else []


def _earned(one: Granted) -> EarnByRule:
    rule = one.rule
    shares = () if len(rule.shares) == 1 else shares_of(one.points, rule.shares)
    body = rule.body
    return EarnByRule(
        rule.offer_id, rule.version, one.points, one.base, rule.funder, body.expires, body.active_from, shares
    )


def _with_codes(verdicts: list[Verdict], codes: dict[int, str]) -> list[Verdict]:
    """The code that brought an offer stands in its verdict."""
    if not codes:
        return verdicts
    return [
        replace(said, code=codes[said.offer_id]) if said.code is None and said.offer_id in codes else said
        for said in verdicts
    ]


def _takings(work: Work, found: Found, given: Discounted, granted: list[Granted]) -> tuple[Taking, ...]:
    """What the check takes of limits, by discounts and by points."""
    discounts = plain_takings(work, found) if given is NOTHING else given.takings
    points = [
        Taking(one.rule.offer_id, one.rule.version, 1, 0, 0, one.points, found.codes.get(one.rule.offer_id))
        for one in granted
        if one.rule.is_counted
    ]
    return (*discounts, *points)


def _lines(work: Work, burnt: Burnt, granted: list[Granted], runs: list[Runs] | None) -> tuple[PricedLine, ...]:
    earned: list[list[tuple[Granted, int]]] = [[] for _ in work.lines]
    for one in granted:
        for i, points in one.by_line.items():
            earned[i].append((one, points))
    made = []
    for i, line in enumerate(work.lines):
        mine, off = earned[i], burnt.money[i]
        if runs is None and not off and len(mine) <= 1:
            made.append(_usual_line(work, i, line, mine))
        else:
            made.append(_line(work, i, burnt, mine, None if runs is None else runs[i]))
    return tuple(made)


def _usual_line(work: Work, i: int, line: Line, earned: list[tuple[Granted, int]]) -> PricedLine:
    """A line whose units are alike as far as money goes, without points paid, with points of one rule at most."""
    units, net, qty = work.units[i], work.left[i], line.qty_milli
    each, dearer = divmod(net, units)
    split: tuple[Split, ...]
    if dearer:
        split = (Split((units - dearer) * 1000, each, (units - dearer) * each),)
        split += (Split(dearer * 1000, each + 1, dearer * (each + 1)),)
    elif line.is_weighed or qty != units * 1000:
        split = split_weighed(qty, line.price_minor, net)
    else:
        split = (Split(qty, each, net),)
    discounts = tuple(work.discounts[i])
    runs: tuple[UnitRun, ...]
    if not earned:
        runs = (UnitRun(units, qty // units, each, 0, 0, 0, ()),)
        if dearer:
            runs = UnitRun(units - dearer, 1000, each, 0, 0, 0, ()), UnitRun(dearer, 1000, each + 1, 0, 0, 0, ())
        return PricedLine(line.n, work.gross[i], discounts, 0, 0, net, (), runs, split)
    one, points = earned[0]
    earn = (LineEarn(one.rule.offer_id, one.rule.version, points),)
    if units == 1:
        runs = (UnitRun(1, qty, net, 0, 0, points, (points,)),)
    elif dearer:
        runs = _dealt([(units - dearer, each, 0, 0), (dearer, each + 1, 0, 0)], earned)
    else:
        share, odd = divmod(points, units)
        runs = (UnitRun(units - odd, 1000, each, 0, 0, share, (share,)),)
        if odd:  # equal units: the first ones have the odd points
            runs = UnitRun(odd, 1000, each, 0, 0, share + 1, (share + 1,)), *runs
    return PricedLine(line.n, work.gross[i], discounts, 0, 0, net, earn, runs, split)


def _line(work: Work, i: int, burnt: Burnt, earned: list[tuple[Granted, int]], costs: Runs | None) -> PricedLine:
    line, gross, off, points = work.lines[i], work.gross[i], burnt.money[i], burnt.points[i]
    net = work.left[i] - off
    runs = _units(work, i, burnt, earned, costs)
    split = split_weighed(line.qty_milli, line.price_minor, net) if work.is_weighed(i) else _split(runs)
    earn = tuple([LineEarn(one.rule.offer_id, one.rule.version, n) for one, n in earned])
    return PricedLine(line.n, gross, tuple(work.discounts[i]), off, points, net, earn, runs, split)


def _split(units: tuple[UnitRun, ...]) -> tuple[Split, ...]:
    """A row for each price, in the order the units stand in."""
    counts: dict[int, int] = {}
    for run in units:
        counts[run.net_minor] = counts.get(run.net_minor, 0) + run.units
    return tuple(Split(count * 1000, price, count * price) for price, count in counts.items())


def _units(
    work: Work, i: int, burnt: Burnt, earned: list[tuple[Granted, int]], costs: Runs | None
) -> tuple[UnitRun, ...]:
    """The line's sums down to each unit, so that a return of any of them has its own kopecks.

    Where the search did not say otherwise (`costs`), discounts go to all units alike, odd kopecks to the
    first; points paid follow what a unit can give.
    """
    units, left = work.units[i], work.left[i]
    if units == 1:
        qty, off = work.lines[i].qty_milli, burnt.money[i]
        by_rule = tuple([points for _, points in earned])
        return (UnitRun(1, qty, left - off, off, burnt.points[i], sum(by_rule), by_rule),)
    if costs is None:
        cheap, dearer = divmod(left, units)
        costs = [(units - dearer, cheap), (dearer, cheap + 1)] if dearer else [(units, cheap)]
    runs = [(n, cost, 0, 0) for n, cost in costs]  # units, what each still costs, paid by points, points
    if burnt.money[i]:
        floor = burnt.floor[i] // units
        dealt = deal(burnt.money[i], [(n, max(0, cost - floor)) for n, cost, _, _ in runs])
        runs = [(n, runs[run][1] - off, off, 0) for run, n, off in dealt]
        dealt = deal(burnt.points[i], [(n, off) for n, _, off, _ in runs])
        runs = [(n, *runs[run][1:3], points) for run, n, points in dealt]
    return _dealt(runs, earned)


def _dealt(runs: list[tuple[int, int, int, int]], earned: list[tuple[Granted, int]]) -> tuple[UnitRun, ...]:
    """Runs of units with the points that each rule gives for them."""
    shares: list[tuple[int, ...]] = [()] * len(runs)
    for one, points in earned:
        dealt = deal(points, [(n, _weight(one, net, off)) for n, net, off, _ in runs])
        shares = [(*shares[run], share) for run, _, share in dealt]
        runs = [(n, *runs[run][1:]) for run, n, _ in dealt]
    return tuple(
        UnitRun(n, 1000, net, off, burn, sum(by_rule), by_rule)
        for (n, net, off, burn), by_rule in zip(runs, shares, strict=True)
    )


def _weight(granted: Granted, net: int, off: int) -> int:
    """Units earn as their rule counts: what is left to pay, with or without the part paid by points."""
    if granted.counts == "net_of_points":
        return net
    return net + off if granted.counts == "net_of_discounts" else 1
