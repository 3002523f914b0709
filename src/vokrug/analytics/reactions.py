"""When others speak."""

from datetime import datetime
from zoneinfo import ZoneInfo

from vokrug import events, pos
from vokrug.analytics import store
from vokrug.runtime.database import Tx


@events.reaction("analytics.count", on=[pos.SaleCommitted, pos.ReturnPosted])
async def count(tx: Tx, told: events.Envelope, now: datetime) -> None:
    """A sale or a return is counted in its hour. The place in the log moves with it: nothing counts twice."""
    if told.type == pos.ReturnPosted.__event__.name:
        back = told.read(pos.ReturnPosted)
        await store.count_return(
            tx,
            shop=back.shop,
            at=back.at,
            slot=told.partition,
            refunded_minor=back.refunded_minor,
            restored_minor=back.restored_minor,
            taken_back_minor=back.taken_back_minor,
        )
        return
    sale = told.read(pos.SaleCommitted)
    # Only offers are counted by the shop's day: most checks have none, and need no look at their shop.
    zone = await pos.zone_of_shop(tx, sale.shop) if sale.discounts_by_offer else "UTC"
    await store.count_sale(
        tx,
        shop=sale.shop,
        at=sale.at,
        slot=told.partition,
        is_member=sale.customer_id is not None,
        is_late=sale.status == "late",
        gross_minor=sale.gross_minor,
        discount_minor=sale.discount_minor,
        paid_minor=sale.paid_minor,
        burned_minor=sale.burned_minor,
        earned_minor=sale.earned_minor,
        day=sale.at.astimezone(ZoneInfo(zone)).date(),
        offers=sale.discounts_by_offer,
    )
