"""When the clock strikes."""

from datetime import datetime, timedelta

from vokrug.analytics import store
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.jobs import JobRun, Jobs, schedule

jobs = Jobs("analytics")

# What comes later than this is folded the night after it came.
FOLDED_AFTER = timedelta(days=2)
SLICE = 5_000


@jobs.task("analytics.fold_hours", tries=5)
async def fold_hours(run: JobRun) -> None:
    """Old hours keep one row a shop, whatever partitions their facts came from."""
    await fold(run.services.db, run.now - FOLDED_AFTER)


async def fold(db: Database, before: datetime) -> int:
    """How many rows have become part of another. Rerun freely: sums stay what they are."""
    total = 0
    while True:

        async def story(tx: Tx) -> int:
            return await store.fold_hours(tx, before, SLICE)

        found = await db.replayed(story)
        total += found
        if found < SLICE:
            return total


async def schedule_all(tx: Tx, now: datetime) -> None:
    """Write the domain's schedules down; known ones stay as the operator left them."""
    await schedule(tx, "analytics.fold_hours", cron="40 2 * * *", zone="UTC", task=fold_hours, now=now)
