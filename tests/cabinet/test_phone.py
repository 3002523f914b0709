"""The cabinet on a phone: a real browser, 390 px wide, under the policy that the pages are sent with."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import uvicorn
from playwright.async_api import Page, async_playwright

from tests.accounts.test_passkeys import CHROMIUM, needs_chromium
from tests.cabinet.visitor import Visitor, visitor_of
from tests.pos.chain import CAKE, COFFEE, Chain, Till
from tests.runtime_http.live import eventually
from vokrug.runtime.wire import WireProtocol

WIDTH = 390
TOO_SMALL = """
    [...document.querySelectorAll("button, nav a")].filter(one => one.offsetParent && one.offsetHeight < 38).length
"""


@asynccontextmanager
async def served(chain: Chain, till: Till) -> AsyncIterator[Visitor]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    how = uvicorn.Config(
        chain.app, host="127.0.0.1", port=port, http=WireProtocol, ws="none", log_config=None, access_log=False
    )
    server = uvicorn.Server(how)
    serving = asyncio.create_task(server.serve())
    await asyncio.to_thread(eventually, lambda: server.started)
    try:
        async with visitor_of(chain, till, f"http://localhost:{port}") as visitor:
            yield visitor
    finally:
        server.should_exit = True
        await serving


async def signs_in(visitor: Visitor, page: Page) -> None:
    await page.goto(f"{visitor.street.issuer}/sign-in")
    await page.fill("#phone", visitor.shopper.phone)
    await page.click("form[action='/sign-in'] button")
    await page.wait_for_url("**/sign-in/code?*")
    text = await visitor.street.message()
    await page.fill("#code", "".join(letter for letter in text if letter.isdigit())[:6])
    await page.click("form[action='/sign-in/code'] button")
    await page.wait_for_url("**/me")


@needs_chromium
async def test_the_cabinet_on_a_phone(chain: Chain, till: Till, tmp_path: Path) -> None:
    """Signs in, looks at every page, takes a consent back, changes the language. Nothing sticks out of the screen, no
    page breaks its own policy, and every button is large enough for a thumb."""
    complaints: list[str] = []
    async with served(chain, till) as anna, async_playwright() as playwright:
        quote, _ = await till.sells(anna.shopper, COFFEE, CAKE)
        (await till.returns(till.returning(quote.check, _1="1"))).done()
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await chromium.new_context(locale="ru-RU", viewport={"width": WIDTH, "height": 844})
        page = await context.new_page()
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        await signs_in(anna, page)
        assert await page.inner_text("#points") == "18"
        for name in (
            "",
            "card",
            "offers",
            "gift-cards",
            "history",
            "profile",
            "consents",
            "products",
            "data",
            "security",
        ):
            await page.goto(f"{anna.street.issuer}/me/{name}".rstrip("/"))
            await page.screenshot(path=tmp_path / f"{name or 'home'}.png", full_page=True)
            assert await page.evaluate("document.documentElement.scrollWidth") <= WIDTH, name
            assert await page.evaluate(TOO_SMALL) == 0, name
        await page.goto(f"{anna.street.issuer}/me/consents")
        await page.click("text=Отозвать")
        await page.wait_for_selector("text=Согласиться")
        await page.goto(f"{anna.street.issuer}/me")
        await page.click("text=In English")
        await page.wait_for_selector("h1:has-text('Hello, Анна!')")
        await chromium.close()
    assert complaints == []
