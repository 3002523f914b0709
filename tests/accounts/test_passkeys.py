"""Passkeys in a real browser, whose authenticator is made of software and driven over the DevTools protocol."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright

from tests.accounts.street import Street, query_of

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
needs_chromium = pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Chromium is not here")

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = await browser.new_context(locale="en-US", viewport={"width": 390, "height": 844})
        opened = await context.new_page()
        yield opened
        await browser.close()


async def signs_in_by_sms(street: Street, page: Page) -> None:
    await page.goto(f"{street.issuer}/sign-in")
    await page.fill("#phone", "+7 916 123-45-67")
    await page.click("text=Get a code")
    await page.wait_for_url("**/sign-in/code?*")
    text = await street.message()
    await page.fill("#code", "".join(letter for letter in text if letter.isdigit())[:6])
    await page.click("button")
    await page.wait_for_load_state()


@needs_chromium
async def test_a_passkey_is_made_and_signs_its_owner_in(live_street: Street, page: Page) -> None:
    street = live_street
    shop, account = await street.product(redirect_uris=[f"{street.issuer}/health/live"]), await street.person()
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    device = (await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR}))["authenticatorId"]
    await signs_in_by_sms(street, page)
    await page.goto(f"{street.issuer}/me/security")
    await page.fill("#name", "My phone")
    await page.click("text=Add a passkey")
    await page.wait_for_selector("td:has-text('My phone')")
    credentials = (await devtools.send("WebAuthn.getCredentials", {"authenticatorId": device}))["credentials"]
    assert [one["rpId"] for one in credentials] == ["localhost"]

    await page.context.clear_cookies()
    asked = shop.asks(redirect_uri=f"{street.issuer}/health/live", acr_values="urn:vokrug:two")
    address = str(street.programs.build_request("GET", f"{street.issuer}/oauth/authorize", params=asked).url)
    await page.goto(address)
    await page.click("text=Sign in with a passkey")
    await page.wait_for_url("**/health/live?*")
    back = query_of(page.url)
    said = (await shop.exchanges(back["code"], redirect_uri=f"{street.issuer}/health/live")).json()
    token = await shop.posts("/oauth/introspect", token=said["access_token"])
    assert (token.json()["acr"], token.json()["active"]) == ("urn:vokrug:two", True)
    async with street.db.transaction() as tx:
        assert await tx.value("select account_id from accounts_passkey where used_at is not null") == account.id


@needs_chromium
async def test_a_passkey_of_an_unverified_user_or_of_nobody_opens_nothing(live_street: Street, page: Page) -> None:
    street = live_street
    await street.person()
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    device = (await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR}))["authenticatorId"]
    await signs_in_by_sms(street, page)
    await page.goto(f"{street.issuer}/me/security")
    await page.click("text=Add a passkey")
    await page.wait_for_selector("td:has-text('Passkey')")
    await page.context.clear_cookies()
    for breaking in ("unverified", "removed"):
        if breaking == "unverified":
            said = {"authenticatorId": device, "isUserVerified": False}
            await devtools.send("WebAuthn.setUserVerified", said)
        else:
            await devtools.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": True})
            async with street.db.transaction() as tx:
                await tx.run("delete from accounts_passkey")
        await page.goto(f"{street.issuer}/sign-in")
        await page.click("text=Sign in with a passkey")
        await page.wait_for_selector("form[data-passkey] [role=alert]:not([hidden])")
        async with street.db.transaction() as tx:
            assert await tx.value("select count(*) from accounts_session where 'hwk' = any(amr)") == 0


@needs_chromium
async def test_the_pages_work_on_a_phone_under_their_own_policy(live_street: Street, page: Page) -> None:
    """No error in the browser's console: nothing on the pages breaks the policy they are sent with."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    await live_street.person()
    await signs_in_by_sms(live_street, page)
    await page.goto(f"{live_street.issuer}/me/security")
    width = await page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, "nothing sticks out of a phone's screen"
    assert [one for one in complaints if "/me" not in one and "404" not in one] == []
