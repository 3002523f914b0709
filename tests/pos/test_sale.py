"""A sale at the till, from the greeting to the receipt."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, CHEESE, COFFEE, Chain, Shopper, Till, fiscal, plus, times
from vokrug.pos.printing import CASHIER_COLUMNS, NARROW


async def test_a_whole_sale(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Coffee and a cake that is 10 % cheaper: 460.00 to pay, 23 points earned, spendable at once."""
    greeted = (await till.identifies(shopper)).done()
    assert greeted["display_name"] == "Анна"
    assert greeted["messages"] == ["Здравствуйте, Анна!"]
    quote = await till.quotes(shopper, COFFEE, CAKE)
    assert quote.answer["totals"] == {
        "before": "500.00",
        "discount": "40.00",
        "points": "0.00",
        "gift_cards": "0.00",
        "to_pay": "460.00",
    }
    assert quote.answer["lines"][1]["discounts"][0]["amount"] == "40.00"
    assert quote.answer["earn"]["points"] == "23.00"
    assert await shopper.points() == "0.00", "a quote grants nothing"
    sale = (await till.confirms(quote)).done()
    assert (sale["status"], sale["paid"], sale["earned"]) == ("committed", "460.00", "23.00")
    assert sale["balance"] == {"points": "23.00", "debt": "0.00"}
    assert await shopper.points() == "23.00"
    await chain.balances()
    assert len(await chain.events("pos.sale_committed.v1")) == 1


async def test_rows_of_the_fiscal_receipt_add_up_to_what_is_paid(till: Till, shopper: Shopper) -> None:
    quote = await till.quotes(shopper, times(CAKE, "3"), times({**COFFEE, "price": "33.33"}, "7"), CHEESE)
    rows = [row for line in quote.answer["lines"] for row in line["split"]]
    assert plus(*(row["sum"] for row in rows)) == quote.to_pay
    assert plus(*(line["net"] for line in quote.answer["lines"])) == quote.to_pay


async def test_a_repeat_gets_the_same_answer_and_changes_nothing(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, times(CAKE, "2"))
    quote = await till.quotes(shopper, COFFEE, burn="max")
    again = await till.calculates(quote.check, quote.asked)
    assert (again.is_repeat, again.body) == (True, quote.answer.body)
    sale = await till.confirms(quote)
    before = await chain.fingerprint()
    for _ in range(2):
        repeat = await till.confirms(quote)
        assert (repeat.status, repeat.is_repeat, repeat.body) == (200, True, sale.body)
    assert await chain.fingerprint() == before


async def test_a_renewed_token_is_still_the_same_check(till: Till, shopper: Shopper, chain: Chain) -> None:
    """The till identified once more before it repeated itself: the shopper is the same, so is the check."""
    quote = await till.quotes(shopper, COFFEE)
    chain.passes(seconds=5)
    renewed = (await till.identifies(shopper)).done()["customer_token"]
    assert renewed != shopper.token
    again = await till.calculates(quote.check, {**quote.asked, "customer_token": renewed})
    assert again.done().is_repeat


async def test_a_sale_without_a_customer(chain: Chain, till: Till) -> None:
    quote, sale = await till.sells(None, COFFEE, CAKE)
    assert (sale["paid"], sale["earned"], sale["balance"]) == ("460.00", "0.00", None)
    assert sale["tier"] == {"before": None, "after": None, "path_before": "", "path_after": "", "keep": ""}
    assert (await till.confirms(quote)).is_repeat
    await chain.balances()


async def test_an_article_the_centre_does_not_know_is_sold(till: Till, shopper: Shopper) -> None:
    _, sale = await till.sells(shopper, {"sku": "новинка", "qty": "2", "price": "10.50"})
    assert (sale["paid"], sale["earned"]) == ("21.00", "1.05")


async def test_weighed_goods(till: Till, shopper: Shopper) -> None:
    """0.350 kg at 999.90 is 349.965: half up, 349.97; its 5 % is rounded down."""
    quote, sale = await till.sells(shopper, CHEESE)
    assert (sale["paid"], sale["earned"]) == ("349.97", "17.49")
    assert quote.answer["lines"][0]["split"] == [{"qty": "0.350", "price": "999.90", "sum": "349.97"}]


async def test_one_call_is_enough_for_a_sale(chain: Chain, till: Till, shopper: Shopper) -> None:
    """A check that was never calculated comes whole with its commit; its repeat gets the same answer."""
    check = uuid4()
    body = {"rev": 1, **till.place, "check": till.check(shopper, COFFEE, hold=False), "claimed": {"to_pay": "100.00"}}
    sale = (await till.commits(check, body)).done()
    assert (sale["status"], sale["earned"]) == ("committed", "5.00")
    repeat = await till.commits(check, body)
    assert (repeat.is_repeat, repeat.body) == (True, sale.body)
    await chain.balances()


