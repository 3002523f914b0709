"""`vokrug jobs`: the queue, the schedules, the failures."""

from zoneinfo import ZoneInfo

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vokrug.app.floor import ask
from vokrug.runtime.database import Tx
from vokrug.runtime.jobs import FailedJob, Schedule, count_jobs, list_failed, list_schedules


@click.command()
def command() -> None:
    """List the queue, the schedules with their next run, and the latest failures."""
    counts, schedules, failed = ask(_found)
    console = Console()
    console.print(", ".join(f"{number} {status}" for status, number in counts.items()) or "The queue is empty.")
    if schedules:
        table = Table("schedule", "cron", "zone", "task", "next run", "last run")
        for one in schedules:
            zone = ZoneInfo(one.zone)
            due = f"{one.next_due.astimezone(zone):%Y-%m-%d %H:%M}" if one.is_enabled else "put aside"
            last = f"{one.last_run_at.astimezone(zone):%Y-%m-%d %H:%M}" if one.last_run_at else ""
            table.add_row(*(escape(word) for word in (one.name, one.cron, one.zone, one.task, due, last)))
        console.print(table)
    if failed:
        table = Table("failed job", "task", "tries", "at (UTC)")
        for job in failed:
            at = f"{job.failed_at:%Y-%m-%d %H:%M:%S}" if job.failed_at else ""
            table.add_row(str(job.id), escape(job.task), str(job.attempts), at)
        console.print(table)


async def _found(tx: Tx) -> tuple[dict[str, int], list[Schedule], list[FailedJob]]:
    return await count_jobs(tx), await list_schedules(tx), await list_failed(tx)
