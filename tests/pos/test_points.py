"""Points: spent anywhere at once, promised to one check at a time, never overdrawn."""

import asyncio
from datetime import datetime
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Chain, Shopper, Till, times
from vokrug.pos import checkout
from vokrug.pos.batch import Batch
from vokrug.runtime.database import Tx


async def test_points_are_usable_by_the_next_call_at_another_shop(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, CAKE)  # 360.00 earn 18
    elsewhere = chain.till("S2", "T1")
    quote = await elsewhere.quotes(shopper, COFFEE, burn="max")
    assert (quote.burn, quote.to_pay) == ("18.00", "82.00")
    sale = (await elsewhere.confirms(quote)).done()
    assert (sale["burned"], sale["paid"], sale["earned"]) == ("18.00", "82.00", "4.10")
    assert await shopper.points() == "4.10"
    await chain.balances()


async def test_held_points_are_not_offered_twice(till: Till, shopper: Shopper) -> None:
    """18 points; 10 are promised to one check, 8 are left for another."""
    await till.sells(shopper, CAKE)
    first = await till.quotes(shopper, COFFEE, burn="10.00")
    assert first.answer["hold"]["id"]
    balance = await shopper.balance()
    assert (balance["active"], balance["held"]) == ("8.00", "10.00")
    second = await till.quotes(shopper, COFFEE, burn="max")
    assert second.burn == "8.00"
    assert (await till.confirms(second)).done()["burned"] == "8.00"
    assert (await till.confirms(first)).done()["burned"] == "10.00"


async def test_points_pay_no_more_than_half(till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, times(CAKE, "10"))  # 180 points
    quote = await till.quotes(shopper, COFFEE, burn="99.00")
    assert (quote.burn, quote.to_pay) == ("50.00", "50.00")
    assert "share" in " ".join(quote.answer["burn"]["max_reasons"])


async def test_a_quote_without_a_hold_promises_nothing(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, CAKE)
    before = await chain.fingerprint()
    quote = await till.quotes(shopper, COFFEE, burn="max", hold=False)
    assert (quote.burn, quote.answer["hold"]) == ("18.00", None)
    assert await chain.fingerprint() == before


async def test_a_later_revision_frees_what_an_earlier_one_held(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, CAKE)
    first = await till.quotes(shopper, COFFEE, burn="max")
    second = await till.quotes(shopper, COFFEE, burn="5.00", check=first.check, rev=2)
    balance = await shopper.balance()
    assert (balance["active"], balance["held"]) == ("13.00", "5.00")
    assert (await till.confirms(first)).code == (409, "revision_stale")
    third = await till.quotes(shopper, COFFEE, check=first.check, rev=3)
    assert (await shopper.balance())["held"] == "0.00"
    assert (await till.calculates(first.check, second.asked)).code == (409, "revision_stale")
    assert (await till.confirms(third)).done()["burned"] == "0.00"
    await chain.balances()


async def test_a_hold_ends_by_itself(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, CAKE)
    await till.quotes(shopper, COFFEE, burn="max", hold={"ttl_s": 60})
    chain.passes(seconds=61)
    assert await shopper.points() == "18.00"
    assert (await till.quotes(shopper, COFFEE, burn="max")).burn == "18.00"
    await chain.balances()


