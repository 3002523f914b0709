"""Decisions without I/O: which hours a day of a shop has."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from vokrug.analytics.types import Span

HOUR = timedelta(hours=1)


def midnight(day: date, zone: str) -> datetime:
    """The moment at which a shop's day begins."""
    return datetime.combine(day, time(), ZoneInfo(zone))


def days(shops: Iterable[tuple[str, str]], first: date, last: date) -> list[Span]:
    """Whole days of shops, each by its own calendar. A shop is its code and its zone."""
    return [Span(shop, zone, midnight(first, zone), midnight(last + timedelta(days=1), zone)) for shop, zone in shops]


def so_far(
    shops: Iterable[tuple[str, str]], now: datetime, *, days_back: int = 0
) -> tuple[list[Span], list[Span], int]:
    """Today of each shop until this hour began, the hour that runs, and how much of it has passed in thousandths;
    or the same of a day before: then what had been sold by this time of that day.
    """
    whole, running = [], []
    for shop, zone in shops:
        local = now.astimezone(ZoneInfo(zone))
        day = local.date() - timedelta(days=days_back)
        hour = datetime.combine(day, time(local.hour), ZoneInfo(zone))
        whole.append(Span(shop, zone, midnight(day, zone), hour))
        running.append(Span(shop, zone, hour, hour + HOUR))
    passed = now.minute * 60 + now.second
    return whole, running, passed * 1000 // 3600


def today_of(zone: str, now: datetime, *, days_back: int = 0) -> date:
    return now.astimezone(ZoneInfo(zone)).date() - timedelta(days=days_back)
