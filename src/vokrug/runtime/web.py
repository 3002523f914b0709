"""The ASGI application: finds the endpoint, knows the caller, reads the body, answers, counts.

Everything a hot call passes is in this file, in order, and little else is: see docs/decisions/0004.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import lru_cache
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

import asyncpg

from vokrug.kernel import Refusal, pick_language
from vokrug.runtime import docs_page, health, openapi, problems
from vokrug.runtime.database import CLASHES
from vokrug.runtime.deadlines import Deadlines
from vokrug.runtime.endpoints import Endpoint
from vokrug.runtime.http import ANYONE, Answer, Call, Json, Routes, Services
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.paths import NOTHING, PathTable
from vokrug.runtime.problems import PROBLEM_TYPE, encode_json, problem_of
from vokrug.runtime.request import Gone, Headers, Request, Response
from vokrug.runtime.signing import SCHEME, read_claim
from vokrug.runtime.streaming import STOP_STREAMS, Receive, Stream
from vokrug.runtime.telemetry import EndpointMetrics, Tracing, publish, publish_every_second

Scope = MutableMapping[str, Any]
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

NO_HEADERS: list[tuple[bytes, bytes]] = []


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
        self._streams_end = asyncio.Event()
        self._stream_endings: tuple[str, ...] = ()
        self._elsewhere = EndpointMetrics("-", "unknown")
        self._deadlines = Deadlines()

    @property
    def services(self) -> Services:
        assert self._services is not None, "the application has not been started"
        return self._services

    def add(self, endpoint: Endpoint) -> None:
        self._table.add(endpoint.route.method, endpoint.route.path, endpoint)
        if endpoint.route.is_stream:
            self._stream_endings += ("/" + endpoint.route.path.rpartition("/")[2],)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(scope, receive, send)
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

    def answers_at(self, path: str) -> bool:
        """Can `respond` answer there, in one piece? Streams and mounted applications speak ASGI."""
        return not path.endswith(self._stream_endings) and self._is_ours(path)

    def _is_ours(self, path: str) -> bool:
        """Ours, or else nobody's."""
        return not self._mounts or self._mounted(path) is None or self._table.find(path) is not None

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if not self._is_ours(path):
            mounted = self._mounted(path)
            assert mounted is not None, "what is not ours is somebody's"
            await mounted(scope, receive, send)
            return
        headers = dict(scope["headers"])
        peer = (scope.get("client") or ("",))[0]
        request = Request(scope["method"], path, scope["raw_path"], scope["query_string"], headers, None, receive, peer)
        response = await self.respond(request)
        if response is None:
            return
        status, content_type, body, more = response
        raw_headers = [(b"x-request-id", request.id.encode()), *more]
        if isinstance(body, Stream):
            if request.method != "HEAD":
                await body.send(status, raw_headers, receive, send, self._streams_end)
                return
            await body.chunks.aclose()
            body = b""
        if status != 204:
            raw_headers.append((b"content-length", b"%d" % len(body)))
        if content_type is not None:
            raw_headers.append((b"content-type", content_type))
        await send({"type": "http.response.start", "status": status, "headers": raw_headers})
        await send({"type": "http.response.body", "body": body})

    async def respond(self, request: Request) -> Response | None:
        """The response to a request, whatever happens. Only a caller who hung up gets none."""
        started_s = perf_counter()
        place = self._table.find(request.path)
        endpoint = None
        if place is not None:
            endpoint = place[0].get("GET" if request.method == "HEAD" else request.method)
        self.in_flight += 1
        try:
            if self._tracing is None or endpoint is None:
                response = await self._answer(request, place, endpoint)
            else:
                with self._tracing.request(request.method, endpoint.route.path, Headers(request.headers)) as span:
                    response = await self._answer(request, place, endpoint)
                    span.answered(response[0], request.id)
        except Gone:
            return None
        finally:
            self.in_flight -= 1
        took_s = perf_counter() - started_s
        metrics = self._elsewhere if endpoint is None else endpoint.metrics
        metrics.count(response[0], took_s)
        if request.caller is not None and (watch := self.services.watch) is not None:
            watch(request.caller, response[0], took_s)
        if took_s > SLOW_S or response[0] >= 500:
            _log_notable(request, endpoint, response[0], took_s)
        return response

    async def _answer(
        self, request: Request, place: tuple[dict[str, Endpoint], Mapping[str, str]] | None, endpoint: Endpoint | None
    ) -> Response:
        language = language_of(request.headers.get(b"accept-language"))
        try:
            if endpoint is None or place is None:
                raise _nothing_here(place)
            if self.in_flight > self.max_in_flight and not endpoint.route.is_public:
                raise problems.TooManyRequests()
            services = self.services
            headers, now = Headers(request.headers), services.clock.now()
            call = Call(services, ANYONE, now, language, place[1], NOTHING, headers, request.id, peer=request.peer)
            answer = await self._handled(endpoint, call, request)
        except Refusal as refusal:
            return _declined(refusal, language, request.id)
        except Gone:
            raise
        except Exception as error:
            return _declined(_failure(error, request.id, endpoint), language, request.id)
        body, more = answer.body, NO_HEADERS
        if answer.headers:
            more = raw_of(answer.headers)
        if call.clock_skew_s:
            more = [*more, (b"x-clock-skew-s", b"%d" % call.clock_skew_s)]
        if body is None:
            return answer.status, None, b"", more
        if isinstance(body, bytes | Stream):
            return answer.status, JSON_TYPE if isinstance(body, Json) else None, body, more
        return answer.status, JSON_TYPE, encode_json(body), more

    async def _handled(self, endpoint: Endpoint, call: Call, request: Request) -> Answer[Any]:
        """The endpoint's answer, in time. An operation cut short is a transaction rolled back."""
        with self._deadlines.within(endpoint.answer_timeout_s, request.task, problems.BodyTooSlow) as deadline:
            key = None
            if not endpoint.route.is_public:
                # Whoever has no key is declined before the body is read.
                ring = call.services.get(KeyRing)
                claim = read_claim(request.headers.get(b"authorization", b"").decode("latin-1"))
                key = await ring.find(claim.key_id)
            body = await request.whole_body(endpoint.max_body_bytes)
            deadline.refusal = problems.AnswerTookTooLong
            if key is not None:
                call.clock_skew_s = ring.check(key, claim, request, body, now=call.now)
                call.caller = request.caller = key.caller
                if key.caller.role not in endpoint.route.roles:
                    raise problems.RoleNotAllowed(role=key.caller.role)
            if "\0" in request.path or "\ufffd" in request.path:
                raise problems.AddressMalformed()
            if request.query or endpoint.route.query_needed:
                call.query, call.asked = endpoint.read_query(_pairs(request.query))
            if endpoint.read_body is None:
                answer: Answer[Any] = await endpoint.route.handler(call)
            else:
                given = endpoint.read_body(body, request.headers.get(b"content-type"))
                answer = await endpoint.route.handler(call, given)
        return answer

    # One life of the process

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make the services at startup, close them at shutdown."""
        scope.get("state", {})[STOP_STREAMS] = self._streams_end.set
        async with AsyncExitStack() as stack:
            await receive()
            try:
                if self._living is not None:
                    self._services = await stack.enter_async_context(self._living())
            except Exception as error:
                log.exception("the services did not start")
                await send({"type": "lifespan.startup.failed", "message": type(error).__name__})
                return
            publishing = asyncio.create_task(publish_every_second())
            await send({"type": "lifespan.startup.complete"})
            await receive()
            self.is_stopping = True
        publishing.cancel()
        publish()
        if self._tracing is not None:
            await asyncio.to_thread(self._tracing.close)
        await send({"type": "lifespan.shutdown.complete"})


@lru_cache(maxsize=1024)
def language_of(accepted: bytes | None) -> str:
    return pick_language(None if accepted is None else accepted.decode("latin-1"))


def raw_of(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]


def _declined(refusal: Refusal, language: str, request_id: str) -> Response:
    body = encode_json(problem_of(refusal, language, request_id))
    return refusal.status, PROBLEM_TYPE, body, raw_of(_headers_of(refusal))


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
    if refusal.challenge is not None:
        return {"www-authenticate": refusal.challenge}
    match refusal.status:
        case 401:
            return {"www-authenticate": SCHEME}
        case 405:
            return {"allow": str(refusal.facts["allowed"])}
        case 503:
            return {"retry-after": "1"}
        case _:
            return NOTHING


def _failure(error: Exception, request_id: str, endpoint: Endpoint | None) -> Refusal:
    """What the caller reads when we failed. The traceback goes to the log, the caller gets its ref."""
    facts = {"ref": request_id, "route": endpoint.route.path if endpoint else "-"}
    if isinstance(error, DATABASE_GONE) or _pool_is_closed(error):
        log.error("the database is unavailable: %s", type(error).__name__, extra=facts)
        return problems.DatabaseUnavailable()
    log.error("an endpoint failed", exc_info=error, extra=facts)
    return problems.InternalError()


def _pool_is_closed(error: Exception) -> bool:
    return type(error) is asyncpg.exceptions.InterfaceError and "clos" in str(error)


def _log_notable(request: Request, endpoint: Endpoint | None, status: int, took_s: float) -> None:
    log.warning(
        "failed request" if status >= 500 else "slow request",
        extra={
            "method": request.method,
            "route": endpoint.route.path if endpoint else "-",
            "status": status,
            "took_ms": round(took_s * 1000),
            "ref": request.id,
        },
    )
