"""HTTP endpoints: declared once, served by `web.py`, described in one OpenAPI 3.1 document.

    routes = Routes("customers")

    @routes.post("/v1/customers", answers={201: CustomerCard}, refusals=[PhoneMalformed], roles=[Role.TILL])
    async def register(call: Call, body: Register) -> Answer[CustomerCard]:
        "Docstring: first line is the summary, the rest the description."
        async with call.db.transaction() as tx:
            ...
        return Answer(card, status=201)

A `body` annotated with a msgspec Struct is decoded from JSON and checked; `bytes` takes the body as it
came; `X | None` lets it be absent. Values of the query are checked against their declared types: `query`
holds them as text, `asked` as what they were declared to be. All are optional unless `query_needed` names
them; a `list[...]` may be repeated.

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
    ANYONE = "anyone"  # no key at all: the caller of a public endpoint


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose key signed the request, and how far it reaches."""

    key_id: str
    role: Role
    shop_id: int | None = None  # a till's or shop's key reaches this shop only
    till_id: int | None = None
    is_sandbox: bool = False


ANYONE = Caller(key_id="", role=Role.ANYONE)


@dataclass(frozen=True, slots=True)
class Operator:
    """Whose installation this is, as papers name them."""

    name: str = ""
    address: str = ""


@dataclass(slots=True)
class Services:
    """What lives as long as the process. Domains find their own long-lived parts by type."""

    db: Database
    reports: Database
    clock: Clock
    parts: dict[type, Any] = field(default_factory=dict)
    # Told of every answer to a key: the caller, the status, how long it took. It must cost next to nothing.
    watch: "Callable[[Caller, int, float], None] | None" = None

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
    request_id: UUID | str
    asked: Mapping[str, Any] = field(default_factory=dict)  # the query's declared parameters, typed
    clock_skew_s: int = 0  # how far the caller's clock is ahead of ours, by its signature
    peer: str = ""  # the address at the other end of the connection

    @property
    def db(self) -> Database:
        return self.services.db


class Json(bytes):
    """A body that is JSON already."""


@dataclass(slots=True)
class Answer(Generic[T]):
    """A body (a msgspec Struct, or None) with its status and headers.

    A body of `bytes` is sent as it is; say its kind with a `content-type` header, or with `Json`.
    """

    body: T
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str  # "/pos/v1/checks/{check_uid:uuid}:commit"; kinds of parameter: str, int, uuid, path
    handler: Callable[..., Awaitable[Any]]
    tag: str
    roles: frozenset[Role]
    body: Any  # the msgspec Struct of the request, read from the handler's annotations
    answers: Mapping[int, Any]
    refusals: tuple[type[Refusal], ...]
    query: Mapping[str, Any]
    query_needed: frozenset[str] = frozenset()
    is_public: bool = False  # no key needed: health, metrics, documents
    example: object = None  # a body to show in the documents
    max_body_bytes: int | None = None  # None: the application's own limit
    answer_timeout_s: float | None = None
    is_stream: bool = False  # its answer may be a Stream

    @property
    def operation_id(self) -> str:
        """Stable for generated clients: the domain and the handler's name."""
        return f"{self.tag}_{self.handler.__name__}".replace("-", "_")

    @property
    def summary(self) -> str:
        return self.doc.partition("\n")[0] or self.handler.__name__.replace("_", " ").capitalize()

    @property
    def doc(self) -> str:
        return inspect.getdoc(self.handler) or ""


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
        answers: Mapping[int, Any],
        refusals: Sequence[type[Refusal]] = (),
        roles: Sequence[Role] = (Role.STAFF,),
        query: Mapping[str, Any] | None = None,
        query_needed: Sequence[str] = (),
        is_public: bool = False,
        example: object = None,
        max_body_bytes: int | None = None,
        answer_timeout_s: float | None = None,
        is_stream: bool = False,
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
                    query_needed=frozenset(query_needed),
                    is_public=is_public,
                    example=example,
                    max_body_bytes=max_body_bytes,
                    answer_timeout_s=answer_timeout_s,
                    is_stream=is_stream,
                )
            )
            return handler

        return declare

    def get(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("GET", path, **declared)

    def post(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("POST", path, **declared)

    def patch(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("PATCH", path, **declared)

    def put(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("PUT", path, **declared)

    def delete(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("DELETE", path, **declared)

    def options(self, path: str, **declared: Any) -> Callable[[T], T]:
        return self._add("OPTIONS", path, **declared)
