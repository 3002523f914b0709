"""Work lists and a customer's card in a real browser: what is seen, decided, exported."""

import csv
import io
import zipfile
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from playwright.async_api import Page, expect

from tests.analytics.test_hours import counted
from tests.pos.chain import CAKE, COFFEE, Chain, Till, fiscal
from tests.web.glass import DESKTOP, PHONE, Glass, needs_chromium, needs_screens, through_glass
from tests.web.test_console import comes_in
from vokrug import web

pytestmark = [needs_chromium, needs_screens]

LISTS = (
    "shops",
    "returns",
    "deviations",
    "merges",
    "merges/accepted",
    "merges/rejected",
    "gift-cards",
    "keys",
    "jobs",
    "jobs/failed",
    "audit",
    "audit/cards",
    "customers",
    "messages",
    "offers",
    "reports",
)


@pytest.fixture
async def glass(chain: Chain) -> AsyncIterator[Glass]:
    async with through_glass(chain, web.Sandbox(staff=str(chain.staff.key.token))) as made:
        yield made


async def cookie_of(chain: Chain) -> dict[str, str]:
    entered = await chain.http.post("/console/sign-in", data={"key": str(chain.staff.key.token)})
    return {"cookie": entered.headers["set-cookie"].partition(";")[0]}


async def something_happened(chain: Chain, till: Till) -> str:
    """A late receipt, a return without its sale, cards, two customers who may be one. Answers one's phone."""
    quote = await till.quotes(None, CAKE)
    await till.confirms(quote, claimed={"to_pay": "400.00"}, fiscal=fiscal())
    (await till.returns(till.returning(uuid4(), _1="1"))).done()
    batch = {"id": str(uuid4()), "name": "Новогодние", "count": 5}
    assert (await chain.staff.sends("/v1/gift-cards/batches", batch)).status == 201
    one, other = await till.registers(), await till.registers("Аня")
    await till.sells(one, COFFEE)
    people = await chain.rows("select id::text from customers_customer order by number")
    pair = {"id": str(uuid4()), "one": people[0]["id"], "other": people[1]["id"]}
    assert (await chain.staff.sends("/v1/customer-merges", pair)).status == 201
    assert other
    return one.phone


async def finds(page: Page, glass: Glass, wanted: str) -> None:
    await page.goto(f"{glass.address}/console/customers")
    await page.fill("#wanted", wanted)
    await page.press("#wanted", "Enter")


async def test_a_customer_is_found_shown_masked_and_the_look_is_recorded(
    chain: Chain, till: Till, glass: Glass
) -> None:
    """By a phone; the card shows points and where they came from; a gift of points counts once, however often sent."""
    shopper = await till.registers(consents=[{"purpose": "offers", "document_version": "1", "given": True}])
    await till.sells(shopper, CAKE)
    glass.expected = {404}
    async with glass.opens() as (_, page):
        await comes_in(page, glass)
        await finds(page, glass, "+79990000000")
        await expect(page.locator("[role=alert]")).to_be_visible()
        await finds(page, glass, shopper.phone)
        await expect(page.locator("h1")).to_contain_text("Анна")
        await expect(page.locator("#available")).to_have_text("18")
        assert shopper.phone not in await page.content()
        await page.click("text=Начислить баллы")
        await page.fill("#give-points", "50")
        await page.fill("#give-reason", "за терпение")
        await page.click("button:has-text('Начислить') >> visible=true")
        await expect(page.locator("#available")).to_have_text("68")
        await page.go_back()
    assert await shopper.points() == "68.00"
    looks = await chain.rows("select reader from customers_card_read")
    assert {row["reader"] for row in looks} == {chain.staff.key.key_id}
    assert glass.complaints == []


async def test_a_pair_is_decided_by_somebody_else_and_taken_apart(chain: Chain, till: Till, glass: Glass) -> None:
    """Staff who proposed a pair are told that another decides; a pair of the matching's is merged and undone."""
    await something_happened(chain, till)
    async with glass.opens() as (_, page):
        await comes_in(page, glass)
        await page.goto(f"{glass.address}/console/merges")
        await page.click("summary:has-text('Один человек')")
        await page.click("button:has-text('Да')")
        await expect(page.locator("[role=alert]")).to_be_visible()
        await chain.rows("select 1")
        async with chain.services.db.transaction() as tx:
            await tx.run("update customers_proposal set proposed_by = 'matching', rule = 'matching'")
        await page.goto(f"{glass.address}/console/merges")
        await page.click("summary:has-text('Один человек')")
        await page.click("button:has-text('Да')")
        await page.goto(f"{glass.address}/console/merges/accepted")
        await page.click("tbody a >> nth=0")
        await page.click("summary:has-text('Отменить')")
        await page.click("button:has-text('Да, отменить')")
        await page.wait_for_load_state()
        await expect(page.locator("text=Объединён из")).to_have_count(0)
    assert await chain.rows("select 1 as x from customers_merge where ended_at is null") == []


