"""What becomes of points and money when goods come back, as the programme declares it."""

from typing import Any
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Chain, Shopper, Till, times


async def declares(chain: Chain, **policy: Any) -> dict[str, Any]:
    body: dict[str, Any] = (await chain.staff.sends("/v1/return-policy", policy, "PUT")).done().body
    return body


async def test_a_policy_is_versioned_and_a_sale_keeps_the_one_of_its_minute(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    usual = (await chain.staff.sends("/v1/return-policy", None, "GET")).done()
    assert (usual["version"], usual["policy"]) == (0, {})
    before, _ = await till.sells(shopper, CAKE)  # 18 points
    first = await declares(chain, shortfall="within_balance")
    assert (await declares(chain, shortfall="within_balance"))["version"] == first["version"], "no news"
    assert (await declares(chain, shortfall="only_pending"))["version"] > first["version"]
    after, _ = await till.sells(shopper, CAKE)
    assert (await till.returns(till.returning(after.check))).done()["points_taken_back"] == "0.00"
    assert (await till.returns(till.returning(before.check))).done()["points_taken_back"] == "18.00"
    await chain.balances()


@pytest.mark.parametrize(
    ("shortfall", "taken_back", "written_off", "balance"),
    [
        ("debt", "18.00", "0.00", {"points": "0.00", "debt": "13.00"}),
        ("unlimited", "18.00", "0.00", {"points": "0.00", "debt": "13.00"}),
        ("within_balance", "5.00", "13.00", {"points": "0.00", "debt": "0.00"}),
        ("only_pending", "0.00", "18.00", {"points": "5.00", "debt": "0.00"}),
    ],
)
async def test_earned_points_that_are_spent_already(
    chain: Chain,
    till: Till,
    shopper: Shopper,
    shortfall: str,
    taken_back: str,
    written_off: str,
    balance: dict[str, str],
) -> None:
    await declares(chain, shortfall=shortfall)
    quote, _ = await till.sells(shopper, CAKE)  # 18 points
    await takes(chain, shopper, "13.00")
    body, return_id = till.returning(quote.check), uuid4()
    back = (await till.returns(body, return_id)).done()
    assert (back["points_taken_back"], back["points_written_off"]) == (taken_back, written_off)
    assert back["balance"] == balance
    assert (await till.returns(body, return_id)).done().body == back.body, "a repeat says the same"
    await chain.balances()


async def takes(chain: Chain, shopper: Shopper, points: str) -> None:
    (row,) = await chain.rows("select id from customers_customer order by number desc limit 1")
    body = {"request_id": str(uuid4()), "points": points, "reason": "a slip"}
    (await chain.staff.sends(f"/v1/customers/{row['id']}/points:take", body)).done()


async def test_points_by_the_share_of_the_money(chain: Chain, till: Till, shopper: Shopper) -> None:
    """23 points on 460.00; the cake alone had earned 18, and 360/460 of 23 are 18. A coffee's third is 1.66."""
    await declares(chain, earned="by_refund_amount")
    quote, _ = await till.sells(shopper, times(COFFEE, "1"), CAKE)
    third = (await till.returns({**till.returning(quote.check), "amount": "33.33"})).done()
    assert (third["refund"], third["points_taken_back"], third["lines"]) == ("33.33", "1.66", [])
    rest = (await till.returns(till.returning(quote.check))).done()
    assert (rest["refund"], rest["points_taken_back"]) == ("426.67", "21.34")
    await chain.balances()


async def test_points_by_what_the_rule_gives_for_the_refund(chain: Chain, till: Till, shopper: Shopper) -> None:
    """A point for every full 10.00: a refund of 9.99 takes none, and each refund is looked at by itself."""
    await declares(chain, earned="floor_of_refund")
    per_step = {"kind": "earn", "reward": {"kind": "per_step", "step_minor": 1000, "points_minor": 100}}
    await chain.publishes("tens", per_step)
    quote, sale = await till.sells(shopper, times(COFFEE, "1"))
    assert sale["earned"] == "15.00", "5 by rate, 10 by tens"
    backs = [
        (await till.returns({**till.returning(quote.check), "amount": money})).done()
        for money in ("9.99", "9.99", "20.00")
    ]
    # By rate 5 % of each, and by tens whole steps.
    assert [back["points_taken_back"] for back in backs] == ["0.49", "0.49", "3.00"]
    await chain.balances()


async def test_money_back_without_goods_leaves_less_for_the_goods(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote, _ = await till.sells(shopper, times(COFFEE, "2"))
    (await till.returns({**till.returning(quote.check), "amount": "50.00"})).done()
    before = await chain.fingerprint()
    refused = await till.returns({**till.returning(quote.check), "amount": "150.01"})
    assert refused.code == (409, "refund_exceeds")
    assert await chain.fingerprint() == before
    one = (await till.returns(till.returning(quote.check, _1="1"))).done()
    rest = (await till.returns(till.returning(quote.check))).done()
    assert (one["refund"], rest["refund"]) == ("100.00", "50.00"), "200.00 in all"
    await chain.balances()


@pytest.mark.parametrize(
    ("burned", "restored"),
    [("restore_to_lot", ["9.00", "9.00"]), ("restore_on_full_return", ["0.00", "18.00"]), ("never", ["0.00", "0.00"])],
)
async def test_burned_points(chain: Chain, till: Till, shopper: Shopper, burned: str, restored: list[str]) -> None:
    await declares(chain, burned=burned)
    await till.sells(shopper, CAKE)  # 18 points
    quote, _ = await till.sells(shopper, times(COFFEE, "2"), burn="18.00")
    backs = [(await till.returns(till.returning(quote.check, _1="1"))).done() for _ in range(2)]
    assert [back["points_restored"] for back in backs] == restored
    await chain.balances()


async def test_lots_that_lapsed_stay_lost_where_no_grace_is_given(chain: Chain, till: Till, shopper: Shopper) -> None:
    await declares(chain, grace_days=0)
    await till.sells(shopper, CAKE)
    quote, _ = await till.sells(shopper, COFFEE, burn="18.00")
    chain.passes(days=370)
    (await chain.staff.sends("/v1/ledger:night", {})).done()
    assert (await till.returns(till.returning(quote.check))).done()["points_restored"] == "0.00"
    await chain.balances()


async def test_a_return_of_more_kinds_than_one_is_refused(chain: Chain, till: Till) -> None:
    before = await chain.fingerprint()
    for wrong in ({"earned": "sometimes"}, {"grace_days": -1}, {"mood": "good"}):
        answer = await chain.staff.sends("/v1/return-policy", wrong, "PUT")
        assert answer.status in (400, 422)
    assert await chain.fingerprint() == before


async def test_a_parked_reduction_is_posted_with_its_sale(chain: Chain, till: Till, shopper: Shopper) -> None:
    check = uuid4()
    parked = await till.returns({**till.returning(check), "amount": "40.00"})
    assert parked.status == 202
    _, sale = await till.sells(shopper, COFFEE, check=check)
    assert sale["balance"]["points"] == "3.00", "5 earned, 2 of them gone with the 40.00"
    await chain.balances()
