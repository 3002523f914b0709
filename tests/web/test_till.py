"""The till simulator in a real browser: a cashier's day, and what goes wrong in shops."""

import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.pos.chain import Chain
from tests.web.glass import DESKTOP, FIRST_PAGE_BYTES, PHONE, Glass, needs_chromium, needs_screens, through_glass
from vokrug import web

pytestmark = [needs_chromium, needs_screens]

PHONE_NUMBER = "+79161112233"


async def playground(chain: Chain) -> web.Sandbox:
    printed = await chain.staff.sends("/v1/gift-cards/batches", {"id": str(uuid4()), "name": "Подарок", "count": 3})
    tills = [chain.till("S1", "T1"), chain.till("S2", "T1")]
    names = {"S1": "Арбат", "S2": "Невский"}
    return web.Sandbox(
        tills=[web.SandboxTill(one.shop, one.code, names[one.shop], str(one.key.token)) for one in tills],
        goods=[
            web.SandboxArticle("coffee", "Кофе", "Кафе", "100.00", "2000000000015", False),
            web.SandboxArticle("cake", "Торт", "Кафе", "400.00", "2000000000022", False),
            web.SandboxArticle("cheese", "Сыр", "Молочное", "999.90", "2200000000035", True),
        ],
        phones=[PHONE_NUMBER],
        codes=["СЛОВО"],
        gift_cards=[web.SandboxCard(card["number"], card["pin"]) for card in printed["cards"]],
    )


@pytest.fixture
async def glass(chain: Chain) -> AsyncIterator[Glass]:
    async with through_glass(chain, await playground(chain)) as made:
        yield made


async def stands_at_the_till(page: Page, glass: Glass) -> None:
    await page.goto(f"{glass.address}/till")
    await page.wait_for_selector(".tile")


async def scans(page: Page, *codes: str) -> None:
    for code in codes:
        await page.fill("#search", code)
        await page.press("#search", "Enter")


async def registers(page: Page, called: str = "Анна") -> None:
    await page.fill("#phone", PHONE_NUMBER)
    await page.press("#phone", "Enter")
    await page.fill("#called", called)
    await page.press("#called", "Enter")
    await expect(page.locator("#customer b").first).to_have_text(called)


async def sales(chain: Chain) -> list[dict[str, Any]]:
    return await chain.rows("select status, paid_minor, burned_minor, earned_minor from pos_sale order by at")


async def test_a_sale_by_keyboard_and_scanner(chain: Chain, glass: Glass) -> None:
    """A new customer is registered, a cake is 10 % cheaper, points are earned and pay at the other till at once."""
    glass.expected = {404}
    async with glass.opens() as (_, page):
        await stands_at_the_till(page, glass)
        await scans(page, "2000000000015", "торт")
        await registers(page)
        await page.keyboard.press("F9")
        await expect(page.locator("#to-pay")).to_have_text("460,00")
        await expect(page.locator("#display")).to_contain_text("460.00")
        await glass.looks_right(page, "till-quoted-ru")
        await page.keyboard.press("F10")
        await expect(page.locator("#points")).to_have_text("23,00")
        await expect(page.locator("#receipt")).to_contain_text("ИТОГ")
        widest = max(len(line) for line in (await page.inner_text("#receipt")).split("\n"))
        assert widest <= 42
        await glass.looks_right(page, "till-paid-ru")

        await page.click("text=Невский")
        await scans(page, "coffee")
        await page.keyboard.press("F8")
        await page.keyboard.press("F9")
        await expect(page.locator("#to-pay")).to_have_text("77,00")
        await page.click("#by-card")
        await expect(page.locator("#told")).to_contain_text("Оплачено")
    assert [(row["paid_minor"], row["burned_minor"]) for row in await sales(chain)] == [(460_00, 0), (77_00, 23_00)]
    await chain.balances()
    assert glass.complaints == []


