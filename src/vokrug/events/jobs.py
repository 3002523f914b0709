"""When the clock strikes: the log lets go of what everybody has read and nobody has to keep."""

from datetime import datetime, timedelta

from vokrug.events import store
from vokrug.events.intake.dead_letters import forget_old
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.jobs import JobRun, Jobs, schedule

jobs = Jobs("events")


@jobs.task("events.sweep_intake", tries=5)
async def sweep_intake(run: JobRun) -> None:
    """Dead letters and remembered ids of other systems' events do not outstay their time."""
    await forget_old(run.services.db, run.now)


async def schedule_all(tx: Tx, now: datetime) -> None:
    """Write the domain's schedules down; known ones stay as the operator left them."""
    await schedule(tx, "events.sweep_intake", cron="40 3 * * *", zone="UTC", task=sweep_intake, now=now)


async def drop_expired(db: Database, now: datetime, *, keep_days: int, batch: int = 1_000) -> int:
    """Drop facts older than their type's retention, or than `keep_days` where the type names none.

    Never past the slowest reaction nor a parked fact. Small batches, each its own transaction: nobody
    waits for the past to be swept.
    """
    async with db.transaction() as tx:
        shortest_days = await store.shortest_kept_days(tx, keep_days)
    dropped = 0
    while True:
        async with db.transaction() as tx:
            gone = await store.drop_expired(
                tx, now, kept_before=now - timedelta(days=shortest_days), keep_days=keep_days, batch=batch
            )
        dropped += gone
        if not gone:
            return dropped