async def test_a_list_is_searched_sorted_and_taken_along(chain: Chain, till: Till) -> None:
    headers = await cookie_of(chain)
    for name in ("Арбат", "Невский"):
        page = await chain.http.get("/console/shops", params={"q": name, "as": "csv", "lang": "ru"}, headers=headers)
        assert page.content.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(page.content.decode("utf-8-sig")), delimiter=";"))
        assert len(rows) == (3 if name == "Арбат" else 2)
        assert all(row[0] == name for row in rows[1:])
    down = await chain.http.get("/console/shops", params={"sort": "-till", "as": "csv"}, headers=headers)
    tills = [row[2] for row in csv.reader(io.StringIO(down.content.decode("utf-8-sig")), delimiter=";")][1:]
    assert tills == sorted(tills, reverse=True)
    book = await chain.http.get("/console/shops", params={"as": "xlsx"}, headers=headers)
    with zipfile.ZipFile(io.BytesIO(book.content)) as inside:
        assert "Невский" in inside.read("xl/sharedStrings.xml").decode()


async def test_no_word_of_a_file_is_a_formula(chain: Chain) -> None:
    """A shop that is called like a formula stays a name."""
    given = {"code": "S3", "name": "=HYPERLINK(1)", "tills": ["1"]}
    (await chain.staff.sends("/v1/shops", given, "PUT")).done()
    await chain.checkout.reference.renew(chain.services.db, chain.services.clock.now())
    headers = await cookie_of(chain)
    page = await chain.http.get("/console/shops", params={"q": "S3", "as": "csv"}, headers=headers)
    assert ";" in page.text
    assert "'=HYPERLINK(1)" in page.text


async def test_a_key_is_revoked_after_a_second_word(chain: Chain, glass: Glass) -> None:
    async with glass.opens() as (_, page):
        await comes_in(page, glass)
        await page.goto(f"{glass.address}/console/keys?q=T1")
        await page.goto(f"{glass.address}/console/keys")
        await page.click("summary:has-text('Отозвать') >> nth=0")
        await page.click("button:has-text('Да') >> visible=true")
        await expect(page.locator(".badge:has-text('отозван')")).to_have_count(1)
    revoked = await chain.rows("select key_id from runtime_key where revoked_at is not null")
    assert len(revoked) == 1
    assert revoked[0]["key_id"] != chain.staff.key.key_id


async def test_forms_of_strangers_change_nothing(chain: Chain, till: Till) -> None:
    """A form without the token of this browser, and one from another site."""
    await something_happened(chain, till)
    headers = await cookie_of(chain)
    await counted(chain)
    before = await chain.fingerprint()
    for path in ("/console/merges", "/console/keys", "/console/customers"):
        for form, more in (({"form_token": "x"}, {}), ({}, {}), ({}, {"sec-fetch-site": "cross-site"})):
            answer = await chain.http.post(path, data=form, headers={**headers, **more})
            assert answer.status_code == 403, path
    assert await chain.fingerprint() == before


# Every language, theme and width, each with another one of the others.
LOOKS = (("ru", "light", "phone"), ("ru", "dark", "desk"), ("en", "light", "desk"), ("en", "dark", "phone"))
SIZES = {"phone": PHONE, "desk": DESKTOP}


@pytest.mark.parametrize(("language", "theme", "place"), LOOKS)
async def test_every_list_looks_right(
    chain: Chain, till: Till, glass: Glass, language: str, theme: str, place: str
) -> None:
    """Empty ones and full ones, on a phone and on a desk."""
    async with glass.opens(SIZES[place], language=language, theme=theme) as (_, page):
        await comes_in(page, glass)
        for name in ("returns", "deviations", "gift-cards", "merges"):
            await page.goto(f"{glass.address}/console/{name}")
            await glass.looks_right(page, f"list-{name.replace('/', '-')}-empty-{place}-{language}-{theme}")
        phone = await something_happened(chain, till)
        for name in LISTS:
            await page.goto(f"{glass.address}/console/{name}")
            await glass.looks_right(page, f"list-{name.replace('/', '-')}-{place}-{language}-{theme}")
        await finds(page, glass, phone)
        await page.click(".lots summary")
        await glass.looks_right(page, f"customer-{place}-{language}-{theme}")


async def test_no_link_is_dead(chain: Chain, till: Till, glass: Glass) -> None:
    """Every address that a page of the console leads to answers."""
    await something_happened(chain, till)
    async with glass.opens() as (context, page):
        await comes_in(page, glass)
        seen: set[str] = set()
        for name in ("", *LISTS):
            await page.goto(f"{glass.address}/console/{name}".rstrip("/"))
            links = await page.evaluate("[...document.querySelectorAll('a[href]')].map(one => one.href.split('#')[0])")
            seen |= {link for link in links if link.startswith(glass.address)}
        for link in sorted(seen):
            answer = await context.request.get(link)
            assert answer.ok, link
    assert len(seen) > 40
