"""Goods come back: to the kopeck, to the very lots, before or after their sale."""

import asyncio
from itertools import permutations
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, CHEESE, COFFEE, POINTS_LIVE_DAYS, Chain, Shopper, Till, fiscal, plus, times
from vokrug.pos.operations.seeking import post_found


async def lots(chain: Chain) -> list[tuple[int, int]]:
    """What was granted and what is left, lot by lot."""
    rows = await chain.rows("select granted, remaining from ledger_lot order by id")
    return [(row["granted"], row["remaining"]) for row in rows]


async def test_buy_and_return_leaves_nothing(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, _ = await till.sells(shopper, COFFEE, CAKE)
    back = (await till.returns(till.returning(quote.check))).done()
    assert (back["status"], back["refund"], back["points_taken_back"]) == ("posted", "460.00", "23.00")
    assert back["balance"] == {"points": "0.00", "debt": "0.00"}
    (standing,) = await chain.rows("select spent_minor from promotions_standing")
    assert standing["spent_minor"] == 0
    await chain.balances()
    assert len(await chain.events("pos.return_posted.v1")) == 1


async def test_a_return_asked_for_is_not_yet_made(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, _ = await till.sells(shopper, COFFEE, CAKE)
    before = await chain.fingerprint()
    asked = (await till.returns(till.returning(quote.check, _2=None), dry=True)).done()
    assert (asked["status"], asked["refund"]) == ("calculated", "360.00")
    assert await chain.fingerprint() == before


async def test_a_repeated_return_is_one_return(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, _ = await till.sells(shopper, times(COFFEE, "3"))
    return_id, body = uuid4(), till.returning(quote.check, _1="1")
    first = (await till.returns(body, return_id)).done()
    before = await chain.fingerprint()
    again = (await till.returns(body, return_id)).done()
    assert (again.is_repeat, again.body) == (True, first.body)
    other = await till.returns(till.returning(quote.check, _1="2"), return_id)
    assert other.code == (409, "document_conflict")
    assert await chain.fingerprint() == before


@pytest.mark.parametrize("steps", [["1"] * 7, ["3", "4"], ["2", "1", "4"], ["7"]])
async def test_parts_add_up_to_the_kopeck(chain: Chain, till: Till, shopper: Shopper, steps: list[str]) -> None:
    """Seven at 33.33, 10 % off and a third paid with points: however it comes back, it is what was paid."""
    await till.sells(shopper, times(CAKE, "4"))
    quote, sale = await till.sells(shopper, {"sku": "cake", "qty": "7", "price": "33.33"}, burn="71.11")
    backs = [(await till.returns(till.returning(quote.check, _1=step))).done() for step in steps]
    assert plus(*(back["refund"] for back in backs)) == sale["paid"]
    assert plus(*(back["points_restored"] for back in backs)) == sale["burned"] == "71.11"
    assert plus(*(back["points_taken_back"] for back in backs)) == sale["earned"]
    assert await shopper.points() == "72.00", "as before the sale"
    await chain.balances()


async def test_parts_of_weighed_goods_add_up(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, sale = await till.sells(shopper, CHEESE)
    backs = [(await till.returns(till.returning(quote.check, _1=qty))).done() for qty in ("0.100", "0.017", "0.233")]
    assert plus(*(back["refund"] for back in backs)) == sale["paid"]
    assert plus(*(back["points_taken_back"] for back in backs)) == sale["earned"]
    await chain.balances()


async def test_burned_points_come_back_to_their_own_lots(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, CAKE)  # 18 points
    chain.passes(days=30)
    shopper.token = (await till.identifies(shopper)).done()["customer_token"]
    await till.sells(shopper, CAKE)  # 18 more, that live longer
    quote, _ = await till.sells(shopper, COFFEE, burn="20.00")
    assert await lots(chain) == [(18_00, 0), (18_00, 16_00), (4_00, 4_00)]
    half = (await till.returns(till.returning(quote.check, _1=None))).done()
    assert half["points_restored"] == "20.00"
    assert await lots(chain) == [(18_00, 18_00), (18_00, 18_00), (4_00, 0)]
    await chain.balances()


async def test_points_that_lapsed_meanwhile_come_back_for_a_while(chain: Chain, till: Till, shopper: Shopper) -> None:
    """The goods were out for a year: the points they were paid with have lapsed, and come back for 14 days."""
    await till.sells(shopper, CAKE)
    quote, _ = await till.sells(shopper, COFFEE, burn="18.00")
    chain.passes(days=POINTS_LIVE_DAYS + 2)
    (await chain.staff.sends("/v1/ledger:night", {})).done()
    back = (await till.returns(till.returning(quote.check))).done()
    assert back["points_restored"] == "18.00"
    assert await chain.rows("select 1 from ledger_lot where granted = 1800 and remaining > 0 and earned_at > now()")
    chain.passes(days=13)
    assert (await shopper.balance())["active"] == plus("18.00", "-" + back["debt"])
    chain.passes(days=2)
    assert await shopper.points() == "0.00"
    await chain.balances()


async def test_points_spent_before_the_return_are_owed_and_paid_by_the_next_earning(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    quote, _ = await till.sells(shopper, CAKE)  # earns 18
    await till.sells(shopper, COFFEE, burn="18.00")  # spends them, earns 4.10
    back = (await till.returns(till.returning(quote.check))).done()
    assert (back["points_taken_back"], back["debt"]) == ("18.00", "13.90")
    assert back["balance"] == {"points": "0.00", "debt": "13.90"}
    _, sale = await till.sells(shopper, times(COFFEE, "2"))  # 10 points, all for the debt
    assert sale["balance"] == {"points": "0.00", "debt": "3.90"}
    assert (await shopper.balance())["debt"] == "3.90"
    _, sale = await till.sells(shopper, COFFEE)
    assert sale["balance"] == {"points": "1.10", "debt": "0.00"}
    await chain.balances()


async def test_more_than_was_sold_does_not_come_back(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, _ = await till.sells(shopper, times(COFFEE, "3"))
    (await till.returns(till.returning(quote.check, _1="2"))).done()
    before = await chain.fingerprint()
    refused = await till.returns(till.returning(quote.check, _1="2"))
    assert refused.code == (409, "qty_exceeds")
    assert "1.000" in refused["cashier_text"]
    assert (await till.returns(till.returning(quote.check, _9="1"))).code == (422, "return_line_unknown")
    assert await chain.fingerprint() == before
    (await till.returns(till.returning(quote.check))).done()
    assert (await till.returns(till.returning(quote.check))).code == (422, "return_empty")


async def test_two_tills_cannot_return_the_same_goods(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, _ = await till.sells(shopper, times(COFFEE, "3"))
    tills = list(chain.tills.values())
    answers = await asyncio.gather(
        *(tills[i % 3].returns(tills[i % 3].returning(quote.check, _1="1")) for i in range(12))
    )
    assert sorted(answer.status for answer in answers) == [200] * 3 + [409] * 9
    await chain.balances()


async def test_a_return_at_another_shop(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, _ = await till.sells(shopper, COFFEE)
    elsewhere = chain.till("S2")
    assert (await elsewhere.returns(elsewhere.returning(quote.check))).done()["refund"] == "100.00"


async def test_a_return_by_the_sign_on_the_receipt(chain: Chain, till: Till, shopper: Shopper) -> None:
    sign = fiscal()
    body = {**till.place, "original": {"fiscal": sign}}
    before = await chain.fingerprint()
    assert (await till.returns(body, dry=True)).code == (404, "original_unknown")
    assert await chain.fingerprint() == before
    quote = await till.quotes(shopper, COFFEE)
    (await till.confirms(quote, fiscal=sign)).done()
    assert (await till.returns(body)).done()["refund"] == "100.00"


async def looks_for_returns(chain: Chain) -> int:
    async with chain.services.db.transaction() as tx:
        return await post_found(chain.checkout, tx, chain.services.clock.now())


async def test_returns_by_a_sign_that_no_sale_bears_yet(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Two of them, at two shops; the sale comes by the usual way, and asks nobody."""
    sign, ids = fiscal(), (uuid4(), uuid4())
    bodies = [
        {**at.place, "original": {"fiscal": sign}, "lines": [{"n": 1, "qty": "1"}]}
        for at in (till, chain.till("S2", "T1"))
    ]
    for at, body, return_id in zip((till, chain.till("S2", "T1")), bodies, ids, strict=True):
        answer = await at.returns(body, return_id)
        assert (answer.status, answer["status"]) == (202, "parked")
    waiting = (await chain.staff.sends("/v1/returns/waiting?days=0", None, "GET")).done()["returns"]
    assert [(one["check_uid"], one["fiscal"]) for one in waiting] == [(None, "/".join(sign.values()))] * 2
    assert await looks_for_returns(chain) == 0
    quote = await till.quotes(shopper, times(COFFEE, "3"))
    (await till.confirms(quote, fiscal=sign)).done()
    assert await looks_for_returns(chain) == 2
    assert await looks_for_returns(chain) == 0
    again = (await till.returns(bodies[0], ids[0])).done()
    assert (again["status"], again["refund"], again.is_repeat) == ("posted", "100.00", True)
    assert await shopper.points() == "5.00", "one coffee of three is left"
    assert await chain.rows("select from pos_sale where status = 'awaited'") == []
    assert (await chain.staff.sends("/v1/returns/waiting?days=0", None, "GET")).done()["returns"] == []
    await chain.balances()


async def test_a_return_without_a_customer(chain: Chain, till: Till) -> None:
    quote, _ = await till.sells(None, COFFEE, CAKE)
    back = (await till.returns(till.returning(quote.check, _2="1"))).done()
    assert (back["refund"], back["points_taken_back"], back["balance"]) == ("360.00", "0.00", None)
    await chain.balances()


# Before its sale


async def test_a_return_that_came_first_waits_and_is_posted_with_its_sale(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    check, return_id = uuid4(), uuid4()
    body = till.returning(check, _1="1")
    parked = await till.returns(body, return_id)
    assert (parked.status, parked["status"], parked["refund"]) == (202, "parked", "0.00")
    again = await till.returns(body, return_id)
    assert (again.status, again.is_repeat, again.body) == (202, True, parked.body)
    whole = {"rev": 1, **till.place, "check": till.check(shopper, times(COFFEE, "3"), hold=False)}
    sale = (await till.commits(check, whole)).done()
    assert (sale["paid"], sale["earned"]) == ("300.00", "15.00")
    assert sale["balance"]["points"] == "10.00", "the answer never shows points that are gone"
    posted = (await till.returns(body, return_id)).done()
    assert (posted["status"], posted["refund"]) == ("posted", "100.00")
    assert (await till.commits(check, whole)).body == sale.body
    await chain.balances()


async def test_a_waiting_return_of_a_calculated_check(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Calculated, returned, and only then committed: the plain way must notice too."""
    quote = await till.quotes(shopper, times(COFFEE, "3"))
    assert (await till.returns(till.returning(quote.check, _1="1"))).status == 202
    sale = (await till.confirms(quote)).done()
    assert sale["balance"]["points"] == "10.00"
    await chain.balances()


async def test_a_waiting_return_of_more_than_was_sold_goes_to_the_work_list(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    quote = await till.quotes(shopper, times(COFFEE, "3"))
    for qty in ("2", "2", "1"):
        assert (await till.returns(till.returning(quote.check, _1=qty))).status == 202
        chain.passes(seconds=1)
    sale = (await till.confirms(quote)).done()
    assert sale["balance"]["points"] == "0.00"
    rows = await chain.rows("select status, refunded_minor from pos_return order by recorded_at")
    assert [tuple(row.values()) for row in rows] == [("posted", 200_00), ("refused", 0), ("posted", 100_00)]
    await chain.balances()


@pytest.mark.parametrize("order", list(permutations(["sale", "return 1", "return 2", "cancel"]))[::4])
async def test_any_order_and_repetition_ends_in_the_same_books(
    chain: Chain, till: Till, shopper: Shopper, order: tuple[str, ...]
) -> None:
    """A sale that burned and earned, two returns of it and a cancel: 24 orders end as one."""
    await till.sells(shopper, CAKE)
    check, ids = uuid4(), {"return 1": uuid4(), "return 2": uuid4()}
    returning = {"return 1": till.returning(check, _1="1"), "return 2": till.returning(check, _1="1", _2="1")}
    whole = till.check(shopper, times(COFFEE, "3"), CAKE, burn="18.00", hold=False)
    for document in [*order, *order]:
        if document == "sale":
            (await till.commits(check, {"rev": 1, **till.place, "check": whole, "fiscal": fiscal_of_it})).done()
        elif document == "cancel":
            await till.cancels(check)
        else:
            (await till.returns(returning[document], ids[document])).done()
    rows = await chain.rows("select status, refunded_minor, restored_minor, taken_back_minor from pos_return")
    assert {row["status"] for row in rows} == {"posted"}
    sums = tuple(sum(row[name] for row in rows) for name in ("refunded_minor", "restored_minor", "taken_back_minor"))
    assert sums == (544_72, 15_28, 27_23), "money and points together are the 560.00 that came back"
    assert await lots(chain) == [(18_00, 15_28), (32_10, 4_87)]
    await chain.balances()


fiscal_of_it = fiscal()
