"""Gift cards: sold by a line, alive from the commit on, a tender after all discounts and points."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Answer, Chain, Line, Shopper, Till, fiscal, times


async def printed(chain: Chain, count: int = 1, **terms: Any) -> list[dict[str, str]]:
    body = {"id": str(uuid4()), "name": "Новогодние", "count": count, **terms}
    answer = await chain.staff.sends("/v1/gift-cards/batches", body)
    assert answer.status == 201, answer.body
    cards: list[dict[str, str]] = answer["cards"]
    return cards


def selling(card: dict[str, str], price: str) -> Line:
    return {"sku": "gift", "qty": "1", "price": price, "flags": ["gift_card_sale"], "gift_card": card["number"]}


def paying(*cards: dict[str, str]) -> list[dict[str, str]]:
    return [{name: value for name, value in card.items() if value is not None} for card in cards]


async def standing(till: Till, card: dict[str, str]) -> Answer:
    return await till.sends("/pos/v1/gift-cards:balance", {**till.place, **paying(card)[0]})


async def left(till: Till, card: dict[str, str]) -> str:
    return str((await standing(till, card)).done()["balance"])


async def loaded(till: Till, card: dict[str, str], amount: str, verb: str = "activate", **more: str) -> Answer:
    body = {**till.place, "request_id": str(uuid4()), "number": card["number"], "amount": amount, **more}
    return await till.sends(f"/pos/v1/gift-cards:{verb}", body)


async def owed(chain: Chain) -> dict[str, int]:
    """Money accounts by code: what cards owe, what lapsed, what shops took and sold."""
    rows = await chain.rows(
        """select code, sum(x)::bigint as sum from (
               select w.code, m.amount as x from ledger_movement m join ledger_wallet w on w.id = m.credit
                where (m.debit & 255) = 1
               union all select w.code, -m.amount from ledger_movement m join ledger_wallet w on w.id = m.debit
                where (m.debit & 255) = 1) legs group by code having sum(x) <> 0"""
    )
    return {row["code"]: row["sum"] for row in rows if not row["code"].startswith("points")}


async def test_a_card_is_a_debt_until_it_is_spent(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Sold for 500.00 beside a coffee: only the coffee earns and is revenue."""
    (card,) = await printed(chain)
    assert (await standing(till, card))["state"] == "not_activated"
    quote, sale = await till.sells(shopper, COFFEE, selling(card, "500.00"))
    assert (sale["paid"], sale["earned"]) == ("600.00", "5.00")
    assert (await owed(chain))["gift_card"] == 500_00
    (row,) = await chain.rows("select spent_minor from promotions_standing")
    assert row["spent_minor"] == 100_00, "a card is not spending yet"
    quote, sale = await till.sells(shopper, CAKE, gift_cards=paying(card))
    (taken,) = quote.answer["gift_cards"]
    assert (taken["status"], taken["balance_before"], taken["take"]) == ("applied", "500.00", "360.00")
    assert (quote.answer["totals"]["gift_cards"], quote.to_pay) == ("360.00", "0.00")
    assert (sale["paid"], sale["earned"]) == ("360.00", "18.00"), "a tender changes no discount and no points"
    assert await left(till, card) == "140.00"
    books = await owed(chain)
    # 18.00 of the sale's worth is the points': a coffee's 5.00 and a cake's 18.00.
    assert books["gift_card"] == 140_00
    assert books["till.clearing/S1"] == -600_00
    assert books["revenue/S1"] == 460_00 - 23_00
    await chain.balances()


async def test_cards_pay_in_the_order_given_after_points(chain: Chain, till: Till, shopper: Shopper) -> None:
    first, second = await printed(chain, 2)
    await till.sells(shopper, times(CAKE, "10"), selling(first, "50.00"), selling(second, "400.00"))
    quote, sale = await till.sells(shopper, CAKE, burn="100.00", gift_cards=paying(first, second))
    assert [card["take"] for card in quote.answer["gift_cards"]] == ["50.00", "210.00"]
    assert (quote.answer["totals"]["points"], quote.to_pay) == ("100.00", "0.00")
    assert (sale["burned"], sale["earned"]) == ("100.00", "13.00")
    back = (await till.returns(till.returning(quote.check))).done()
    assert [(part["type"], part["amount"]) for part in back["refund_tenders"]] == [
        ("gift_card", "210.00"),
        ("gift_card", "50.00"),
    ], "the last to pay is the first to be paid back"
    assert (await left(till, first), await left(till, second)) == ("50.00", "400.00")
    await chain.balances()


