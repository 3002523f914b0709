"""Whether an offer runs now, by the clock on the wall of the shop."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from vokrug.promotions.engine.offers import When

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = EPOCH.toordinal()
QUARTER_S = 900  # clocks are only ever changed on a quarter of an hour, so one look serves all of it
LAST_DAY = 10**7
Calendars = Mapping[str, frozenset[date]]  # named sets of days, such as public holidays
EVERY_DAY = 0b1111111


@lru_cache(maxsize=4096)
def _offset_s(zone: str, quarter: int) -> int:
    offset = (EPOCH + timedelta(seconds=quarter * QUARTER_S)).astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None, "a zone always knows its offset"
    return int(offset.total_seconds())


def local_time(now: datetime, zone: str) -> tuple[int, int]:
    """The shop's day (as an ordinal) and the minute of it."""
    seconds = int(now.timestamp())
    days, second = divmod(seconds + _offset_s(zone, seconds // QUARTER_S), 86_400)
    return EPOCH_DAY + days, second // 60


@dataclass(frozen=True, slots=True)
class Schedule:
    """A `When`, ready to be asked many times."""

    first_day: int
    last_day: int
    weekdays: int  # one bit a day, Monday lowest
    windows: tuple[tuple[int, int], ...]  # minutes of the day
    only_on: frozenset[int] | None = None  # days of a calendar
    never_on: frozenset[int] | None = None

    def is_open(self, day: int, minute: int) -> bool:
        if not self.windows:
            return self._has_day(day)
        for start, end in self.windows:
            if start < end:
                if start <= minute < end and self._has_day(day):
                    return True
            elif minute >= start:
                if self._has_day(day):
                    return True
            # The small hours of a night belong to the evening it began on.
            elif minute < end and self._has_day(day - 1):
                return True
        return False

    def may_open(self, day: int) -> bool:
        """Whether there is a minute of this day at which the offer runs; a night may have begun the day before."""
        return self._has_day(day) or (bool(self.windows) and self._has_day(day - 1))

    def _has_day(self, day: int) -> bool:
        return (
            self.first_day <= day <= self.last_day
            and bool(self.weekdays >> ((day + 6) % 7) & 1)
            and (self.only_on is None or day in self.only_on)
            and (self.never_on is None or day not in self.never_on)
        )


def compile_schedule(when: When, calendars: Calendars | None = None) -> Schedule | None:
    """None when the offer always runs. A calendar nobody knows has no days."""
    if when == When():
        return None
    return Schedule(
        first_day=when.from_date.toordinal() if when.from_date else 0,
        last_day=when.until_date.toordinal() if when.until_date else LAST_DAY,
        weekdays=sum(1 << (day - 1) for day in set(when.weekdays)) or EVERY_DAY,
        windows=tuple((minute_of(hours.start), minute_of(hours.end)) for hours in when.hours),
        only_on=_days(calendars, when.on_calendar),
        never_on=_days(calendars, when.not_on_calendar),
    )


def _days(calendars: Calendars | None, name: str | None) -> frozenset[int] | None:
    if name is None:
        return None
    return frozenset(day.toordinal() for day in (calendars or {}).get(name, ()))


def minute_of(clocktime: str) -> int:
    """`"22:30"` to 1350."""
    return int(clocktime[:2]) * 60 + int(clocktime[3:])
