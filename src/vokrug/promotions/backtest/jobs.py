"""Backtests run one after another, in whichever process has time."""

from uuid import UUID

from vokrug.promotions.backtest import operations
from vokrug.promotions.outside import outside_of
from vokrug.runtime.jobs import JobRun, Jobs

jobs = Jobs("promotions")
TRIES = 2


@jobs.task("promotions.backtest", tries=TRIES)
async def run_backtest(run: JobRun, id: str) -> None:
    """A run that was cut off begins again: the same receipts give the same answer."""
    try:
        await operations.answer_backtest(
            run.services.db, run.services.reports, outside_of(run.services), UUID(id), run.now
        )
    except Exception as error:
        if run.attempt >= TRIES:
            async with run.services.db.transaction() as tx:
                await operations.fail_backtest(tx, UUID(id), type(error).__name__, run.now)
        raise
