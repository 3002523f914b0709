"""Where somebody stands on the ladder, and what is missing: no I/O."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from vokrug.promotions.errors import TierNonsense
from vokrug.promotions.tiers.types import METRICS, Done, Metric, Needs, Programme, Tier

EPOCH = date(1970, 1, 1)


def day_number(programme: Programme, at: datetime) -> int:
    """The bucket of a moment: its day in the programme's zone, or 0 when no window needs days."""
    return (at.astimezone(ZoneInfo(programme.zone)).date() - EPOCH).days if programme.counts_days else 0


def meets(needs: Needs, done: Done, match: str) -> bool:
    asked = [(needs.of(metric), done.of(metric)) for metric in METRICS if needs.of(metric) is not None]
    if not asked:
        return True
    met = [has >= wanted for wanted, has in asked if wanted is not None]
    return any(met) if match == "any" else all(met)


def reached(programme: Programme, done: Done, held: int = -1) -> int:
    """The highest rung that this reaches, -1 for none; those up to `held` may be kept on easier terms. The same
    rule as promotions_tier_reached.
    """
    for rank in range(len(programme.tiers) - 1, -1, -1):
        tier = programme.tiers[rank]
        needs = kept_on(tier) if rank <= held else tier.needs
        if meets(needs, done, programme.match):
            return rank
    return -1


def kept_on(tier: Tier) -> Needs:
    """The terms a tier is kept on: each that is not named is as it was."""
    if tier.keep is None:
        return tier.needs
    asked = {m: tier.keep.of(m) if tier.keep.of(m) is not None else tier.needs.of(m) for m in METRICS}
    return Needs(**asked)


def rank_of(programme: Programme, code: str | None) -> int:
    return next((rank for rank, tier in enumerate(programme.tiers) if tier.code == code), -1)


def standing(programme: Programme, done: Done, held: str | None) -> Tier | None:
    """The tier somebody has: what is held whatever comes, or what has been reached if that is higher."""
    rank = rank_of(programme, held)
    if programme.up == "at_once":
        rank = max(rank, reached(programme, done))
    elif rank < 0:
        rank = reached(programme, Done())
    return programme.tiers[rank] if rank >= 0 else None


def next_tier(programme: Programme, tier: Tier | None) -> Tier | None:
    rank = -1 if tier is None else rank_of(programme, tier.code)
    return programme.tiers[rank + 1] if rank + 1 < len(programme.tiers) else None


def missing(needs: Needs, done: Done, match: str) -> dict[Metric, int]:
    """What is still to be done. With `any`, the one thing that is nearest by its share."""
    lacks: dict[Metric, int] = {}
    for metric in METRICS:
        asked = needs.of(metric)
        if asked is not None and done.of(metric) < asked:
            lacks[metric] = asked - done.of(metric)
    if match == "any" and len(lacks) > 1:
        nearest = min(lacks, key=lambda m: lacks[m] / max(1, needs.of(m) or 1))
        return {nearest: lacks[nearest]}
    return lacks


def window_end(programme: Programme, today: date, first_day: date | None = None) -> date | None:
    """The last day on which something still counts into this window; None when it never closes, or moves."""
    if programme.span == "year":
        return date(today.year, 12, 31)
    if programme.span == "anniversary" and first_day is not None:
        years = today.year - first_day.year
        begins = [_same_day(first_day, years + shift) for shift in (0, 1)]
        return next(begin for begin in begins if begin > today) - timedelta(days=1)
    return None


def _same_day(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def require_sense(programme: Programme) -> None:
    """A ladder that contradicts itself is refused by its field."""
    codes = [tier.code for tier in programme.tiers]
    if len(set(codes)) < len(codes):
        raise TierNonsense(field="tiers", why="one code twice", why_ru="код повторяется")
    for i, (lower, higher) in enumerate(zip(programme.tiers, programme.tiers[1:], strict=False)):
        if _is_easier(higher.needs, lower.needs):
            raise TierNonsense(field=f"tiers/{i + 1}", why="asks no more than the one below", why_ru="не выше нижнего")
    if (programme.span == "rolling") != (programme.days > 0):
        raise TierNonsense(field="days", why="goes with rolling", why_ru="только для скользящего окна")
    if programme.review == "none" and (programme.up != "at_once" or programme.down != "at_once"):
        raise TierNonsense(field="review", why="something waits for a review", why_ru="нужен пересмотр уровней")
    if programme.down == "at_once" and (programme.grace_days or any(tier.keep for tier in programme.tiers)):
        raise TierNonsense(field="down", why="grace is given at reviews", why_ru="отсрочка даётся при пересмотре")
    try:
        ZoneInfo(programme.zone)
    except (KeyError, ValueError, OSError):
        raise TierNonsense(field="zone", why="no such time zone", why_ru="нет такого пояса") from None


def _is_easier(higher: Needs, lower: Needs) -> bool:
    """Does the upper rung ask no more than the lower one, in everything both ask?"""
    both = [(higher.of(m), lower.of(m)) for m in METRICS if higher.of(m) is not None and lower.of(m) is not None]
    return bool(both) and all(up <= down for up, down in both if up is not None and down is not None)


def is_review_day(programme: Programme, today: date) -> bool:
    """Reviews look back over the window that has just ended: on its first day after, or each day."""
    match programme.review:
        case "day":
            return True
        case "month":
            return today.day == 1
        case "year":
            return (today.month, today.day) == (1, 1)
        case _:
            return False


def categories_of(paths: Sequence[Sequence[int]]) -> set[int]:
    """The categories of goods that count as distinct: the lowest of each path."""
    return {path[-1] for path in paths if path}
