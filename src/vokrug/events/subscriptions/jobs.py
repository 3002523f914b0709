"""When the clock strikes: the past that nobody needs is let go every night."""

from dataclasses import dataclass
from datetime import datetime

from vokrug.events.subscriptions.upkeep import sweep
from vokrug.runtime.database import Tx
from vokrug.runtime.jobs import JobRun, Jobs, schedule

jobs = Jobs("events")


@dataclass(frozen=True, slots=True)
class Retention:
    """How long facts are kept whose type names no time of its own."""

    keep_days: int = 1825


@jobs.task("events.sweep")
async def sweep_log(run: JobRun) -> None:
    """Retention, compaction, readers that are too far behind, replays that are done."""
    retention = run.services.parts.get(Retention, Retention())
    await sweep(run.services.db, run.now, keep_days=retention.keep_days)


async def schedule_all(tx: Tx, now: datetime) -> None:
    await schedule(tx, "events.sweep", cron="20 1 * * *", zone="UTC", task=sweep_log, now=now)
