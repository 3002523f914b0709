"""Limits under concurrency and repetition: on the database's own doors."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.promotions.state import Desk, desk
from vokrug.promotions.checks import Wanted, give_back, release, reserve, take
from vokrug.promotions.coupons.errors import CouponRefused, LimitReached
from vokrug.promotions.engine.offers.parts import Limit
from vokrug.promotions.limits import rules, store
from vokrug.promotions.limits.types import LiveLimit, Place
from vokrug.runtime.database import Database, Tx

NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=15)


async def taken(desk: Desk, limit: int) -> list[tuple[int, int, int]]:
    """Counters of a limit, as (bucket, taken, over)."""
    rows = await desk.rows(
        "select bucket, taken, over from promotions_count where limit_id = $1 and taken + over > 0 order by 1", limit
    )
    return [(row["bucket"], row["taken"], row["over"]) for row in rows]


async def test_of_a_hundred_parallel_takers_the_last_ones_uses_go_to_exactly_as_many(db: Database) -> None:
    at = await desk(db)
    (limit,) = await at.limits(Limit(subject="offer", measure="uses", most=7))

    async def taker(_: int) -> bool:
        async def story(tx: Tx) -> bool:
            await take(tx, uuid4(), Wanted(limits=[(1, limit, 0, 0, 1)]), None, NOW, is_printed=False)
            return True

        try:
            return await db.replayed(story)
        except LimitReached:
            return False

    won = await asyncio.gather(*map(taker, range(100)))
    assert sum(won) == 7
    assert await taken(at, limit) == [(0, 7, 0)]


async def test_a_code_of_one_use_goes_to_one_of_a_hundred(db: Database) -> None:
    at = await desk(db)
    pool, code = await at.code()

    async def taker(_: int) -> bool:
        async def story(tx: Tx) -> bool:
            until = LATER
            await reserve(tx, uuid4(), Wanted(codes=[(code, pool, 0, 1, 1)]), None, until, NOW)
            return True

        try:
            return await db.replayed(story)
        except CouponRefused:
            return False

    assert sum(await asyncio.gather(*map(taker, range(100)))) == 1


async def test_a_check_gets_all_it_wants_or_nothing(db: Database) -> None:
    at = await desk(db)
    first, second = await at.limits(
        Limit(subject="offer", measure="uses", most=5), Limit(subject="customer", measure="amount", most=100)
    )
    wanted = Wanted(limits=[(1, first, 0, 0, 1), (1, second, 42, 0, 101)])
    with pytest.raises(LimitReached):
        await at.does(lambda tx: take(tx, uuid4(), wanted, 42, NOW, is_printed=False))
    assert await taken(at, first) == []


async def test_a_printed_receipt_passes_the_limit_and_the_counter_says_by_how_much(db: Database) -> None:
    at = await desk(db)
    (limit,) = await at.limits(Limit(subject="offer", measure="amount", most=100))
    sale = uuid4()
    await at.does(lambda tx: take(tx, sale, Wanted(limits=[(1, limit, 0, 0, 130)]), None, NOW, is_printed=True))
    assert await taken(at, limit) == [(0, 130, 30)]
    with pytest.raises(LimitReached):
        await at.does(lambda tx: take(tx, uuid4(), Wanted(limits=[(1, limit, 0, 0, 1)]), None, NOW, is_printed=False))
    await at.does(lambda tx: give_back(tx, sale, [(1, 1, 2)], is_whole=False))
    assert await taken(at, limit) == [(0, 65, 0)]


async def test_a_hold_whose_time_is_up_is_in_nobodys_way(db: Database) -> None:
    at = await desk(db)
    (limit,) = await at.limits(Limit(subject="offer", measure="uses", most=1))
    wanted = Wanted(limits=[(1, limit, 0, 0, 1)])
    await at.does(lambda tx: reserve(tx, uuid4(), wanted, None, LATER, NOW))
    with pytest.raises(LimitReached):
        await at.does(lambda tx: reserve(tx, uuid4(), wanted, None, LATER, NOW))
    after = LATER + timedelta(seconds=1)
    await at.does(lambda tx: reserve(tx, uuid4(), wanted, None, after + timedelta(minutes=1), after))
    assert await taken(at, limit) == [(0, 1, 0)]


async def test_the_sweeper_frees_what_nobody_made_final(db: Database) -> None:
    at = await desk(db)
    (limit,) = await at.limits(Limit(subject="offer", measure="uses", most=9))
    pool, code = await at.code()
    for _ in range(3):
        await at.does(lambda tx: reserve(tx, uuid4(), Wanted(limits=[(1, limit, 0, 0, 1)]), None, LATER, NOW))
    await at.does(lambda tx: reserve(tx, uuid4(), Wanted(codes=[(code, pool, 0, 1, 1)]), None, LATER, NOW))
    assert await at.does(lambda tx: store.sweep(tx, NOW, 100)) == 0
    assert await at.does(lambda tx: store.sweep(tx, LATER, 100)) == 4
    assert await at.does(lambda tx: store.sweep(tx, LATER, 100)) == 0
    assert await taken(at, limit) == []


ROLLING = [
    # days on which two are wanted, with a limit of five over three days: which of them are refused
    ([1, 2, 3], [3]),
    ([1, 2, 4], []),
    ([1, 4, 7], []),
    ([1, 3, 2], [2]),  # a receipt that comes late counts into the windows that end after it
    ([3, 1, 2], [2]),
    ([5, 1, 3], []),
]


@pytest.mark.parametrize(("days", "refused"), ROLLING)
async def test_no_window_of_rolling_days_is_passed_whatever_the_order(
    db: Database, days: list[int], refused: list[int]
) -> None:
    at = await desk(db)
    (limit,) = await at.limits(Limit(subject="customer", measure="uses", most=5, period="rolling", days=3))
    lost = []
    for day in days:
        wanted = Wanted(limits=[(1, limit, 42, day, 2)])
        try:
            await at.takes(wanted, 42)
        except LimitReached:
            lost.append(day)
    assert lost == refused


async def test_a_batch_leaves_out_who_cannot_have_it_and_serves_the_rest(db: Database) -> None:
    at = await desk(db)
    (limit,) = await at.limits(Limit(subject="offer", measure="uses", most=2))
    checks = [UUID(int=n) for n in range(4)]
    wants = [(check, 1, limit, 0, 0, 1, None) for check in checks]
    refused = await at.does(lambda tx: store.take(tx, checks, wants, [], NOW, forced=False))
    assert [UUID(int=row["check_id"].int) for row in refused] == checks[2:]
    assert await taken(at, limit) == [(0, 2, 0)]


async def test_a_shared_budget_that_runs_low_is_noted_once_a_level(db: Database) -> None:
    at = await desk(db)
    (limit,) = await at.limits(Limit(subject="offer", measure="amount", most=100))
    for amount in (70, 10, 5, 10, 5):
        wanted = Wanted(limits=[(1, limit, 0, 0, amount)])
        await at.takes(wanted)
    rows = await at.rows("select level, taken from promotions_alarm order by level")
    assert [(row["level"], row["taken"]) for row in rows] == [(80, 80), (95, 95)]
    told = await at.does(lambda tx: store.alarms_to_tell(tx, NOW))
    assert {row["offer"] for row in told} == {"offer"}
    assert await at.does(lambda tx: store.alarms_to_tell(tx, NOW)) == []


async def test_a_lower_limit_stops_the_next_taker_and_breaks_nothing(db: Database) -> None:
    at = await desk(db)
    (limit,) = await at.limits(Limit(subject="offer", measure="uses", most=5))
    sale, wanted = uuid4(), Wanted(limits=[(1, limit, 0, 0, 3)])
    await at.does(lambda tx: take(tx, sale, wanted, None, NOW, is_printed=False))
    assert await at.limits(Limit(subject="offer", measure="uses", most=2)) == [limit], "the same counters"
    with pytest.raises(LimitReached):
        await at.does(lambda tx: take(tx, uuid4(), wanted, None, NOW, is_printed=False))
    await at.does(lambda tx: give_back(tx, sale, [(1, 1, 1)], is_whole=True))
    assert await taken(at, limit) == []


# Laws

STEP = st.tuples(st.sampled_from(["hold", "commit", "cancel", "half", "whole"]), st.integers(0, 2))
MOST = 4


async def play(at: Desk, limit: int, pool: int, code: bytes, steps: list[tuple[str, int]]) -> dict[int, str]:
    """What a till may do, in any order and repeated. Answers with how each check ended."""
    ended: dict[int, str] = {}
    for verb, which in steps:
        check = UUID(int=which + 1)
        wanted = Wanted(limits=[(1, limit, 0, 0, which + 1)], codes=[(code, pool, 0, 2, 1)])
        state = ended.get(which, "open")
        story: Callable[[Tx], Awaitable[object]] | None = None
        if verb == "hold" and state == "open":

            async def held(tx: Tx, check: UUID = check, wanted: Wanted = wanted) -> None:
                await release(tx, check)
                await reserve(tx, check, wanted, None, LATER, NOW)

            story = held
        elif verb == "commit" and state == "open":

            async def sold(tx: Tx, check: UUID = check, wanted: Wanted = wanted) -> None:
                await take(tx, check, wanted, None, NOW, is_printed=False)

            story = sold
        elif verb == "cancel":

            async def left(tx: Tx, check: UUID = check) -> None:
                await release(tx, check)

            story = left
        elif verb in ("half", "whole") and state in ("sold", "half", "whole"):

            async def back(tx: Tx, check: UUID = check, is_whole: bool = verb == "whole") -> None:
                await give_back(tx, check, [(1, 2 if is_whole else 1, 2)], is_whole=is_whole)

            story = back
        if story is None:
            continue
        try:
            await at.does(story)
        except (LimitReached, CouponRefused):
            continue
        if verb == "commit":
            ended[which] = "sold"
        elif verb in ("half", "whole") and state != "whole":
            ended[which] = verb
    for which in range(3):
        await at.releases(UUID(int=which + 1))
    return ended


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEP, max_size=14))
async def test_however_a_till_behaves_counters_are_the_sums_of_what_was_taken(
    db: Database, steps: list[tuple[str, int]]
) -> None:
    at = await desk(db)
    (limit,) = await at.limits(Limit(subject="offer", measure="amount", most=MOST))
    pool, code = await at.code(uses=2, is_restorable=True)
    ended = await play(at, limit, pool, code, steps)
    sums = await at.rows(SUMS)
    assert [row for row in sums if row["taken"] != row["summed"]] == []
    parts = {"sold": 1.0, "half": 0.5, "whole": 0.0}
    expected = sum((which + 1) - int((which + 1) * (1 - parts[end])) for which, end in ended.items())
    assert sum(amount for _, amount, _ in await taken(at, limit)) == expected <= MOST
    (used,) = await at.rows("select uses, over from promotions_coupon where code = $1", code)
    assert (used["uses"], used["over"]) == (sum(end != "whole" for end in ended.values()), 0)


SUMS = """
    select c.limit_id, c.taken, coalesce(sum(t.amount - t.returned), 0) as summed
      from promotions_count c left join promotions_taking t using (limit_id, subject, bucket) group by 1, 2
