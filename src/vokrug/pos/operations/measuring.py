"""What an experiment brought, from the sales themselves. Reads only, from the reports database."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from vokrug import promotions
from vokrug.kernel import Rounding, round_ratio
from vokrug.pos import document as documents
from vokrug.pos import store
from vokrug.pos.document import Document
from vokrug.runtime.database import Tx

WHOLE_BP = 10_000


async def effect(tx: Tx, experiment_id: UUID, *, cost_bp: int, now: datetime) -> promotions.Report:
    """Each variant's net margin a customer beside the control. `cost_bp` is what goods cost the chain, in basis
    points of their price before discounts.
    """
    experiment = await promotions.find_experiment(tx, experiment_id)
    until = min(now, experiment.until_at) if experiment.until_at is not None else now
    sums: dict[int, int] = {}
    async for customer, margin in margins(tx, experiment.from_at, until, cost_bp):
        sums[customer] = sums.get(customer, 0) + margin
    return promotions.weigh(experiment, await promotions.read_holdout(tx), list(sums.items()), now)


async def margins(tx: Tx, since: datetime, until: datetime, cost_bp: int) -> AsyncIterator[tuple[int, int]]:
    """Customer and margin of every sale: what was paid in money and points, less the cost of the goods and the
    worth of the points it gave; of what came back, nothing.
    """
    async for row in store.sales_between(tx, since, until):
        document: Document = documents.decode(row["document"])
        cost = round_ratio(document.gross_minor * cost_bp, WHOLE_BP, Rounding.HALF_EVEN)
        points = row["burned_minor"] - row["earned_minor"]
        worth = round_ratio(points * document.value_num, document.value_den, Rounding.HALF_EVEN)
        margin = row["paid_minor"] + worth - cost
        kept = row["paid_minor"] - row["refunded_minor"]
        yield row["customer_number"], round_ratio(margin * kept, max(1, row["paid_minor"]), Rounding.HALF_EVEN)
