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
    if spec.day_starts:
        day = sold_at.astimezone(ZoneInfo(zone)).date() + timedelta(days=spec.day_starts)
        return _midnight(day, zone) + timedelta(seconds=spec.delay_s)
    return sold_at + timedelta(seconds=spec.delay_s)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)
