"""What a sign-in costs this program's processor: by SMS, by a passkey, and a product's code and tokens. No password is
hashed on these ways. The application is called in this process, without a network; its PostgreSQL is another.
"""

import asyncio
import base64
import hashlib
import re
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import cbor2
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from vokrug import accounts, customers
from vokrug.app.bench.stage import staged
from vokrug.app.wiring import living, routes_of
from vokrug.kernel import new_id
from vokrug.runtime.http import Services
from vokrug.runtime.migrations import migrate
from vokrug.runtime.settings import Settings
from vokrug.runtime.web import Application, build_app

LIMIT_MS = 3.0
RETURN = "https://shop.example/cb"
WARM = 5

Say = Callable[[str], None]


class Way(msgspec.Struct):
    """Milliseconds of this process's own processor time, of each sign-in; the best round and the worst."""

    name: str
    calls: int  # HTTP calls of one sign-in
    best_ms: float
    worst_ms: float
    bare_ms: float  # as many calls that do nothing
    limit_ms: float = LIMIT_MS

    @property
    def is_within(self) -> bool:
        return self.best_ms <= self.limit_ms


class Report(msgspec.Struct):
    sign_ins: int  # of each round
    ways: list[Way]


@dataclass
class Browser:
    """As little of a browser as will do."""

    app: Application
    network: str
    cookie: str = ""

    async def asks(self, method: str, path: str, form: dict[str, str] | None = None) -> "Said":
        parts = urlsplit(path)
        body = b"" if form is None else urlencode(form).encode()
        headers = [
            (b"host", b"localhost:8080"),
            (b"x-forwarded-for", self.network.encode()),
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", str(len(body)).encode()),
        ]
        if self.cookie:
            headers.append((b"cookie", f"vokrug_session={self.cookie}".encode()))
        said = Said()

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(part: Any) -> None:
            if part["type"] == "http.response.start":
                said.status = part["status"]
                said.headers = {name.decode().lower(): value.decode() for name, value in part["headers"]}
            else:
                said.body += part.get("body", b"")

        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("localhost", 8080),
        }
        await self.app(scope, receive, send)
        if "set-cookie" in said.headers:
            self.cookie = said.headers["set-cookie"].partition(";")[0].partition("=")[2]
        assert said.status < 400, f"{path}: {said.status} {said.body[:300]!r}"
        return said


@dataclass
class Said:
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def form_token(self) -> str:
        found = re.search(rb'name="form_token" value="(\w+)"', self.body)
        assert found is not None, "the page has a form"
        return found[1].decode()

    @property
    def asked(self) -> dict[str, list[str]]:
        """What the address that it leads to says."""
        return parse_qs(urlsplit(self.headers["location"]).query)


class Phones:
    """Where messages arrive."""

    def __init__(self) -> None:
        self.last = ""

    async def send(self, message: accounts.Message) -> bool:
        self.last = message.text
        return True

    async def close(self) -> None:
        """Nothing is held."""


@dataclass
class Person:
    phone: str
    network: str
    account_id: UUID
    key: ec.EllipticCurvePrivateKey
    used: int = 0


