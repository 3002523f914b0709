"""When the clock strikes."""

from datetime import datetime

from vokrug.customers import store
from vokrug.customers.operations.settling import settle_people
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


async def schedule_all(tx: Tx, now: datetime) -> None:
    """Write the domain's schedules down; known ones stay as the operator left them."""
    await schedule(tx, "customers.settle_stale", cron="20 * * * *", zone="UTC", task=settle_stale, now=now)
