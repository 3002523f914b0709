"""How a history is put together, and how amounts are said."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vokrug.cabinet.rules import history, said_amount, said_money
from vokrug.cabinet.types import Line
from vokrug.ledger import PointsLine
from vokrug.pos import Receipt

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
SIZE = 4


@pytest.mark.parametrize(
    ("minor", "language", "said"),
    [
        (0, "ru", "0"),
        (18_51, "ru", "18,51"),
        (18_00, "ru", "18"),
        (12_345_60, "ru", "12\N{NO-BREAK SPACE}345,60"),
        (12_345_60, "en", "12,345.60"),
        (-5, "en", "−0.05"),
    ],
)
def test_an_amount_is_said_as_people_write_it(minor: int, language: str, said: str) -> None:
    assert said_amount(minor, language) == said


def test_money_has_its_sign() -> None:
    assert said_money(360_00, "RUB", "ru") == "360\N{NO-BREAK SPACE}₽"
    assert said_money(360_00, "KZT", "en") == "360\N{NO-BREAK SPACE}KZT"


# No more than a page's lines of either kind happen at one moment.
moments = st.lists(st.integers(0, 40), max_size=30).filter(lambda at: all(at.count(one) <= SIZE for one in at))


@example(bought=[0, 35, 35, 35, 35], moved=[41, 42, 70, 43, 44, 45])
@given(bought=moments, moved=st.lists(st.integers(41, 80), max_size=20, unique=True))
def test_page_by_page_every_line_is_told_once_the_newest_first(bought: list[int], moved: list[int]) -> None:
    receipts = [
        Receipt(UUID(int=n), "sale", BEGIN + timedelta(hours=2 * at), "S", "UTC", "RUB", n, 0, 0)
        for n, at in enumerate(bought)
    ]
    lines = [PointsLine(BEGIN + timedelta(hours=at), "grant", n, 1000 + n) for n, at in enumerate(moved)]
    told: list[Line] = []
    until: datetime | None = BEGIN + timedelta(days=365)
    while until is not None:
        before = until
        a = sorted((one for one in receipts if one.at < before), key=lambda one: one.at, reverse=True)[: SIZE + 1]
        b = sorted((one for one in lines if one.at < before), key=lambda one: one.at, reverse=True)[: SIZE + 1]
        page = history(a, b, size=SIZE)
        told += page.lines
        until = page.older
    assert [one.at for one in told] == sorted((one.at for one in told), reverse=True)
    assert sorted(one.money_minor or one.received_minor for one in told) == sorted(
        [one.money_minor or 0 for one in receipts] + [one.amount for one in lines]
    )