@dataclass
class Street:
    services: Services
    app: Application
    phones: Phones
    people: list[Person]
    apart_s: float = 0.0  # what devices of people computed, which is not ours

    async def by_sms(self, person: Person) -> Browser:
        browser = Browser(self.app, person.network)
        token = (await browser.asks("GET", "/sign-in")).form_token
        sent = await browser.asks("POST", "/sign-in", {"form_token": token, "phone": person.phone})
        await self.services.get(accounts.Messenger).idle()
        form = {"form_token": token, "attempt": sent.asked["attempt"][0], "code": self.phones.last[:6]}
        done = await browser.asks("POST", "/sign-in/code", form)
        assert done.headers["location"] == "/me", "they are in"
        return browser

    async def by_passkey(self, person: Person) -> None:
        browser = Browser(self.app, person.network)
        token = (await browser.asks("GET", "/sign-in")).form_token
        begun = msgspec.json.decode(
            (await browser.asks("POST", "/sign-in/passkey-options", {"form_token": token})).body
        )
        began = time.process_time()
        credential = _signed(person, begun["options"]["challenge"])
        self.apart_s += time.process_time() - began
        form = {"form_token": token, "attempt": begun["attempt"], "credential": credential}
        done = await browser.asks("POST", "/sign-in/passkey", form)
        assert b'"/me"' in done.body, "they are in"

    def by_product(self, browsers: dict[str, Browser], client: str) -> "Work":
        """Somebody signed in comes from a product, which exchanges the code."""

        async def work(person: Person) -> None:
            verifier = secrets.token_urlsafe(48)
            challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
            asked = {
                "response_type": "code",
                "client_id": client,
                "redirect_uri": RETURN,
                "scope": "openid offline_access profile",
                "state": "s",
                "nonce": "n",
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
            back = await browsers[person.phone].asks("GET", f"/oauth/authorize?{urlencode(asked)}")
            form = {
                "grant_type": "authorization_code",
                "code": back.asked["code"][0],
                "redirect_uri": RETURN,
                "code_verifier": verifier,
                "client_id": client,
            }
            await Browser(self.app, person.network).asks("POST", "/oauth/token", form)

        return work

    async def nothing(self, person: Person) -> None:
        await Browser(self.app, person.network).asks("GET", "/health/live")


Work = Callable[[Person], Awaitable[object]]


def measure(sign_ins: int, rounds: int, say: Say) -> Report:
    with staged(say) as stage:
        url = stage.database.url
        asyncio.run(migrate(url))
        settings = Settings(
            database_url=url, reports_url=url, secret=stage.secret, trusted_proxies="127.0.0.1", sms_hourly=1_000_000
        )
        return asyncio.run(_measure(settings, sign_ins, rounds, say))


async def _measure(settings: Settings, sign_ins: int, rounds: int, say: Say) -> Report:
    async with living(settings, with_jobs=False) as services:
        phones = Phones()
        services.add(accounts.Messenger(phones))
        street = Street(services, build_app(routes_of(settings), services), phones, [])
        say(f"{sign_ins * rounds + WARM} people open an account")
        street.people = [await _person(services, n) for n in range(sign_ins * rounds + WARM)]
        clients = [await _client(services, alg) for alg in ("RS256", "ES256")]
        browsers: dict[str, Browser] = {}

        async def sms(person: Person) -> None:
            browsers[person.phone] = await street.by_sms(person)

        ways: list[tuple[str, int, Work]] = [
            ("a code by SMS", 3, sms),
            ("a passkey", 3, street.by_passkey),
            ("a product's code and tokens, RS256", 2, street.by_product(browsers, clients[0])),
            ("a product's code and tokens, ES256", 2, street.by_product(browsers, clients[1])),
        ]
        bare = min(await _rounds(street, street.nothing, sign_ins, rounds))
        found = []
        for name, calls, work in ways:
            say(name)
            spent = await _rounds(street, work, sign_ins, rounds)
            found.append(Way(name, calls, min(spent), max(spent), bare * calls))
        return Report(sign_ins, found)


async def _rounds(street: Street, work: Work, sign_ins: int, rounds: int) -> list[float]:
    """Milliseconds each, round by round. Everybody comes once: who comes often is asked to wait."""
    for person in street.people[:WARM]:
        await work(person)
    found = []
    for number in range(rounds):
        street.apart_s, began = 0.0, time.process_time()
        first = WARM + number * sign_ins
        for person in street.people[first : first + sign_ins]:
            await work(person)
        found.append((time.process_time() - began - street.apart_s) * 1_000 / sign_ins)
    return found


async def _person(services: Services, number: int) -> Person:
    """A customer with an account, a phone that opens it, and a passkey."""
    now, directory = services.clock.now(), services.get(customers.Directory)
    phone = f"+7916{number % 1_000:03d}{number // 1_000:04d}"
    key = ec.generate_private_key(ec.SECP256R1())
    account_id = new_id()
    async with services.db.transaction() as tx:
        wanted = customers.Registration(
            request_id=new_id(),
            phone=phone,
            called="Анна",
            source=customers.Source.SITE,
            consents=[customers.Consent("offers", "1", True)],
            phone_strength=customers.Strength.VERIFIED,
        )
        made = (await customers.register(tx, directory, wanted, now)).customer
        await tx.run(ACCOUNT, account_id, made.id, made.number, now)
        await tx.run(LOGIN, directory.identify("phone", phone).hash, account_id, now)
        await tx.run(PASSKEY, account_id.bytes, account_id, _cose(key), now)
    return Person(phone, f"10.{number >> 8 & 255}.{number & 255}.1", account_id, key)


ACCOUNT = "insert into accounts_account (id, customer_id, customer_number, created_at) values ($1, $2, $3, $4)"
LOGIN = "insert into accounts_login (kind, hash, account_id, proved_at) values ('phone', $1, $2, $3)"
PASSKEY = """
    insert into accounts_passkey (credential_id, account_id, public_key, sign_count, name, is_synced, made_at)
    values ($1, $2, $3, 0, 'bench', false, $4)
"""
CLIENT = """
    insert into accounts_client (id, name_en, name_ru, redirect_uris, scopes, sector, id_token_alg, is_trusted,
                                 created_at)
    values ($1, 'bench', 'bench', $2, $3, 'bench', $4, true, $5)
"""


async def _client(services: Services, alg: str) -> str:
    """A public product of ours: nobody is asked to agree."""
    id = f"bench-{alg.lower()}"
    async with services.db.transaction() as tx:
        await tx.run(CLIENT, id, [RETURN], ["openid", "offline_access", "profile"], alg, services.clock.now())
    return id


def _cose(key: ec.EllipticCurvePrivateKey) -> bytes:
    at = key.public_key().public_numbers()
    coded: bytes = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: at.x.to_bytes(32, "big"), -3: at.y.to_bytes(32, "big")})
    return coded


def _signed(person: Person, challenge: str) -> str:
    """What a device answers after a look at its owner."""
    person.used += 1
    said = msgspec.json.encode({"type": "webauthn.get", "challenge": challenge, "origin": "http://localhost:8080"})
    data = hashlib.sha256(b"localhost").digest() + b"\x05" + person.used.to_bytes(4, "big")
    signature = person.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))

    def text(raw: bytes) -> str:
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    id = text(person.account_id.bytes)
    response = {
        "authenticatorData": text(data),
        "clientDataJSON": text(said),
        "signature": text(signature),
        "userHandle": None,
    }
    return msgspec.json.encode({"id": id, "rawId": id, "type": "public-key", "response": response}).decode()


def page(report: Report) -> str:
    lines = [
        f"{way.name:<36} {way.best_ms:.2f} to {way.worst_ms:.2f} ms of a core ({way.calls} calls; as many that do "
        f"nothing {way.bare_ms:.2f}); limit {way.limit_ms:.1f}{'' if way.is_within else ', MISSED'}"
        for way in report.ways
    ]
    return "\n".join(lines)
