"""The ASGI application: finds the endpoint, knows the caller, reads the body, answers, counts.

Everything a hot call passes is in this file, in order, and little else is: see docs/decisions/0004.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import lru_cache
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

import asyncpg

from vokrug.kernel import Refusal, new_id, pick_language
from vokrug.runtime import docs_page, health, openapi, problems
from vokrug.runtime.database import CLASHES
from vokrug.runtime.endpoints import Endpoint
from vokrug.runtime.http import ANYONE, Answer, Call, Routes, Services, Stream
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.paths import NOTHING, PathTable
from vokrug.runtime.problems import PROBLEM_TYPE, encode_json, problem_of
from vokrug.runtime.signing import SCHEME, read_claim
from vokrug.runtime.telemetry import EndpointMetrics, Tracing

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]
Check = Callable[[Services], Awaitable[None]]
Living = Callable[[], AbstractAsyncContextManager[Services]]

log = logging.getLogger("vokrug.http")

JSON_TYPE = b"application/json"
SLOW_S = 1.0

DATABASE_GONE = (
    ConnectionError,
    socket.gaierror,
    asyncpg.exceptions.PostgresConnectionError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.TooManyConnectionsError,
    asyncpg.exceptions.AdminShutdownError,
    asyncpg.exceptions.CrashShutdownError,
    asyncpg.InternalClientError,  # a connection cut in the middle of a statement, on its way back to the pool
    asyncpg.exceptions.ReadOnlySQLTransactionError,  # the primary has just become a replica
    *CLASHES,
)

pick_language_once = lru_cache(maxsize=1024)(pick_language)


class Gone(Exception):
    """The caller hung up before the request was whole."""


def build_app(
    routes: Sequence[Routes],
    services: Services | Living,
    *,
    checks: Mapping[str, Check] | None = None,
    mounts: Mapping[str, AsgiApp] | None = None,
    tracing: Tracing | None = None,
    max_body_bytes: int = 4 * 2**20,
    answer_timeout_s: float = 15,
    max_in_flight: int = 2_000,
    title: str = "Vokrug",
    version: str = "1",
) -> "Application":
    """An ASGI application over these routes, with health, metrics, OpenAPI and its page beside them.

    `services` are either given ready, or made at startup and closed at shutdown by a function that
    returns an async context manager. `checks` are what /health/ready looks at besides the database.
    `mounts` are other ASGI applications by the beginning of their paths: pages are served so.
    """
    app = Application(
        services,
        checks=checks or {},
        mounts=mounts or {},
        tracing=tracing,
        max_body_bytes=max_body_bytes,
        answer_timeout_s=answer_timeout_s,
        max_in_flight=max_in_flight,
    )
    described = [health.routes_over(app), *routes]
    document = openapi.document(described, title=title, version=version)
    for group in [*described, docs_page.routes_over(document)]:
        for route in group.all:
            app.add(Endpoint.of(route, app.max_body_bytes, app.answer_timeout_s))
    return app


class Headers(Mapping[str, str]):
    """Headers by lower-case name, decoded when they are asked for."""

    __slots__ = ("_raw",)

    def __init__(self, raw: dict[bytes, bytes]) -> None:
        self._raw = raw

    def __getitem__(self, name: str) -> str:
        return self._raw[name.encode("latin-1")].decode("latin-1")

    def __iter__(self) -> Iterator[str]:
        return (name.decode("latin-1") for name in self._raw)

    def __len__(self) -> int:
        return len(self._raw)


class Deadline:
    """Cancels the work inside when its time is up, and says so with a refusal. It does what
    asyncio.timeout does at a fifth of the price, which counts where every call has one.
    """

    __slots__ = ("_is_over", "_task", "_timer", "refusal")

    def __init__(self, limit_s: float) -> None:
        task = asyncio.current_task()
        assert task is not None, "a request is served in a task"
        self._task = task
        self._is_over = False
        self._timer = asyncio.get_running_loop().call_later(limit_s, self._end)
        self.refusal: type[Refusal] = problems.BodyTooSlow

    def _end(self) -> None:
        self._is_over = True
        self._task.cancel()

    def __enter__(self) -> "Deadline":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        self._timer.cancel()
        if self._is_over and self._task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise self.refusal() from None


class Application:
    """One per process."""

    def __init__(
        self,
        services: Services | Living,
        *,
        checks: Mapping[str, Check],
        mounts: Mapping[str, AsgiApp],
        tracing: Tracing | None,
        max_body_bytes: int,
        answer_timeout_s: float,
        max_in_flight: int,
    ) -> None:
        self._living = None if isinstance(services, Services) else services
        self._services = services if isinstance(services, Services) else None
        self._table: PathTable[Endpoint] = PathTable()
        self._mounts = sorted(mounts.items(), key=lambda mount: -len(mount[0]))
        self._tracing = tracing
        self.checks = checks
        self.max_body_bytes = max_body_bytes
        self.answer_timeout_s = answer_timeout_s
        self.max_in_flight = max_in_flight
        self.in_flight = 0
        self.is_stopping = False
        self._elsewhere = EndpointMetrics("-", "unknown")

    @property
    def services(self) -> Services:
        assert self._services is not None, "the application has not been started"
        return self._services

    def add(self, endpoint: Endpoint) -> None:
        self._table.add(endpoint.route.method, endpoint.route.path, endpoint)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif mounted := self._mounted(scope["path"]):
            await mounted(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    def _mounted(self, path: str) -> AsgiApp | None:
        for beginning, app in self._mounts:
            if path.startswith(beginning):
                return app
        return None

    # One request

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        place = self._table.find(path)
        if place is None and (mounted := self._mounted(path)):
            await mounted(scope, receive, send)
            return
        started_s = perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        request_id = _request_id(headers)
        method = scope["method"]
        endpoint = None
        if place is not None:
            endpoint = place[0].get("GET" if method == "HEAD" else method)
        self.in_flight += 1
        try:
            if self._tracing is None or endpoint is None:
                answer = await self._answer(scope, receive, headers, request_id, place, endpoint)
            else:
                with self._tracing.request(method, endpoint.route.path, Headers(headers)) as span:
                    answer = await self._answer(scope, receive, headers, request_id, place, endpoint)
                    span.answered(answer[0], str(request_id))
        except Gone:
            return
        finally:
            self.in_flight -= 1
        status, raw_headers, body = answer
        await send({"type": "http.response.start", "status": status, "headers": raw_headers})
        if isinstance(body, Stream):
            async for piece in body.pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            body = b""
        await send({"type": "http.response.body", "body": body})
        took_s = perf_counter() - started_s
        metrics = self._elsewhere if endpoint is None else endpoint.metrics
        metrics.count(status)
        metrics.observe(took_s)
        if took_s > SLOW_S or status >= 500:
            _log_notable(method, endpoint, status, took_s, request_id)

    async def _answer(
        self,
        scope: Scope,
        receive: Receive,
        headers: dict[bytes, bytes],
        request_id: UUID,
        place: tuple[dict[str, Endpoint], Mapping[str, str]] | None,
        endpoint: Endpoint | None,
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes | Stream]:
        """Status, headers and body, whatever happens. Only a caller who hung up gets none."""
        language = pick_language_once(_text(headers.get(b"accept-language")))
        skew_s = None
        try:
            if endpoint is None or place is None:
                raise _nothing_here(place)
            if self.in_flight > self.max_in_flight and not endpoint.route.is_public:
                raise problems.TooManyRequests()
            call = Call(
                services=self.services,
                caller=ANYONE,
                now=self.services.clock.now(),
                language=language,
                path=place[1],
                query=NOTHING,
                headers=Headers(headers),
                request_id=request_id,
            )
            answer = await self._handled(endpoint, call, scope, receive, headers)
            skew_s = call.clock_skew_s
            body = answer.body
            encoded: bytes | Stream
            if isinstance(body, Stream):
                encoded, content_type = body, None
            elif body is None:
                encoded, content_type = b"", None
            elif isinstance(body, bytes):
                encoded, content_type = body, None
            else:
                encoded, content_type = encode_json(body), JSON_TYPE
            status, extra = answer.status, answer.headers
        except Refusal as refusal:
            status = refusal.status
            encoded, content_type = encode_json(problem_of(refusal, language, request_id)), PROBLEM_TYPE
            extra = _headers_of(refusal)
        except Gone:
            raise
        except Exception as error:
            failure = _failure(error, request_id, endpoint)
            status = failure.status
            encoded, content_type = encode_json(problem_of(failure, language, request_id)), PROBLEM_TYPE
            extra = _headers_of(failure)
        raw_headers = [
            (b"x-request-id", str(request_id).encode()),
        ]
        if status != 204 and not isinstance(encoded, Stream):
            raw_headers.append((b"content-length", str(len(encoded)).encode()))
        if content_type is not None:
            raw_headers.append((b"content-type", content_type))
        if skew_s:
            raw_headers.append((b"x-clock-skew-s", str(skew_s).encode()))
        if extra:
            raw_headers += [(name.lower().encode(), value.encode("latin-1")) for name, value in extra.items()]
        return status, raw_headers, encoded

    async def _handled(
        self, endpoint: Endpoint, call: Call, scope: Scope, receive: Receive, headers: dict[bytes, bytes]
    ) -> Answer[Any]:
        """The endpoint's answer, in time. An operation cut short is a transaction rolled back."""
        with Deadline(endpoint.answer_timeout_s) as deadline:
            key = None
            if not endpoint.route.is_public:
                # Whoever has no key is declined before the body is read.
                ring = call.services.get(KeyRing)
                claim = read_claim(headers.get(b"authorization", b"").decode("latin-1"))
                key = await ring.find(claim.key_id)
            body = await _whole_body(receive, endpoint.max_body_bytes, headers)
            deadline.refusal = problems.AnswerTookTooLong
            if key is not None:
                call.clock_skew_s = ring.check(
                    key, claim, method=scope["method"], target=_target(scope), body=body, now=call.now
                )
                call.caller = key.caller
                if key.caller.role not in endpoint.route.roles:
                    raise problems.RoleNotAllowed(role=key.caller.role)
            if "\0" in scope["path"] or "\ufffd" in scope["path"]:
                raise problems.AddressMalformed()
            if scope["query_string"] or endpoint.route.query_needed:
                call.query, call.asked = endpoint.read_query(_pairs(scope["query_string"]))
            if endpoint.read_body is None:
                answer: Answer[Any] = await endpoint.route.handler(call)
            else:
                given = endpoint.read_body(body, headers.get(b"content-type"))
                answer = await endpoint.route.handler(call, given)
        return answer

    # One life of the process

    async def _live(self, receive: Receive, send: Send) -> None:
        """Make the services at startup, close them at shutdown."""
        async with AsyncExitStack() as stack:
            await receive()
            try:
                if self._living is not None:
                    self._services = await stack.enter_async_context(self._living())
            except Exception as error:
                log.exception("the services did not start")
                await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self.is_stopping = True
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)
        await send({"type": "lifespan.shutdown.complete"})


