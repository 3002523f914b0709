"""When the clock strikes."""

from datetime import datetime

from vokrug import events
from vokrug.promotions.campaigns.operations import turn_campaigns
from vokrug.promotions.facts import BudgetAlarm
from vokrug.promotions.limits import store as limits
from vokrug.promotions.personal import store as personal
from vokrug.promotions.tiers import store as tiers
from vokrug.promotions.tiers.operations import review_all, today_of
from vokrug.promotions.tiers.rules import is_review_day
from vokrug.runtime.database import Tx
from vokrug.runtime.jobs import JobRun, Jobs, schedule

SLICE = 1_000

jobs = Jobs("promotions")


@jobs.task("promotions.sweep")
async def sweep(run: JobRun) -> None:
    """What checks had set aside and nobody made final is free again."""
    freed = SLICE
    while freed >= SLICE:
        async with run.services.db.transaction() as tx:
            freed = await limits.sweep(tx, run.now, SLICE)


@jobs.task("promotions.every_minute")
async def every_minute(run: JobRun) -> None:
    """Campaigns begin and end, budgets that run low are told."""
    async with run.services.db.transaction() as tx:
        await turn_campaigns(tx, run.now)
    async with run.services.db.transaction() as tx:
        await tell_alarms(tx, run.now)


async def tell_alarms(tx: Tx, now: datetime) -> int:
    """Once each: what is told is marked in the same transaction."""
    rows = await limits.alarms_to_tell(tx, now)
    for row in rows:
        fact = BudgetAlarm(
            row["offer"],
            row["campaign"],
            row["counted_by"],
            row["period"],
            row["measure"],
            row["level"],
            row["taken"],
            row["most"],
        )
        subject = row["offer"] or row["campaign"]
        await events.publish(tx, fact, key=row["limit_id"], subject=subject, at=row["at"])
    return len(rows)


@jobs.task("promotions.review_tiers", tries=5)
async def review_tiers(run: JobRun) -> None:
    """The night after the window has ended. Begun again it goes on where it was."""
    async with run.services.db.transaction(readonly=True) as tx:
        programme = await tiers.read_programme(tx)
    if is_review_day(programme, today_of(programme, run.now)):
        await review_all(run.services.db, run.now)


@jobs.task("promotions.forget_lapsed")
async def forget_lapsed(run: JobRun) -> None:
    """Personal offers whose time is up make room."""
    gone = SLICE
    while gone >= SLICE:
        async with run.services.db.transaction() as tx:
            gone = await personal.forget_lapsed(tx, run.now, SLICE)


async def schedule_all(tx: Tx, now: datetime) -> None:
    """Write the domain's schedules down; known ones stay as the operator left them."""
    await schedule(tx, "promotions.sweep", cron="* * * * *", zone="UTC", task=sweep, now=now)
    await schedule(tx, "promotions.every_minute", cron="* * * * *", zone="UTC", task=every_minute, now=now)
    # Each hour: the programme's own midnight is one of them, and a review said twice on a day does nothing.
    await schedule(tx, "promotions.review_tiers", cron="10 * * * *", zone="UTC", task=review_tiers, now=now)
    await schedule(tx, "promotions.forget_lapsed", cron="40 3 * * *", zone="UTC", task=forget_lapsed, now=now)
