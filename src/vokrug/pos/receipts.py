"""A customer's purchases as they look back on them: sales and returns, the newest first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug.runtime.database import Tx

RECEIPTS = """
    (select sale.check_id as id, 'sale' as kind, sale.at, shop.name as shop, shop.zone, shop.currency,
            sale.paid_minor as money_minor, sale.earned_minor as received_minor, sale.burned_minor as given_minor
       from pos_sale sale join pos_shop shop on shop.id = sale.shop_id
      where sale.customer_number = $1 and sale.status <> 'awaited' and sale.at < $2
      order by sale.at desc limit $3)
    union all
    (select back.return_id, 'return', back.at, shop.name, shop.zone, shop.currency,
            back.refunded_minor, back.restored_minor, back.taken_back_minor
       from pos_return back join pos_shop shop on shop.id = back.shop_id
      where back.customer_number = $1 and back.status = 'posted' and back.at < $2
      order by back.at desc limit $3)
     order by at desc, id limit $3
"""

ZONE_OF = """
    select shop.zone from pos_sale sale join pos_shop shop on shop.id = sale.shop_id
     where sale.customer_number = $1 order by sale.at desc limit 1
"""

ZONE_OF_SHOP = "select zone from pos_shop where code = $1"


@dataclass(frozen=True, slots=True)
class Receipt:
    """A sale or a return. Money was paid or paid back; points were received and given, in minor units."""

    id: UUID
    kind: str
    at: datetime
    shop: str
    zone: str
    currency: str
    money_minor: int
    received_minor: int
    given_minor: int


async def receipts(tx: Tx, customer: int, before: datetime, limit: int) -> Sequence[Receipt]:
    """The newest `limit` before a moment."""
    return [
        Receipt(**{**row, "id": UUID(int=row["id"].int)}) for row in await tx.rows(RECEIPTS, customer, before, limit)
    ]


async def zone_of(tx: Tx, customer: int) -> str | None:
    """The zone of the shop where they bought last."""
    found: str | None = await tx.value(ZONE_OF, customer)
    return found


async def zone_of_shop(tx: Tx, code: str) -> str:
    """Where a shop's day begins and ends. A shop that has gone had a day like everybody's."""
    found: str | None = await tx.value(ZONE_OF_SHOP, code)
    return found or "UTC"
