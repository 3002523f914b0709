"""HTTP endpoints: declared once, served by Starlette, described in one OpenAPI 3.1 document.

    routes = Routes("customers")

    @routes.post("/v1/customers", answers={201: CustomerCard}, refusals=[PhoneMalformed], roles=[Role.TILL])
    async def register(call: Call, body: Register) -> Answer[CustomerCard]:
        "Docstring: first line is the summary, the rest the description."
        async with call.db.transaction() as tx:
            ...
        return Answer(card, status=201)

This is the door that domains write their `api.py` against; the parts behind it are beside it.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar
from uuid import UUID

from vokrug.kernel import Clock, Refusal
from vokrug.runtime.database import Database

T = TypeVar("T")


class Role(StrEnum):
    """Who a key belongs to."""

    TILL = "till"
    PARTNER = "partner"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key signed the request, and how far it reaches."""

    key_id: str
    role: Role
    shop_id: int | None = None  # a till's or shop's key reaches this shop only
    till_id: int | None = None
    is_sandbox: bool = False


@dataclass(slots=True)
class Services:
    """What lives as long as the process. Domains find their own long-lived parts by type."""

    db: Database
    reports: Database
    clock: Clock
    parts: dict[type, Any] = field(default_factory=dict)

    def add(self, part: object) -> None:
        self.parts[type(part)] = part

    def get(self, kind: type[T]) -> T:
        found: T = self.parts[kind]
        return found


@dataclass(slots=True)
class Call:
    """One request, as an endpoint sees it."""

    services: Services
    caller: Caller
    now: datetime
    language: str  # "ru" or "en"
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    request_id: UUID

    @property
    def db(self) -> Database:
        return self.services.db


@dataclass(slots=True)
class Answer(Generic[T]):
    """A body (a msgspec Struct, or None) with its status and headers."""

    body: T
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str  # Starlette's form: "/pos/v1/checks/{check_uid:uuid}:commit"
    handler: Callable[..., Awaitable[Any]]
    tag: str
    roles: frozenset[Role]
    body: type | None  # the msgspec Struct of the request, read from the handler's annotations
    answers: Mapping[int, type | None]
    refusals: tuple[type[Refusal], ...]
    query: Mapping[str, type]
    is_public: bool = False  # no key needed: health, metrics, documents


class Routes:
    """The endpoints of one domain."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.all: list[Route] = []

    def _add(
        self,
        method: str,
        path: str,
        *,
        answers: Mapping[int, type | None],
        refusals: Sequence[type[Refusal]] = (),
        roles: Sequence[Role] = (Role.STAFF,),
        query: Mapping[str, type] | None = None,
        is_public: bool = False,
    ) -> Callable[[T], T]:
        def declare(handler: T) -> T:
            hints = inspect.get_annotations(handler, eval_str=True)  # type: ignore[arg-type]
            self.all.append(
                Route(
                    method=method,
                    path=path,
                    handler=handler,  # type: ignore[arg-type]
                    tag=self.tag,
                    roles=frozenset(roles),
                    body=hints.get("body"),
                    answers=answers,
                    refusals=tuple(refusals),
                    query=query or {},
                    is_public=is_public,
                )
            )
            return handler

        return declare

    def get(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("GET", path, **declared)

    def post(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("POST", path, **declared)

    def put(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("PUT", path, **declared)

    def delete(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("DELETE", path, **declared)
