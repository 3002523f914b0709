"""When tills speak: sales and returns are watched after they are final, so no sale waits for it."""

from datetime import datetime

from vokrug import events, ledger
from vokrug.pos.facts import ReturnPosted, SaleCommitted
from vokrug.pos.fraud.operations import KEPT_FOR, watch
from vokrug.pos.fraud.types import Happened
from vokrug.pos.receipts import zone_of_shop
from vokrug.runtime.database import Tx

IDS = ledger.JournalIds()  # a reaction has blocks of ids of its own, like any process


@events.reaction("pos.fraud", on=[SaleCommitted, ReturnPosted])
async def look_for_fraud(tx: Tx, told: events.Envelope, now: datetime) -> None:
    """Counted with its place in the log: nothing counts twice. What is told again, or was long ago, raises nothing."""
    if told.is_replay or told.recorded_at < now - KEPT_FOR:
        return
    if told.type == ReturnPosted.__event__.name:
        back = told.read(ReturnPosted)
        happened = Happened(
            document=back.return_id,
            at=back.at,
            zone=await zone_of_shop(tx, back.shop),
            shop=back.shop,
            till=back.till,
            cashier=None,
            customer=told.key if back.customer_id is not None else None,
            is_return=True,
            amounts={"returns": 1, "money_returned": back.refunded_minor},
        )
        await watch(tx, IDS, happened, back.customer_id, told.partition, now)
        return
    sale = told.read(SaleCommitted)
    happened = Happened(
        document=sale.check_id,
        at=sale.at,
        zone=await zone_of_shop(tx, sale.shop),
        shop=sale.shop,
        till=sale.till,
        cashier=sale.cashier,
        customer=told.key if sale.customer_id is not None else None,
        is_return=False,
        earned_minor=sale.earned_minor,
        amounts={
            "sales": 1,
            "burns": 1 if sale.burned_minor else 0,
            "points_burned": sale.burned_minor,
            "points_earned": sale.earned_minor,
        },
    )
    await watch(tx, IDS, happened, sale.customer_id, told.partition, now)
