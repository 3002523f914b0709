"""When the clock strikes."""

from datetime import datetime

from vokrug.customers import store
from vokrug.customers.operations.settling import settle_people
from vokrug.customers.retention import operations as retention
from vokrug.customers.segments import operations as segments
from vokrug.runtime.database import Tx
from vokrug.runtime.jobs import JobRun, Jobs, schedule

jobs = Jobs("customers")
PAGE = 500


@jobs.task("customers.resettle")
async def resettle(run: JobRun, code: str) -> None:
    """The rule of an attribute has changed: look at everybody's observations again, a page at a time."""
    after: int | None = 0
    while after is not None:
        async with run.services.db.transaction() as tx:
            people, after = await store.people_observed(tx, code, after, PAGE)
            await settle_people(tx, people, run.now, codes=[code])


@jobs.task("customers.settle_stale")
async def settle_stale(run: JobRun) -> None:
    """Observations that have grown too old count no more."""
    while True:
        async with run.services.db.transaction() as tx:
            people = await store.people_with_stale(tx, run.now, PAGE)
            await settle_people(tx, people, run.now, codes=None)
        if not people:
            return


@jobs.task("customers.follow_segments")
async def follow_segments(run: JobRun) -> None:
    """Whoever changed may have entered a segment, or left one."""
    await segments.follow(run.services.db, run.now)


@jobs.task("customers.count_segments")
async def count_segments(run: JobRun) -> None:
    """Look at everybody: fills a new segment, and checks those that are kept by who changed."""
    await segments.count_all(run.services.db, run.now)


@jobs.task("customers.retain")
async def retain(run: JobRun) -> None:
    """What has outlived its period goes."""
    await retention.retain(run.services.db, run.now)


async def schedule_all(tx: Tx, now: datetime) -> None:
    """Write the domain's schedules down; known ones stay as the operator left them."""
    await schedule(tx, "customers.settle_stale", cron="20 * * * *", zone="UTC", task=settle_stale, now=now)
    await schedule(tx, "customers.follow_segments", cron="* * * * *", zone="UTC", task=follow_segments, now=now)
    await schedule(tx, "customers.count_segments", cron="40 1 * * *", zone="UTC", task=count_segments, now=now)
    await schedule(tx, "customers.retain", cron="10 2 * * *", zone="UTC", task=retain, now=now)