async def _whole_body(receive: Receive, limit: int, headers: dict[bytes, bytes]) -> bytes:
    """The body, however many pieces it comes in. It is declined at the first sign that it is too large."""
    announced = headers.get(b"content-length")
    if announced is not None and len(announced) > 4 and int(announced) > limit:
        raise problems.BodyTooLarge(limit_bytes=limit)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        pieces, size = [body], len(body)
        while message.get("more_body") and size <= limit:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Gone()
            piece = message.get("body", b"")
            pieces.append(piece)
            size += len(piece)
        body = b"".join(pieces)
    if len(body) > limit:
        raise problems.BodyTooLarge(limit_bytes=limit)
    return body


def _target(scope: Scope) -> str:
    """The path with its query, exactly as sent: what the caller signed."""
    path: str = scope["raw_path"].decode("latin-1")
    query: bytes = scope["query_string"]
    return f"{path}?{query.decode('latin-1')}" if query else path


def _text(raw: bytes | None) -> str | None:
    return None if raw is None else raw.decode("latin-1")


def _request_id(headers: dict[bytes, bytes]) -> UUID:
    """The caller's own id when it is a UUID, so that both logs can be read side by side."""
    given = headers.get(b"x-request-id")
    if given is not None:
        with contextlib.suppress(ValueError):
            return UUID(given.decode("latin-1"))
    return new_id()