async def test_a_lost_network_doubles_nothing(chain: Chain, glass: Glass) -> None:
    """Two checks are printed without the centre; when the line is back both are sent twice and count once."""
    async with glass.opens() as (_, page):
        await stands_at_the_till(page, glass)
        await page.check("#cut")
        for code in ("coffee", "cheese"):
            await scans(page, code)
            await page.keyboard.press("F10")
            await expect(page.locator("#told")).to_contain_text("очеред")
        await expect(page.locator("#waiting")).to_contain_text("2")
        await glass.looks_right(page, "till-offline-ru")
        assert await sales(chain) == []
        await page.uncheck("#cut")
        await expect(page.locator("#told")).to_contain_text("Отправлено документов: 2")
        await expect(page.locator("#told")).to_contain_text("второго проведения: 2")
        assert await page.locator("#log .badge:visible:has-text('повтор')").count() == 2
    assert [row["paid_minor"] for row in await sales(chain)] == [100_00, 499_95]
    await chain.balances()


async def test_a_return_that_comes_before_its_sale(chain: Chain, glass: Glass) -> None:
    """Sold without a line, brought back at another shop: the return waits, then both are posted."""
    async with glass.opens() as (_, page):
        await stands_at_the_till(page, glass)
        await page.check("#cut")
        await scans(page, "coffee")
        await page.keyboard.press("F10")
        await page.click("text=Невский")
        await page.click("#returns-tab")
        await page.click(".past")
        await page.check("#back-1")
        await page.click("#return")
        await expect(page.locator("#told")).to_contain_text("Возврат подождёт")
        await glass.looks_right(page, "till-parked-ru")
        (back,) = await chain.rows("select status from pos_return")
        assert back["status"] == "parked"
        await page.click("text=Арбат")
        await page.uncheck("#cut")
        await expect(page.locator("#told")).to_contain_text("Отправлено документов: 1")
    (back,) = await chain.rows("select status, refunded_minor from pos_return")
    assert (back["status"], back["refunded_minor"]) == ("posted", 100_00)
    await chain.balances()


async def test_a_late_receipt_is_recorded_as_printed(chain: Chain, glass: Glass) -> None:
    """A cake at the shelf's 400.00, though it is 360.00: the sale stands, the difference is in the open."""
    async with glass.opens() as (_, page):
        await stands_at_the_till(page, glass)
        await page.check("#late")
        await scans(page, "cake")
        await page.click("#cash")
        await expect(page.locator("#told")).to_contain_text("счёте отклонений")
    (sale,) = await sales(chain)
    assert (sale["status"], sale["paid_minor"]) == ("late", 400_00)
    (deviation,) = await chain.rows("select expected_minor, printed_minor from pos_deviation")
    assert (deviation["expected_minor"], deviation["printed_minor"]) == (360_00, 400_00)
    await chain.balances()


async def test_a_gift_card_is_sold_pays_and_a_line_comes_back(chain: Chain, glass: Glass) -> None:
    async with glass.opens() as (_, page):
        await stands_at_the_till(page, glass)
        await page.click("text=Подарочные карты")
        await page.click("text=Взять карту")
        await page.click("#gift-sell")
        await page.click("#by-card")
        await expect(page.locator("#told")).to_contain_text("Оплачено 500,00")
        await page.click("#gift-pay")
        await page.click("role=tab[name='Товары']")
        await scans(page, "coffee", "coffee")
        await page.click("#total")
        await expect(page.locator("#to-pay")).to_have_text("0,00")
        await page.click("#cash")
        await expect(page.locator("#told")).to_contain_text("Оплачено 200,00")
        await page.click("#returns-tab")
        await page.click(".past >> nth=0")
        await page.check("#back-1")
        await page.fill("input[aria-label='Кофе'].form-control-sm", "1")
        await page.click("#return")
        await expect(page.locator("#told")).to_contain_text("Покупателю: 100,00")
    await chain.balances()


