"""Goods come back by what they are, and without a receipt."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Answer, Chain, Shopper, Till, times

DEAR = {**COFFEE, "price": "150.00"}


def goods(till: Till, check: Any, *asked: tuple[str, str | None]) -> dict[str, Any]:
    lines = [{"sku": sku, **({} if qty is None else {"qty": qty})} for sku, qty in asked]
    return {**till.place, "original": {"check_uid": str(check)}, "lines": lines}


async def test_goods_come_back_wherever_they_stand_in_the_check_the_cheapest_first(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    quote, _ = await till.sells(shopper, times(DEAR, "2"), CAKE, times(COFFEE, "2"))
    back = (await till.returns(goods(till, quote.check, ("coffee", "3")))).done()
    assert back["refund"] == "350.00"
    assert {line["n"]: line["qty"] for line in back["lines"]} == {3: "2.000", 1: "1.000"}
    rest = (await till.returns(goods(till, quote.check, ("coffee", None)))).done()
    assert (rest["refund"], [line["n"] for line in rest["lines"]]) == ("150.00", [1])
    before = await chain.fingerprint()
    more = await till.returns(goods(till, quote.check, ("coffee", "1")))
    assert (more.code, more["facts"]) == ((409, "return_goods_unknown"), {"sku": "coffee", "left": "0.000"})
    assert (await till.returns(goods(till, quote.check, ("tea", "1")))).code == (409, "return_goods_unknown")
    assert (await till.returns(goods(till, quote.check, ("coffee", None)))).code == (422, "return_empty")
    assert await chain.fingerprint() == before
    assert (await till.returns(till.returning(quote.check))).done()["refund"] == "360.00", "the cake is left"
    await chain.balances()


async def test_a_return_by_goods_waits_for_its_sale(chain: Chain, till: Till, shopper: Shopper) -> None:
    check = uuid4()
    parked = await till.returns(goods(till, check, ("coffee", "1")))
    assert (parked.status, parked["status"]) == (202, "parked")
    _, sale = await till.sells(shopper, CAKE, times(COFFEE, "2"), check=check)
    assert sale["earned"] == "28.00"
    (row,) = await chain.rows("select status, refunded_minor from pos_return")
    assert row == {"status": "posted", "refunded_minor": 100_00}
    await chain.balances()


@pytest.mark.parametrize("line", [{"qty": "1"}, {"n": 1, "sku": "coffee"}])
async def test_a_line_is_named_one_way(till: Till, shopper: Shopper, line: dict[str, Any]) -> None:
    quote, _ = await till.sells(shopper, COFFEE)
    body = {**till.place, "original": {"check_uid": str(quote.check)}, "lines": [line]}
    assert (await till.returns(body)).code == (422, "check_malformed")


# Without a receipt


async def opens(chain: Chain, **terms: Any) -> None:
    (await chain.staff.sends("/v1/till-policy", {"without_receipt": terms}, "PUT")).done()
    (await chain.staff.sends("/v1/supervisors", {"code": "adm-1", "secret": "card-778899"}, "PUT")).done()


async def noted(chain: Chain, count: int) -> None:
    """When the reaction has heard of the sales."""
    for _ in range(2_000):
        (row,) = await chain.rows("select count(*) as n from pos_low_price")
        if row["n"] >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("prices were never noted")


def unseen(till: Till, *asked: tuple[str, str], **more: Any) -> dict[str, Any]:
    lines = [{"sku": sku, "qty": qty} for sku, qty in asked]
    said = {"supervisor": "card-778899", "reason": "lost the receipt", **more}
    return {**till.place, "original": {"none": True}, "lines": lines, **said}


async def test_the_lowest_price_of_late_and_no_points(chain: Chain, till: Till, shopper: Shopper) -> None:
    await opens(chain)
    await till.sells(shopper, DEAR)
    await till.sells(shopper, times(COFFEE, "3"), CAKE, burn="max")
    await noted(chain, 2)
    points = await shopper.points()
    asked = (await till.returns(unseen(till, ("coffee", "2")), dry=True)).done()
    assert (asked["status"], asked["refund"]) == ("calculated", "200.00"), "points that paid made it no cheaper"
    return_id = uuid4()
    first = await till.returns(unseen(till, ("coffee", "2"), ("cake", "1")), return_id)
    assert (first.done()["status"], first["refund"], first["balance"]) == ("posted", "560.00", None)
    assert await shopper.points() == points
    again = await till.returns(unseen(till, ("coffee", "2"), ("cake", "1")), return_id)
    assert (again.is_repeat, again.body) == (True, first.body)
    other = await till.returns(unseen(till, ("coffee", "1")), return_id)
    assert other.code == (409, "document_conflict")
    (row,) = await chain.rows("select by_whom, reason, customer_number from pos_return")
    assert row == {"by_whom": "adm-1", "reason": "lost the receipt", "customer_number": None}
    (told,) = await chain.events("pos.return_posted.v1")
    assert b'"by_whom":"adm-1"' in told["data"]
    await chain.balances()


async def test_nobody_takes_back_without_a_receipt_by_themselves(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, COFFEE)
    await noted(chain, 1)
    (await chain.staff.sends("/v1/supervisors", {"code": "adm-1", "secret": "card-778899"}, "PUT")).done()
    before = await chain.fingerprint()
    assert (await till.returns(unseen(till, ("coffee", "1")))).code == (409, "receipt_wanted"), "not in this programme"
    await opens(chain, most="150.00")
    wrong = await till.returns(unseen(till, ("coffee", "1"), supervisor="card-000000"))
    assert wrong.code == (403, "burn_code_wrong")
    assert (await till.returns(unseen(till, ("coffee", "1"), reason=" "))).code == (422, "reason_wanted")
    assert (await till.returns(unseen(till, ("coffee", "2")))).code == (409, "refund_exceeds"), "too much at once"
    assert (await till.returns(unseen(till, ("tea", "1")))).code == (409, "price_unknown")
    assert (await till.returns(unseen(till))).code == (422, "return_empty")
    both = unseen(till, ("coffee", "1")) | {"original": {"none": True, "check_uid": str(uuid4())}}
    assert (await till.returns(both)).code == (422, "check_malformed")
    money = unseen(till) | {"amount": "50.00"}
    assert (await till.returns(money)).code == (422, "check_malformed")
    by_line = unseen(till) | {"lines": [{"n": 1}]}
    assert (await till.returns(by_line)).code == (422, "check_malformed")
    after = await chain.fingerprint()
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"pos_till_policy", "pos_reference_version", "accounts_meter", "pos_supervisor"}


async def test_what_was_sold_long_ago_has_no_price(chain: Chain, till: Till, shopper: Shopper) -> None:
    await opens(chain, days=30)
    await till.sells(shopper, COFFEE)
    await noted(chain, 1)
    chain.passes(days=32)
    assert (await till.returns(unseen(till, ("coffee", "1")), dry=True)).code == (409, "price_unknown")


async def test_supervisors_are_not_searched_for_by_returns(chain: Chain, till: Till, shopper: Shopper) -> None:
    await opens(chain)
    await till.sells(shopper, COFFEE)
    await noted(chain, 1)
    answers: list[Answer] = []
    for n in range(11):
        answers.append(await till.returns(unseen(till, ("coffee", "1"), supervisor=f"card-{n:06d}")))
    assert [answer.status for answer in answers] == [403] * 10 + [429]
    assert (await till.returns(unseen(till, ("coffee", "1")))).code == (429, "too_many_tries")
