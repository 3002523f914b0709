"""An application over a database of its own, and callers of every role."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx
import pytest

from tests.runtime_http.example import INSTALLATION_SECRET, app_over, services_over
from tests.runtime_http.live import Server
from vokrug.kernel import Clock, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Caller, Role, Services
from vokrug.runtime.key_ring import KeyRing, LiveKey
from vokrug.runtime.keys import issue_key
from vokrug.runtime.signing import Vault, authorization
from vokrug.runtime.web import Application


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:vokrug:problem:{problem['code']}"
    assert problem["ref"] == answer.headers["x-request-id"]
    return answer.status_code, problem["code"]


class KnownKeys(KeyRing):
    """A ring that knows a key for every role by heart; the key's id is the role's name."""

    async def find(self, key_id: str) -> LiveKey:
        caller = Caller(key_id=key_id, role=Role(key_id), shop_id=7, till_id=2)
        return LiveKey(caller, "vks_secret", None, datetime(2020, 1, 1, tzinfo=UTC), float("inf"))


def services_without_database() -> Services:
    nowhere = Database(cast(Any, None))
    services = Services(db=nowhere, reports=nowhere, clock=Clock())
    services.parts[KeyRing] = KnownKeys(nowhere, Vault(INSTALLATION_SECRET))
    return services


@pytest.fixture
def services(db: Database) -> Services:
    return services_over(db)


@pytest.fixture
def app(services: Services) -> Application:
    return app_over(services)


@pytest.fixture
async def http(app: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A caller without a key."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        yield client


@dataclass
class Signer:
    """A till, a partner or a member of staff, with a key of theirs."""

    http: httpx.AsyncClient
    key_id: str
    secret: str
    token: str | None
    clock_is_ahead_s: int = 0

    async def sends(self, method: str, target: str, body: bytes = b"", **headers: str) -> httpx.Response:
        signed = authorization(
            self.key_id,
            self.secret,
            method=method,
            target=target,
            at_s=int(time.time()) + self.clock_is_ahead_s,
            body=body,
        )
        given = {"authorization": signed, **{name.replace("_", "-"): said for name, said in headers.items()}}
        if body:
            given.setdefault("content-type", "application/json")
        return await self.http.request(method, target, content=body, headers=given)


Key = Callable[..., Awaitable[Signer]]


@pytest.fixture
def key(db: Database, services: Services, http: httpx.AsyncClient) -> Key:
    """Issues a key: `await key(Role.TILL)`."""

    async def issue(role: Role = Role.TILL, *, sandbox: bool = False, uid: UUID | None = None) -> Signer:
        of_a_till: dict[str, Any] = {"shop_id": 7, "till_id": 2} if role is Role.TILL else {}
        async with db.transaction() as tx:
            issued = await issue_key(
                tx,
                Vault(INSTALLATION_SECRET),
                uid=uid or new_id(),
                role=role,
                shop_id=of_a_till.get("shop_id"),
                till_id=of_a_till.get("till_id"),
                label="for a test",
                sandbox=sandbox,
                now=services.clock.now(),
            )
        return Signer(http, issued.key_id, issued.secret, issued.token)

    return issue


Start = Callable[[int], Server]


@pytest.fixture
def start(tmp_path: Path, database_url: str) -> Iterator[Start]:
    started: list[Server] = []

    def begin(processes: int) -> Server:
        started.append(Server(tmp_path, processes, database_url))
        return started[-1]

    yield begin
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()
