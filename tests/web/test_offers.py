"""Offers at the console: a sentence is built, tried, published with a look at what changes, and paused."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.pos.chain import CAKE, Chain, Till
from tests.web.glass import Glass, needs_chromium, needs_screens, through_glass
from tests.web.test_console import comes_in
from tests.web.test_lists import LOOKS, SIZES, cookie_of
from vokrug import promotions, web
from vokrug.web.console.offers.building import GapWrong, built, gaps_of

pytestmark = [needs_chromium, needs_screens]


@pytest.fixture
async def glass(chain: Chain) -> AsyncIterator[Glass]:
    async with through_glass(chain, web.Sandbox(staff=str(chain.staff.key.token))) as made:
        yield made


async def follows(chain: Chain) -> None:
    """A process looks at the published set each second; here it looks now."""
    async with chain.services.db.transaction(readonly=True) as tx:
        await chain.services.get(promotions.LiveOffers).refresh(tx)


async def words_an_offer(page: Page, glass: Glass, percent: str = "25") -> None:
    await page.goto(f"{glass.address}/console/offers/new")
    await page.fill("#name", "Торты дешевле")
    await page.fill("#value", percent)
    await page.fill("#skus", "cake")
    await page.click("#save")
    await page.wait_for_selector("dl.sentence")


async def test_an_offer_from_a_sentence_to_the_tills(chain: Chain, till: Till, glass: Glass) -> None:
    """−25 % on cakes is tried on a basket (300.00 in place of 360.00), published, sold by, worded anew, paused."""
    glass.expected = {422}
    async with glass.opens() as (_, page):
        await comes_in(page, glass)
        await words_an_offer(page, glass)
        await expect(page.locator("#state")).to_have_text("черновик")
        await page.click("text=Примерить на корзину")
        await page.fill("[name=sku_1]", "cake")
        await page.fill("[name=qty_1]", "1")
        await page.fill("[name=price_1]", "400")
        await page.click("#try")
        await expect(page.locator("#with")).to_contain_text("300")
        await expect(page.locator("#verdict")).to_contain_text("Акция применилась")
        await page.click("text=Торты дешевле")
        await page.click("#to-publish")
        await expect(page.locator("#changes")).to_contain_text("−25 %")
        await page.click("#publish")
        await expect(page.locator("#state")).to_have_text("идёт")
        await follows(chain)
        assert (await till.quotes(None, CAKE)).to_pay == "300.00"

        await page.click("text=Изменить")
        await expect(page.locator("#value")).to_have_value("25")
        await page.fill("#value", "много")
        await page.click("#save")
        await expect(page.locator("#value.is-invalid")).to_be_visible()
        await page.fill("#value", "30")
        await page.click("#save")
        await expect(page.locator("#changes b")).to_have_text("−30 %")
        assert (await till.quotes(None, CAKE)).to_pay == "300.00", "a draft changes nothing"
        await page.click("#publish")
        await follows(chain)
        assert (await till.quotes(None, CAKE)).to_pay == "280.00"

        await page.click("summary:has-text('Пауза')")
        await page.click("text=Да, приостановить")
        await expect(page.locator("#state")).to_have_text("на паузе")
        await follows(chain)
        assert (await till.quotes(None, CAKE)).to_pay == "360.00"
        await page.goto(f"{glass.address}/console/audit")
        await expect(page.locator("tbody tr >> nth=0")).to_contain_text("Торты дешевле")
    assert glass.complaints == []


async def test_what_the_lint_refuses_is_not_published(chain: Chain, glass: Glass) -> None:
    """An offer that ends before it begins: the button is shut, and a form sent all the same is declined."""
    glass.expected = {422}
    async with glass.opens() as (_, page):
        await comes_in(page, glass)
        await page.goto(f"{glass.address}/console/offers/new")
        await page.fill("#name", "Вчерашняя")
        await page.fill("#value", "10")
        await page.fill("#from_date", "2027-02-01")
        await page.fill("#until_date", "2027-01-01")
        await page.click("#save")
        await page.goto(page.url + "/publish")
        await expect(page.locator("#publish")).to_be_disabled()
        await page.evaluate("document.getElementById('publish').disabled = false")
        await page.click("#publish")
        await expect(page.locator("[role=alert]")).to_be_visible()
    states = await chain.rows(
        "select v.state from promotions_offer_version v join promotions_offer o on o.id = v.offer_id"
        " where o.name = 'Вчерашняя'"
    )
    assert {row["state"] for row in states} == {"draft"}


async def test_a_budget_is_shown_with_what_is_spent_of_it(chain: Chain, till: Till) -> None:
    """100.00 a day for cakes that are 25 % cheaper: one cake spends it all."""
    body = {
        "kind": "item_discount",
        "goods": {"skus": ["cake"]},
        "benefit": {"kind": "percent", "percent_bp": 2500},
        "limits": [{"subject": "offer", "measure": "amount", "most": 500_00}],
    }
    await chain.publishes("capped", body)
    await till.sells(None, CAKE)
    page = await chain.http.get("/console/offers", params={"q": "capped", "as": "csv"}, headers=await cookie_of(chain))
    assert "100.00;500.00" in page.text


SENTENCES: list[dict[str, str]] = [
    {"kind": "item_discount", "benefit": "percent", "value": "12.5", "skus": "cake, coffee", "who": "members"},
    {"kind": "item_discount", "benefit": "fixed_price", "value": "249", "category_3": "on", "category_5": "on"},
    {"kind": "item_discount", "benefit": "amount", "value": "10", "min_qty": "3", "weekday_1": "on", "weekday_7": "on"},
    {
        "kind": "basket_discount",
        "benefit": "percent",
        "value": "5",
        "min_sum": "2000",
        "max_sum": "150",
        "shop_2": "on",
    },
    {
        "kind": "basket_discount",
        "benefit": "amount",
        "value": "50",
        "code": "СЛОВО",
        "per_customer": "1",
        "budget": "9000",
    },
    {"kind": "earn", "value": "3", "expires": "90", "tier_gold": "on", "hour_from": "20:00", "hour_until": "24:00"},
    {"kind": "earn", "value": "1", "from_date": "2026-12-01", "until_date": "2026-12-31", "min_sum": "500"},
]


@pytest.mark.parametrize("form", SENTENCES)
def test_a_sentence_and_its_body_say_the_same(form: dict[str, str]) -> None:
    body = built(form)
    promotions.read_body(body)
    assert gaps_of(body) == form


@pytest.mark.parametrize(
    ("change", "gap"),
    [
        ({"value": ""}, "value"),
        ({"value": "-5"}, "value"),
        ({"value": "0"}, "value"),
        ({"value": "10.555"}, "value"),
        ({"benefit": "magic"}, "benefit"),
        ({"kind": "magic"}, "kind"),
        ({"min_qty": "three"}, "min_qty"),
        ({"per_customer": "1.5"}, "per_customer"),
        ({"budget": "free"}, "budget"),
    ],
)
def test_a_gap_that_is_filled_wrongly_is_named(change: dict[str, str], gap: str) -> None:
    with pytest.raises(GapWrong) as wrong:
        built({"kind": "item_discount", "benefit": "percent", "value": "10", **change})
    assert wrong.value.field == gap


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "burn_cap", "share_bp": 5000},
        {"kind": "item_discount", "benefit": {"kind": "percent", "percent_bp": 100}, "exclusive": True},
        {"kind": "item_discount", "benefit": {"kind": "percent", "percent_bp": 100}, "goods": {"brands": ["x"]}},
        {"kind": "item_discount", "benefit": {"kind": "percent", "percent_bp": 100, "per": "total"}},
    ],
)
def test_what_says_more_than_the_gaps_is_not_cut_short(body: dict[str, Any]) -> None:
    assert gaps_of(body) is None


@pytest.mark.parametrize(("language", "theme", "place"), LOOKS)
async def test_every_page_of_offers_looks_right(
    chain: Chain, glass: Glass, language: str, theme: str, place: str
) -> None:
    async with glass.opens(SIZES[place], language=language, theme=theme) as (_, page):
        await comes_in(page, glass)
        end = f"{place}-{language}-{theme}"
        for kind in ("item_discount", "basket_discount", "earn"):
            await page.goto(f"{glass.address}/console/offers/new?kind={kind}")
            await glass.looks_right(page, f"offer-build-{kind}-{end}")
        await words_an_offer(page, glass)
        await glass.looks_right(page, f"offer-card-{end}")
        address = page.url
        for name in ("publish", "preview", "edit"):
            await page.goto(f"{address}/{name}")
            await glass.looks_right(page, f"offer-{name}-{end}")
        await page.fill("#value", "35")
        await page.click("#save")
        await glass.looks_right(page, f"offer-diff-{end}")
        await page.goto(f"{glass.address}/console/offers")
        await glass.looks_right(page, f"offers-{end}")
        await page.click("tbody a >> nth=0")
        await page.goto(page.url + "/edit")
        await glass.looks_right(page, f"offer-body-{end}")
