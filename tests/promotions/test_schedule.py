"""Offers run by the clock on the wall of the shop."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.promotions.shop import basket, line, price
from vokrug.promotions.engine.offers import Hours, ItemDiscount, PercentOff, When

ZONES = [
    "Europe/Kaliningrad", "Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg", "Asia/Omsk",
    "Asia/Krasnoyarsk", "Asia/Irkutsk", "Asia/Yakutsk", "Asia/Vladivostok", "Asia/Magadan", "Asia/Kamchatka",
]  # fmt: skip
SECOND = timedelta(seconds=1)


def runs(when: When, wall: str, zone: str = "Europe/Moscow") -> bool:
    now = datetime.fromisoformat(wall).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return runs_at(when, now, zone)


def runs_at(when: When, now: datetime, zone: str) -> bool:
    offer = ItemDiscount(benefit=PercentOff(percent_bp=1000), when=when)
    return price(basket(line(1, 1000), zone=zone), offer, now=now).totals.net_minor == 900


@pytest.mark.parametrize("zone", ZONES)
def test_both_dates_are_inclusive_in_every_zone(zone: str) -> None:
    """A new year's offer of one day: from the shop's midnight to the shop's midnight."""
    when = When(from_date=date(2026, 12, 31), until_date=date(2026, 12, 31))
    wall = {
        "2026-12-30T23:59:59": False,
        "2026-12-31T00:00:00": True,
        "2026-12-31T23:59:59": True,
        "2027-01-01T00:00:00": False,
    }
    assert {at: runs(when, at, zone) for at in wall} == wall


def test_at_one_moment_the_day_is_over_in_the_east_and_not_in_the_west() -> None:
    when = When(until_date=date(2026, 12, 31))
    now = datetime(2026, 12, 31, 12, 0, tzinfo=UTC)
    assert runs_at(when, now - SECOND, "Asia/Kamchatka")
    assert not runs_at(when, now, "Asia/Kamchatka")
    assert runs_at(when, now, "Europe/Kaliningrad")


@pytest.mark.parametrize(
    ("wall", "open_"),
    [
        ("2026-05-08T21:59", False),  # Friday
        ("2026-05-08T22:00", True),
        ("2026-05-09T05:59", True),  # the small hours of Saturday are Friday's night
        ("2026-05-09T06:00", False),
        ("2026-05-09T23:00", False),  # Saturday's own night is not meant
        ("2026-05-08T03:00", False),  # and the small hours of Friday are Thursday's
    ],
)
def test_a_night_belongs_to_the_evening_it_began_on(wall: str, open_: bool) -> None:
    assert runs(When(weekdays=(5,), hours=(Hours(start="22:00", end="06:00"),)), wall) is open_


def test_the_last_night_goes_on_past_the_last_day() -> None:
    when = When(from_date=date(2026, 12, 31), until_date=date(2026, 12, 31), hours=(Hours(start="22:00", end="02:00"),))
    assert runs(when, "2027-01-01T01:59")
    assert not runs(when, "2027-01-01T02:00")
    assert not runs(when, "2026-12-31T01:00"), "that night began the day before"


@pytest.mark.parametrize(
    ("hours", "open_at"),
    [
        ([("09:00", "12:00")], {"08:59": False, "09:00": True, "11:59": True, "12:00": False}),
        ([("09:00", "10:00"), ("18:00", "24:00")], {"09:30": True, "12:00": False, "23:59": True}),
        ([("18:00", "00:00")], {"17:59": False, "23:59": True, "00:00": False}),
    ],
)
def test_hours_of_the_day(hours: list[tuple[str, str]], open_at: dict[str, bool]) -> None:
    when = When(hours=tuple(Hours(start=start, end=end) for start, end in hours))
    assert {at: runs(when, f"2026-05-08T{at}") for at in open_at} == open_at


def test_weekdays_are_the_shops_own() -> None:
    """Sunday 20:30 in Moscow is Monday in Vladivostok."""
    now = datetime(2026, 5, 10, 17, 30, tzinfo=UTC)
    assert runs_at(When(weekdays=(7,)), now, "Europe/Moscow")
    assert runs_at(When(weekdays=(1,)), now, "Asia/Vladivostok")
    assert not runs_at(When(weekdays=(1,)), now, "Europe/Moscow")


def test_clocks_put_forward_and_back() -> None:
    """Berlin: 02:30 does not exist on 29 March 2026 and comes twice on 25 October."""
    when = When(hours=(Hours(start="02:00", end="03:00"),))
    spring = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert not runs_at(when, spring - SECOND, "Europe/Berlin")
    assert not runs_at(when, spring, "Europe/Berlin"), "from 01:59:59 the clock went to 03:00"
    autumn = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert runs_at(when, autumn, "Europe/Berlin")
    assert runs_at(when, autumn + timedelta(hours=1), "Europe/Berlin")
    assert not runs_at(when, autumn + timedelta(hours=2), "Europe/Berlin")
