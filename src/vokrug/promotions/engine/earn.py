"""Points for buying: each rule once for the whole check, then shared to the lines that earned them."""

from collections.abc import Sequence
from typing import NamedTuple

from vokrug.kernel import round_ratio, share_out
from vokrug.promotions.engine.burn import Burnt
from vokrug.promotions.engine.finding import EarnRuleCompiled, Found, MultiplierRule, ProgrammeRule, not_met
from vokrug.promotions.engine.moment import Moment
from vokrug.promotions.engine.offers import (
    Base,
    ByRate,
    EarnMultiplier,
    EarnRule,
    FixedPoints,
    Missing,
    OfferBody,
    PerAmount,
    PerPiece,
    PerStep,
)
from vokrug.promotions.engine.priced import Verdict
from vokrug.promotions.engine.work import Work

MONEY_SCALE = 2


class Granted(NamedTuple):
    """What one rule gives, to which lines, and what it counts in them."""

    rule: EarnRuleCompiled | MultiplierRule
    points: int
    base: int
    by_line: dict[int, int]
    counts: Base = "net_of_points"


def earn_points(work: Work, found: Found, burnt: Burnt, moment: Moment) -> list[Granted]:
    """Rules add up, except that of those in a `best` group only the best counts; then multipliers."""
    if not found.earn:
        return []
    scale = max(found.programmes, key=_rank).body.scale if found.programmes else MONEY_SCALE
    plain: list[Granted] = []
    for rule, aimed in found.earn:
        stopped = _stopped(rule, aimed, moment) if rule.conditions else None
        granted = stopped or _by_rule(rule, _earning(work, aimed), work, burnt, scale)
        if rule.body.paid_by and isinstance(granted, Granted):
            granted = _paid_by(rule, granted, work, burnt, moment, scale)
        if isinstance(granted, Verdict):
            work.verdicts.append(granted)
        else:
            left = found.left.get(rule.offer_id) if found.left else None
            plain.append(granted if left is None else _within(granted, left.points_minor))
    plain = _best_of_groups(work, plain)
    extra = []
    for times_rule, aimed in found.multipliers:
        more = _multiplied(times_rule, _earning(work, aimed), plain)
        if more.points > 0 and more.base >= times_rule.body.min_minor:
            extra.append(more)
        else:
            missing = max(0, times_rule.body.min_minor - more.base)
            work.verdicts.append(Verdict(times_rule.offer_id, times_rule.version, "not_met", missing_minor=missing))
    return plain + _best_of_groups(work, extra)


def _stopped(rule: EarnRuleCompiled, aimed: list[int], moment: Moment) -> Verdict | None:
    """Conditions that look at what the goods cost after discounts."""
    for condition in rule.conditions:
        if condition.is_moving(moment.threshold_on):
            moment.aimed = aimed
            if (missing := condition.missing(moment)) is not None:
                return not_met(rule, missing)
    return None


def _within(granted: Granted, most: int | None) -> Granted:
    """No more points than the limits leave."""
    if most is None or granted.points <= most:
        return granted
    shares = share_out(most, list(granted.by_line.values()))
    return granted._replace(points=most, by_line=dict(zip(granted.by_line, shares, strict=True)))


def _rank(rule: ProgrammeRule) -> tuple[int, int, int]:
    return rule.rank


def _earning(work: Work, aimed: list[int]) -> list[int]:
    if not work.has_flags:
        return aimed
    return [i for i in aimed if not (work.lines[i].no_earn or work.lines[i].gift_card_sale)]


def _by_rule(
    rule: EarnRuleCompiled, lines: list[int], work: Work, burnt: Burnt, scale: int, part: tuple[int, int] | None = None
) -> Granted | Verdict:
    """`part`: numerator and denominator of the share of the check that the rule's tenders pay."""
    body = rule.body
    if not lines:
        return Verdict(rule.offer_id, rule.version, "excluded", reason="no_earn")
    counted = _bases(body, work, burnt)
    weights = counted if len(lines) == len(counted) else [counted[i] for i in lines]
    base = sum(weights)
    if part is not None:
        base = base * part[0] // part[1]
    if base < body.min_minor:
        return Verdict(rule.offer_id, rule.version, "not_met", missing_minor=body.min_minor - base)
    match body.reward:
        case FixedPoints(points_minor=points):
            pass
        case PerPiece(points_minor=each):
            weights = [work.units[i] for i in lines]
            points = sum(weights) * each
            return Granted(rule, points, base, {i: work.units[i] * each for i in lines}, "gross")
        case PerAmount(per_minor=per, points_minor=each):
            steps = round_ratio(base * each, per * body.reward.step_minor, body.reward.rounding)
            points = steps * body.reward.step_minor
            if points == 0:
                return Verdict(rule.offer_id, rule.version, "not_met", missing_minor=max(1, per - base))
        case PerStep(step_minor=step, points_minor=each):
            points = base // step * each
            if points == 0:
                return Verdict(rule.offer_id, rule.version, "not_met", missing_minor=step - base)
        case ByRate() as reward:
            # The size of the check is measured the way the rule measures its own goods.
            check = sum([each for each, line in zip(counted, work.lines, strict=True) if not line.gift_card_sale])
            points = _rate(reward, base, check, scale)
    if points == 0:
        return Verdict(rule.offer_id, rule.version, "excluded", reason="nothing_left")
    shares = share_out(points, weights if base else [1] * len(lines))
    return Granted(rule, points, base, {i: share for i, share in zip(lines, shares, strict=True) if share}, body.base)


