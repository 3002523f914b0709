"""A small chain to sell in, and the people in it: what the till's tests are told with."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx

from vokrug import events, ledger, pos, promotions
from vokrug.app.wiring import living, routes_of
from vokrug.kernel import MovedClock, format_minor, parse_minor
from vokrug.runtime import keys
from vokrug.runtime.http import Role, Services
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.postgres import create_database, drop_database
from vokrug.runtime.settings import Settings
from vokrug.runtime.signing import authorization
from vokrug.runtime.web import Application, build_app

SHOPS = [
    {"code": "S1", "name": "Арбат", "tills": ["T1", "T2"]},
    {"code": "S2", "name": "Невский", "tills": ["T1"]},
]
TIERS = [
    {"code": "silver", "name_ru": "Серебро", "name_en": "Silver", "from_spent": "0"},
    {"code": "gold", "name_ru": "Золото", "name_en": "Gold", "from_spent": "10000"},
]
CATALOGUE = {
    "categories": [{"code": "sweets", "name": "Сладкое"}],
    "articles": [
        {"sku": "coffee", "name": "Кофе"},
        {"sku": "cake", "name": "Торт", "category": "sweets"},
        {"sku": "cheese", "name": "Сыр", "is_weighed": True},
    ],
}
POINTS_LIVE_DAYS = 365
OFFERS: dict[str, dict[str, Any]] = {
    "base": {
        "kind": "earn",
        "reward": {"kind": "rate", "steps": [{"from_minor": 0, "rate_bp": 500}]},
        "expires": {"kind": "days", "days": POINTS_LIVE_DAYS},
    },
    "half": {"kind": "burn_cap", "share_bp": 5000},
    "points": {"kind": "point_programme"},
    "cakes": {
        "kind": "item_discount",
        "goods": {"skus": ["cake"]},
        "benefit": {"kind": "percent", "percent_bp": 1000},
    },
}
_phones = itertools.count(9_160_000_000)

Line = dict[str, Any]
COFFEE: Line = {"sku": "coffee", "qty": "1", "price": "100.00"}
CAKE: Line = {"sku": "cake", "qty": "1", "price": "400.00"}  # 360.00 after the offer
CHEESE: Line = {"sku": "cheese", "qty": "0.350", "price": "999.90"}  # 349.97 (half up)


def times(line: Line, qty: str) -> Line:
    return {**line, "qty": qty}


def numbered(lines: tuple[Line, ...]) -> list[Line]:
    return [{"n": n, **line} for n, line in enumerate(lines, 1)]


@dataclass(frozen=True)
class Answer:
    """What the centre said."""

    status: int
    body: Any
    is_repeat: bool = False

    @property
    def code(self) -> tuple[int, str]:
        """Of a refusal: its status and its name."""
        return self.status, self.body.get("code", "?")

    def __getitem__(self, name: str) -> Any:
        return self.body[name]

    def done(self) -> "Answer":
        assert self.status in (200, 202), f"{self.status}: {self.body}"
        return self


@dataclass
class Quote:
    """A priced check in a till's hands."""

    till: "Till"
    check: UUID
    rev: int
    asked: dict[str, Any]
    answer: Answer

    @property
    def to_pay(self) -> str:
        return str(self.answer["totals"]["to_pay"])

    @property
    def burn(self) -> str:
        return str(self.answer["burn"]["applied"])


@dataclass
class Shopper:
    """A registered customer, as the shop knows them: a phone."""

    till: "Till"
    phone: str
    token: str

    async def balance(self) -> dict[str, Any]:
        answer = (await self.till.identifies(self)).done()
        balance: dict[str, Any] = answer["balance"]
        return balance

    async def points(self) -> str:
        return str((await self.balance())["active"])


FISCAL = {"fn": "9999078900005488", "fd": "1", "fp": "1"}
_fiscal_numbers = itertools.count(1000)


def fiscal() -> dict[str, str]:
    """The sign of a freshly printed receipt."""
    return {**FISCAL, "fd": str(next(_fiscal_numbers))}


