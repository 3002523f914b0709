"""A browser over the whole application, and what is asked of every page in it."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, Request, async_playwright

from tests.accounts.test_passkeys import CHROMIUM, needs_chromium
from tests.pos.chain import Chain
from tests.runtime_http.live import eventually
from vokrug import web
from vokrug.runtime.wire import WireProtocol

ROOT = Path(__file__).parent.parent.parent
PICTURES = ROOT / ".screenshots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FIRST_PAGE_BYTES = 300_000
# What a page may show in another language than its own: names that people gave, marked by `lang`; code; the switch.
STRANGE = """
    (letters) => {
        const marked = "[lang]:not(html), code, pre, kbd, script, style, [hreflang], .data, option, textarea";
        const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const found = [];
        for (let node = walk.nextNode(); node; node = walk.nextNode()) {
            const text = node.textContent.trim();
            const at = node.parentElement;
            if (text && new RegExp(letters, "u").test(text) && !at.closest(marked)) found.push(text);
        }
        return found;
    }
"""
LATIN, CYRILLIC = "[A-Za-z]{4,}", "[А-Яа-яЁё]{2,}"
NAMES = ("Vokrug",)

needs_screens = pytest.mark.skipif(not AXE.exists(), reason="node's packages are not here: make setup brings them")
__all__ = ["DESKTOP", "PHONE", "Glass", "needs_chromium", "needs_screens", "through_glass"]


@dataclass
class Glass:
    """Watches every page: complaints of the console, requests that fail, what they weigh."""

    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)  # statuses that a story means to see
    bytes: int = 0

    @asynccontextmanager
    async def opens(
        self, viewport: dict[str, int] = DESKTOP, *, language: str = "ru", theme: str = "light", **more: Any
    ) -> AsyncIterator[tuple[BrowserContext, Page]]:
        locale = "ru-RU" if language == "ru" else "en-GB"
        context = await self.browser.new_context(
            locale=locale,
            viewport=viewport,  # type: ignore[arg-type]
            color_scheme=theme,  # type: ignore[arg-type]
            **more,
        )
        page = await context.new_page()
        self.watch(page)
        yield context, page
        await context.close()

    def watch(self, page: Page) -> None:
        async def weigh(request: Request) -> None:
            self.bytes += (await request.sizes())["responseBodySize"]

        page.on("console", lambda said: self.complain(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complain(str(error)))
        page.on("requestfinished", weigh)

    def complain(self, text: str) -> None:
        if not any(f"status of {status}" in text for status in self.expected):
            self.complaints.append(text)

    async def looks_right(self, page: Page, name: str) -> None:
        """Nothing sticks out, axe finds no serious fault, no word is of the other language. A picture is kept."""
        PICTURES.mkdir(exist_ok=True)
        await page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
        width = await page.evaluate("innerWidth")
        assert await page.evaluate("document.documentElement.scrollWidth") <= width, f"{name}: sticks out"
        if not await page.evaluate("Boolean(window.axe)"):
            # In a world of the tester's own: the page's policy stays as it is.
            await page.evaluate(AXE.read_text())
        faults = await page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)")
        serious = [
            f"{fault['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
            for fault in faults
            if fault["impact"] in ("serious", "critical")
            for node in fault["nodes"]
        ]
        assert serious == [], f"{name}: {serious}"
        language = await page.evaluate("document.documentElement.lang")
        found = await page.evaluate(STRANGE, CYRILLIC if language == "en" else LATIN)
        strange = [text for text in found if not any(known in text for known in NAMES)]
        assert strange == [], f"{name}: not in {language}"
        assert self.complaints == [], name


@asynccontextmanager
async def through_glass(chain: Chain, playground: web.Sandbox | None = None) -> AsyncIterator[Glass]:
    """The application on a port of its own, and a browser beside it."""
    if playground is not None:
        chain.services.add(playground)
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
        async with async_playwright() as playwright:
            chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            yield Glass(f"http://localhost:{port}", chromium)
            await chromium.close()
    finally:
        server.should_exit = True
        await serving
