"""Logins of other products: proved on both sides, agreed to, taken back; and what thieves get, which is nothing."""

import asyncio
import hmac
import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from tests.accounts.street import ISSUER, Browser, Street, fields
from tests.events.judges import installed, needs_node
from vokrug import customers
from vokrug.accounts.linking import rules
from vokrug.accounts.linking.errors import ProofRefused
from vokrug.accounts.linking.types import Metadata, Peer, PeerKind
from vokrug.accounts.types import Account
from vokrug.kernel import Text

HERE = Path(__file__).parent / "node"
SECRET = "a secret between two products"


@dataclass
class OldStore:
    """A product of long ago that checks logins and passwords."""

    address: str
    asked: list[dict[str, Any]] = field(default_factory=list)
    is_down: bool = False


@asynccontextmanager
async def old_store() -> AsyncIterator[OldStore]:
    async def check(request: web.Request) -> web.Response:
        body = await request.read()
        stamp = request.headers["x-vokrug-timestamp"].encode()
        mac = hmac.new(SECRET.encode(), stamp + b"." + body, "sha256").hexdigest()
        if store.is_down or request.headers["x-vokrug-signature"] != mac or SECRET in str(request.headers):
            return web.Response(status=503)
        said = json.loads(body)
        store.asked.append(said)
        if said == {"login": "anna", "password": "old password"}:
            return web.json_response({"subject": "old-17", "email": "victim@example.org"})
        return web.json_response({}, status=401)

    app = web.Application()
    app.router.add_post("/check", check)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    store = OldStore(f"http://127.0.0.1:{runner.addresses[0][1]}/check")
    try:
        yield store
    finally:
        await runner.cleanup()


@pytest.fixture
def upstream() -> Iterator[str]:
    if shutil.which("npm") is None:
        pytest.skip("node is not here")
    folder = installed(HERE)
    shutil.copy(HERE / "oidc-provider.mjs", folder / "oidc-provider.mjs")
    given = json.dumps({"id": "vokrug", "secret": SECRET, "back": f"{ISSUER}/sign-in/back/site"})
    words = ["node", "oidc-provider.mjs", given]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        yield process.stdout.readline().decode().strip()
        process.terminate()


async def declares(street: Street, code: str, kind: str, address: str, **more: Any) -> None:
    said = {"kind": kind, "name": {"en": "Old shop", "ru": "Старый магазин"}, "address": address, "secret": SECRET}
    own = {"client_id": "vokrug"} if kind == "oidc" else {}
    await street.asks("PUT", f"/v1/linked-products/{code}", {**said, **own, "document_version": "7", **more})


async def sends(browser: Browser, path: str, at: str = "/me/links", **form: str) -> httpx.Response:
    token = fields((await browser.walks(at)).text)["form_token"]
    return await browser.sends(path, {"form_token": token, **form})


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return found[1]


async def goes_there(onward: httpx.Response, user: str = "u-1") -> str:
    """Through the other product, as far as our own address."""
    found = re.search(r'id="onward" href="([^"]*)"', onward.text)
    assert found is not None, onward.text
    address = unescape(found[1])
    async with httpx.AsyncClient(headers={"x-user": user}) as there:
        while not address.startswith(ISSUER):
            answer = await there.get(address)
            assert answer.is_redirect, answer.text
            address = str(httpx.URL(address).join(answer.headers["location"]))
    return address


async def links_old(street: Street, anna: Browser) -> str:
    await sends(anna, "/me/links:begin", product="old")
    link = hidden((await anna.opens("/me/links")).text, "link")
    await sends(anna, "/me/links:check", link=link, login="anna", password="old password")
    return link


async def standing(street: Street, account: Account) -> Any:
    """What a link may change: logins, identifiers, words on purposes, value."""
    async with street.db.transaction() as tx:
        card = await customers.profile(tx, street.directory, account.customer_id)
        logins = await tx.rows("select kind, hash, account_id from accounts_login order by hash")
    said = {one.purpose: one.given for one in card.consents if one.given}
    return [(one.type, one.strength, one.sources) for one in card.identifiers], said, [dict(row) for row in logins]


