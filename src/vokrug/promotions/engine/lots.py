"""When granted points become spendable and when they lapse: days and months of the shop's calendar."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vokrug.promotions.engine.offers import (
    Activation,
    ExpireAfterDays,
    ExpireAtEndOfMonth,
    ExpireAtEndOfYear,
    Expiry,
)


def expires_at(spec: Expiry, sold_at: datetime, zone: str) -> datetime | None:
    """The first moment at which the points are gone: the midnight that ends the last day."""
    day = sold_at.astimezone(ZoneInfo(zone)).date()
    match spec:
        case ExpireAfterDays(days=days):
            return _midnight(day + timedelta(days=days + 1), zone)
        case ExpireAtEndOfMonth(months=months):
            months += day.month  # counted from January of the sale's year
            return _midnight(date(day.year + months // 12, months % 12 + 1, 1), zone)
        case ExpireAtEndOfYear(years=years):
            return _midnight(date(day.year + years + 1, 1, 1), zone)
    return None


def active_from(spec: Activation, sold_at: datetime, zone: str) -> datetime:
    """The first moment at which the points may be spent."""
    moment = sold_at
    if spec.day_starts:
        moment = _midnight(sold_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=spec.day_starts), zone)
    moment += timedelta(seconds=spec.delay_s)
    return _rounded(spec.round_to, moment, sold_at, zone) if spec.round_to else moment


def _rounded(to: str, moment: datetime, sold_at: datetime, zone: str) -> datetime:
    """The start of the moment's day, week or month, never before the sale; or the last second of it."""
    first = moment.astimezone(ZoneInfo(zone)).date()
    span, _, edge = to.partition("_")
    after = first + timedelta(days=1)
    if span == "week":
        first -= timedelta(days=first.weekday())
        after = first + timedelta(days=7)
    elif span == "month":
        first = first.replace(day=1)
        after = (first + timedelta(days=32)).replace(day=1)
    return max(sold_at, _midnight(first, zone)) if edge == "start" else _midnight(after, zone) - timedelta(seconds=1)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