"""

# Rules


@pytest.mark.parametrize(
    ("period", "days", "bucket"),
    [
        ("ever", 0, 0),
        ("day", 0, 20522),
        ("week", 0, 20521),
        ("month", 0, 24315),
        ("year", 0, 2026),
        ("rolling", 3, 20522),
    ],
)
def test_buckets_of_the_shops_calendar(period: str, days: int, bucket: int) -> None:
    """10 March 2026 is a Tuesday."""
    live = LiveLimit(1, (1,), "offer", period, days, "uses", 5)  # type: ignore[arg-type]
    assert rules.bucket_of(live, rules.day_of(NOW, "Europe/Moscow")) == bucket


def test_the_day_is_the_shops_own() -> None:
    midnight = datetime(2026, 3, 10, 12, 30, tzinfo=UTC)
    assert rules.day_of(midnight, "Asia/Kamchatka") == rules.day_of(midnight, "Europe/Moscow") + 1


def test_what_is_left_is_the_tightest_and_nothing_for_who_is_not_known() -> None:
    uses = LiveLimit(1, (7,), "customer", "ever", 0, "uses", 3)
    amount = LiveLimit(2, (7, 8), "offer", "ever", 0, "amount", 100)
    place = Place(customer=42, household=None, card=None, shop=1, groups=(), cashier=None)
    found = rules.counters([uses, amount], place, 1, {})
    left = rules.left([uses, amount], list(zip(found, [1, 140], strict=True)), place)
    assert (left[7].uses, left[7].amount_minor, left[8].uses, left[8].amount_minor) == (2, 0, None, 0)
    nobody = Place(customer=None, household=None, card=None, shop=1, groups=(), cashier=None)
    found = rules.counters([uses, amount], nobody, 1, {})
    assert rules.left([uses, amount], [(one, 0) for one in found], nobody)[7].uses == 0
