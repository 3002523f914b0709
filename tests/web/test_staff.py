"""The console for people who sign in: two proofs, what each role opens, shops of their own, owners who see to it."""

import re
from collections.abc import AsyncIterator
from uuid import UUID

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.accounts.test_passkeys import AUTHENTICATOR
from tests.pos.chain import COFFEE, Chain, Till
from tests.web.glass import DESKTOP, PHONE, Glass, needs_chromium, needs_screens, through_glass
from vokrug import accounts, customers
from vokrug.accounts.operations import sessions
from vokrug.accounts.operations.staff import add_staff
from vokrug.accounts.store import people
from vokrug.accounts.types import Account
from vokrug.kernel import new_id

TWO = ("sms", "otp", "mfa")


async def account_of(chain: Chain, till: Till) -> tuple[Account, str]:
    """A customer who has an account, and their phone."""
    shopper = await till.registers()
    directory, now = chain.services.get(customers.Directory), chain.services.clock.now()
    async with chain.services.db.transaction() as tx:
        (found,) = await customers.resolve(tx, directory, [("phone", shopper.phone)])
        assert found is not None
        id = new_id()
        await people.insert_account(tx, id, found.id, found.number, now)
        account = await people.find_account(tx, id)
    assert account is not None
    return account, shopper.phone


async def works(chain: Chain, account: Account, *roles: str, shops: tuple[str, ...] = ()) -> UUID:
    provider, now = chain.services.get(accounts.Provider), chain.services.clock.now()
    async with chain.services.db.transaction() as tx:
        return await add_staff(tx, provider, account.id, "Ольга", accounts.Post.of(roles, shops), by="test", now=now)


async def browser_of(chain: Chain, account: Account, amr: tuple[str, ...] = TWO) -> httpx.AsyncClient:
    async with chain.services.db.transaction() as tx:
        token = await sessions.open_session(tx, account, amr=amr, device="test", now=chain.services.clock.now())
    headers = {"cookie": f"vokrug_session={token}", "accept-language": "en"}
    return httpx.AsyncClient(transport=chain.http._transport, base_url="http://centre", headers=headers)


async def at_desk(chain: Chain, till: Till, *roles: str, shops: tuple[str, ...] = ()) -> tuple[httpx.AsyncClient, UUID]:
    account, _ = await account_of(chain, till)
    id = await works(chain, account, *roles, shops=shops)
    return await browser_of(chain, account), id


def hidden(page: str, name: str) -> str:
    found: str = re.findall(rf'name="{name}" value="([^"]*)"', page)[0]
    return found


async def test_roles_open_their_own_pages_and_nobody_elses(chain: Chain, till: Till) -> None:
    """A marketer opens offers and no work list; a franchisee sees one shop in every list; a customer sees no page."""
    await till.sells(None, COFFEE)
    marketer, _ = await at_desk(chain, till, "marketer")
    assert (await marketer.get("/console/offers")).status_code == 200
    for path in ("/console/returns", "/console/merges", "/console/customers", "/console/keys", "/console/staff"):
        assert (await marketer.get(path)).status_code == 403, path
    franchisee, _ = await at_desk(chain, till, "franchisee", shops=("S2",))
    page = (await franchisee.get("/console/shops")).text
    assert (">S2<" in page, ">S1<" in page) == (True, False)
    assert "S1" not in (await franchisee.get("/console/shops", params={"as": "csv"})).text
    assert (await franchisee.get("/console/offers")).status_code == 403
    customer = await browser_of(chain, (await account_of(chain, till))[0])
    assert (await customer.get("/console")).headers["location"] == "/console/sign-in"


async def test_one_proof_is_half_a_key(chain: Chain, till: Till) -> None:
    """No page of the console opens to it; it leads to the second proof, which is set up on the first day."""
    account, _ = await account_of(chain, till)
    await works(chain, account, "owner")
    half = await browser_of(chain, account, ("sms",))
    for path in ("/console", "/console/keys", "/console/staff"):
        answer = await half.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/staff/second?request=%2Fconsole")
    door = (await chain.http.get("/console/sign-in")).text
    assert 'href="/sign-in?request=/console"' in door