def _pairs(query: bytes) -> list[tuple[str, str]]:
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        raise problems.AddressMalformed() from None
    if any("\0" in name or "\0" in value for name, value in pairs):
        raise problems.AddressMalformed()
    return pairs


def _nothing_here(place: tuple[dict[str, Endpoint], Mapping[str, str]] | None) -> Refusal:
    if place is None:
        return problems.PathUnknown()
    methods = {*place[0], *(["HEAD"] if "GET" in place[0] else [])}
    return problems.MethodNotAllowed(allowed=", ".join(sorted(methods)))


def _headers_of(refusal: Refusal) -> Mapping[str, str]:
    match refusal.status:
        case 401:
            return {"www-authenticate": SCHEME}
        case 405:
            return {"allow": str(refusal.facts["allowed"])}
        case 503:
            return {"retry-after": "1"}
        case _:
            return NOTHING


def _failure(error: Exception, request_id: UUID, endpoint: Endpoint | None) -> Refusal:
    """What the caller reads when we failed. The traceback goes to the log, the caller gets its ref."""
    facts = {"ref": str(request_id), "route": endpoint.route.path if endpoint else "-"}
    if isinstance(error, DATABASE_GONE) or _pool_is_closed(error):
        log.error("the database is unavailable: %s", type(error).__name__, extra=facts)
        return problems.DatabaseUnavailable()
    log.error("an endpoint failed", exc_info=error, extra=facts)
    return problems.InternalError()


def _pool_is_closed(error: Exception) -> bool:
    return type(error) is asyncpg.exceptions.InterfaceError and "clos" in str(error)


def _log_notable(method: str, endpoint: Endpoint | None, status: int, took_s: float, request_id: UUID) -> None:
    log.warning(
        "failed request" if status >= 500 else "slow request",
        extra={
            "method": method,
            "route": endpoint.route.path if endpoint else "-",
            "status": status,
            "took_ms": round(took_s * 1000),
            "ref": str(request_id),
        },
    )