@dataclass
class Till:
    """A till with a key of its own. Its verbs send; `done` on an answer insists that it went well."""

    http: httpx.AsyncClient
    shop: str
    code: str
    key: keys.IssuedKey
    language: str = "ru"

    async def sends(self, path: str, body: Any, method: str = "POST", **headers: str) -> Answer:
        given = {"authorization": f"Bearer {self.key.token}", "accept-language": self.language, **headers}
        content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        answer = await self.http.request(method, path, headers=given, **content)
        return Answer(
            answer.status_code, answer.json() if answer.content else None, "idempotent-replay" in answer.headers
        )

    async def signs(self, path: str, body: bytes, at_s: int, secret: str | None = None) -> Answer:
        """The same, signed as live tills do."""
        key_id = self.key.key_id
        signed = authorization(key_id, secret or self.key.secret, method="POST", target=path, at_s=at_s, body=body)
        return await self.sends(path, body, authorization=signed)

    @property
    def place(self) -> dict[str, str]:
        return {"shop": self.shop, "till": self.code}

    async def registers(self, called: str = "Анна", **more: Any) -> Shopper:
        phone = more.pop("phone", None) or f"+7{next(_phones)}"
        body = {**self.place, "request_id": str(uuid4()), "phone": phone, "called": called, **more}
        answer = (await self.sends("/pos/v1/customers", body)).done()
        return Shopper(self, phone, answer["customer_token"])

    async def identifies(self, shopper: Shopper) -> Answer:
        body = {**self.place, "identifier": {"type": "phone", "value": shopper.phone}}
        return await self.sends("/pos/v1/identify", body)

    def check(
        self, shopper: Shopper | None, *lines: Line, rev: int = 1, burn: str = "none", hold: Any = True, **more: Any
    ) -> dict[str, Any]:
        """The body of a calculation. `burn`: none, max, or how many points."""
        asked: dict[str, Any] = {"rev": rev, **self.place, "lines": numbered(lines), "hold": hold, **more}
        if shopper is not None:
            asked.setdefault("customer_token", shopper.token)
        if burn != "none":
            asked["burn"] = {"mode": "max"} if burn == "max" else {"mode": "points", "points": burn}
        return asked

    async def calculates(self, check: UUID, body: Any) -> Answer:
        return await self.sends(f"/pos/v1/checks/{check}:calculate", body)

    async def commits(self, check: UUID, body: Any) -> Answer:
        return await self.sends(f"/pos/v1/checks/{check}:commit", body)

    async def quotes(self, shopper: Shopper | None, *lines: Line, check: UUID | None = None, **asked: Any) -> Quote:
        check = check or uuid4()
        body = self.check(shopper, *lines, **asked)
        answer = (await self.calculates(check, body)).done()
        return Quote(self, check, body["rev"], body, answer)

    async def confirms(self, quote: Quote, **more: Any) -> Answer:
        body = {"rev": quote.rev, **self.place, "claimed": {"to_pay": quote.to_pay}, **more}
        return await self.commits(quote.check, body)

    async def sells(self, shopper: Shopper | None, *lines: Line, **asked: Any) -> tuple[Quote, Answer]:
        """A whole sale: quoted, then confirmed."""
        quote = await self.quotes(shopper, *lines, **asked)
        return quote, (await self.confirms(quote)).done()

    async def cancels(self, check: UUID) -> Answer:
        return await self.sends(f"/pos/v1/checks/{check}:cancel", self.place)

    def returning(self, check: UUID, **lines: str | None) -> dict[str, Any]:
        """The body of a return of lines by number, `_1="2"`; none named is everything left."""
        asked = [{"n": int(n[1:]), **({} if qty is None else {"qty": qty})} for n, qty in lines.items()]
        return {**self.place, "original": {"check_uid": str(check)}, "lines": asked}

    async def returns(self, body: Any, return_id: UUID | None = None, *, dry: bool = False) -> Answer:
        verb = "calculate" if dry else "commit"
        return await self.sends(f"/pos/v1/returns/{return_id or uuid4()}:{verb}", body)


# Not facts of the business: what a process notes for itself.
# Copies and sums that are kept by reactions follow a moment later.
NOT_BOOKS = (
    "procrastinate",
    "runtime",
    "schema",
    "events_worker",
    "events_lease",
    "events_offset",
    "customers_change",
    "analytics_",
    "pos_fraud_count",
    "pos_fraud_seen",
    "pos_suspicion",
    "pos_low_price",
)


