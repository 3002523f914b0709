"""HTTP/1.1 on one connection, cheap for what tills send.

An ordinary request has come whole, head and body, with one read of the socket. It goes straight to the
application and its answer leaves in one write: no ASGI messages, no events, no timer of its own. Whatever
is not ordinary (a body in pieces, a request sent before the last was answered, `Expect`, an upgrade, a
mounted application) takes uvicorn's own way, on the same parser and the same connection.
"""

import asyncio
import logging
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from vokrug.runtime.request import Request, Response, path_of
from vokrug.runtime.web import Application

log = logging.getLogger("vokrug.http")

_PLAIN_TARGET = re.compile(rb"/[\w/.:~!$&'()*+,;=@-]*", re.ASCII)
_UNSENDABLE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_SPECIAL = frozenset((b"expect", b"upgrade", b"transfer-encoding"))
_FAILED = (
    b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 21\r\nconnection: close\r\n\r\nInternal Server Error"
)


class Exchange:
    """A request on its way through the application, with the part of uvicorn's cycle that others look at."""

    __slots__ = ("disconnected", "keep_alive", "request", "response_complete", "task")

    def __init__(self, request: Request, *, keep_alive: bool) -> None:
        self.request = request
        self.keep_alive = keep_alive
        self.disconnected = self.response_complete = False
        self.task: asyncio.Task[None] | None = None


class WireProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a short way for ordinary requests."""

    cycle: Exchange | RequestResponseCycle | None  # type: ignore[assignment]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app = self.app.app if isinstance(self.app, ProxyHeadersMiddleware) else self.app
        self.plain = app if isinstance(app, Application) else None
        self.is_gathering = self.is_special = False
        self.body = b""
        self.idle_since_s: float | None = None

    # What comes in

    def data_received(self, data: bytes) -> None:
        self.idle_since_s = None
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.is_gathering = False
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("Invalid HTTP request received.")
            return
        except httptools.HttpParserUpgrade:
            self._unsupported_upgrade_warning()
        if self.is_gathering:  # there is more to come
            self._take_the_long_way()

    def on_message_begin(self) -> None:
        self.url = self.body = b""
        self.headers = []
        self.is_special = False

    def on_header(self, name: bytes, value: bytes) -> None:
        name = name.lower()
        if name in _SPECIAL:
            self.is_special = True
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        is_free = self.cycle is None or self.cycle.response_complete
        self.is_gathering = is_free and not self.is_special and self.plain is not None
        if not self.is_gathering:
            self._begin_long_way()

    def on_body(self, body: bytes) -> None:
        if self.is_gathering:
            self.body = self.body + body if self.body else body
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.is_gathering:
            super().on_message_complete()
            return
        assert self.plain is not None, "only such applications are gathered for"
        url = self.url
        if _PLAIN_TARGET.fullmatch(url):
            path, target, query = url.decode("ascii"), url, b""
        else:
            path, target, query = path_of(url)
        if not self.plain.answers_at(path):  # somebody mounted beside us does
            self._take_the_long_way()
            super().on_message_complete()
            return
        self.is_gathering = False
        parser = self.parser
        peer = self.client[0] if self.client else ""
        method = parser.get_method().decode("ascii")
        request = Request(method, path, target, query, dict(self.headers), self.body, peer=peer)
        is_kept = parser.should_keep_alive() and parser.get_http_version() != "1.0"
        exchange = self.cycle = Exchange(request, keep_alive=is_kept)
        exchange.task = request.task = self.loop.create_task(self._exchange(exchange, self.plain))

    # uvicorn's own way

    def _take_the_long_way(self) -> None:
        """What was being gathered is passed on as it stands."""
        self.is_gathering = False
        body = self.body
        self._begin_long_way()
        if body:
            super().on_body(body)

    def _begin_long_way(self) -> None:
        if isinstance(self.cycle, Exchange):
            self._keep(self.cycle)
        headers, url = self.headers, self.url
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()

    # What goes out

    async def _exchange(self, exchange: Exchange, app: Application) -> None:
        request = exchange.request
        try:
            response = await app.respond(request)
            if response is None:
                return
            raw = self._written(response, request, keep_alive=exchange.keep_alive)
        except Exception:
            log.exception("an answer could not be made")
            exchange.keep_alive, raw = False, _FAILED
        if self.flow.write_paused and not exchange.disconnected:
            await self.flow.drain()
        if not exchange.disconnected:
            self.transport.write(raw)
            exchange.response_complete = True
            if not exchange.keep_alive:
                self.transport.close()
            self.on_response_complete()

    def _written(self, response: Response, request: Request, *, keep_alive: bool) -> bytes:
        status, content_type, body, more = response
        assert isinstance(body, bytes), "a stream takes the long way"
        head = _status_line(status) + default_head(self.server_state.default_headers)
        if content_type is not None:
            head += b"content-type: %b\r\n" % content_type
        for name, value in more:
            if _UNSENDABLE.search(value):
                raise ValueError(f"the header {name!r} holds what may not be sent")
            head += b"%b: %b\r\n" % (name, value)
        if not keep_alive:
            head += b"connection: close\r\n"
        if status == 204:
            return b"%bx-request-id: %b\r\n\r\n" % (head, request.id.encode())
        sent = b"" if request.method == "HEAD" else body
        return b"%bx-request-id: %b\r\ncontent-length: %d\r\n\r\n%b" % (head, request.id.encode(), len(body), sent)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            return
        self.idle_since_s = self.loop.time()
        if self.timeout_keep_alive_task is None:
            # One timer a connection, set on when it rings too early: not one a request.
            self._ring_in(self.timeout_keep_alive)

    def _ring_in(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def timeout_keep_alive_handler(self) -> None:
        self.timeout_keep_alive_task = None
        if self.idle_since_s is None or self.transport.is_closing():
            return
        left_s = self.idle_since_s + self.timeout_keep_alive - self.loop.time()
        if left_s > 0.001:
            self._ring_in(left_s)
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        exchange = self.cycle
        if isinstance(exchange, Exchange):
            self.cycle = None
            exchange.disconnected = True
            self._keep(exchange)
        self._unset_keepalive_if_required()
        super().connection_lost(exc)

    def _keep(self, exchange: Exchange) -> None:
        """Until now the connection kept the task; the event loop itself would not."""
        if exchange.task is not None and not exchange.response_complete:
            self.tasks.add(exchange.task)
            exchange.task.add_done_callback(self.tasks.discard)


_status_lines = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus}


def _status_line(status: int) -> bytes:
    return _status_lines.get(status) or b"HTTP/1.1 %d \r\n" % status


class _DefaultHead:
    """uvicorn renews its list of default headers, the date among them, once a second."""

    def __init__(self) -> None:
        self._of: Iterable[tuple[bytes, bytes]] = ()
        self._head = b""

    def __call__(self, headers: list[tuple[bytes, bytes]]) -> bytes:
        if headers is not self._of:
            self._head = b"".join([b"%b: %b\r\n" % header for header in headers])
            self._of = headers
        return self._head


default_head = _DefaultHead()
