"""The points layer: how far points may pay, and which line they pay for."""

from typing import NamedTuple

from vokrug.kernel import share_out
from vokrug.promotions.engine.allocate import share_with_room
from vokrug.promotions.engine.basket import Burn, Shopper
from vokrug.promotions.engine.finding import CapRule, ProgrammeRule, RewardRule
from vokrug.promotions.engine.offers import Missing
from vokrug.promotions.engine.priced import BurnAnswer, Verdict
from vokrug.promotions.engine.work import Work
from vokrug.promotions.engine.worth import amounts, discountable


class Burnt(NamedTuple):
    """The answer, and by line the money that points pay, the points, and the floor they kept."""

    answer: BurnAnswer
    money: list[int]
    points: list[int]
    floor: list[int]
    reward: RewardRule | None = None


def burn_points(
    work: Work, wish: Burn, shopper: Shopper | None, caps: list[CapRule], programmes: list[ProgrammeRule]
) -> Burnt:
    """The most that may be paid is always answered; it is taken only as far as the shopper wishes."""
    nothing = [0] * len(work.lines)
    if shopper is None or not programmes:
        reason = "no_card" if shopper is None else "no_programme"
        return Burnt(BurnAnswer(0, (reason,), 0), nothing, nothing, work.floor)
    if not shopper.available_minor:
        return Burnt(BurnAnswer(0, ("available",), 0), nothing, nothing, work.floor)
    programme = (programmes[0] if len(programmes) == 1 else max(programmes, key=lambda rule: rule.rank)).body
    num, den = programme.value_num, programme.value_den
    caps = _in_force(caps)
    floor, rooms = _rooms(work, caps)
    limit, reasons = _money_limit(work, caps, rooms)
    step, least = 1, 0
    for cap in caps:
        step, least = max(step, cap.body.step_minor), max(least, cap.body.min_minor)

    most = limit * den // num
    if shopper.available_minor < most:
        most, reasons = shopper.available_minor, ("available",)
    if most % step:
        most, reasons = most - most % step, (*reasons, "step")
    if most < least:
        most, reasons = 0, (*reasons, "minimum")

    wished = {"max": most, "amount": min(wish.points_minor, most)}.get(wish.mode, 0)
    wished -= wished % step
    points = wished if wished >= least else 0
    off = points * num // den
    if step == 1:
        points = -(-off * den // num)  # a fraction of a kopeck buys nothing: it stays on the card
    answer = BurnAnswer(most, reasons, points)
    if not off:
        return Burnt(BurnAnswer(most, reasons, 0), nothing, nothing, floor)
    money = share_with_room(off, work.left, rooms)
    return Burnt(answer, money, money if points == off else share_out(points, money), floor)


def _in_force(caps: list[CapRule]) -> list[CapRule]:
    """All that fit, or the ones from the topmost that replaces those below it."""
    tops = [cap.body.priority for cap in caps if cap.body.replaces]
    return [cap for cap in caps if cap.body.priority >= max(tops)] if tops else caps


def _rooms(work: Work, caps: list[CapRule]) -> tuple[list[int], list[int]]:
    """By line: what must stay to be paid, and how much of the rest points may pay."""
    keep, share_bp, closed = 0, 10_000, []
    for cap in caps:
        keep, share_bp = max(keep, cap.body.keep_minor), min(share_bp, cap.body.line_share_bp)
        if cap.closed is not None:
            closed.append(cap.closed)
    if not (keep or closed or work.has_flags or work.has_floors or share_bp < 10_000):
        return work.floor, work.left
    floors, rooms = [], []
    for line, left, floor, units in zip(work.lines, work.left, work.floor, work.units, strict=True):
        if keep:
            floor = max(floor, min(left, keep * units))
        room = left - floor
        if line.no_burn or line.gift_card_sale or (closed and any(goods.hold(line) for goods in closed)):
            room = 0
        elif share_bp < 10_000:
            room = min(room, left * share_bp // 10_000)
        floors.append(floor)
        rooms.append(room)
    return floors, rooms


def _money_limit(work: Work, caps: list[CapRule], rooms: list[int]) -> tuple[int, tuple[str, ...]]:
    limit, reasons = sum(rooms), ("goods",)
    check = sum(work.left)
    for cap in caps:
        body = cap.body
        if check < body.min_check_minor:
            return 0, ("min_check",)
        whole = check
        if body.share_of == "eligible":
            whole = sum([left for left, room in zip(work.left, rooms, strict=True) if room])
        share = whole * body.share_bp // 10_000
        if share < limit:
            limit, reasons = share, ("share",)
    return limit, reasons


# Rewards


def rewards_to_try(work: Work, wish: Burn, rewards: list[tuple[RewardRule, list[int]]]) -> list[Burnt]:
    """What each of the rewards asked for would come to, the one that takes most off first."""
    tried = []
    for rule, aimed in rewards:
        if wish.reward is not None and rule.key != wish.reward:
            continue
        lines = [i for i in discountable(work, aimed) if not work.lines[i].no_burn]
        money = [0] * len(work.lines)
        for i, off in zip(
            lines, amounts(rule.body.benefit, work, lines, work.left, most=rule.body.max_minor), strict=True
        ):
            money[i] = off
        if any(money):
            points = rule.body.points_minor
            answer = BurnAnswer(points, ("reward",), points)
            tried.append(Burnt(answer, money, share_out(points, money), work.floor, rule))
    tried.sort(
        key=lambda burnt: (-sum(burnt.money), burnt.answer.applied_minor, burnt.reward.offer_id if burnt.reward else 0)
    )
    return tried


def judge_reward(work: Work, rule: RewardRule, money: int, has: int) -> None:
    """The reward that was bought, or the points that are missing for it."""
    if has >= rule.body.points_minor:
        work.verdicts.append(Verdict(rule.offer_id, rule.version, "applied", money))
    else:
        missing = Missing("points", points_minor=rule.body.points_minor - has)
        work.verdicts.append(Verdict(rule.offer_id, rule.version, "not_met", missing=missing))
