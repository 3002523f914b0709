"""Cards that are shut or not yet activated; points given, taken and accounted for; gifts, delivery, rewards."""

from typing import Any
from uuid import UUID, uuid4

from tests.pos.chain import CAKE, COFFEE, Chain, Shopper, Till, times


async def person(chain: Chain) -> UUID:
    (row,) = await chain.rows("select id from customers_customer order by number desc limit 1")
    return UUID(str(row["id"]))


async def set_card(chain: Chain, state: str) -> None:
    id = await person(chain)
    card = (await chain.staff.sends(f"/v1/customers/{id}", None, "GET")).done()["card"]
    (identifier,) = [one["id"] for one in card["identifiers"] if one["type"] == "card"]
    path = f"/v1/customers/{id}/identifiers/{identifier}/state"
    assert (await chain.staff.sends(path, {"state": state}, "PUT")).status == 204


def by_card(till: Till) -> dict[str, Any]:
    return {**till.place, "identifier": {"type": "card", "value": "770012345678"}}


async def test_a_blocked_card_identifies_nobody_and_its_owner_goes_on(chain: Chain, till: Till) -> None:
    shopper = await till.registers(card="770012345678")
    await till.sells(shopper, CAKE)
    await set_card(chain, "blocked")
    assert (await till.sends("/pos/v1/identify", by_card(till))).code == (403, "card_blocked")
    check = {"rev": 1, **by_card(till), "lines": [{"n": 1, **COFFEE}]}
    before = await chain.fingerprint()
    assert (await till.calculates(uuid4(), check)).code == (403, "card_blocked")
    assert (await till.commits(uuid4(), {"rev": 1, **till.place, "check": check})).code == (403, "card_blocked")
    assert await chain.fingerprint() == before
    assert await shopper.points() == "18.00", "the phone still leads there"
    await set_card(chain, "active")
    assert (await till.sends("/pos/v1/identify", by_card(till))).done()["balance"]["active"] == "18.00"
    assert [row["state"] for row in await chain.rows("select data::text as state from events_log limit 0")] == []


async def test_a_card_not_activated_earns_and_does_not_burn(chain: Chain, till: Till) -> None:
    shopper = await till.registers(card="770012345678")
    await till.sells(shopper, CAKE)
    await set_card(chain, "not_activated")
    known = (await till.sends("/pos/v1/identify", by_card(till))).done()
    assert (known["card_state"], known["balance"]["active"]) == ("not_activated", "18.00")
    for who in ({"identifier": by_card(till)["identifier"]}, {"customer_token": known["customer_token"]}):
        quote = await till.quotes(None, COFFEE, burn="10.00", **who)
        assert (quote.burn, quote.answer["burn"]["max_reasons"]) == ("0.00", ["not_activated"])
        assert (await till.confirms(quote)).done()["earned"] == "5.00"
    assert (await till.quotes(shopper, COFFEE, burn="10.00")).burn == "10.00", "by phone they are known"


