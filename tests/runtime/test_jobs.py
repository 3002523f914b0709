"""Jobs: in the caller's transaction, by the clock of a zone, once."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from vokrug.kernel import MovedClock
from vokrug.runtime.cron import ScheduleMalformed, next_due
from vokrug.runtime.database import Database
from vokrug.runtime.http import Services
from vokrug.runtime.jobs import (
    JobRun,
    Jobs,
    Worker,
    count_jobs,
    list_failed,
    list_schedules,
    schedule,
    tick,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ran: list[object] = []
jobs = Jobs("shop")


@jobs.task("shop.greet")
async def greet(run: JobRun, name: str = "nobody") -> None:
    ran.append(name)


@jobs.task("shop.stumble", tries=1)
async def stumble(run: JobRun) -> None:
    raise RuntimeError("the floor is wet")


@pytest.fixture
def worker(db: Database, database_url: str) -> Worker:
    ran.clear()
    return Worker(database_url, Services(db=db, reports=db, clock=MovedClock()), [jobs])


async def test_a_job_runs_when_its_transaction_is_committed(db: Database, worker: Worker) -> None:
    async with db.transaction() as tx:
        await greet.enqueue(tx, name="Anna")
    await worker.run_due()
    assert ran == ["Anna"]


async def test_a_job_of_a_transaction_that_failed_never_was(db: Database, worker: Worker) -> None:
    async def fails_after_enqueueing() -> None:
        async with db.transaction() as tx:
            await greet.enqueue(tx, name="Anna")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fails_after_enqueueing()
    await worker.run_due()
    assert ran == []


async def test_only_once_while_it_waits(db: Database, worker: Worker) -> None:
    async with db.transaction() as tx:
        assert await greet.enqueue(tx, only_once="greeting", name="Anna") is not None
        assert await greet.enqueue(tx, only_once="greeting", name="Boris") is None
    await worker.run_due()
    assert ran == ["Anna"]


async def test_a_job_for_tomorrow_waits_until_the_clock_says_so(db: Database, worker: Worker) -> None:
    clock = worker.services.clock
    async with db.transaction() as tx:
        await greet.enqueue(tx, at=clock.now() + timedelta(days=1), name="Anna")
    await worker.run_due()
    assert ran == []
    assert isinstance(clock, MovedClock)
    clock.advance(timedelta(days=1, seconds=1))
    await worker.run_due()
    assert ran == ["Anna"]


async def test_a_failure_is_kept_and_listed(db: Database, worker: Worker) -> None:
    async with db.transaction() as tx:
        await stumble.enqueue(tx)
    await worker.run_due()
    async with db.transaction() as tx:
        assert [(job.task, job.attempts) for job in await list_failed(tx)] == [("shop.stumble", 1)]
        assert await count_jobs(tx) == {"failed": 1}


async def test_a_stopped_worker_returns(db: Database, worker: Worker) -> None:
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(worker.run(stop), timeout=30)


@pytest.mark.parametrize(
    ("zone", "due"),
    [
        ("Europe/Kaliningrad", datetime(2026, 3, 2, 22, 5, tzinfo=UTC)),
        ("Europe/Moscow", datetime(2026, 3, 2, 21, 5, tzinfo=UTC)),
        ("Asia/Kamchatka", datetime(2026, 3, 2, 12, 5, tzinfo=UTC)),
    ],
)
async def test_midnight_is_the_zones_own(db: Database, zone: str, due: datetime) -> None:
    async with db.transaction() as tx:
        await schedule(tx, "night", cron="5 0 * * *", zone=zone, task=greet, now=NOON)
        assert await tick(tx, due - timedelta(seconds=1)) == 0
        assert await tick(tx, due) == 1
        assert await tick(tx, due) == 0
        (known,) = await list_schedules(tx)
    assert known.next_due == due + timedelta(days=1)


async def test_several_processes_tick_once_together(db: Database, worker: Worker) -> None:
    async with db.transaction() as tx:
        for number in range(40):
            await schedule(tx, f"s{number}", cron="0 * * * *", zone="Asia/Omsk", task=greet, now=NOON)

    async def look_at_the_clock() -> int:
        async with db.transaction() as tx:
            return await tick(tx, NOON + timedelta(hours=1))

    assert sum(await asyncio.gather(*(look_at_the_clock() for _ in range(8)))) == 40
    async with db.transaction() as tx:
        assert await tx.value("select count(*) from runtime_schedule_tick") == 40
        assert await count_jobs(tx) == {"todo": 40}


async def test_missed_nights_are_made_up_for_by_one_late_run(db: Database) -> None:
    async with db.transaction() as tx:
        await schedule(tx, "night", cron="0 3 * * *", zone="Europe/Moscow", task=greet, now=NOON)
        assert await tick(tx, NOON + timedelta(days=5)) == 1
        assert await tick(tx, NOON + timedelta(days=5)) == 0


async def test_saying_a_schedule_again_keeps_its_turn_and_changing_it_moves_it(db: Database) -> None:
    async with db.transaction() as tx:
        for later in (timedelta(0), timedelta(hours=30)):
            await schedule(tx, "n", cron="0 3 * * *", zone="UTC", task=greet, now=NOON + later)
        (same,) = await list_schedules(tx)
        await schedule(tx, "n", cron="0 4 * * *", zone="UTC", task=greet, now=NOON)
        (changed,) = await list_schedules(tx)
    assert (same.next_due.hour, same.next_due.day, changed.next_due.hour) == (3, 3, 4)


async def test_a_schedule_put_aside_stays_silent(db: Database) -> None:
    async with db.transaction() as tx:
        await schedule(tx, "n", cron="* * * * *", zone="UTC", task=greet, now=NOON, is_enabled=False)
        assert await tick(tx, NOON + timedelta(days=1)) == 0


@pytest.mark.parametrize(
    ("cron", "zone"),
    [("0 3 * *", "UTC"), ("0 25 * * *", "UTC"), ("0 3 30 2 *", "UTC"), ("0 3 * * *", "Mars/Base")],
)
async def test_a_malformed_schedule_is_refused_and_not_kept(db: Database, cron: str, zone: str) -> None:
    async with db.transaction() as tx:
        with pytest.raises(ScheduleMalformed):
            await schedule(tx, "n", cron=cron, zone=zone, task=greet, now=NOON)
        assert await list_schedules(tx) == []


@pytest.mark.parametrize(
    ("cron", "after", "due"),
    [
        ("30 2 * * *", "2026-03-28 12:00", "2026-03-29 01:00"),  # the hour that is left out
        ("30 2 * * *", "2026-10-24 12:00", "2026-10-25 00:30"),  # the hour that comes twice: first
        ("30 2 * * *", "2026-10-25 00:30", "2026-10-26 01:30"),  # … and not again
        ("30 * * * *", "2026-10-25 00:30", "2026-10-25 01:30"),  # every hour means every hour
    ],
)
def test_where_clocks_change(cron: str, after: str, due: str) -> None:
    moments = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (after, due)]
    assert next_due(cron, "Europe/Berlin", moments[0]) == moments[1]
