"""The past is told again on request, and let go when nobody needs it."""

from datetime import datetime, timedelta

import pytest

from tests.events.conftest import NOON, Returned, Sold, StoppedClock, sell, tell
from vokrug.events import Envelope, Reaction, ReactionRunner, drop_expired, lag, reaction, replay, retire
from vokrug.events.errors import ReactionNameTaken, ReactionUnknown
from vokrug.runtime.database import Database, Tx

Seen = list[tuple[int, bool]]


def noting(seen: Seen, broken: int | None = None) -> Reaction:
    @reaction("shop.note", on=[Sold], tries=1)
    async def note(tx: Tx, told: Envelope, now: datetime) -> None:
        if told.read(Sold).number == broken:
            raise ValueError
        seen.append((told.read(Sold).number, told.is_replay))

    return note


async def record_by_the_day(db: Database) -> None:
    """Let each fact be recorded as many days after noon as its position."""
    async with db.transaction() as tx:
        await tx.run("update events_log set recorded_at = $1::timestamptz + position * interval '1 day'", NOON)


async def positions(db: Database) -> list[int]:
    async with db.transaction() as tx:
        return [row[0] for row in await tx.rows("select position from events_log order by 1")]


@pytest.mark.parametrize(
    ("start", "again"),
    [
        ({"from_position": 1}, [1, 2, 3, 4]),
        ({"from_position": 3}, [3, 4]),
        ({"from_position": 3, "partition": 0}, [3, 4]),
        ({"from_position": 3, "partition": 1}, []),
        ({"from_position": 99}, []),
        ({"from_time": NOON}, [1, 2, 3, 4]),
        ({"from_time": NOON + timedelta(days=3)}, [3, 4]),
        ({"from_time": NOON + timedelta(days=9)}, []),
    ],
)
async def test_a_replay_tells_the_past_again_and_ends_where_it_was_asked_for(
    log: Database, clock: StoppedClock, start: dict[str, int | datetime], again: list[int]
) -> None:
    seen: Seen = []
    runner = ReactionRunner(log, clock, [noting(seen)])
    await sell(log, *((0, number) for number in range(1, 5)))
    await record_by_the_day(log)
    await runner.run_once()
    seen.clear()
    async with log.transaction() as tx:
        await replay(tx, "shop.note", name="shop.note once more", **start)  # type: ignore[arg-type]
    await sell(log, (0, 5))
    await runner.run_once()
    assert [number for number, is_replay in seen if is_replay] == again
    assert [number for number, is_replay in seen if not is_replay] == [5], "news stays with the reaction"


async def test_a_replay_needs_a_reaction_and_a_name_of_its_own(log: Database, clock: StoppedClock) -> None:
    await ReactionRunner(log, clock, [noting([])]).run_once()
    async with log.transaction() as tx:
        before = await lag(tx)
        with pytest.raises(ReactionUnknown):
            await replay(tx, "shop.nothing", name="again", from_position=1)
        with pytest.raises(ReactionNameTaken):
            await replay(tx, "shop.note", name="shop.note", from_position=1)
        assert await lag(tx) == before


async def test_what_fails_in_a_replay_is_parked_under_its_name(log: Database, clock: StoppedClock) -> None:
    seen: Seen = []
    await sell(log, (0, 1), (0, 2))
    await ReactionRunner(log, clock, [noting(seen)]).run_once()
    async with log.transaction() as tx:
        await replay(tx, "shop.note", name="again", from_position=1)
    await ReactionRunner(log, clock, [noting(seen, broken=1)]).run_once()
    async with log.transaction() as tx:
        parked = {one.reaction: one.parked for one in await lag(tx) if one.partition == 0}
    assert parked == {"again": 2, "shop.note": 0}


async def drop(db: Database, *, day: int, keep_days: int = 30) -> int:
    return await drop_expired(db, NOON + timedelta(days=day), keep_days=keep_days, batch=2)


async def test_the_past_is_dropped_by_age_in_small_batches(log: Database) -> None:
    await sell(log, *((0, number) for number in range(1, 10)))
    await record_by_the_day(log)
    assert await drop(log, day=30) == 0
    assert await drop(log, day=37) == 6
    assert await positions(log) == [7, 8, 9], "those recorded 30 days ago or later stay"


async def test_a_type_may_be_kept_shorter_than_the_others(log: Database) -> None:
    """Returns are kept for 7 days."""
    async with log.transaction() as tx:
        for number in range(1, 4):
            await tell(tx, Sold(number), key=0)
            await tell(tx, Returned(number), key=0)
    await record_by_the_day(log)
    assert await drop(log, day=12) == 2
    assert await positions(log) == [1, 3, 5, 6]


async def test_nothing_is_dropped_that_somebody_has_not_read(log: Database, clock: StoppedClock) -> None:
    seen: Seen = []
    await sell(log, (0, 1), (0, 2), (0, 3))
    runner = ReactionRunner(log, clock, [noting(seen)])
    await runner.run_once()
    await sell(log, (0, 4), (0, 5))
    await record_by_the_day(log)
    assert await drop(log, day=100) == 3, "up to the slowest reaction"
    assert await positions(log) == [4, 5]
    await runner.run_once()
    assert await drop(log, day=100) == 2


async def test_a_parked_fact_is_kept_until_it_is_settled(log: Database, clock: StoppedClock) -> None:
    await sell(log, (0, 1), (8, 2), (0, 3))
    await ReactionRunner(log, clock, [noting([], broken=2)]).run_once()
    await record_by_the_day(log)
    assert await drop(log, day=100) == 1
    assert await positions(log) == [2, 3]


async def test_a_replay_holds_the_past_while_it_runs_and_not_when_it_is_done(
    log: Database, clock: StoppedClock
) -> None:
    seen: Seen = []
    runner = ReactionRunner(log, clock, [noting(seen)])
    await sell(log, (0, 1), (0, 2))
    await record_by_the_day(log)
    await runner.run_once()
    async with log.transaction() as tx:
        await replay(tx, "shop.note", name="again", from_position=2)
    assert await drop(log, day=100) == 1
    await runner.run_once()
    assert seen[-1] == (2, True)
    await sell(log, (0, 3))
    await runner.run_once()
    await record_by_the_day(log)
    assert await drop(log, day=100) == 2


async def test_a_retired_reaction_holds_nothing_back(log: Database, clock: StoppedClock) -> None:
    await sell(log, (0, 1))
    await ReactionRunner(log, clock, [noting([], broken=1)]).run_once()
    await record_by_the_day(log)
    assert await drop(log, day=100) == 0
    async with log.transaction() as tx:
        await retire(tx, "shop.note")
        assert await lag(tx) == []
    assert await drop(log, day=100) == 1
