"""What holds for every page that people open, those of other domains too."""

import pytest

from tests.pos.chain import Chain
from tests.web.glass import Glass, needs_chromium, needs_screens, through_glass
from tests.web.test_lists import LOOKS, SIZES
from tests.web.test_till import playground
from vokrug.web import built

pytestmark = [needs_chromium, needs_screens]

OPEN = ("/", "/till", "/console/sign-in", "/sign-in", "/docs", "/events/catalogue", "/me/offline")
# The whole API on one page; its long paths scroll inside.
POLICED = ("/", "/till", "/console/sign-in", "/sign-in", "/events/catalogue", "/me/offline")


async def test_no_page_complains(chain: Chain) -> None:
    """No error in the console, not even for the picture in the tab, and nothing is asked of another host."""
    async with through_glass(chain, await playground(chain)) as glass, glass.opens() as (_, page):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for path in OPEN:
            answer = await page.goto(f"{glass.address}{path}")
            assert answer is not None
            assert answer.status == 200, path
            await page.wait_for_load_state("networkidle")
        assert glass.complaints == []
        assert [url for url in asked if not url.startswith((glass.address, "data:"))] == []


async def test_no_policy_allows_anything_inline(chain: Chain) -> None:
    for path in POLICED:
        policy = (await chain.http.get(path)).headers["content-security-policy"]
        assert "default-src 'none'" in policy, path
        assert "unsafe" not in policy, path


async def test_screens_that_were_not_built_say_what_to_install(chain: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(built, "names", dict)
    for path in ("/", "/till", "/console/sign-in"):
        page = await chain.http.get(path, params={"lang": "en"})
        assert "make setup" in page.text, path
        assert "<script" not in page.text
    assert (await chain.http.get("/screens/till.js")).status_code == 404


@pytest.mark.parametrize(("language", "theme", "place"), LOOKS)
async def test_the_first_page_looks_right(chain: Chain, language: str, theme: str, place: str) -> None:
    async with through_glass(chain, await playground(chain)) as glass:
        await looks(glass, language, theme, place)


async def looks(glass: Glass, language: str, theme: str, place: str) -> None:
    async with glass.opens(SIZES[place], language=language, theme=theme) as (_, page):
        await page.goto(f"{glass.address}/")
        await glass.looks_right(page, f"start-{place}-{language}-{theme}")
        assert await page.locator(".doors a").count() == 5