async def test_a_check_is_given_up_and_its_points_come_free(chain: Chain, glass: Glass) -> None:
    shopper = await chain.till().registers(phone=PHONE_NUMBER)
    await chain.till().sells(shopper, {"sku": "cake", "qty": "10", "price": "400.00"})
    async with glass.opens() as (_, page):
        await stands_at_the_till(page, glass)
        await scans(page, PHONE_NUMBER, "cake")
        await page.click("#burn-max")
        await page.click("#total")
        await expect(page.locator("#to-pay")).to_have_text("180,00")
        await page.click("#cancel")
        await expect(page.locator("#told")).to_contain_text("освобождено баллов: 180,00")
    assert (await shopper.balance())["held"] == "0.00"


async def test_many_points_burn_with_the_shopper_s_word(chain: Chain, glass: Glass) -> None:
    """From 100 points on a code goes to the shopper's phone; with it the check is paid. A QR burns without a word."""
    policy = {"burn_proof": {"needed_from": "100.00", "methods": ["sms"]}}
    (await chain.staff.sends("/v1/till-policy", policy, "PUT")).done()
    await chain.checkout.reference.renew(chain.services.db, chain.services.clock.now())
    shopper = await chain.till().registers(phone=PHONE_NUMBER)
    await chain.till().sells(shopper, {"sku": "cake", "qty": "10", "price": "400.00"})
    async with glass.opens() as (_, page):
        await stands_at_the_till(page, glass)
        await scans(page, PHONE_NUMBER, "cake")
        await page.click("#burn-max")
        await page.click("#total")
        await page.click("#word button:has-text('SMS')")
        await expect(page.locator("#log details:first-of-type code")).to_contain_text(":authorize")
        await expect(page.locator("#log details:first-of-type .badge").first).to_have_text("200")
        (row,) = await chain.rows("select text from accounts_console_message order by at desc limit 1")
        code = re.findall(r"\b\d{4,6}\b", row["text"])[0]
        await page.fill("#word input", code)
        await page.press("#word input", "Enter")
        await expect(page.locator("#told")).to_contain_text("Покупатель согласен")
        await glass.looks_right(page, "till-word-ru")
        await page.click("#cash")
        await expect(page.locator("#told")).to_contain_text("Оплачено 180,00")
    await chain.balances()


async def test_the_first_page_is_light(glass: Glass) -> None:
    async with glass.opens() as (_, page):
        await stands_at_the_till(page, glass)
        await page.wait_for_load_state("networkidle")
    assert 0 < glass.bytes < FIRST_PAGE_BYTES


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_it_looks_right_on_a_phone_and_on_a_desk(glass: Glass, language: str, theme: str) -> None:
    for name, size in (("phone", PHONE), ("desk", DESKTOP)):
        async with glass.opens(size, language=language, theme=theme) as (_, page):
            await stands_at_the_till(page, glass)
            await scans(page, "coffee", "cake", "cheese")
            await page.click("#total")
            await page.wait_for_selector("#log details")
            await page.click("summary:has-text('Hard cases'), summary:has-text('Трудные случаи')")
            await glass.looks_right(page, f"till-{name}-{language}-{theme}")
            assert await page.evaluate("document.documentElement.dataset.bsTheme") == theme


async def test_the_language_is_kept(glass: Glass) -> None:
    async with glass.opens() as (_, page):
        await page.goto(f"{glass.address}/till?lang=en")
        await page.goto(f"{glass.address}/till")
        assert await page.evaluate("document.documentElement.lang") == "en"


async def test_without_a_playground_nobody_is_handed_a_key(chain: Chain) -> None:
    page = await chain.http.get("/till")
    assert "token" not in page.text
    assert "--sample" in page.text
    assert (await chain.http.get("/till/goods")).json() == []


async def test_files_are_kept_forever_and_sent_small(chain: Chain) -> None:
    page = await chain.http.get("/favicon.ico")
    assert page.headers["content-type"] == "image/svg+xml"
    name = web.address("till.js")
    small = await chain.http.get(name, headers={"accept-encoding": "gzip"})
    assert (small.headers["content-encoding"], "immutable" in small.headers["cache-control"]) == ("gzip", True)
    assert len((await chain.http.get(name, headers={"accept-encoding": "identity"})).content) > 50_000
    assert (await chain.http.get("/screens/nothing.js")).status_code == 404
