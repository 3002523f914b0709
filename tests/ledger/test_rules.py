"""Decisions about amounts: shares, sources, fees, lots, deferred revenue. Each with what it declines."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vokrug.kernel import Rounding, round_ratio
from vokrug.ledger import AcquiredLot, Source, defer, draw, fee, recognise, reduce_lots, split
from vokrug.ledger.errors import InsufficientFunds, InsufficientLots, InvalidSplit, UnboundedSource


@pytest.mark.parametrize(
    ("amount", "parts", "shares"),
    [
        (15, "80% 8% 12%", [13, 1, 1]),
        (15, "1/2 1/2 rest", [8, 7, 0]),
        (100, "60% 35.5% 4.5%", [61, 35, 4]),
        (77, "10% 20% rest", [8, 16, 53]),
        (10, "rest 2/25", [10, 0]),
        (0, "1/3 rest", [0, 0]),
        (7, "rest", [7]),
        (1, "1/3 1/3 1/3", [1, 0, 0]),
    ],
)
def test_a_split_loses_and_invents_nothing(amount: int, parts: str, shares: list[int]) -> None:
    assert split(amount, parts.split()) == shares


@pytest.mark.parametrize(
    "parts", ["1/2 1/2 1/2", "rest 2/25 rest", "50%", "", "110% rest", "-10% rest", "half rest", "1/0"]
)
def test_shares_that_make_no_whole_are_declined(parts: str) -> None:
    with pytest.raises(InvalidSplit):
        split(10, parts.split())


@given(st.integers(0, 10**15), st.lists(st.integers(0, 1000), min_size=1, max_size=8).filter(sum))
def test_any_split_is_within_one_unit_of_its_share(amount: int, weights: list[int]) -> None:
    shares = split(amount, [f"{weight}/{sum(weights)}" for weight in weights])
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert share * sum(weights) >= amount * weight - sum(weights) + 1
        assert share <= amount * weight // sum(weights) + 1
        assert share == 0 or weight > 0, "who has no share gets no spare unit"


UNLIMITED = None


@pytest.mark.parametrize(
    ("amount", "sources", "taken"),
    [
        (100, [("a", 40), ("b", 40), ("c", 21)], "a:40 b:40 c:20"),
        (100, [("a", 1000, 40), ("b", 1000)], "a:40 b:60"),
        (10, [("a", -2, UNLIMITED, 5), ("world", 0, UNLIMITED, UNLIMITED)], "a:3 world:7"),
        (None, [("a", -4, UNLIMITED, 5)], "a:1"),
        (None, [("a", -9, UNLIMITED, 5), ("b", 2)], "b:2"),
        (None, [("world", 0, 30, UNLIMITED)], "world:30"),
        (30, [("a", 30, 10), ("b", 15), ("a", 30)], "a:10 b:15 a:5"),
        (0, [("a", 30)], ""),
    ],
)
def test_sources_fill_a_total_in_their_order(amount: int | None, sources: list[tuple[str, int]], taken: str) -> None:
    assert " ".join(f"{key}:{part}" for key, part in draw(amount, [Source(*source) for source in sources])) == taken


@pytest.mark.parametrize(
    ("amount", "sources", "refusal"),
    [
        (100, [("a", 40), ("b", 59)], InsufficientFunds),
        (40, [("a", 30, 20), ("a", 30)], InsufficientFunds),
        (None, [("world", 0, UNLIMITED, UNLIMITED)], UnboundedSource),
    ],
)
def test_a_total_that_cannot_be_filled_takes_nothing(
    amount: int | None, sources: list[tuple[str, int]], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        draw(amount, [Source(*source) for source in sources])


@pytest.mark.parametrize(
    ("amount", "rate", "cap", "charged"),
    [(500, "10%", 10, 10), (10, "10%", 10, 1), (199, "1%", None, 1), (3, "1/3", None, 1), (0, "10%", 10, 0)],
)
def test_a_fee_is_rounded_down_below_its_ceiling(amount: int, rate: str, cap: int | None, charged: int) -> None:
    assert fee(amount, rate, cap) == charged


BOUGHT = [
    AcquiredLot("a", 5, date(2015, 10, 2)),
    AcquiredLot("b", 4, date(2015, 10, 1)),
    AcquiredLot("c", 6, date(2015, 10, 3)),
]


@pytest.mark.parametrize(
    ("method", "quantity", "taken"),
    [
        ("fifo", 2, "b:2"), ("fifo", 4, "b:4"), ("fifo", 7, "b:4 a:3"), ("fifo", 12, "b:4 a:5 c:3"), ("fifo", 0, ""),
        ("lifo", 2, "c:2"), ("lifo", 7, "c:6 a:1"), ("lifo", 15, "c:6 a:5 b:4"),
    ],
)  # fmt: skip
def test_lots_are_taken_in_order_of_acquisition(method: str, quantity: int, taken: str) -> None:
    assert " ".join(f"{key}:{part}" for key, part in reduce_lots(BOUGHT, quantity, method)) == taken


def test_too_few_units_are_an_error_and_never_a_guess() -> None:
    with pytest.raises(InsufficientLots) as refused:
        reduce_lots(BOUGHT, 16)
    assert refused.value.facts == {"missing": 1}


@pytest.mark.parametrize(
    ("price", "goods", "points", "parts"),
    [
        (100_000, 100_000, 9_500, (91_324, 8_676)),  # IFRS 15, example 52
        (1_000, 1_000, 0, (1_000, 0)),
        (101, 100, 100, (50, 51)),
        (500, 0, 0, (500, 0)),
    ],
)
def test_a_sale_is_divided_by_stand_alone_prices(price: int, goods: int, points: int, parts: tuple[int, int]) -> None:
    assert defer(price, goods, points) == parts


def test_revenue_follows_what_was_redeemed_of_what_is_expected() -> None:
    """IFRS 15, example 52: 4,500 of 9,500 points in the first year, 8,500 of 9,700 by the end of the second."""
    first = recognise(8_676, 4_500, 9_500, 0)
    second = recognise(8_676, 8_500, 9_700, first)
    assert (first, second) == (4_110, 3_493)
    assert recognise(8_676, 9_700, 9_700, first + second) == 8_676 - first - second


@pytest.mark.parametrize(
    ("ratio", "down", "half_up", "half_even", "up"),
    [
        ((5, 2), 2, 3, 2, 3), ((7, 2), 3, 4, 4, 4), ((-5, 2), -3, -3, -2, -2), ((-7, 2), -4, -4, -4, -3),
        ((1, 3), 0, 0, 0, 1), ((2, 3), 0, 1, 1, 1), ((6, 3), 2, 2, 2, 2),
    ],
)  # fmt: skip
def test_rounding_is_named(ratio: tuple[int, int], down: int, half_up: int, half_even: int, up: int) -> None:
    ways = (Rounding.DOWN, Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.UP)
    assert [round_ratio(*ratio, way) for way in ways] == [down, half_up, half_even, up]