async def test_a_sale_whose_hold_ended_still_gets_the_points_if_they_are_there(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    await till.sells(shopper, CAKE)
    quote = await till.quotes(shopper, COFFEE, burn="max", hold={"ttl_s": 60})
    chain.passes(seconds=61)
    assert (await till.confirms(quote)).done()["burned"] == "18.00"
    await chain.balances()


async def test_a_hold_that_was_lost_is_told_before_the_receipt_is_printed(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    """The promise ended, and another till spent 10 of the 18 points meanwhile."""
    await till.sells(shopper, CAKE)
    quote = await till.quotes(shopper, COFFEE, burn="max", hold={"ttl_s": 60})
    chain.passes(seconds=61)
    await chain.till("S2").sells(shopper, COFFEE, burn="10.00")
    before = await chain.fingerprint()
    refused = await till.confirms(quote)
    assert refused.code == (410, "hold_lost")
    assert "12.50" in refused["cashier_text"], "18 less 10, and 90.00 earned 4.50"
    assert await chain.fingerprint() == before


async def test_points_that_lapsed_while_held_are_spent_all_the_same(chain: Chain, till: Till, shopper: Shopper) -> None:
    """A promise is a promise: the lot ends at midnight, the sale is confirmed a minute later."""
    await till.sells(shopper, CAKE)
    expires = (await shopper.balance())["expiring"][0]["on"]
    left = datetime.fromisoformat(expires) - chain.services.clock.now()
    chain.passes(seconds=left.total_seconds() - 30)
    shopper.token = (await till.identifies(shopper)).done()["customer_token"]
    quote = await till.quotes(shopper, COFFEE, burn="max", hold={"ttl_s": 600})
    assert quote.burn == "18.00"
    chain.passes(seconds=60)
    assert (await till.confirms(quote)).done()["burned"] == "18.00"
    await chain.balances()


async def test_a_hundred_checks_at_once_never_spend_a_point_twice(chain: Chain, till: Till, shopper: Shopper) -> None:
    """180 points, 100 checks that would each like 50: the promises made, and the burns, are 180 together."""
    await till.sells(shopper, times(CAKE, "10"))
    tills = list(chain.tills.values())

    async def buys(i: int) -> tuple[int, str]:
        at = tills[i % len(tills)]
        quote = await at.quotes(shopper, COFFEE, burn="max")
        sale = (await at.confirms(quote)).done()
        assert sale["burned"] == quote.burn
        return 1, sale["burned"]

    sold = await asyncio.gather(*(buys(i) for i in range(100)))
    burned = sum(int(burned.replace(".", "")) for _, burned in sold)
    earned = sum((100_00 - int(burned.replace(".", ""))) * 5 // 100 for _, burned in sold)
    assert burned >= 180_00, "all that was there was spent, and some that was earned meanwhile"
    left = int((await shopper.points()).replace(".", ""))
    assert left == 180_00 + earned - burned
    await chain.balances()


async def test_a_hundred_tills_on_one_card(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Everybody uses the cashier's own card: every sale counts, in whatever order."""
    tills = list(chain.tills.values())
    await asyncio.gather(*(tills[i % len(tills)].sells(shopper, COFFEE) for i in range(100)))
    assert await shopper.points() == "500.00"
    (standing,) = await chain.rows("select spent_minor, visits from promotions_standing")
    assert standing == {"spent_minor": 10_000_00, "visits": 100}
    assert len(await chain.events("pos.sale_committed.v1")) == 100
    await chain.balances()


async def test_one_check_from_many_hands_is_one_sale(chain: Chain, till: Till, shopper: Shopper) -> None:
    """The same calculation twenty times at once, then the same commit twenty times at once."""
    await till.sells(shopper, CAKE)
    check, body = uuid4(), till.check(shopper, COFFEE, burn="max")
    quotes = await asyncio.gather(*(till.calculates(check, body) for _ in range(20)))
    assert {quote.done()["hold"]["id"] for quote in quotes} == {quotes[0]["hold"]["id"]}
    sales = await asyncio.gather(*(till.commits(check, {"rev": 1, **till.place}) for _ in range(20)))
    assert all(sale.done().body == sales[0].body for sale in sales)
    assert sum(sale.is_repeat for sale in sales) == 19
    await chain.balances()


async def test_one_bad_document_in_a_batch_harms_no_other(chain: Chain, till: Till, shopper: Shopper) -> None:
    """A shopper whose wallet has been closed is confirmed together with nine others."""
    unlucky = await till.registers("Пётр")
    await till.sells(unlucky, COFFEE)
    quotes = [await till.quotes(unlucky if i == 4 else shopper, COFFEE) for i in range(10)]
    async with chain.services.db.transaction() as tx:
        await tx.run(
            "update ledger_wallet set closed_at = now() - interval '1 day', "
            "changed_at = changed_at + interval '1 microsecond' where id > 0"
        )
    answers = await asyncio.gather(*(till.confirms(quote) for quote in quotes))
    assert answers[4].code == (409, "account_closed")
    assert [answer.status for answer in answers].count(200) == 9
    await chain.balances()


async def test_a_later_revision_that_comes_between_is_not_sold_as_the_earlier_one(
    chain: Chain, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The batch has read revision 1 and is about to write its sale, when revision 2 is promised."""
    quote = await till.quotes(None, COFFEE)
    written, later = checkout.written, till.check(None, CAKE, rev=2)

    async def written_too_late(tx: Tx, batch: Batch) -> None:
        monkeypatch.undo()
        (await till.calculates(quote.check, later)).done()
        await written(tx, batch)

    monkeypatch.setattr(checkout, "written", written_too_late)
    assert (await till.confirms(quote)).code == (409, "revision_stale")
    assert await chain.rows("select 1 from pos_sale") == []
    second = await till.commits(quote.check, {"rev": 2, **till.place, "claimed": {"to_pay": "360.00"}})
    assert second.done()["paid"] == "360.00"


async def test_only_what_was_promised_is_remembered_for_the_commit(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Ten small lots are more than are looked at first: the price is told anew, and the first draft is forgotten."""
    for _ in range(10):
        await till.sells(shopper, COFFEE)
    quote = await till.quotes(shopper, COFFEE, burn="max")
    remembered = chain.checkout.memory.document(quote.check)
    assert remembered is not None
    assert (remembered[1].burn_minor, quote.burn) == (50_00, "50.00")
    assert (await till.confirms(quote)).done()["burned"] == "50.00"
