"""The shopper walked away."""

from uuid import uuid4

from tests.pos.chain import CAKE, COFFEE, Chain, Shopper, Till


async def test_a_cancelled_check_frees_its_points(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, CAKE)
    quote = await till.quotes(shopper, COFFEE, burn="max")
    assert await shopper.points() == "0.00"
    assert (await till.cancels(quote.check)).done()["status"] == "cancelled"
    assert await shopper.points() == "18.00"
    before = await chain.fingerprint()
    assert (await till.cancels(quote.check)).done()["status"] == "cancelled"
    assert await chain.fingerprint() == before
    await chain.balances()


async def test_a_check_nobody_heard_of_is_cancelled(chain: Chain, till: Till) -> None:
    before = await chain.fingerprint()
    assert (await till.cancels(uuid4())).done()["status"] == "cancelled"
    assert await chain.fingerprint() == before


async def test_a_sale_is_not_cancelled(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, _ = await till.sells(shopper, CAKE)
    before = await chain.fingerprint()
    assert (await till.cancels(quote.check)).code == (409, "already_committed")
    assert await chain.fingerprint() == before


async def test_a_cancelled_check_whose_receipt_was_printed_is_recorded(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    """The cancel overtook the commit: the sale is final all the same, its points are taken."""
    await till.sells(shopper, CAKE)
    quote = await till.quotes(shopper, COFFEE, burn="max")
    (await till.cancels(quote.check)).done()
    assert (await till.confirms(quote)).done()["burned"] == "18.00"
    await chain.balances()


async def test_a_cancelled_check_may_be_priced_again(till: Till, shopper: Shopper) -> None:
    quote = await till.quotes(shopper, COFFEE)
    (await till.cancels(quote.check)).done()
    again = await till.quotes(shopper, COFFEE, CAKE, check=quote.check, rev=2)
    assert (await till.confirms(again)).done()["paid"] == "460.00"


async def test_a_check_is_not_priced_after_its_sale(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, _ = await till.sells(shopper, COFFEE)
    before = await chain.fingerprint()
    later = till.check(shopper, COFFEE, CAKE, rev=2)
    assert (await till.calculates(quote.check, later)).code == (409, "already_committed")
    assert await chain.fingerprint() == before
