"""The console in a real browser: who comes in, and what is seen of the day."""

import asyncio
import itertools
from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.analytics.test_hours import counted
from tests.pos.chain import CAKE, COFFEE, Chain, Till
from tests.web.glass import DESKTOP, FIRST_PAGE_BYTES, PHONE, Glass, needs_chromium, needs_screens, through_glass
from vokrug import web
from vokrug.runtime import keys

pytestmark = [needs_chromium, needs_screens]


@pytest.fixture
async def glass(chain: Chain) -> AsyncIterator[Glass]:
    async with through_glass(chain, web.Sandbox(staff=str(chain.staff.key.token))) as made:
        yield made


async def comes_in(page: Page, glass: Glass) -> None:
    await page.goto(f"{glass.address}/console")
    await page.click("#playground")
    await page.wait_for_selector("main.console-main")


async def test_a_key_of_staff_opens_the_console_and_no_other_does(chain: Chain) -> None:
    """A stranger is led to the door; a till's key and a wrong secret are turned away; a revoked key ends the visit."""
    first = await chain.http.get("/console")
    assert (first.status_code, first.headers["location"]) == (303, "/console/sign-in")
    for token in (str(chain.till().key.token), f"{chain.staff.key.key_id}.wrong", "", "…"):
        refused = await chain.http.post("/console/sign-in", data={"key": token})
        assert refused.status_code == 422
        assert "set-cookie" not in refused.headers
    entered = await chain.http.post("/console/sign-in", data={"key": str(chain.staff.key.token)})
    cookie = entered.headers["set-cookie"].partition(";")[0]
    assert "HttpOnly" in entered.headers["set-cookie"]
    assert (await chain.http.get("/console", headers={"cookie": cookie})).status_code == 200
    assert (await chain.http.get("/console", headers={"cookie": cookie + "0"})).status_code == 303
    far = {"sec-fetch-site": "cross-site"}
    assert (await chain.http.post("/console/sign-in", data={"key": "x"}, headers=far)).status_code == 403
    async with chain.services.db.transaction() as tx:
        await keys.revoke_key(tx, chain.staff.key.key_id, chain.services.clock.now())
    await is_out(chain.http, cookie)


async def is_out(http: httpx.AsyncClient, cookie: str) -> None:
    """Processes follow a revocation within seconds."""
    async with asyncio.timeout(30):
        for _ in itertools.count():
            if (await http.get("/console", headers={"cookie": cookie})).status_code == 303:
                return
            await asyncio.sleep(0.1)


async def test_the_day_against_a_week_ago(chain: Chain, till: Till, glass: Glass) -> None:
    """Last week a coffee at this time, today a member's cake and a coffee."""
    await till.sells(None, COFFEE)
    chain.passes(days=7, minutes=1)
    shopper = await till.registers()
    await till.sells(shopper, CAKE)
    await till.sells(None, COFFEE)
    await counted(chain)
    async with glass.opens() as (_, page):
        await comes_in(page, glass)
        await page.goto(f"{glass.address}/console?period=today")
        await expect(page.locator("#paid_minor")).to_contain_text("460")
        await expect(page.locator("#checks")).to_have_text("2")
        await expect(page.locator("#member_share_bp")).to_contain_text("78,26")
        await expect(page.locator("#earned_minor")).to_have_text("18")
        await expect(page.locator("#owed")).to_contain_text("18")
        await page.wait_for_load_state("networkidle")
        assert 0 < glass.bytes < FIRST_PAGE_BYTES
        await till.sells(None, COFFEE)
        await counted(chain)
        await expect(page.locator("#checks")).to_have_text("3", timeout=30_000)
    assert glass.complaints == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", ["ru", "en"])
async def test_it_looks_right_on_a_phone_and_on_a_desk(
    chain: Chain, till: Till, glass: Glass, language: str, theme: str
) -> None:
    await till.sells(None, COFFEE)
    await counted(chain)
    glass.expected = {422}
    for name, size in (("phone", PHONE), ("desk", DESKTOP)):
        async with glass.opens(size, language=language, theme=theme) as (_, page):
            await page.goto(f"{glass.address}/console/sign-in")
            await page.fill("#key", "nobody's")
            await page.press("#key", "Enter")
            await page.wait_for_selector("[role=alert]")
            await glass.looks_right(page, f"console-door-{name}-{language}-{theme}")
            await page.click("#playground")
            for period in ("today", "month"):
                await page.goto(f"{glass.address}/console?period={period}")
                if name == "phone":
                    await page.click("[data-menu]")
                await page.click("summary")
                await glass.looks_right(page, f"console-home-{period}-{name}-{language}-{theme}")


async def test_nobody_is_handed_a_key_outside_a_playground(chain: Chain) -> None:
    assert "playground" not in (await chain.http.get("/console/sign-in")).text
    assert (await chain.http.post("/console/sign-in", data={"playground": "yes"})).status_code == 422
