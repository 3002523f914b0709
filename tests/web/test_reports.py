"""Reports in a real browser: a plot, its table, the same numbers in a file."""

import csv
import io
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.analytics.test_hours import counted
from tests.pos.chain import CAKE, COFFEE, Chain, Till
from tests.web.glass import FIRST_PAGE_BYTES, Glass, needs_chromium, needs_screens, through_glass
from tests.web.test_console import comes_in
from tests.web.test_lists import LOOKS, SIZES, cookie_of
from vokrug import web

pytestmark = [needs_chromium, needs_screens]

NAMES = ("sales", "members", "points", "hours", "shops", "offers")


@pytest.fixture
async def glass(chain: Chain) -> AsyncIterator[Glass]:
    async with through_glass(chain, web.Sandbox(staff=str(chain.staff.key.token))) as made:
        yield made


async def trades(chain: Chain, till: Till) -> None:
    shopper = await till.registers()
    quote, _ = await till.sells(shopper, CAKE, COFFEE)
    await chain.till("S2").sells(None, COFFEE)
    (await till.returns(till.returning(quote.check, _2="1"))).done()
    await counted(chain)


async def column(chain: Chain, name: str, at: int, **query: str) -> list[str]:
    asked = {"as": "csv", "lang": "ru", **query}
    page = await chain.http.get(f"/console/reports/{name}", params=asked, headers=await cookie_of(chain))
    return [row[at] for row in csv.reader(io.StringIO(page.content.decode("utf-8-sig")), delimiter=";")][1:]


async def test_reports_agree_with_each_other(chain: Chain, till: Till) -> None:
    """560.00 sold, 460.00 of it to a member: by day, by hour, by shop; the offer gave 40.00."""
    await trades(chain, till)
    for name in ("sales", "hours", "shops"):
        assert sum(float(sum_ or 0) for sum_ in await column(chain, name, 1)) == 560.0, name
    assert sum(float(sum_) for sum_ in await column(chain, "members", 1)) == 460.0
    assert await column(chain, "shops", 0) == ["Арбат", "Невский"]
    assert sum(int(sum_) for sum_ in await column(chain, "points", 1)) == 23
    assert await column(chain, "offers", 1) == ["40.00"]


async def test_a_period_is_bounded(chain: Chain, till: Till) -> None:
    """A hundred years are a quarter; days the other way round are turned; nonsense is the usual four weeks."""
    await trades(chain, till)
    assert len(await column(chain, "sales", 0, **{"from": "1950-01-01"})) == 92
    today = (await column(chain, "sales", 0))[-1]
    assert await column(chain, "sales", 0, **{"from": today, "to": today}) == [today]
    assert len(await column(chain, "sales", 0, **{"from": "yesterday"})) == 28
    assert await column(chain, "sales", 0, **{"from": "2001-02-03", "to": "2001-01-03"}) == []


async def test_a_plot_is_drawn_under_the_page_s_policy(chain: Chain, till: Till, glass: Glass) -> None:
    await trades(chain, till)
    async with glass.opens() as (_, page):
        await comes_in(page, glass)
        glass.bytes = 0
        await page.context.clear_cookies(name="none")
        await page.goto(f"{glass.address}/console/reports")
        await expect(page.locator("[data-drawn=yes] canvas")).to_be_visible()
        await page.hover(".plot")
        await page.wait_for_load_state("networkidle")
        assert glass.bytes < FIRST_PAGE_BYTES
        await page.click("[data-theme-switch]")
        await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert glass.complaints == []


@pytest.mark.parametrize(("language", "theme", "place"), LOOKS)
async def test_every_report_looks_right(
    chain: Chain, till: Till, glass: Glass, language: str, theme: str, place: str
) -> None:
    async with glass.opens(SIZES[place], language=language, theme=theme) as (_, page):
        await comes_in(page, glass)
        await page.goto(f"{glass.address}/console/reports")
        await glass.looks_right(page, f"report-empty-{place}-{language}-{theme}")
        await trades(chain, till)
        for name in NAMES:
            await page.goto(f"{glass.address}/console/reports/{name}")
            await page.wait_for_selector("[data-drawn=yes]")
            await glass.looks_right(page, f"report-{name}-{place}-{language}-{theme}")
