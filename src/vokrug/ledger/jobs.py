"""When the clock strikes."""

from datetime import datetime

from vokrug.ledger.giftcards.operations import expire_cards
from vokrug.ledger.operations import nightly
from vokrug.ledger.store import JournalIds
from vokrug.runtime.database import Tx
from vokrug.runtime.jobs import JobRun, Jobs, schedule

jobs = Jobs("ledger")


@jobs.task("ledger.sweep_holds")
async def sweep_holds(run: JobRun) -> None:
    """Holds whose time is up stop taking room in the books."""
    await nightly.sweep_holds(run.services.db, run.services.get(JournalIds), run.now)


@jobs.task("ledger.expire_lots", tries=5)
async def expire_lots(run: JobRun) -> None:
    """Points lapse at the midnight that ends their shop's day, and the chain spans many midnights."""
    await nightly.expire_lots(run.services.db, run.services.get(JournalIds), run.now)


@jobs.task("ledger.expire_gift_cards", tries=5)
async def expire_gift_cards(run: JobRun) -> None:
    """What is left on cards whose time is up becomes breakage."""
    await expire_cards(run.services.db, run.services.get(JournalIds), run.now)


@jobs.task("ledger.fold_deltas")
async def fold_deltas(run: JobRun) -> None:
    """What summed wallets gathered goes into their days."""
    await nightly.fold_deltas(run.services.db)


async def schedule_all(tx: Tx, now: datetime) -> None:
    """Write the domain's schedules down; known ones stay as the operator left them."""
    await schedule(tx, "ledger.sweep_holds", cron="* * * * *", zone="UTC", task=sweep_holds, now=now)
    await schedule(tx, "ledger.fold_deltas", cron="* * * * *", zone="UTC", task=fold_deltas, now=now)
    await schedule(tx, "ledger.expire_lots", cron="5 * * * *", zone="UTC", task=expire_lots, now=now)
    await schedule(tx, "ledger.expire_gift_cards", cron="15 * * * *", zone="UTC", task=expire_gift_cards, now=now)
