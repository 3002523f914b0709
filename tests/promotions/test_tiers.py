"""Tiers: the ladder as rules, then as the database keeps it, then the night's review."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from vokrug.promotions.errors import TierNonsense
from vokrug.promotions.tiers import operations, rules, store, texts
from vokrug.promotions.tiers.types import Done, Needs, Programme, Tier
from vokrug.runtime.database import Database

NOW = datetime(2026, 6, 15, 9, 0, tzinfo=UTC)


def tier(code: str, name: str = "", keep: Needs | None = None, **needs: int) -> Tier:
    return Tier(code=code, name_ru=name or code, name_en=code.title(), needs=Needs(**needs), keep=keep)


def ladder(*spends: int, **rest: object) -> Programme:
    tiers = tuple(tier(f"L{n}", spend=spend * 100) for n, spend in enumerate(spends))
    return Programme(tiers=tiers, **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "sale", "expected"),
    [
        (0, 6_000, "L0"),
        (0, 15_000, "L1"),
        (0, 25_000, "L2"),
        (4_000, 500, "L0"),
        (8_000, 3_000, "L1"),
        (18_000, 3_000, "L2"),
        (22_000, 5_000, "L2"),
    ],
)
def test_a_sale_counts_in_full_before_its_tier_is_asked(before: int, sale: int, expected: str) -> None:
    done = Done(spend=before * 100).plus(spend=sale * 100)
    reached = rules.standing(ladder(0, 10_000, 20_000), done, None)
    assert reached is not None
    assert reached.code == expected


@pytest.mark.parametrize(("done", "expected"), [(5, 0), (10, 1), (30, 2), (100, 3)])
def test_a_threshold_is_reached_when_it_is_met(done: int, expected: int) -> None:
    assert rules.reached(ladder(0, 10, 30, 100), Done(spend=done * 100)) == expected


TWO = (tier("base"), tier("gold", spend=1000_00, visits=5))


@pytest.mark.parametrize(
    ("match", "done", "expected"),
    [
        ("any", Done(spend=1000_00, visits=1), "gold"),
        ("any", Done(spend=1, visits=5), "gold"),
        ("all", Done(spend=1000_00, visits=4), "base"),
        ("all", Done(spend=1000_00, visits=5), "gold"),
        ("any", Done(), "base"),
    ],
)
def test_of_several_metrics_any_or_all(match: str, done: Done, expected: str) -> None:
    found = rules.standing(Programme(tiers=TWO, match=match), done, None)  # type: ignore[arg-type]
    assert found is not None
    assert found.code == expected


def test_the_way_on_in_words() -> None:
    gold = (tier("base", "Базовый"), tier("gold", "Золото", spend=10_000_00), tier("black", "Чёрный", visits=12))
    year = Programme(tiers=gold, span="year", down="one_down", review="year")
    today = date(2026, 6, 15)
    done = Done(spend=8_750_00, visits=3)
    assert texts.path(year, done, gold[0], "ru", today) == "До уровня «Золото» осталось 1 250 ₽ до 31.12"
    assert texts.path(year, done, gold[0], "en", today) == '₽1,250 to "Gold" by 31 December'
    assert texts.path(year, done, gold[1], "ru", today) == "До уровня «Чёрный» осталось 9 покупок до 31.12"
    assert texts.path(year, done, gold[2], "ru", today) == "Достигнут высший уровень"
    assert texts.keep(year, done, gold[1], "ru", today) == "Чтобы сохранить уровень «Золото»: 1 250 ₽ до 31.12"
    kept = Done(spend=10_000_00)
    assert texts.keep(year, kept, gold[1], "ru", today) == "Уровень «Золото» сохраняется на следующий период"
    assert texts.keep(Programme(tiers=gold), done, gold[1], "ru", today) == ""


NONSENSE = [
    ({"tiers": (tier("a"), tier("a", spend=1))}, "tiers"),
    ({"tiers": (tier("a", spend=5), tier("b", spend=5))}, "tiers/1"),
    ({"span": "rolling"}, "days"),
    ({"days": 30}, "days"),
    ({"up": "at_review"}, "review"),
    ({"down": "by_value"}, "review"),
    ({"grace_days": 3}, "down"),
    ({"zone": "Europe/Nowhere"}, "zone"),
]


@pytest.mark.parametrize(("given_", "field"), NONSENSE)
async def test_nonsense_is_refused_and_nothing_changes(db: Database, given_: dict[str, object], field: str) -> None:
    async with db.transaction() as tx:
        before = await store.read_programme(tx)
        with pytest.raises(TierNonsense) as refused:
            await operations.save_programme(tx, Programme(**given_))  # type: ignore[arg-type]
        assert refused.value.facts["field"] == field
        assert await store.read_programme(tx) == before


async def buys(db: Database, programme: Programme, customer: int, spend: int, at: datetime) -> None:
    async with db.transaction() as tx:
        day = rules.day_number(programme, at)
        await store.count(tx, customer, day, spend=spend * 100, points=0, visits=1, at=at)


async def spent(db: Database, programme: Programme, customer: int, at: datetime) -> int:
    async with db.transaction() as tx:
        return (await operations.standing(tx, programme, customer, at))[1].spend // 100


async def saved(db: Database, programme: Programme) -> Programme:
    async with db.transaction() as tx:
        await operations.save_programme(tx, programme)
        return await store.read_programme(tx)


async def test_a_programme_is_read_as_it_was_written(db: Database) -> None:
    programme = Programme(
        tiers=(tier("base"), tier("gold", spend=5, visits=2, keep=Needs(visits=1))),
        span="rolling", days=90, match="all", down="one_down", review="month", grace_days=10,
    )  # fmt: skip
    assert await saved(db, programme) == programme


SPANS = [
    ({"span": "lifetime"}, {"2025-12-31": 1, "2026-06-15": 111}),
    ({"span": "year"}, {"2025-12-31": 1, "2026-01-01": 10, "2026-06-15": 110}),
    ({"span": "rolling", "days": 30}, {"2026-01-30": 10, "2026-01-31": 0, "2026-06-15": 100}),
    ({"span": "anniversary"}, {"2025-12-31": 1, "2026-06-15": 111, "2026-12-31": 0}),
]


@pytest.mark.parametrize(("span", "expected"), SPANS)
async def test_a_window_is_a_difference_of_running_totals(
    db: Database, span: dict[str, object], expected: dict[str, int]
) -> None:
    programme = await saved(db, Programme(tiers=ladder(0, 10).tiers, zone="UTC", **span))  # type: ignore[arg-type]
    days = {1: datetime(2025, 12, 31, 12, tzinfo=UTC), 10: datetime(2026, 1, 1, 12, tzinfo=UTC), 100: NOW}
    if span["span"] == "lifetime":
        expected = {"2026-06-15": 111}
    order = [100, 1, 10]  # a late receipt raises the days after it
    for spend in order:
        await buys(db, programme, 7, spend, days[spend])
    for day, total in expected.items():
        at = datetime.fromisoformat(day).replace(hour=23, tzinfo=UTC)
        if at.date() < NOW.date() and span["span"] != "rolling":
            continue  # what was known then is another question
        if span["span"] == "rolling" and at.date() < NOW.date():
            continue
        assert await spent(db, programme, 7, at) == total, day


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sales=st.lists(st.tuples(st.integers(0, 40), st.integers(1, 50)), min_size=1, max_size=12), days=st.integers(1, 20)
)
async def test_running_totals_equal_a_sum_over_history_in_whatever_order(
    db: Database, sales: list[tuple[int, int]], days: int
) -> None:
    programme = await saved(db, Programme(tiers=ladder(0, 10).tiers, zone="UTC", span="rolling", days=days))
    customer = int(uuid4()) % 2**60
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    for day, spend in sales:
        await buys(db, programme, customer, spend, start + timedelta(days=day))
    today = start + timedelta(days=40)
    expected = sum(spend for day, spend in sales if day > 40 - days)
    assert await spent(db, programme, customer, today) == expected


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.tuples(*[st.integers(0, 6)] * 4), held=st.integers(-1, 2), match=st.sampled_from(["any", "all"]))
async def test_the_database_and_the_rules_agree_on_what_is_reached(
    db: Database, numbers: tuple[int, ...], held: int, match: str
) -> None:
    tiers = (
        tier("a"),
        tier("b", spend=2, visits=3),
        tier("c", keep=Needs(spend=3), spend=4, points=1, categories=2),
    )
    programme = await saved(db, Programme(tiers=tiers, match=match, down="by_value", review="day"))  # type: ignore[arg-type]
    async with db.transaction(readonly=True) as tx:
        rank = await tx.value("select promotions_tier_reached($1, $2, $3)", list(numbers), held, match)
    assert rank == rules.reached(programme, Done(*numbers), held)


YEAR = Programme(tiers=ladder(0, 100, 200).tiers, zone="UTC", span="year", down="one_down", review="year")
NEW_YEAR = datetime(2027, 1, 1, 2, tzinfo=UTC)


async def review(db: Database, at: datetime) -> dict[int, tuple[str | None, str]]:
    await operations.review_all(db, at, slice=2)
    async with db.transaction(readonly=True) as tx:
        rows = await tx.rows("select customer_number, from_tier, to_tier from promotions_tier_change where at = $1", at)
    return {row["customer_number"]: (row["from_tier"], row["to_tier"]) for row in rows}


async def test_a_year_ends_one_rung_down_or_by_value_said_twice_changes_nothing(db: Database) -> None:
    programme = await saved(db, YEAR)
    for customer, spend in ((1, 250), (2, 150), (3, 10)):
        await buys(db, programme, customer, spend, NOW)
    assert await review(db, NEW_YEAR) == {1: (None, "L2"), 2: (None, "L1"), 3: (None, "L0")}
    await buys(db, programme, 2, 120, NEW_YEAR + timedelta(days=40))
    next_year = NEW_YEAR.replace(year=2028)
    assert await review(db, next_year) == {1: ("L2", "L1")}, "the second keeps what it bought again"
    assert await review(db, next_year) == {1: ("L2", "L1")}
    assert await review(db, next_year + timedelta(days=366)) == {1: ("L1", "L0"), 2: ("L1", "L0")}
    assert len(await facts(db)) == 6


async def facts(db: Database) -> list[object]:
    sql = (
        "select l.id from events_log l join events_type t on t.id = l.type where t.name = 'promotions.tier_changed.v1'"
    )
    async with db.transaction(readonly=True) as tx:
        return list(await tx.rows(sql))


async def test_a_protected_tier_and_one_in_grace_outlive_a_review(db: Database) -> None:
    programme = await saved(db, replace(YEAR, down="by_value", grace_days=30, review="day"))
    async with db.transaction() as tx:
        await operations.grant(tx, programme, 1, "L2", until=date(2026, 6, 20), cause="grant", by="boss", now=NOW)
        await store.save_state(tx, 2, "L2", NOW.date())
    assert await review(db, NOW + timedelta(days=1)) == {}
    assert await review(db, NOW + timedelta(days=20)) == {}, "both are in grace now, or protected a while before"
    assert await review(db, NOW + timedelta(days=32)) == {2: ("L2", "L0")}
    assert await review(db, NOW + timedelta(days=60)) == {1: ("L2", "L0")}


async def test_a_return_takes_back_what_only_its_sale_had_reached(db: Database) -> None:
    programme = await saved(db, YEAR)
    await buys(db, programme, 5, 150, NOW)
    async with db.transaction() as tx:
        before = (None, Done())
        after = await operations.standing(tx, programme, 5, NOW)
        await operations.note(tx, programme, 5, before, after, "sale", document=uuid4(), now=NOW)
    async with db.transaction() as tx:
        await operations.count_return(tx, programme, 5, sold_at=NOW, spend=100_00, points=0, document=uuid4(), now=NOW)
        assert (await operations.standing(tx, programme, 5, NOW))[0] == "L0"
        causes = [(change.to_tier, change.cause) for change in await store.history(tx, 5)]
    assert causes == [("L0", "return"), ("L1", "sale")]