@dataclass
class Chain:
    """The application over a fresh database, its clock in our hands."""

    services: Services
    app: Application
    http: httpx.AsyncClient
    staff: Till
    url: str  # of the database
    tills: dict[tuple[str, str], Till] = field(default_factory=dict)

    def till(self, shop: str = "S1", code: str = "T1") -> Till:
        return self.tills[shop, code]

    @property
    def checkout(self) -> pos.Checkout:
        return self.services.get(pos.Checkout)

    def passes(self, **time: float) -> None:
        """Time goes by."""
        clock = self.services.clock
        assert isinstance(clock, MovedClock)
        clock.advance(timedelta(**time))

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        async with self.services.db.transaction(readonly=True) as tx:
            return [dict(row) for row in await tx.rows(sql, *args)]

    async def tables(self) -> list[str]:
        found = await self.rows("select tablename as name from pg_tables where schemaname = 'public' order by 1")
        return [row["name"] for row in found if not row["name"].startswith(NOT_BOOKS)]

    async def fingerprint(self) -> dict[str, Any]:
        """Row counts and checksums of every table."""
        sql = " union all ".join(
            f"select '{name}' as name, count(*) || '/' || coalesce(sum(hashtextextended(t::text, 0)), 0) as mark "
            f"from {name} t"
            for name in await self.tables()
        )
        return {row["name"]: row["mark"] for row in await self.rows(sql)}

    async def reacts(self, *reactions: events.Reaction) -> None:
        """Until these have heard all that was told: the application's own runner may be at it at this moment."""
        runner = events.ReactionRunner(self.services.db, self.services.clock, reactions)
        names = [reaction.name for reaction in reactions]
        async with asyncio.timeout(30):
            await runner.enrol()
            while await self.rows(BEHIND, names):
                await runner.run_once()
                await asyncio.sleep(0.01)

    async def balances(self) -> None:
        """The books agree with themselves."""
        async with self.services.db.transaction(readonly=True, isolation="repeatable_read") as tx:
            report = await ledger.check_books(tx)
        assert report.balanced, report.differences

    async def publishes(self, key: str, body: dict[str, Any]) -> None:
        """An offer, from its draft to life."""
        created = await self.staff.sends(
            "/v1/promotions", {"id": str(uuid4()), "key": key, "name": key, "owner": "marketing", "body": body}
        )
        offer = created["offer"]["id"]
        for step in ("check", "publish"):
            (await self.staff.sends(f"/v1/promotions/{offer}:{step}", {"version": 1})).done()
        async with self.services.db.transaction(readonly=True) as tx:
            await self.services.get(promotions.LiveOffers).refresh(tx)

    async def events(self, kind: str) -> list[dict[str, Any]]:
        """Published facts of a type, oldest first."""
        return await self.rows(EVENTS, kind)


BEHIND = """
    select from events_offset place join events_head head using (partition)
     where place.reaction = any($1) and place.position < head.next_position - 1
"""
EVENTS = """
    select l.* from events_log l join events_type t on t.id = l.type where t.name = $1 order by l.recorded_at
"""


async def issue(
    services: Services, role: Role, shop_id: int | None = None, till_id: int | None = None
) -> keys.IssuedKey:
    async with services.db.transaction() as tx:
        return await keys.issue_key(
            tx,
            services.get(KeyRing).vault,
            uid=uuid4(),
            role=role,
            shop_id=shop_id,
            till_id=till_id,
            label="for a test",
            sandbox=True,
            now=services.clock.now(),
        )


@dataclass(frozen=True)
class Opened:
    """A database with the shops open, to be copied, and the keys that were issued in it."""

    database: str
    staff: keys.IssuedKey
    tills: dict[tuple[str, str], keys.IssuedKey]


@asynccontextmanager
async def open_chain(database_url: str, opened: Opened | None = None, **more: Any) -> AsyncIterator[Chain]:
    """Start the application in this process; on a copy of `opened` the shops are there already. `more` are settings."""
    settings = Settings(database_url=database_url, reports_url=database_url, secret="x" * 40, clock="movable", **more)
    async with living(settings, with_jobs=False) as services:
        app = build_app(routes_of(settings), services, max_body_bytes=settings.request_limit_bytes)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://centre") as http:
            staff = Till(http, "", "", opened.staff if opened else await issue(services, Role.STAFF))
            chain = Chain(services, app, http, staff, database_url)
            if opened:
                chain.tills = {place: Till(http, *place, key) for place, key in opened.tills.items()}
            else:
                await set_up(chain)
            yield chain


async def set_up(chain: Chain) -> None:
    async with chain.services.db.transaction() as tx:
        await tx.run("update pos_fraud_rule set is_on = false")  # what they tell comes a moment after the sale
    (await chain.staff.sends("/v1/tiers", {"tiers": TIERS}, "PUT")).done()
    (await chain.staff.sends("/v1/catalogue", CATALOGUE, "PUT")).done()
    for given in SHOPS:
        shop = (await chain.staff.sends("/v1/shops", given, "PUT")).done()
        for till in shop["tills"]:
            key = await issue(chain.services, Role.TILL, shop["id"], till["id"])
            chain.tills[shop["code"], till["code"]] = Till(chain.http, shop["code"], till["code"], key)
    for name, body in OFFERS.items():
        await chain.publishes(name, body)


async def prepare(database: str, database_url: str) -> Opened:
    """Open the shops once; tests work on copies."""
    async with open_chain(database_url) as chain:
        return Opened(database, chain.staff.key, {place: till.key for place, till in chain.tills.items()})


@contextmanager
def copied(postgres_base: str, template: str) -> Iterator[str]:
    """The address of a database of one's own."""
    name, admin = f"test_{uuid4().hex}", f"{postgres_base}/postgres"
    create_database(admin, name, template)
    try:
        yield f"{postgres_base}/{name}"
    finally:
        drop_database(admin, name)


def plus(*amounts: str) -> str:
    """The sum of decimal amounts, exactly."""
    return format_minor(sum(parse_minor(amount) for amount in amounts))