async def test_a_legacy_login_is_asked_once_opens_the_account_and_is_taken_back_exactly(street: Street) -> None:
    account = await street.person()
    anna = await street.signed_in(account)
    before = await standing(street, account)
    async with old_store() as store:
        await declares(street, "old", "legacy", store.address)
        link = await links_old(street, anna)
        assert "7" in (await anna.opens("/me/links")).text
        assert await standing(street, account) == before, "nothing is joined before they agree"
        wrong = await sends(anna, "/me/links:agree", link=link, document="6")
        assert wrong.status_code == 404, "a document they were not shown"
        for _ in range(2):
            assert (await sends(anna, "/me/links:agree", link=link, document="7")).status_code == 303
        after = await standing(street, account)
        assert ("ext:old" in {one[0] for one in after[0]}, after[1]["link.old"]) == (True, True)
        await street.asks("DELETE", "/v1/linked-products/old", status=409)
        store.is_down = True
        fresh = street.browser()
        form = {"product": "old", "login": "Anna ", "password": "old password"}
        assert (await sends(fresh, "/sign-in/product", "/sign-in", **form)).headers["location"] == "/me"
        assert len(store.asked) == 1, "never asked again"
        assert (
            await sends(street.browser(), "/sign-in/product", "/sign-in", **{**form, "password": "x"})
        ).status_code == 422
        for _ in range(2):
            assert (await sends(anna, "/me/links:unlink", link=link)).status_code == 303
        assert await standing(street, account) == before
        assert (await sends(street.browser(), "/sign-in/product", "/sign-in", **form)).status_code == 422
    listed = (await street.asks("GET", f"/v1/account-links?customer={account.customer_id}"))["links"]
    assert [one["state"] for one in listed] == ["unlinked"]


async def test_of_two_who_agree_to_one_login_at_once_one_has_it(street: Street) -> None:
    people = [await street.person(phone=f"+7916123450{n}") for n in range(2)]
    browsers = [await street.signed_in(account) for account in people]
    async with old_store() as store:
        await declares(street, "old", "legacy", store.address)
        links = [await links_old(street, browser) for browser in browsers]
        agreed = [
            sends(browser, "/me/links:agree", link=link, document="7")
            for browser, link in zip(browsers, links, strict=True)
        ]
        answers = await asyncio.gather(*agreed)
    assert all(answer.status_code < 500 for answer in answers), [answer.text for answer in answers]
    assert [answer.status_code for answer in answers].count(303) == 1
    async with street.db.transaction() as tx:
        assert await tx.value("select count(*) from accounts_link where linked_at is not null") == 1


async def test_an_outage_is_said_and_guesses_are_counted(street: Street) -> None:
    anna = await street.signed_in(await street.person())
    async with old_store() as store:
        await declares(street, "old", "legacy", store.address)
        await sends(anna, "/me/links:begin", product="old")
        link = hidden((await anna.opens("/me/links")).text, "link")
        store.is_down = True
        before = await street.picture()
        down = await sends(anna, "/me/links:check", link=link, login="anna", password="old password")
        assert down.status_code == 503
        after = await street.picture()
        assert after["accounts_link"] == before["accounts_link"]
        store.is_down = False
        statuses = [
            (await sends(anna, "/me/links:check", link=link, login="anna", password="guess")).status_code
            for _ in range(5)
        ]
        assert statuses == [422, 422, 422, 422, 429]
        assert len(store.asked) == 4