async def test_points_taken_by_hand_and_the_statement_of_every_point(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    sold, _ = await till.sells(shopper, CAKE)  # 18
    id = await person(chain)
    take = {"request_id": str(uuid4()), "points": "5.00", "reason": "given twice"}
    first = (await chain.staff.sends(f"/v1/customers/{id}/points:take", take)).done()
    again = (await chain.staff.sends(f"/v1/customers/{id}/points:take", take)).done()
    assert (first.body, again.is_repeat) == (again.body, True)
    before = await chain.fingerprint()
    more = {"request_id": str(uuid4()), "points": "13.01", "reason": "too much"}
    assert (await chain.staff.sends(f"/v1/customers/{id}/points:take", more)).code == (409, "insufficient_funds")
    other = take | {"points": "6.00"}
    assert (await chain.staff.sends(f"/v1/customers/{id}/points:take", other)).code == (409, "duplicate_conflict")
    assert await chain.fingerprint() == before
    spent, _ = await till.sells(shopper, COFFEE, burn="10.00")
    (await till.returns(till.returning(spent.check))).done()
    statement = (await chain.staff.sends(f"/v1/customers/{id}/points", None, "GET")).done()
    assert statement["balance"]["active"] == "13.00"
    lots = {lot["document"]: lot for lot in statement["lots"]}
    moves = [(move["kind"], move["points"], move["document"]) for move in lots[str(sold.check)]["moves"]]
    assert moves[:2] == [("other", "5.00", take["request_id"]), ("burned", "10.00", str(spent.check))]
    assert moves[2][:2] == ("restored", "-10.00")
    assert lots[str(spent.check)]["remaining"] == "0.00"
    assert len(await chain.events("pos.points_withdrawn.v1")) == 1
    await chain.balances()


async def test_delivery_is_charged_offered_and_not_refunded_with_goods(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    free = {"kind": "discount", "layer": "delivery", "benefit": {"kind": "delivery"}}
    free["conditions"] = [{"kind": "amount", "at_least_minor": 300_00, "goods": {}}]  # type: ignore[list-item]
    await chain.publishes("free", free)
    small = await till.quotes(shopper, COFFEE, delivery="50.00")
    assert (small.to_pay, small.answer["delivery"]["net"]) == ("150.00", "50.00")
    large, sale = await till.sells(shopper, CAKE, delivery="50.00")
    assert (large.answer["delivery"]["discounts"][0]["amount"], sale["paid"]) == ("50.00", "360.00")
    (await till.confirms(small)).done()
    assert (await till.returns(till.returning(small.check))).done()["refund"] == "100.00"
    rest = (await till.returns({**till.returning(small.check), "amount": "50.00"})).done()
    assert rest["refund"] == "50.00", "the charge goes back where somebody says so"
    await chain.balances()


async def test_a_gift_is_named_and_added_by_the_till(chain: Chain, till: Till) -> None:
    gift = {"kind": "gift", "choices": [{"sku": "cup", "units": 1}], "per_units": 3}
    await chain.publishes("cups", {"kind": "discount", "layer": "item", "benefit": gift, "goods": {"skus": ["coffee"]}})
    quote = await till.quotes(None, times(COFFEE, "7"))
    (given,) = quote.answer["gifts"]
    assert (given["sku"], given["qty"], quote.to_pay) == ("cup", "2", "700.00")


async def test_a_reward_may_be_paid_with_the_points_of_its_own_sale(chain: Chain, till: Till, shopper: Shopper) -> None:
    """10 points buy a fifth off; the sale itself earns 20 of them before its reward."""
    await chain.publishes(
        "rate",
        {
            "kind": "earn",
            "reward": {"kind": "per_step", "step_minor": 1000, "points_minor": 100},
            "base": "before_own_reward",
        },
    )
    reward = {
        "kind": "points_reward",
        "points_minor": 10_00,
        "benefit": {"kind": "percent", "percent_bp": 2000, "per": "total"},
        "same_sale": True,
    }
    await chain.publishes("fifth", reward)
    body = till.check(shopper, times(COFFEE, "1")) | {"burn": {"mode": "reward"}}
    check = uuid4()
    quote = (await till.calculates(check, body)).done()
    assert (quote["burn"]["applied"], quote["totals"]["to_pay"]) == ("10.00", "80.00")
    sale = (await till.commits(check, {"rev": 1, **till.place})).done()
    assert (sale["burned"], sale["earned"], sale["balance"]["points"]) == ("10.00", "14.00", "4.00")
    await chain.balances()
    back = (await till.returns(till.returning(check))).done()
    assert (back["refund"], back["points_restored"], back["points_taken_back"]) == ("80.00", "10.00", "14.00")
    assert back["balance"] == {"points": "0.00", "debt": "0.00"}
    await chain.balances()


async def test_a_cancel_says_what_came_free(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, CAKE)
    await chain.publishes(
        "code", {"kind": "basket_discount", "code": "TEN", "benefit": {"kind": "percent", "percent_bp": 1000}}
    )
    quote = await till.quotes(shopper, COFFEE, burn="10.00", codes=["TEN"])
    first = (await till.cancels(quote.check)).done()
    assert (first["released"]["codes"], first["released"]["points"]) == (["TEN"], "10.00")
    assert (await till.cancels(quote.check)).done().body == first.body
    assert (await till.cancels(uuid4())).done()["released"]["points"] == "0.00"