async def test_a_refund_goes_to_the_card_first_and_then_to_money(chain: Chain, till: Till) -> None:
    (card,) = await printed(chain)
    await till.sells(None, selling(card, "150.00"))
    quote, _ = await till.sells(None, times(COFFEE, "3"), gift_cards=paying(card))
    assert quote.to_pay == "150.00"
    backs = [(await till.returns(till.returning(quote.check, _1="1"))).done() for _ in range(3)]
    assert [[(part["type"], part["amount"]) for part in back["refund_tenders"]] for back in backs] == [
        [("gift_card", "100.00")],
        [("gift_card", "50.00"), ("money", "50.00")],
        [("money", "100.00")],
    ]
    assert await left(till, card) == "150.00"
    await chain.balances()


async def test_held_money_is_spent_by_nobody_else(chain: Chain, till: Till) -> None:
    (card,) = await printed(chain)
    await till.sells(None, selling(card, "100.00"))
    held = await till.quotes(None, COFFEE, gift_cards=paying(card))
    other = await till.quotes(None, COFFEE, gift_cards=paying(card))
    assert (other.answer["gift_cards"][0]["status"], other.to_pay) == ("empty", "100.00")
    (await till.cancels(held.check)).done()
    again = await till.quotes(None, COFFEE, gift_cards=paying(card), hold={"ttl_s": 60})
    assert again.to_pay == "0.00"
    chain.passes(seconds=61)
    late = await till.quotes(None, COFFEE, gift_cards=paying(card))
    assert late.to_pay == "0.00"
    assert (await till.confirms(again)).code == (409, "gift_card_short")
    assert (await till.confirms(late)).status == 200
    await chain.balances()


async def test_a_printed_receipt_is_recorded_though_its_card_is_empty(chain: Chain, till: Till) -> None:
    (card,) = await printed(chain)
    await till.sells(None, selling(card, "100.00"))
    slow = await till.quotes(None, COFFEE, gift_cards=paying(card), hold={"ttl_s": 60})
    chain.passes(seconds=61)
    await till.sells(None, times(COFFEE, "1"), gift_cards=paying(card))
    late = await till.confirms(slow, fiscal=fiscal())
    assert (late.status, late["status"]) == (202, "accepted_late")
    (deviation,) = await chain.rows("select kind, expected_minor, printed_minor from pos_deviation")
    assert deviation == {"kind": "gift_card", "expected_minor": 0, "printed_minor": 100_00}
    assert (await owed(chain))["deviation/S1"] == -100_00
    assert await left(till, card) == "0.00"
    await chain.balances()


async def test_a_hundred_tills_spend_one_card(chain: Chain, till: Till) -> None:
    """250.00 on the card and a hundred coffees for 100.00: it pays for two and a half, and never for more."""
    (card,) = await printed(chain)
    await till.sells(None, selling(card, "250.00"))
    place, other = chain.till("S1", "T2"), chain.till("S2", "T1")

    async def spends(n: int) -> float:
        at = (till, place, other)[n % 3]
        body = at.check(None, COFFEE, gift_cards=paying(card), hold=False)
        answer = await at.commits(uuid4(), {"rev": 1, **at.place, "check": body})
        return sum(float(part["take"]) for part in answer.done()["gift_cards"])

    taken: list[float] = []
    for start in range(0, 100, 20):  # a pool of ten connections and stories that wait for one row
        taken += await asyncio.gather(*(spends(n) for n in range(start, start + 20)))
    assert (sum(taken), sum(part > 0 for part in taken)) == (250.0, 3)
    assert await left(till, card) == "0.00"
    await chain.balances()


async def test_a_card_that_was_used_is_not_taken_back(chain: Chain, till: Till) -> None:
    fresh, used = await printed(chain, 2)
    quote, _ = await till.sells(None, selling(fresh, "300.00"), selling(used, "200.00"))
    spent, _ = await till.sells(None, COFFEE, gift_cards=paying(used))
    before = await chain.fingerprint()
    assert (await till.returns(till.returning(quote.check, _2=None))).code == (409, "gift_card_used")
    assert await chain.fingerprint() == before
    back = (await till.returns(till.returning(quote.check, _1=None))).done()
    assert [(part["type"], part["amount"]) for part in back["refund_tenders"]] == [("money", "300.00")]
    assert (await standing(till, fresh))["state"] == "not_activated"
    (await till.returns(till.returning(spent.check))).done()
    assert (await till.returns(till.returning(quote.check, _2=None))).done()["refund"] == "200.00", "whole again"
    assert (await owed(chain)).get("gift_card", 0) == 0
    await chain.balances()


async def test_topping_up_and_repeating(chain: Chain, till: Till) -> None:
    (card,) = await printed(chain)
    assert (await loaded(till, card, "10.00", "topup")).code == (409, "gift_card_not_for_sale")
    request = str(uuid4())
    first = (await loaded(till, card, "100.00", request_id=request)).done()
    again = (await loaded(till, card, "100.00", request_id=request)).done()
    assert (first["balance"], again["balance"], again.is_repeat) == ("100.00", "100.00", True)
    assert (await loaded(till, card, "50.00", request_id=request)).code == (409, "duplicate_conflict")
    assert (await loaded(till, card, "100.00")).code == (409, "gift_card_not_for_sale"), "it lives already"
    assert (await loaded(till, card, "25.50", "topup")).done()["balance"] == "125.50"
    await till.sells(None, selling(card, "4.50"))
    assert await left(till, card) == "130.00"
    await chain.balances()


