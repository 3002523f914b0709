"""When the clock strikes."""

from datetime import datetime, timedelta

from vokrug.accounts.linking import store as links
from vokrug.accounts.linking.rules import UNDO_LIFE
from vokrug.accounts.operations.keys import rotate_keys
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import attempts, grants, staff
from vokrug.accounts.telling import tell_logouts
from vokrug.runtime.database import Tx
from vokrug.runtime.jobs import JobRun, Jobs, schedule

jobs = Jobs("accounts")

KEPT_AFTER_EXPIRY = timedelta(days=7)  # so that a replay is still recognised as one


@jobs.task("accounts.rotate_keys")
async def rotate(run: JobRun) -> None:
    """A signing key that has served its time makes way for the next."""
    await rotate_keys(run.services.db, run.services.get(Provider), run.now)


@jobs.task("accounts.tell_logouts")
async def tell(run: JobRun) -> None:
    """Products that could not be reached are told again."""
    await tell_logouts(run.services, run.now)


@jobs.task("accounts.forget")
async def forget(run: JobRun) -> None:
    """What expired a week ago goes."""
    async with run.services.db.transaction() as tx:
        await grants.drop_old(tx, run.now - KEPT_AFTER_EXPIRY)
        await attempts.drop_old(tx, run.now - KEPT_AFTER_EXPIRY)
        await links.drop_old(tx, run.now - KEPT_AFTER_EXPIRY, run.now - UNDO_LIFE)
        await staff.forget_invited(tx, run.now - KEPT_AFTER_EXPIRY)


async def schedule_all(tx: Tx, now: datetime) -> None:
    """Write the domain's schedules down; known ones stay as the operator left them."""
    await schedule(tx, "accounts.rotate_keys", cron="20 3 * * *", zone="UTC", task=rotate, now=now)
    await schedule(tx, "accounts.tell_logouts", cron="* * * * *", zone="UTC", task=tell, now=now)
    await schedule(tx, "accounts.forget", cron="40 3 * * *", zone="UTC", task=forget, now=now)
