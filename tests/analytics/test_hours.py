"""What was sold, as it is counted from facts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.pos.chain import CAKE, COFFEE, Chain, Shopper, Till, fiscal
from vokrug import analytics
from vokrug.analytics import Grain, Totals, rules
from vokrug.analytics.jobs import FOLDED_AFTER, fold

SHOPS = [("S1", "Europe/Moscow"), ("S2", "Europe/Moscow")]


async def counted(chain: Chain) -> None:
    """Every fact has its effect: here, or by the runner of the application, whichever comes first."""
    await chain.reacts(analytics.count)


async def today(chain: Chain) -> tuple[Totals, Totals]:
    await counted(chain)
    async with chain.services.db.transaction(readonly=True) as tx:
        return await analytics.today(tx, SHOPS, chain.services.clock.now())


async def test_sales_and_returns_are_counted_once(chain: Chain, till: Till, shopper: Shopper) -> None:
    """A member's cake and coffee, a stranger's coffee, and the coffee that came back. A repeat adds nothing."""
    quote, _ = await till.sells(shopper, CAKE, COFFEE)
    await till.sells(None, COFFEE)
    (await till.confirms(quote)).done()
    (await till.returns(till.returning(quote.check, _2="1"))).done()
    found, earlier = await today(chain)
    assert (found.checks, found.member_checks, found.returns) == (2, 1, 1)
    assert (found.gross_minor, found.discount_minor, found.paid_minor) == (600_00, 40_00, 560_00)
    assert (found.member_paid_minor, found.member_share_bp) == (460_00, 8214)
    assert (found.earned_minor, found.taken_back_minor, found.refunded_minor) == (23_00, 5_00, 100_00)
    assert found.average_minor == 280_00
    assert earlier == Totals()
    assert (await today(chain))[0] == found, "facts that were read are not read again"


async def test_a_week_later_the_same_time_of_that_day_is_what_it_is_held_against(chain: Chain, till: Till) -> None:
    chain.passes(hours=(10 - chain.services.clock.now().astimezone().hour) % 24)
    await till.sells(None, COFFEE)
    chain.passes(hours=2)
    await till.sells(None, CAKE)
    chain.passes(days=7, hours=-1)
    await till.sells(None, COFFEE, COFFEE)
    found, earlier = await today(chain)
    assert (found.paid_minor, earlier.paid_minor) == (200_00, 100_00), "the cake was sold an hour later in that day"


async def test_a_late_receipt_and_what_offers_gave(chain: Chain, till: Till) -> None:
    """A cake printed at the shelf's price is late; the one sold by the offer has its discount on the offer's day."""
    quote = await till.quotes(None, CAKE)
    await till.confirms(quote, claimed={"to_pay": "400.00"}, fiscal=fiscal())
    await till.sells(None, CAKE)
    found, _ = await today(chain)
    assert (found.checks, found.late_checks) == (2, 1)
    today_ = analytics.today_of("Europe/Moscow", chain.services.clock.now())
    async with chain.services.db.transaction(readonly=True) as tx:
        gave = await analytics.offers_gave(tx, today_, today_ + timedelta(days=1))
        by_shop = await analytics.stretch(tx, SHOPS, today_, today_, Grain.SHOP)
        by_day = await analytics.stretch(tx, SHOPS, today_ - timedelta(days=3), today_, Grain.DAY)
        heard = await analytics.last_heard(tx, ["S1", "S2"])
    assert sum(one.discount_minor for one in gave) >= 40_00
    assert set(by_shop) == {"S1"}
    assert list(by_day) == [today_.isoformat()]
    assert heard["S2"] is None
    assert heard["S1"] is not None


def test_the_day_of_a_shop_is_its_own() -> None:
    """At two in the night of Kamchatka it is still yesterday in Kaliningrad."""
    now = datetime(2026, 3, 1, 14, 30, tzinfo=UTC)
    whole, running, passed = rules.so_far([("k", "Asia/Kamchatka"), ("z", "Europe/Kaliningrad")], now)
    assert [span.since.date() for span in whole] == [date(2026, 3, 2), date(2026, 3, 1)]
    assert [span.since.astimezone(UTC).hour for span in running] == [14, 14]
    assert passed == 500
    (day,) = rules.days([("k", "Asia/Kamchatka")], date(2026, 3, 1), date(2026, 3, 1))
    assert day.until - day.since == timedelta(days=1)


@pytest.mark.parametrize(("of_1000", "left"), [(0, 0), (500, 50), (999, 100), (1000, 101)])
def test_a_part_of_an_hour_is_rounded_down(of_1000: int, left: int) -> None:
    assert Totals(paid_minor=101).part(of_1000).paid_minor == left


async def test_old_hours_are_folded_and_say_the_same(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Two customers' sales of one hour lie in rows of two partitions; folded they are one, and a late one joins it."""
    other = await till.registers()
    for one in (shopper, other):
        await till.sells(one, COFFEE)
    await counted(chain)
    day = analytics.today_of("Europe/Moscow", chain.services.clock.now())
    chain.passes(days=3)
    before = await stretched(chain, day)
    await fold(chain.services.db, chain.services.clock.now() - FOLDED_AFTER)
    assert await stretched(chain, day) == before
    assert [row["slot"] for row in await chain.rows("select slot from analytics_hour")] == [-1]
    late = chain.services.clock.now() - timedelta(days=3)
    quote = await till.quotes(None, COFFEE, at=late.isoformat())
    await till.confirms(quote)
    await counted(chain)
    await fold(chain.services.db, chain.services.clock.now() - FOLDED_AFTER)
    assert (await stretched(chain, day)).checks == before.checks + 1
    assert len(await chain.rows("select slot from analytics_hour")) <= 2


async def stretched(chain: Chain, day: date) -> Totals:
    async with chain.services.db.transaction(readonly=True) as tx:
        return (await analytics.stretch(tx, SHOPS, day, day, Grain.ALL))[""]