@pytest.mark.parametrize(
    ("spoil", "status"),
    [
        ("unknown", "unknown"),
        ("pin", "wrong_pin"),
        ("blocked", "blocked"),
        ("expired", "expired"),
        ("new", "not_activated"),
    ],
)
async def test_a_card_that_cannot_pay_fails_nothing(chain: Chain, till: Till, spoil: str, status: str) -> None:
    (card,) = await printed(chain, valid_days=10)
    if spoil != "new":
        await till.sells(None, selling(card, "100.00"))
    if spoil == "blocked":
        (
            await till.sends("/pos/v1/gift-cards:block", {**till.place, "number": card["number"], "reason": "lost"})
        ).done()
    if spoil == "expired":
        chain.passes(days=12)
    told = {"unknown": {"number": "4000000000000002"}, "pin": {**card, "pin": "0000" if card["pin"] != "0000" else "1"}}
    asked = paying(told.get(spoil, card))
    quote, sale = await till.sells(None, COFFEE, gift_cards=asked)
    assert (quote.answer["gift_cards"][0]["status"], quote.to_pay, sale["gift_cards"]) == (status, "100.00", [])
    await chain.balances()


async def test_five_wrong_pins_block_a_card_until_staff_unblock_it(chain: Chain, till: Till) -> None:
    (card,) = await printed(chain)
    await till.sells(None, selling(card, "100.00"))
    wrong = {**card, "pin": f"{(int(card['pin']) + 1) % 10_000:04d}"}
    for _ in range(5):
        assert (await standing(till, wrong)).code == (404, "gift_card_unknown")
    assert (await standing(till, card))["state"] == "blocked"
    (await chain.staff.sends("/v1/gift-cards:unblock", {"number": card["number"]})).done()
    assert await left(till, card) == "100.00"


async def test_what_is_left_when_the_time_is_up_is_breakage(chain: Chain, till: Till) -> None:
    (card,) = await printed(chain, valid_days=30)
    await till.sells(None, selling(card, "100.00"))
    quote, _ = await till.sells(None, {**COFFEE, "price": "40.00"}, gift_cards=paying(card))
    chain.passes(days=32)
    for gone in (60_00, 0):
        night = (await chain.staff.sends("/v1/ledger:night", {})).done()
        assert night["gift_cards_expired_minor"] == gone
    assert (await owed(chain))["giftcards.breakage"] == 60_00
    (await till.returns(till.returning(quote.check))).done()
    assert await left(till, card) == "40.00", "money that came back may be spent for a while"
    await chain.balances()


async def test_batches_print_the_same_cards_again_and_keep_no_numbers(chain: Chain) -> None:
    body = {"id": str(uuid4()), "name": "Подарочные", "count": 3, "nominal": "500.00", "prefix": "77"}
    first = await chain.staff.sends("/v1/gift-cards/batches", body)
    again = await chain.staff.sends("/v1/gift-cards/batches", body)
    assert first.body == again.body
    assert (await chain.staff.sends("/v1/gift-cards/batches", body | {"count": 4})).code == (
        409,
        "gift_batch_id_reused",
    )
    kept = str(await chain.rows("select * from ledger_gift_card"))
    assert not any(card["number"] in kept for card in first["cards"])
    stands = (await chain.staff.sends(f"/v1/gift-cards/batches/{body['id']}", None, "GET")).done()
    assert (stands["printed"], stands["active"], stands["owed"]) == (3, 0, "0.00")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"gift_card": "4000000000000002"}, (404, "gift_card_unknown")),
        ({"qty": "2"}, (422, "check_malformed")),
        ({"flags": []}, (422, "check_malformed")),
        ({"price": "499.00"}, (409, "gift_card_not_for_sale")),
    ],
)
async def test_a_wrong_card_line_stops_the_check_and_changes_nothing(
    chain: Chain, till: Till, line: dict[str, Any], code: tuple[int, str]
) -> None:
    (card,) = await printed(chain, nominal="500.00")
    before = await chain.fingerprint()
    check = till.check(None, selling(card, "500.00") | line)
    assert (await till.calculates(uuid4(), check)).code == code
    assert await chain.fingerprint() == before


async def test_a_card_nobody_named_is_owed_all_the_same(chain: Chain, till: Till) -> None:
    quote, _ = await till.sells(None, {"sku": "gift", "qty": "1", "price": "300.00", "flags": ["gift_card_sale"]})
    assert (await owed(chain))["giftcards.unmatched"] == 300_00
    (await till.returns(till.returning(quote.check))).done()
    assert "giftcards.unmatched" not in await owed(chain)
    await chain.balances()
