"""Offers that claim their discount back when a return leaves them without their threshold, and offers that do not."""

from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest

from tests.pos.chain import Chain, Shopper, Till, plus

TENTH = {"kind": "percent", "percent_bp": 1_000, "per": "total"}
ON_300 = {"kind": "basket_discount", "benefit": TENTH, "min_minor": 300_00}
THREE_FOR_TWO = {
    "kind": "discount",
    "benefit": {
        "kind": "buy_get",
        "buy_units": 2,
        "get_units": 1,
        "buy": {"skus": ["bread"]},
        "get": {"skus": ["bread"]},
    },
}


def goods(sku: str, qty: str, price: str) -> dict[str, Any]:
    return {"sku": sku, "qty": qty, "price": price}


async def come_back(till: Till, check: Any, *parts: dict[str, str]) -> list[str]:
    return [(await till.returns(till.returning(check, **part))).done()["refund"] for part in parts]


@pytest.mark.parametrize(
    ("on_return", "refunds"),
    [("keep", ["90.00", "90.00", "90.00"]), ("claw_back", ["70.00", "100.00", "100.00"])],
)
async def test_what_stays_keeps_its_discount_or_is_priced_anew(
    chain: Chain, till: Till, on_return: str, refunds: list[str]
) -> None:
    """Three at 100.00, a tenth off from 300.00 on, 270.00 paid. The two that stay would have cost 200.00."""
    await chain.publishes("tenth", ON_300 | {"on_return": on_return})
    quote, sale = await till.sells(None, goods("bread", "3", "100.00"))
    assert sale["paid"] == "270.00"
    assert await come_back(till, quote.check, *[{"_1": "1"}] * 3) == refunds
    await chain.balances()


async def test_a_free_unit_is_paid_for_when_what_bought_it_goes_back(chain: Chain, till: Till) -> None:
    """Three for two: 200.00 paid. Who keeps two pays for two, so the first that comes back brings nothing."""
    await chain.publishes("three-for-two", THREE_FOR_TWO | {"on_return": "claw_back"})
    quote, sale = await till.sells(None, goods("bread", "3", "100.00"))
    assert sale["paid"] == "200.00"
    assert await come_back(till, quote.check, *[{"_1": "1"}] * 3) == ["0.00", "100.00", "100.00"]
    await chain.balances()


async def test_an_offer_that_keeps_its_discount_keeps_it_beside_one_that_does_not(chain: Chain, till: Till) -> None:
    """Three at 100.00: a fifth off each when three are bought, which stays; a tenth of the rest from 200.00 on, which
    does not. 216.00 paid, and the one that stays would have cost 80.00.
    """
    fifth = {"kind": "item_discount", "goods": {"skus": ["bread"]}, "benefit": {"kind": "percent", "percent_bp": 2_000}}
    await chain.publishes("fifth", fifth | {"min_qty_milli": 3_000})
    await chain.publishes("tenth", ON_300 | {"min_minor": 200_00, "on_return": "claw_back"})
    quote, sale = await till.sells(None, goods("bread", "3", "100.00"))
    assert sale["paid"] == "216.00"
    assert await come_back(till, quote.check, {"_1": "2"}, {"_1": "1"}) == ["136.00", "80.00"]
    await chain.balances()


@pytest.mark.parametrize("order", list(permutations([{"_1": "1"}, {"_1": "1"}, {"_2": "1"}, {"_2": "2"}]))[::5])
async def test_parts_in_any_order_add_up_to_what_was_paid(
    chain: Chain, till: Till, shopper: Shopper, order: tuple[dict[str, str], ...]
) -> None:
    """With points in it, at prices that share out badly, two offers that claim back."""
    await chain.publishes("tenth", ON_300 | {"min_minor": 150_00, "on_return": "claw_back"})
    await chain.publishes("three-for-two", THREE_FOR_TWO | {"on_return": "claw_back"})
    await till.sells(shopper, goods("cake", "4", "400.00"))
    quote, sale = await till.sells(shopper, goods("bread", "2", "33.33"), goods("bread", "3", "66.67"), burn="31.07")
    refunds = await come_back(till, quote.check, *order)
    assert plus(*refunds) == sale["paid"]
    assert all(not refund.startswith("-") for refund in refunds)
    await chain.balances()


async def test_a_return_that_waited_for_its_sale_is_no_different(chain: Chain, till: Till) -> None:
    await chain.publishes("tenth", ON_300 | {"on_return": "claw_back"})
    quote = await till.quotes(None, goods("bread", "3", "100.00"))
    early, return_id = till.returning(quote.check, _1="1"), uuid4()
    assert (await till.returns(early, return_id)).done()["status"] == "parked"
    (await till.confirms(quote)).done()
    assert (await till.returns(early, return_id)).done()["refund"] == "70.00"
    assert await come_back(till, quote.check, {"_1": "2"}) == ["200.00"]
    await chain.balances()