async def test_owners_look_after_staff_and_not_after_themselves(chain: Chain, till: Till) -> None:
    owner, own = await at_desk(chain, till, "owner")
    other, id = await at_desk(chain, till, "manager")
    page = (await owner.get("/console/staff")).text
    assert page.count("Ольга") >= 3, "two in the list, one at the menu's end"
    form = {"form_token": hidden(page, "form_token"), "why": "a reason"}
    assert (await other.get("/console/jobs")).status_code == 200

    one = (await owner.get(f"/console/staff/{id}")).text
    change = {**form, "uid": hidden(one, "uid"), "role.analyst": "yes"}
    assert (await owner.post(f"/console/staff/{id}", data=change)).status_code == 303
    assert (await other.get("/console/jobs")).status_code == 403, "from the next page on"
    before = await chain.fingerprint()
    for wrong in ({"why": ""}, {"form_token": "x"}, {"role.owner": "yes", "shop.S1": "yes"}):
        uid = {"uid": str(new_id())}
        assert (await owner.post(f"/console/staff/{id}", data={**change, **uid, **wrong})).status_code in (403, 422)
    mine = {**form, "uid": str(new_id()), "role.owner": "yes", "role.analyst": "yes"}
    assert (await owner.post(f"/console/staff/{own}", data=mine)).status_code == 403
    assert (await other.post(f"/console/staff/{id}", data={**mine})).status_code == 403
    key = (await chain.http.post("/console/sign-in", data={"key": str(chain.staff.key.token)})).headers["set-cookie"]
    by_key = {"cookie": key.partition(";")[0]}
    end = {"uid": str(new_id()), "why": "out", "do": "revoke"}
    end["form_token"] = hidden((await chain.http.get("/console/staff", headers=by_key)).text, "form_token")
    assert (await chain.http.post(f"/console/staff/{own}", data=end, headers=by_key)).status_code == 409
    assert await chain.fingerprint() == before

    done = await owner.post(f"/console/staff/{id}", data={**form, "uid": str(new_id()), "do": "revoke"})
    assert done.status_code == 303
    assert (await other.get("/console")).headers["location"] == "/console/sign-in", "at once"
    history = (await owner.get(f"/console/staff/{id}")).text
    assert ("access ended" in history, "other roles" in history, "a reason" in history) == (True, True, True)
    away = await owner.post("/console/sign-out", data={"form_token": form["form_token"]})
    assert away.headers["location"] == "/console/sign-in"
    assert (await owner.get("/console")).headers["location"] == "/console/sign-in", "the session is over"


@pytest.fixture
async def glass(chain: Chain) -> AsyncIterator[Glass]:
    async with through_glass(chain) as made:
        chain.services.get(accounts.Provider).issuer = made.address
        yield made


async def last_message(chain: Chain) -> str:
    await chain.services.get(accounts.Messenger).idle()
    async with chain.services.db.transaction() as tx:
        return (await accounts.last_messages(tx, 1))[0].text


async def signs_in(chain: Chain, page: Page, phone: str) -> None:
    await page.fill("#phone", phone)
    await page.click("form[action='/sign-in'] button")
    await page.wait_for_url("**/sign-in/code?*")
    await page.fill("#code", (await last_message(chain))[:6])
    await page.click("form[action='/sign-in/code'] button")


@needs_chromium
@needs_screens
async def test_from_an_invitation_to_the_console_with_a_passkey(chain: Chain, till: Till, glass: Glass) -> None:
    """An owner invites by mail; the newcomer signs in by SMS, makes a passkey, and is at the console by name."""
    owner, _ = await at_desk(chain, till, "owner")
    phone = (await till.registers()).phone
    form = (await owner.get("/console/staff")).text
    said = {"form_token": hidden(form, "form_token"), "uid": hidden(form, "uid"), "name": "Мария"}
    wanted = {**said, "to": "maria@example.org", "role.owner": "yes"}
    assert (await owner.post("/console/staff", data=wanted)).headers["location"] == "/console/staff?sent=yes"
    link = next(word for word in (await last_message(chain)).split() if word.startswith("http"))
    async with glass.opens(DESKTOP) as (context, page):
        devtools = await context.new_cdp_session(page)
        await devtools.send("WebAuthn.enable")
        await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
        await page.goto(link)
        await page.click("a.button")
        await signs_in(chain, page, phone)
        await page.click("form[action='/staff/invitation'] button")
        await page.click("#passkey")
        await page.wait_for_selector("main.console-main")
        await expect(page.locator("#who")).to_have_text("Мария")
        await page.goto(f"{glass.address}/console/staff")
        await glass.looks_right(page, "console-staff-desk")
        await page.click("#invite summary")
        await glass.looks_right(page, "console-staff-invite-desk")
        await page.click("text=Ольга")
        await glass.looks_right(page, "console-colleague-desk")
        await page.click("form[action='/console/sign-out'] button")
        await page.click("#by-account")
        await page.click("form[data-passkey] button")
        await page.wait_for_selector("main.console-main")
    assert glass.complaints == []


@needs_chromium
@needs_screens
async def test_staff_on_a_phone_and_in_english(chain: Chain, till: Till, glass: Glass) -> None:
    account, _ = await account_of(chain, till)
    await works(chain, account, "owner")
    _, id = await at_desk(chain, till, "manager", "franchisee", shops=("S1",))
    client = await browser_of(chain, account)
    token = client.headers["cookie"].partition("=")[2]
    for size, name, language, theme in ((PHONE, "phone", "en", "dark"), (PHONE, "phone", "ru", "light")):
        async with glass.opens(size, language=language, theme=theme) as (context, page):
            await context.add_cookies([{"name": "vokrug_session", "value": token, "url": glass.address}])
            for path, what in (("", "staff"), (f"/{id}", "colleague")):
                await page.goto(f"{glass.address}/console/staff{path}")
                await glass.looks_right(page, f"console-{what}-{name}-{language}-{theme}")
