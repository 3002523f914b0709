"""When the till itself has spoken: what no sale has to wait for."""

from datetime import datetime
from zoneinfo import ZoneInfo

from vokrug import events, ledger
from vokrug.kernel import Rounding, round_ratio
from vokrug.pos import store
from vokrug.pos.facts import LineSold, SaleCommitted
from vokrug.pos.receipts import zone_of_shop
from vokrug.runtime.database import Tx

POINTS = "PTS"


@events.reaction("pos.note_prices", on=[SaleCommitted])
async def note_prices(tx: Tx, told: events.Envelope, now: datetime) -> None:
    """What goods went for at the least that day. Points are a way to pay: they make nothing cheaper here."""
    sale = told.read(SaleCommitted)
    num, den = (0, 1) if not sale.burned_minor else await worth_of_points(tx, sale.currency, now)
    day = sale.at.astimezone(ZoneInfo(await zone_of_shop(tx, sale.shop))).date()
    lows: dict[str, int] = {}
    for line in sale.lines:
        price = price_of(line, num, den)
        if price > 0:
            lows[line.sku] = min(price, lows.get(line.sku, price))
    await store.note_prices(tx, sale.currency, day, sorted(lows.items()))


def price_of(line: LineSold, num: int, den: int) -> int:
    """Of a piece or a kilogram."""
    paid = line.net_minor + round_ratio(line.points_minor * num, den, Rounding.DOWN)
    return paid * 1000 // line.qty_milli if line.qty_milli else 0


async def worth_of_points(tx: Tx, currency: str, now: datetime) -> tuple[int, int]:
    units = await ledger.units(tx)
    return await ledger.rate(tx, units[POINTS].id, units[currency].id, now)


reactions = [note_prices]
