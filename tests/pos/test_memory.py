"""Between a promise and its commit a process relies on its memory; whoever was faster is noticed."""

import asyncio
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Chain, Shopper, Till, times
from vokrug.pos.checkout import TOLD_ALONE


def told_alone() -> float:
    return sum(float(TOLD_ALONE.labels(call)._value.get()) for call in ("calculate", "commit"))


@pytest.fixture
def no_reading(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    async def read(*_: object) -> None:
        raise AssertionError("what was promised a moment ago is known")

    monkeypatch.setattr("vokrug.pos.store.read_promises", read)


@pytest.mark.usefixtures("no_reading")
@pytest.mark.parametrize("burn", ["none", "max"])
async def test_a_commit_asks_nothing_that_is_known(till: Till, shopper: Shopper, burn: str) -> None:
    await till.sells(shopper, times(COFFEE, "5"))
    alone = told_alone()
    _, sale = await till.sells(shopper, CAKE, burn=burn)
    assert sale["burned"] == ("25.00" if burn == "max" else "0.00")
    assert told_alone() == alone


async def test_points_given_meanwhile_are_not_overwritten(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Another hand moves the wallet between promise and commit: the sale is decided anew, not told alone."""
    await till.sells(shopper, times(COFFEE, "5"))
    quote = await till.quotes(shopper, CAKE, burn="max")
    (person,) = await chain.rows("select id from customers_customer")
    gift = {"request_id": str(uuid4()), "points": "100.00", "reason": "the coffee was cold"}
    (await chain.staff.sends(f"/v1/customers/{person['id']}/points:give", gift)).done()
    alone = told_alone()
    sale = (await till.confirms(quote)).done()
    assert (sale["burned"], sale["earned"], sale["balance"]["points"]) == ("25.00", "16.75", "116.75")
    assert told_alone() == alone
    await chain.balances()


async def test_a_sale_in_between_counts_for_the_standing(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Promised first, made final last: the path to the next tier knows the other sale."""
    first = await till.quotes(shopper, times(COFFEE, "10"))
    await till.sells(shopper, times(COFFEE, "20"))
    assert (await till.confirms(first)).done()["tier"]["path_after"] == "До уровня «Золото» осталось 7000.00"
    rows = await chain.rows("select spent_minor, visits from pos_shopper")
    assert rows == [{"spent_minor": 3_000_00, "visits": 2}]


async def test_a_cancelled_promise_is_not_remembered_as_held(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, times(COFFEE, "5"))
    quote = await till.quotes(shopper, COFFEE, burn="max")
    (await till.cancels(quote.check)).done()
    assert (await till.confirms(quote)).done()["burned"] == "25.00", (
        "the points are there: they are taken without a hold"
    )
    await chain.balances()


async def test_a_promise_that_was_never_written_is_never_sold(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Should memory ever know more than the database, the database is right."""
    quote = await till.quotes(shopper, COFFEE)
    async with chain.services.db.transaction() as tx:
        await tx.run("delete from pos_quote")
    assert (await till.confirms(quote)).code == (404, "check_unknown")
    assert await chain.rows("select 1 from pos_sale") == []


async def test_many_tills_on_one_card_are_decided_together(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Each wants all the points there are. Every check gets its price, none spends a point twice, and nobody's
    story has to be told alone.
    """
    for _ in range(6):
        await till.sells(shopper, CAKE)
    alone = told_alone()

    async def sale() -> float:
        quote = await till.quotes(shopper, times(COFFEE, "2"), burn="max")
        sold = (await till.confirms(quote)).done()
        assert sold["burned"] == quote.burn
        return float(sold["burned"])

    burned = sum(await asyncio.gather(*(sale() for _ in range(24))))
    assert burned >= 108, "what there was when they came was taken"
    assert told_alone() == alone
    await chain.balances()
    rows = await chain.rows("select 1 from ledger_wallet where debits_held <> 0 or debt <> 0")
    assert rows == []
