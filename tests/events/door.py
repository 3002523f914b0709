"""The HTTP door of the catalogue and the intake, who stands in front of it, and a few customers."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx
import msgspec

from vokrug import events
from vokrug.customers import Vault as PeoplesVault
from vokrug.kernel import Clock, new_id
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import Role, Services
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.keys import issue_key
from vokrug.runtime.signing import Vault
from vokrug.runtime.web import build_app

SECRET = "an installation's own secret"
STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"

ANNA, BORIS = UUID(int=0xA), UUID(int=0xB)
Picture = dict[str, list[str]]


class Town:
    """Everybody who lives here, with their phones, keys, and what they said no to."""

    def __init__(self) -> None:
        self.phones = {("phone", "+79161234567"): ANNA, ("card", "B1"): BORIS, ("ext:crm", "17"): ANNA}
        self.numbers = {ANNA: 1, BORIS: 2}
        vault = PeoplesVault(b"a secret only for these tests..." * 2)
        self.keys = {person: vault.new_person_key(person)[0] for person in self.numbers}
        self.declined: dict[UUID, set[str]] = {person: set() for person in self.numbers}

    async def find(self, tx: Tx, wanted: Sequence[tuple[str, str]]) -> list[events.Found | None]:
        known = self.phones | {("id", str(person)): person for person in self.numbers}
        people = [known.get(each) for each in wanted]
        return [None if one is None else events.Found(self.numbers[one], one) for one in people]

    async def people(self, tx: Tx, ids: Collection[UUID]) -> Mapping[UUID, events.Person]:
        return {id: events.Person(self.keys[id], frozenset(self.declined[id])) for id in ids if id in self.keys}


@dataclass
class Door:
    """Somebody with a key. Answers are checked for their status and decoded."""

    http: httpx.AsyncClient
    key_id: str
    token: str
    headers: dict[str, str] = field(default_factory=dict)

    async def asks(
        self, method: str, path: str, body: Any = None, *, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> Any:
        content = body if isinstance(body, bytes) else b"" if body is None else msgspec.json.encode(body)
        given = {"authorization": f"Bearer {self.token}", "content-type": "application/json", **(headers or {})}
        answer = await self.http.request(method, path, content=content, headers=given)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    async def tells(self, event: Any, *, status: int = 200) -> Any:
        return await self.asks("POST", "/v1/events", event, status=status, headers={"content-type": STRUCTURED})

    async def tells_all(self, batch: Any) -> Any:
        return await self.asks("POST", "/v1/events", batch, headers={"content-type": BATCHED})

    async def declares(self, name: str, *, status: int = 200, **body: Any) -> Any:
        return await self.asks("PUT", f"/v1/events/types/{name}", body, status=status)


@asynccontextmanager
async def open_door(db: Database, clock: Clock) -> AsyncIterator[httpx.AsyncClient]:
    services = Services(db, db, clock)
    services.add(KeyRing(db, Vault(SECRET)))
    services.add(events.Installation("mall"))
    groups = [events.routes, events.catalogue_routes, events.intake_routes, events.page_routes]
    transport = httpx.ASGITransport(build_app(groups, services))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield http


async def knock(http: httpx.AsyncClient, db: Database, role: Role, clock: Clock) -> Door:
    async with db.transaction() as tx:
        issued = await issue_key(
            tx,
            Vault(SECRET),
            uid=new_id(),
            role=role,
            shop_id=None,
            till_id=None,
            label="for a test",
            sandbox=True,
            now=clock.now(),
        )
    assert issued.token is not None, "a sandbox key may be borne"
    return Door(http, issued.key_id, issued.token)


TABLES = "select tablename from pg_tables where tablename like 'events\\_%' and tablename <> 'events_offset' order by 1"


async def picture(db: Database) -> Picture:
    """Every row of every table of the stream, as text: two equal pictures mean that nothing changed."""
    async with db.transaction() as tx:
        names = [row["tablename"] for row in await tx.rows(TABLES)]
        return {
            name: [row["line"] for row in await tx.rows(f"select t::text as line from {name} t order by 1")]
            for name in names
        }


ORDER: dict[str, Any] = {
    "type": "object",
    "required": ["order_id", "total_minor"],
    "properties": {
        "order_id": {"type": "string"},
        "total_minor": {"type": "integer", "minimum": 0},
        "channel": {"enum": ["site", "app"]},
        "phone": {"type": "string", "x-personal": "delivery"},
        "lines": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["sku"],
                "properties": {"sku": {"type": "string"}, "who": {"type": "string", "x-personal": "delivery"}},
            },
        },
    },
}

ORDERED: dict[str, Any] = {
    "owner": "web shop",
    "words": "An order was paid for.",
    "schema": ORDER,
    "examples": [{"order_id": "7", "total_minor": 400_00, "channel": "site"}],
    "identify": [{"field": "phone", "type": "phone"}, {"field": "subject", "type": "id"}],
}


def event(
    id: str = "1", *, type: str = "web.ordered.v1", subject: str | None = str(ANNA), **data: Any
) -> dict[str, Any]:
    told = {"specversion": "1.0", "id": id, "source": "/web", "type": type, "time": "2026-11-23T11:59:00Z"}
    if subject is not None:
        told["subject"] = subject
    return {**told, "data": {"order_id": id, "total_minor": 100_00, **data}}