def _paid_by(
    rule: EarnRuleCompiled, whole: Granted, work: Work, burnt: Burnt, moment: Moment, scale: int
) -> Granted | Verdict:
    """Only for the part of the check that the tenders named pay."""
    to_pay = sum(work.left) - sum(burnt.money)
    paid = sum(tender.amount_minor for tender in moment.basket.tenders if tender.type in rule.body.paid_by)
    if not paid or not to_pay:
        return not_met(rule, Missing("tender", words=rule.body.paid_by))
    return _by_rule(rule, list(whole.by_line), work, burnt, scale, (min(paid, to_pay), to_pay))


def _bases(body: EarnRule, work: Work, burnt: Burnt) -> list[int]:
    if body.base == "gross":
        return work.gross
    # A reward bought with points is a discount of its own; money that points paid is none.
    if not burnt.answer.applied_minor or body.base == "before_own_reward":
        return work.left
    if body.base == "net_of_discounts" and burnt.reward is None:
        return work.left
    return [left - paid for left, paid in zip(work.left, burnt.money, strict=True)]


def _rate(reward: ByRate, base: int, check: int, scale: int) -> int:
    rate_bp = 0
    for step in reward.steps:
        if check >= step.from_minor:
            rate_bp = step.rate_bp
    steps = round_ratio(base * rate_bp * 10**scale, 10_000 * 10**MONEY_SCALE * reward.step_minor, reward.rounding)
    return steps * reward.step_minor


def _multiplied(rule: MultiplierRule, lines: list[int], plain: list[Granted]) -> Granted:
    """The points on top: what other rules gave on these lines, times the factor less one."""
    body = rule.body
    aimed = set(lines)
    by_line: dict[int, int] = {}
    base = 0
    for granted in plain:
        if not body.of_rules or granted.rule.key in body.of_rules:
            mine = {i: share for i, share in granted.by_line.items() if i in aimed}
            base += granted.base if mine else 0
            for i, share in mine.items():
                by_line[i] = by_line.get(i, 0) + share
    if not by_line:
        return Granted(rule, 0, 0, {})
    of = sum(by_line.values())
    points = round_ratio(of * (body.factor_bp - 10_000), 10_000 * body.step_minor, body.rounding)
    points *= body.step_minor
    order = sorted(by_line)
    shares = share_out(points, [by_line[i] for i in order])
    return Granted(rule, points, base, dict(zip(order, shares, strict=True)))


def _best_of_groups(work: Work, granted: list[Granted]) -> list[Granted]:
    best: dict[str, Granted] = {}
    for one in granted:
        body = one.rule.body
        if body.stack == "best" and (
            body.group not in best
            or (one.points, one.rule.rank) > (best[body.group].points, best[body.group].rule.rank)
        ):
            best[body.group] = one
    kept = []
    for one in granted:
        rule = one.rule
        winner = best[rule.body.group] if rule.body.stack == "best" else one
        if winner is one:
            kept.append(one)
            work.verdicts.append(Verdict(rule.offer_id, rule.version, "applied", amount_minor=one.points))
        else:
            work.verdicts.append(
                Verdict(
                    rule.offer_id,
                    rule.version,
                    "beaten",
                    by=winner.rule.offer_id,
                    amount_minor=winner.points - one.points,
                )
            )
    return kept


def points_for(bodies: Sequence[OfferBody], which: int, money_minor: int) -> int:
    """What one of a sale's rules gives for so much money, alone: a multiplier counts what the others give."""
    body = bodies[which]
    if isinstance(body, EarnRule):
        match body.reward:
            case ByRate() as reward:
                return _rate(reward, money_minor, money_minor, MONEY_SCALE)
            case PerStep(step_minor=step, points_minor=each):
                return money_minor // step * each
            case PerAmount() as reward:
                exact = round_ratio(
                    money_minor * reward.points_minor, reward.per_minor * reward.step_minor, reward.rounding
                )
                return exact * reward.step_minor
        return 0
    if isinstance(body, EarnMultiplier):
        plain = sum(points_for(bodies, i, money_minor) for i in range(len(bodies)) if isinstance(bodies[i], EarnRule))
        steps = round_ratio(plain * (body.factor_bp - 10_000), 10_000 * body.step_minor, body.rounding)
        return steps * body.step_minor
    return 0
