"""A street with one provider, products, and people who walk between them with a browser."""

import asyncio
import base64
import hashlib
import re
import secrets
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import uvicorn

from tests.runtime_http.live import eventually
from vokrug import accounts, customers
from vokrug.accounts.operations import sessions
from vokrug.accounts.store import people
from vokrug.accounts.types import Account, Message
from vokrug.customers import Consent, Directory, Registration, Source, Vault
from vokrug.kernel import MovedClock, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role, Services
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.keys import issue_key
from vokrug.runtime.signing import Vault as KeyVault
from vokrug.runtime.web import Application, build_app
from vokrug.runtime.wire import WireProtocol

ISSUER = "http://localhost:8080"
SECRET = b"a secret only for these tests..." * 2
RETURN = "https://shop.example/cb"
LEFT = "https://shop.example/bye"

Picture = dict[str, list[str]]


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def fields(page: str) -> dict[str, str]:
    """The hidden fields of a page's first form."""
    form = page.partition("<form")[2].partition("</form>")[0]
    return {name: unescape(value) for name, value in re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form)}


def digits(text: str) -> str:
    found = re.search(r"\b\d{6}\b", text)
    assert found is not None, text
    return found[0]


def query_of(address: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(address).query))


class Ears:
    """Products that hear of logouts. `deaf` ones do not answer."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []
        self.deaf: set[str] = set()

    async def tell(self, address: str, logout_token: str) -> bool:
        if address in self.deaf:
            return False
        self.heard.append((address, logout_token))
        return True


class Phones:
    """Phones and mailboxes of the street."""

    def __init__(self) -> None:
        self.received: list[Message] = []

    async def send(self, message: Message) -> bool:
        self.received.append(message)
        return True

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class Product:
    """A product as its own programmers see it: an id, perhaps a secret, a verifier for the sign-in it has begun."""

    street: "Street"
    id: str
    secret: str | None
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    def asks(self, **more: str | None) -> dict[str, str]:
        said: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": RETURN,
            "scope": "openid",
            "state": "s-1",
            "nonce": "n-1",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            **more,
        }
        return {name: value for name, value in said.items() if value is not None}

    @property
    def auth(self) -> httpx.BasicAuth | None:
        return None if self.secret is None else httpx.BasicAuth(self.id, self.secret)

    async def posts(self, path: str, **form: str) -> httpx.Response:
        extra: dict[str, Any] = {} if self.auth is None else {"auth": self.auth}
        named = {} if self.secret else {"client_id": self.id}
        return await self.street.programs.post(path, data={**named, **form}, **extra)

    async def exchanges(self, code: str, **more: str) -> httpx.Response:
        said = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": RETURN,
            "code_verifier": self.verifier,
        }
        return await self.posts("/oauth/token", **{**said, **more})

    async def renews(self, refresh_token: str, **more: str) -> httpx.Response:
        return await self.posts("/oauth/token", grant_type="refresh_token", refresh_token=refresh_token, **more)

    async def reads(self, access_token: str) -> httpx.Response:
        return await self.street.programs.get("/oauth/userinfo", headers={"authorization": f"Bearer {access_token}"})


@dataclass
class Browser:
    """A person's browser: keeps the cookie, follows no redirect by itself."""

    http: httpx.AsyncClient

    async def opens(self, path: str, **query: str) -> httpx.Response:
        return await self.http.get(path, params=query or None)

    async def sends(self, path: str, form: Mapping[str, str], **headers: str) -> httpx.Response:
        return await self.http.post(path, data=dict(form), headers=headers)

    async def walks(self, path: str, **query: str) -> httpx.Response:
        """Through our own redirects, as far as a page or another's address."""
        answer = await self.opens(path, **query)
        while answer.is_redirect and answer.headers["location"].startswith("/"):
            answer = await self.http.get(answer.headers["location"])
        return answer

    def holds(self, token: str) -> None:
        self.http.cookies.set("vokrug_session", token, domain="localhost.local")


