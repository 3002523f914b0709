"""HTTP of backtests, for staff."""

from uuid import UUID

from vokrug.promotions.backtest import operations
from vokrug.promotions.backtest.jobs import run_backtest
from vokrug.promotions.backtest.types import Backtest, Run, StartBacktest
from vokrug.promotions.errors import BacktestIdReused, BacktestNonsense, BacktestUnknown, OfferNonsense, OfferUnknown
from vokrug.promotions.outside import outside_of
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("promotions")

ONE_AT_A_TIME = "promotions.backtest"


@routes.post(
    "/promotions/v1/backtests",
    answers={202: Run},
    refusals=[BacktestNonsense, BacktestIdReused, OfferUnknown, OfferNonsense],
    roles=[Role.STAFF],
)
async def start_backtest(call: Call, body: StartBacktest) -> Answer[Run]:
    """Try offers on past receipts. A job does it; ask for the id to see how far it is. Repeat freely."""
    asked = Backtest(**{name: getattr(body, name) for name in Backtest.__struct_fields__})
    async with call.db.transaction() as tx:
        chain = outside_of(call.services).chain
        run = await operations.ask_backtest(tx, body.id, asked, chain, by=call.caller.key_id, now=call.now)
        await run_backtest.enqueue(tx, id=str(body.id), one_at_a_time=ONE_AT_A_TIME, only_once=f"backtest-{body.id}")
    return Answer(run, status=202)


@routes.get(
    "/promotions/v1/backtests/{backtest_id:uuid}", answers={200: Run}, refusals=[BacktestUnknown], roles=[Role.STAFF]
)
async def get_backtest(call: Call) -> Answer[Run]:
    """How far a backtest is, and what it found."""
    async with call.db.transaction(readonly=True) as tx:
        return Answer(await operations.backtest(tx, UUID(str(call.path["backtest_id"]))))


@routes.delete(
    "/promotions/v1/backtests/{backtest_id:uuid}", answers={200: Run}, refusals=[BacktestUnknown], roles=[Role.STAFF]
)
async def cancel_backtest(call: Call) -> Answer[Run]:
    """Stop a backtest. One that has ended stays as it is."""
    async with call.db.transaction() as tx:
        return Answer(await operations.cancel_backtest(tx, UUID(str(call.path["backtest_id"])), call.now))
