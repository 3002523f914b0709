"""A request as the application sees it, whichever way it came."""

import asyncio
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias
from uuid import UUID

import httptools
import uuid_utils

from vokrug.runtime import problems
from vokrug.runtime.http import Caller
from vokrug.runtime.streaming import Receive, Stream

# Status, kind of the body, body, further headers.
Response: TypeAlias = tuple[int, bytes | None, bytes | Stream, Sequence[tuple[bytes, bytes]]]


class Gone(Exception):
    """The caller hung up before the request was whole."""


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


class Request:
    """`body` is there when the request came whole; else `receive` brings it, in pieces."""

    __slots__ = ("body", "caller", "headers", "id", "method", "path", "peer", "query", "raw_path", "receive", "task")

    def __init__(
        self,
        method: str,
        path: str,
        raw_path: bytes,
        query: bytes,
        headers: dict[bytes, bytes],
        body: bytes | None,
        receive: Receive | None = None,
        peer: str = "",
    ) -> None:
        self.peer = peer
        self.caller: Caller | None = None  # once the key was found to be theirs
        self.method, self.path, self.raw_path, self.query = method, path, raw_path, query
        self.headers, self.body, self.receive = headers, body, receive
        self.id = request_id(headers.get(b"x-request-id"))
        self.task: asyncio.Task[Any] | None = None

    @property
    def target(self) -> str:
        """The path with its query, exactly as sent: what the caller signed."""
        path = self.raw_path.decode("latin-1")
        return f"{path}?{self.query.decode('latin-1')}" if self.query else path

    async def whole_body(self, limit: int) -> bytes:
        """The body, however many pieces it comes in. It is declined at the first sign that it is too large."""
        body = self.body
        if body is None:
            announced = self.headers.get(b"content-length")
            if announced is not None and len(announced) > 4 and int(announced) > limit:
                raise problems.BodyTooLarge(limit_bytes=limit)
            assert self.receive is not None, "a body is here or comes"
            body = await gathered(self.receive, limit)
        if len(body) > limit:
            raise problems.BodyTooLarge(limit_bytes=limit)
        return body


async def gathered(receive: Receive, limit: int) -> bytes:
    """All pieces, or a little more than the limit."""
    pieces, size, is_more = [], 0, True
    while is_more and size <= limit:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone()
        piece: bytes = message.get("body", b"")
        pieces.append(piece)
        size += len(piece)
        is_more = message.get("more_body", False)
    return b"".join(pieces)


def request_id(given: bytes | None) -> str:
    """The caller's own id when it is a UUID, so that both logs can be read side by side."""
    if given is not None:
        try:
            return str(UUID(given.decode("latin-1")))
        except ValueError:
            pass
    return str(uuid_utils.uuid7())


def path_of(url: bytes) -> tuple[str, bytes, bytes]:
    """Path as text, path as sent, and query of a request's address."""
    parsed = httptools.parse_url(url)
    raw = parsed.path or b""
    path = raw.decode("ascii")
    return urllib.parse.unquote(path) if "%" in path else path, raw, parsed.query or b""