@dataclass
class Street:
    db: Database
    services: Services
    clock: MovedClock
    programs: httpx.AsyncClient
    ears: Ears
    phones: "Phones"
    staff: str
    app: Application

    @property
    def issuer(self) -> str:
        return self.services.get(accounts.Provider).issuer

    @property
    def directory(self) -> Directory:
        return self.services.get(Directory)

    def browser(self, **headers: str) -> Browser:
        # httpx keeps cookies of a host without a dot under a name of its own.
        return Browser(
            httpx.AsyncClient(transport=self.programs._transport, base_url=self.programs.base_url, headers=headers)
        )

    async def product(self, id: str = "shop", **more: Any) -> Product:
        said = {
            "id": id,
            "name": {"en": "The shop", "ru": "Магазин"},
            "redirect_uris": [RETURN],
            "post_logout_uris": [LEFT],
            "scopes": ["openid", "profile", "phone", "email", "customer_id", "offline_access", "spend"],
            "is_trusted": True,
            **more,
        }
        answer = await self.asks("POST", "/v1/account-clients", said, status=201)
        return Product(self, id, answer["secret"])

    async def asks(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """As a member of staff."""
        answer = await self.programs.request(method, path, json=body, headers={"authorization": f"Bearer {self.staff}"})
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def person(self, phone: str = "+79161234567", called: str = "Анна") -> Account:
        """A customer of the shops who has an account."""
        async with self.db.transaction() as tx:
            wanted = Registration(
                request_id=new_id(),
                phone=phone,
                called=called,
                source=Source.SITE,
                consents=[Consent("offers", "1", True)],
                phone_strength=customers.Strength.VERIFIED,
            )
            customer = (await customers.register(tx, self.directory, wanted, self.clock.now())).customer
            id = new_id()
            await people.insert_account(tx, id, customer.id, customer.number, self.clock.now())
            found = await people.find_account(tx, id)
        assert found is not None
        return found

    async def signed_in(
        self, account: Account, *, amr: tuple[str, ...] = ("sms",), browser: Browser | None = None
    ) -> Browser:
        """A browser in which the person has signed in already."""
        walker = browser or self.browser()
        async with self.db.transaction() as tx:
            token = await sessions.open_session(tx, account, amr=amr, device="test", now=self.clock.now())
        walker.holds(token)
        return walker

    async def message(self) -> str:
        """The last message that somebody received."""
        await self.services.get(accounts.Messenger).idle()
        return self.phones.received[-1].text

    async def asks_for_code(
        self, browser: Browser, phone: str = "+79161234567", **query: str
    ) -> tuple[httpx.Response, str]:
        """The page where the code is typed in, and the code."""
        page = await browser.walks("/sign-in", **query)
        answer = await browser.sends("/sign-in", {**fields(page.text), "phone": phone})
        if not answer.is_redirect:
            return answer, ""
        return await browser.walks(answer.headers["location"]), digits(await self.message())

    async def enters(self, browser: Browser, phone: str = "+79161234567", **query: str) -> httpx.Response:
        """The whole way by SMS, for somebody who has an account or is a customer."""
        page, code = await self.asks_for_code(browser, phone, **query)
        return await browser.sends("/sign-in/code", {**fields(page.text), "code": code})

    async def code(self, product: Product, browser: Browser, **more: str) -> str:
        answer = await browser.opens("/oauth/authorize", **product.asks(**more))
        assert answer.status_code == 303, answer.text
        return query_of(answer.headers["location"])["code"]

    async def tokens(self, product: Product, browser: Browser, **more: str) -> dict[str, Any]:
        answer = await product.exchanges(await self.code(product, browser, **more))
        assert answer.status_code == 200, answer.text
        said: dict[str, Any] = answer.json()
        return said

    async def picture(self) -> Picture:
        """Every row of what may not change when something was refused."""
        async with self.db.transaction() as tx:
            names = [
                row["tablename"]
                for row in await tx.rows("select tablename from pg_tables where tablename ~ '^(accounts|customers)_'")
            ]
            return {
                name: [row["line"] for row in await tx.rows(f"select t::text as line from {name} t order by 1")]
                for name in sorted(names)
            }


@asynccontextmanager
async def street_on(db: Database, issuer: str = ISSUER) -> AsyncIterator[Street]:
    clock = MovedClock()
    services = Services(db, db, clock)
    vault = KeyVault("a secret only for these tests...")
    async with db.transaction() as tx:
        directory = await Directory.load(tx, Vault(SECRET))
        staff = await issue_key(
            tx,
            vault,
            uid=new_id(),
            role=Role.STAFF,
            shop_id=None,
            till_id=None,
            label="staff",
            sandbox=True,
            now=clock.now(),
        )
    assert staff.token is not None, "a sandbox key has a token"
    ears = Ears()
    phones = Phones()
    for part in (
        directory,
        KeyRing(db, vault),
        accounts.Provider(issuer, accounts.AccountKeys(SECRET)),
        accounts.SignInSettings(trusted_proxies=("127.0.0.1",)),
        accounts.Messenger(phones),
        accounts.Peers(),
    ):
        services.add(part)
    services.parts[accounts.HttpLogoutDoor] = ears
    app = build_app([*accounts.all_routes], services)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=issuer) as programs:
        yield Street(db, services, clock, programs, ears, phones, staff.token, app)


@asynccontextmanager
async def live_street_on(db: Database) -> AsyncIterator[Street]:
    """The same street behind a port, for programs and browsers of others."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    async with street_on(db, f"http://localhost:{port}") as street:
        how = uvicorn.Config(
            street.app, host="127.0.0.1", port=port, http=WireProtocol, ws="none", log_config=None, access_log=False
        )
        server = uvicorn.Server(how)
        serving = asyncio.create_task(server.serve())
        await asyncio.to_thread(eventually, lambda: server.started)
        try:
            yield street
        finally:
            server.should_exit = True
            await serving