async def test_one_call_can_pay_with_points(till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, times(CAKE, "2"))
    check = till.check(shopper, COFFEE, burn="max", hold=False)
    sale = (await till.commits(uuid4(), {"rev": 1, **till.place, "check": check})).done()
    assert (sale["burned"], sale["paid"]) == ("36.00", "64.00")


async def test_a_shopper_is_known_by_the_phone_in_the_check(till: Till, shopper: Shopper) -> None:
    """No identify call at all: two calls are a sale."""
    named = {"type": "phone", "value": shopper.phone.replace("+7", "8 ")}
    quote = await till.quotes(None, COFFEE, identifier=named)
    assert (await till.confirms(quote)).done()["earned"] == "5.00"


async def test_the_path_to_the_next_tier_before_and_after(till: Till, shopper: Shopper) -> None:
    _, sale = await till.sells(shopper, {**COFFEE, "price": "9999.99"})
    assert sale["tier"]["before"] == sale["tier"]["after"] == "silver"
    assert sale["tier"]["path_after"] == "До уровня «Золото» осталось 0,01 ₽"
    quote, sale = await till.sells(shopper, {**COFFEE, "price": "0.01"})
    assert (quote.answer["tier"]["before"], quote.answer["tier"]["after"]) == ("silver", "gold")
    assert (sale["tier"]["after"], sale["tier"]["path_after"]) == ("gold", "Достигнут высший уровень")
    assert (await till.identifies(shopper)).done()["tier"]["name"] == "Золото"


async def test_a_clock_that_runs_ahead_sells_now(chain: Chain, till: Till, shopper: Shopper) -> None:
    at = chain.services.clock.now() + timedelta(hours=5)
    quote, _ = await till.sells(shopper, COFFEE, at=at.isoformat())
    assert datetime.fromisoformat(quote.answer["earn"]["active_from"]) < at
    assert await shopper.points() == "5.00"


async def test_offers_are_those_of_the_moment_of_the_sale(chain: Chain, till: Till) -> None:
    """An offer of this day in the shop's zone; a check of two days ago does not have it."""
    today = (chain.services.clock.now() + timedelta(hours=3)).date()  # Moscow
    benefit = {"kind": "percent", "percent_bp": 5000}
    day = {"from_date": today.isoformat(), "until_date": today.isoformat()}
    await chain.publishes(
        "today", {"kind": "item_discount", "goods": {"skus": ["tea"]}, "when": day, "benefit": benefit}
    )
    tea = {"sku": "tea", "qty": "1", "price": "10.00"}
    assert (await till.quotes(None, tea)).to_pay == "5.00"
    earlier = (chain.services.clock.now() - timedelta(days=2)).isoformat()
    assert (await till.quotes(None, tea, at=earlier)).to_pay == "10.00"


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_texts_fit_the_receipt(chain: Chain, till: Till, language: str) -> None:
    """32 columns for the shopper, 30 for the cashier, in both languages, with the longest words and numbers."""
    tiers = [
        {"code": "a", "name_ru": "Серебро", "name_en": "Silver", "from_spent": "0"},
        {
            "code": "b",
            "name_ru": "Сверхдлинноназванныйуровеньбезединогопробела",
            "name_en": "L" * 60,
            "from_spent": "9" * 10,
        },
    ]
    (await chain.staff.sends("/v1/tiers", {"tiers": tiers}, "PUT")).done()
    shopper = await till.registers("Константин-Александр", language=language)
    dear = {"sku": "cake", "qty": "1", "price": "99999999.99"}
    first, sale = await till.sells(shopper, dear)
    second = await till.quotes(shopper, dear, burn="max")
    late = (await till.confirms(second, claimed={"to_pay": "1.00"}, fiscal=fiscal())).done()
    back = (await till.returns(till.returning(first.check))).done()
    parked = (await till.returns(till.returning(uuid4()))).done()
    blocks = [
        block for answer in (first.answer, sale, second.answer, late, back, parked) for block in answer["receipt"]
    ]
    assert {block["place"] for block in blocks} >= {"cashier", "after_items", "footer", "slip", "customer_display"}
    for block in blocks:
        width = CASHIER_COLUMNS if block["place"] == "cashier" else NARROW
        for line in block["lines"]:
            assert 0 < len(line) <= width, line
    spoken = " ".join(line for answer in (first.answer, sale) for block in answer["receipt"] for line in block["lines"])
    assert ("You saved" in spoken) == (language == "en")
    assert ("Ваша скидка" in spoken) == (language == "ru")
