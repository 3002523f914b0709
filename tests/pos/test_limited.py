"""Limits, coupons, lists and personal offers at the till."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Chain, Shopper, Till, fiscal
from vokrug import promotions
from vokrug.promotions import checks

TEN_OFF = {"kind": "basket_discount", "benefit": {"kind": "percent", "percent_bp": 1000}}


async def refresh(chain: Chain) -> None:
    async with chain.services.db.transaction(readonly=True) as tx:
        await chain.services.get(promotions.LiveOffers).refresh(tx)


async def offer_id(chain: Chain, key: str) -> str:
    (row,) = await chain.rows("select id from promotions_offer where key = $1", key)
    return str(row["id"])


async def pool(chain: Chain, key: str, **given: Any) -> str:
    """A pool of codes; answers with its id."""
    body = {"id": str(uuid4()), "key": key, "name": key, **given}
    made = (await chain.staff.sends("/v1/promotions/coupon-pools", body)).body
    assert "number" in made, made
    await refresh(chain)
    return str(made["id"])


async def issued(chain: Chain, pool_id: str, count: int) -> list[str]:
    body = {"id": str(uuid4()), "count": count}
    headers = {"authorization": f"Bearer {chain.staff.key.token}", "accept": "text/csv"}
    answer = await chain.http.post(f"/v1/promotions/coupon-pools/{pool_id}/issue", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text.split()[1:]


async def counters(chain: Chain) -> list[int]:
    return [row["taken"] for row in await chain.rows("select taken from promotions_count where taken > 0")]


def statuses(quote: Any) -> dict[str, str]:
    return {verdict["ref"]: verdict["status"] for verdict in quote.answer["verdicts"]}


@pytest.fixture
async def limited(chain: Chain) -> None:
    """Ten per cent off a check of a member, once each."""
    body = {**TEN_OFF, "limits": [{"subject": "customer", "measure": "uses", "most": 1}]}
    await chain.publishes("once", body)


async def test_an_offer_once_each_is_had_once_and_comes_back_with_the_goods(
    chain: Chain, till: Till, shopper: Shopper, limited: None
) -> None:
    quote, _ = await till.sells(shopper, COFFEE)
    assert quote.to_pay == "90.00"
    again = await till.quotes(shopper, COFFEE)
    assert again.to_pay == "100.00"
    assert "limit" in statuses(again).values()
    assert (await till.quotes(None, COFFEE)).to_pay == "100.00", "nobody knows how often a stranger had it"
    (await till.returns(till.returning(quote.check))).done()
    assert await counters(chain) == []
    assert (await till.quotes(shopper, COFFEE)).to_pay == "90.00"


async def test_a_hold_takes_the_last_use_and_a_cancel_gives_it_back(
    chain: Chain, till: Till, shopper: Shopper, limited: None
) -> None:
    first = await till.quotes(shopper, COFFEE)
    assert first.answer["hold"] is not None
    assert (await till.quotes(shopper, COFFEE)).to_pay == "100.00"
    (await till.cancels(first.check)).done()
    (await till.cancels(first.check)).done()
    assert await counters(chain) == []
    assert (await till.quotes(shopper, COFFEE)).to_pay == "90.00"


async def test_a_check_is_not_in_its_own_way(chain: Chain, till: Till, shopper: Shopper, limited: None) -> None:
    """Looked at again with or without a hold, a check that holds the last use still has it."""
    held = await till.quotes(shopper, COFFEE)
    looked = await till.quotes(shopper, COFFEE, check=held.check, rev=2, hold=False)
    assert looked.to_pay == "90.00"
    again = await till.quotes(shopper, COFFEE, check=held.check, rev=2)
    assert (again.to_pay, await counters(chain)) == ("90.00", [1])
    (await till.confirms(again)).done()
    assert await counters(chain) == [1]


async def test_a_price_asked_without_hold_takes_nothing(
    chain: Chain, till: Till, shopper: Shopper, limited: None
) -> None:
    for _ in range(3):
        assert (await till.quotes(shopper, COFFEE, hold=False)).to_pay == "90.00"
    assert await counters(chain) == []


async def test_a_hold_that_was_swept_is_taken_anew_or_refused(
    chain: Chain, till: Till, shopper: Shopper, limited: None
) -> None:
    slow = await till.quotes(shopper, COFFEE, hold={"ttl_s": 60})
    chain.passes(minutes=2)
    fast = await till.quotes(shopper, COFFEE)
    assert fast.to_pay == "90.00", "a hold whose time is up is in nobody's way"
    before = await chain.fingerprint()
    assert (await till.confirms(slow)).code == (409, "offer_limit_reached")
    assert await chain.fingerprint() == before
    assert (await till.confirms(slow, fiscal=fiscal())).done()["status"] in ("committed", "accepted_late")
    (row,) = await chain.rows("select taken, over from promotions_count")
    assert (row["taken"], row["over"]) == (2, 1), "a printed receipt is a fact"
    await chain.balances()


async def test_a_code_works_however_it_is_typed_and_once(chain: Chain, till: Till, shopper: Shopper) -> None:
    await chain.publishes("gift", {**TEN_OFF, "coupon": True})
    made = await pool(chain, "gifts", offer=await offer_id(chain, "gift"), restorable=True)
    (code,) = await issued(chain, made, 1)
    spoken = f" {code[:4].lower()}-{code[4:]} ".replace("0", "о")
    quote = await till.quotes(shopper, COFFEE, codes=[spoken])
    assert quote.to_pay == "90.00"
    assert (await till.quotes(None, COFFEE, codes=[code])).to_pay == "100.00", "the first check holds it"
    (await till.confirms(quote)).done()
    again = await till.quotes(None, COFFEE, codes=[code])
    assert (again.to_pay, "used" in statuses(again).values()) == ("100.00", True)
    card = (await chain.staff.sends("/v1/promotions/coupons:find", {"code": spoken})).done()
    assert (card["state"], card["used_by"]) == ("used", [str(quote.check)])
    (await till.returns(till.returning(quote.check))).done()
    assert (await chain.staff.sends("/v1/promotions/coupons:find", {"code": code})).done()["state"] == "active"
    assert len(await chain.events("promotions.coupon_used.v1")) == 1


async def sold_at_once(chain: Chain, count: int, **asked: Any) -> list[str]:
    """What each of so many checks paid, all calculated and committed at once at every till of the chain."""
    tills = list(chain.tills.values())

    async def sells(n: int) -> str:
        quote, _ = await tills[n % len(tills)].sells(None, COFFEE, **asked)
        return quote.to_pay

    return sorted(await asyncio.gather(*(sells(n) for n in range(count))))


async def test_a_hundred_tills_have_a_code_as_often_as_it_allows(chain: Chain, till: Till) -> None:
    await chain.publishes("gift", {**TEN_OFF, "coupon": True})
    made = await pool(chain, "word", kind="shared", word="ЛЕТО 2026", offer=await offer_id(chain, "gift"), uses=7)
    assert made
    assert await sold_at_once(chain, 100, codes=["лето2026"]) == ["100.00"] * 93 + ["90.00"] * 7
    assert await chain.rows("select uses, over from promotions_coupon") == [{"uses": 7, "over": 0}]
    await chain.balances()


async def test_a_hundred_tills_have_one_code_once(chain: Chain, till: Till) -> None:
    await chain.publishes("gift", {**TEN_OFF, "coupon": True})
    (code,) = await issued(chain, await pool(chain, "gifts", offer=await offer_id(chain, "gift")), 1)
    assert await sold_at_once(chain, 100, codes=[code]) == ["100.00"] * 99 + ["90.00"]


async def test_a_hundred_tills_spend_a_budget_to_its_last_kopeck(chain: Chain, till: Till) -> None:
    """95.00 for discounts of 10.00: nine whole ones and one of 5.00."""
    await chain.publishes("sale", {**TEN_OFF, "limits": [{"subject": "offer", "measure": "amount", "most": 95_00}]})
    assert await sold_at_once(chain, 100) == ["100.00"] * 90 + ["90.00"] * 9 + ["95.00"]
    assert await counters(chain) == [95_00]
    await chain.balances()


async def test_a_bad_code_never_fails_the_check(chain: Chain, till: Till, shopper: Shopper) -> None:
    await chain.publishes("gift", {**TEN_OFF, "coupon": True})
    made = await pool(chain, "gifts", offer=await offer_id(chain, "gift"))
    (code,) = await issued(chain, made, 1)
    (await chain.staff.sends("/v1/promotions/coupons:void", {"code": code})).done()
    quote = await till.quotes(shopper, COFFEE, codes=[code, "NOSUCH", "0" * 64])
    assert quote.to_pay == "100.00"
    (await till.confirms(quote)).done()


async def test_signed_codes_and_printed_numbers_need_no_row_until_they_are_used(chain: Chain, till: Till) -> None:
    await chain.publishes("gift", {**TEN_OFF, "coupon": True})
    offer = await offer_id(chain, "gift")
    made = await pool(chain, "signed", kind="signed", offer=offer)
    codes = await issued(chain, made, 3)
    given = {"kind": "range", "prefix": "77", "length": 6, "first_serial": 100, "last_serial": 199, "check": "luhn"}
    await pool(chain, "printed", offer=offer, **given)
    assert await chain.rows("select from promotions_coupon") == []
    quote, _ = await till.sells(None, COFFEE, codes=[codes[1]])
    assert quote.to_pay == "90.00"
    assert (await till.quotes(None, COFFEE, codes=[codes[1]])).to_pay == "100.00"
    assert (await till.quotes(None, COFFEE, codes=[codes[2]])).to_pay == "90.00"
    forged = codes[0][:-2] + ("2" if codes[0][-2] != "2" else "3") + codes[0][-1]
    assert (await till.quotes(None, COFFEE, codes=[forged])).to_pay == "100.00"
    right = [code for code in (f"77000150{d}" for d in range(10)) if await works(till, code)]
    assert len(right) == 1
    assert not [d for d in range(10) if await works(till, f"77000250{d}")], "beyond the range"


async def works(till: Till, code: str) -> bool:
    return (await till.quotes(None, COFFEE, codes=[code], hold=False)).to_pay == "90.00"


async def test_a_coupon_for_next_time_comes_with_the_sale_and_goes_with_it(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    await chain.publishes("gift", {**TEN_OFF, "coupon": True})
    await pool(chain, "next", offer=await offer_id(chain, "gift"), valid_days=30)
    await chain.publishes(
        "thanks", {"kind": "discount", "layer": "basket", "benefit": {"kind": "coupon", "series": "next"}}
    )
    quote, sale = await till.sells(shopper, CAKE)
    (given,) = sale["coupons"]
    assert (await till.confirms(quote)).body["coupons"] == [given], "a repeat prints the same code"
    other = await till.registers("Вера")
    assert (await till.quotes(other, COFFEE, codes=[given["code"]], hold=False)).to_pay == "100.00", "not hers"
    used, _ = await till.sells(shopper, COFFEE, codes=[given["code"]])
    assert used.to_pay == "90.00"
    (await till.returns(till.returning(quote.check))).done()
    debts = (await chain.staff.sends("/v1/promotions/coupons:owed", None, "GET")).done()["debts"]
    assert [debt["used_by"] for debt in debts] == [str(used.check)]
    assert len(await chain.events("promotions.coupon_issued.v1")) == 2, "the second sale gave one too"


async def test_a_personal_offer_has_terms_of_its_own_and_a_list_is_a_segment(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    (row,) = await chain.rows("select id from customers_customer")
    await chain.publishes("vip", {**TEN_OFF, "who": {"segments": ["list:vip"]}})
    file = f"customer\n{row['id']}\n{uuid4()}\nnonsense\n".encode()
    assert (await till.quotes(shopper, COFFEE)).to_pay == "100.00"
    dry = (await chain.staff.sends("/v1/promotions/lists/vip/import?dry=true", file)).done()
    taken = (await chain.staff.sends("/v1/promotions/lists/vip/import", file)).done()
    assert (dry["taken"], taken["taken"], [bad["line"] for bad in taken["refused"]]) == (1, 1, [3, 4])
    await refresh(chain)
    assert (await till.quotes(shopper, COFFEE)).to_pay == "90.00"
    assert (await till.quotes(None, COFFEE)).to_pay == "100.00"


async def test_a_paused_campaign_stops_its_offers_and_its_budget_is_shared(chain: Chain, till: Till) -> None:
    await chain.publishes("a", {**TEN_OFF, "goods": {"skus": ["coffee"]}})
    await chain.publishes("b", {**TEN_OFF, "goods": {"skus": ["cheese"]}})
    budget = [{"subject": "offer", "measure": "amount", "most": 15_00}]
    body = {"id": str(uuid4()), "key": "spring", "name": "Весна", "budget": budget}
    card = (await chain.staff.sends("/v1/promotions/campaigns", body)).body
    campaign = card["campaign"]["id"]
    ids = [await offer_id(chain, key) for key in ("a", "b")]
    (await chain.staff.sends(f"/v1/promotions/campaigns/{campaign}/offers", {"offers": ids})).done()
    await refresh(chain)
    quote, _ = await till.sells(None, COFFEE)
    assert quote.to_pay == "90.00"
    cheese = {"sku": "cheese", "qty": "1", "price": "100.00"}
    assert (await till.quotes(None, cheese)).to_pay == "95.00", "five roubles of the budget are left"
    paused = (await chain.staff.sends(f"/v1/promotions/campaigns/{campaign}:pause", None)).done()
    await refresh(chain)
    assert (await till.quotes(None, COFFEE)).to_pay == "100.00"
    assert [step["action"] for step in paused["audit"]] == ["created", "joined", "paused"]
    assert {step["by"] for step in paused["audit"]} == {chain.staff.key.key_id}
    assert paused["audit"][1]["detail"] == {"offers": ids}


async def test_offers_without_limits_and_codes_cost_nothing(chain: Chain, till: Till, shopper: Shopper) -> None:
    around = chain.services.get(promotions.LiveOffers).around
    assert not around.must_be_read(["CODE"], 1)
    quote, _ = await till.sells(shopper, COFFEE)
    assert quote.to_pay == "100.00"
    assert await chain.rows("select from promotions_taking") == []
    assert checks.closed(around, 1) == {}