async def test_an_old_sign_in_or_another_person_links_nothing_and_both_proofs_survive_a_new_cookie(
    street: Street,
) -> None:
    account, boris = await street.person(), await street.person("+79167654321", "Борис")
    anna, thief = await street.signed_in(account), await street.signed_in(boris)
    async with old_store() as store:
        await declares(street, "old", "legacy", store.address)
        link = await links_old(street, anna)
        assert (await sends(thief, "/me/links:agree", link=link, document="7")).status_code == 404
        street.clock.advance(timedelta(minutes=11))
        late = await sends(anna, "/me/links:agree", link=link, document="7")
        assert late.headers["location"] == "/sign-in"
        held = anna.http.cookies["vokrug_session"]
        await street.enters(anna)
        assert anna.http.cookies["vokrug_session"] != held
        assert (await sends(anna, "/me/links:agree", link=link, document="7")).status_code == 303
        await street.enters(thief, "+79167654321")
        second = await links_old(street, thief)
        assert (await sends(thief, "/me/links:agree", link=second, document="7")).status_code == 409


@needs_node
async def test_oidc_provider_proves_a_login_and_signs_in_by_it(street: Street, upstream: str) -> None:
    account = await street.person()
    anna, thief = await street.signed_in(account), await street.signed_in(await street.person("+79167654321"))
    await declares(street, "site", "oidc", upstream, scopes=["openid", "email"])
    back = await goes_there(await sends(anna, "/me/links:begin", product="site"))
    before = await street.picture()
    assert (await thief.opens(back)).status_code == 422, "another browser"
    again = await goes_there(await sends(anna, "/me/links:begin", product="site"))
    mixed = re.sub(r"iss=[^&]*", "iss=https%3A%2F%2Fevil.example", again)
    assert mixed != again
    assert (await anna.opens(mixed)).status_code == 422, "another issuer's answer"
    assert (await street.picture())["accounts_link"] == before["accounts_link"]
    back = await goes_there(await sends(anna, "/me/links:begin", product="site"))
    assert (await anna.opens(back)).headers["location"] == "/me/links"
    assert (await anna.opens(back)).status_code == 422, "an answer counts once"
    link = hidden((await anna.opens("/me/links")).text, "link")
    assert (await sends(anna, "/me/links:agree", link=link, document="7")).status_code == 303
    fresh = street.browser()
    back = await goes_there(await sends(fresh, "/sign-in/product", "/sign-in", product="site"))
    assert (await fresh.opens(back)).headers["location"] == "/me"
    stranger = street.browser()
    before = await standing(street, account)
    back = await goes_there(await sends(stranger, "/sign-in/product", "/sign-in", product="site"), user="attacker")
    assert (await stranger.opens(back)).status_code == 409, "an e-mail that a peer says is somebody's joins nobody"
    assert (await stranger.opens("/me/security")).is_redirect
    assert await standing(street, account) == before


def claims(now: float, **more: Any) -> dict[str, Any]:
    said = {
        "iss": "https://a.example",
        "aud": "us",
        "sub": "x",
        "nonce": "n",
        "iat": now,
        "exp": now + 60,
        "auth_time": now,
    }
    return {name: value for name, value in {**said, **more}.items() if value is not None}


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://b.example"},
        {"aud": "them"},
        {"aud": ["us", "them"]},
        {"azp": "them"},
        {"nonce": "m"},
        {"nonce": None},
        {"exp": 0},
        {"iat": 9e9},
        {"auth_time": 0},
        {"auth_time": None},
        {"sub": ""},
    ],
)
def test_an_identity_token_with_one_thing_wrong_proves_nothing(street: Street, wrong: dict[str, Any]) -> None:
    key, now = RSAKey.generate_key(2048, {"kid": "1"}), street.clock.now()
    metadata = Metadata("https://a.example", "", "", "", says_iss=True)
    peer = Peer(
        code="site",
        kind=PeerKind.OIDC,
        name=Text(en="", ru=""),
        address=metadata.issuer,
        client_id="us",
        secret_sealed=b"",
        document_version="1",
        declared_at=now,
    )
    keys, header = KeySet([key]), {"alg": "RS256", "kid": "1"}
    good = jwt.encode(header, claims(now.timestamp()), key)
    assert rules.subject_of(good, keys, metadata, peer, "n", now) == "x"
    with pytest.raises(ProofRefused):
        rules.subject_of(jwt.encode(header, claims(now.timestamp(), **wrong), key), keys, metadata, peer, "n", now)
