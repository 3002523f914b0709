"""Cron in the time zone of a shop: when is it due next?"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter

from vokrug.kernel import Refusal, Text


class ScheduleMalformed(Refusal):
    """A schedule's cron or time zone cannot be read"""

    code, status = "schedule_malformed", 422
    cashier = Text(
        en="Schedule {name}: {value} is not a {what}.", ru="Расписание {name}: {value} не читается как {what}."
    )


def require_schedulable(name: str, cron: str, zone: str) -> None:
    """Five fields, a known zone, and a date that will come: the 30th of February is refused."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ScheduleMalformed(name=name, value=zone, what="time zone") from None
    try:
        if len(cron.split()) != 5:
            raise ValueError
        next_due(cron, zone, datetime(2026, 1, 1, tzinfo=UTC))
    except (ValueError, KeyError):  # croniter's own errors are ValueErrors
        raise ScheduleMalformed(name=name, value=cron, what="cron line") from None


def next_due(cron: str, zone: str, after: datetime) -> datetime:
    """The first moment after `after`, in UTC.

    Where clocks change: an hour that is left out is made up for right after it, and in the hour that
    comes twice only a line that runs every hour runs twice.
    """
    local = ZoneInfo(zone)
    moments = croniter(cron, after.astimezone(local))
    while True:
        due: datetime = moments.get_next(datetime).astimezone(UTC)
        comes_again = due.astimezone(local).fold == 1
        if due > after and not (comes_again and not cron.split()[1].startswith("*")):
            return due
