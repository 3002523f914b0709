"""A small HTTP client that keeps its connections: a replay is some forty thousand short calls."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import msgspec

from vokrug.kernel import Refusal, Text
from vokrug.runtime.signing import authorization

TRIES = 7
PAUSE_S = 0.2  # doubled after each try: a server that restarts is waited for
TOO_BUSY = frozenset({408, 429, 502, 503, 504})
LONGEST_HEAD_BYTES = 1 << 16


class ServerAway(Refusal):
    """The server does not answer."""

    code, status = "server_away", 503
    cashier = Text(en="The server {url} does not answer.", ru="Сервер {url} не отвечает.")


class AnswerUnexpected(Refusal):
    """The server declined what the replay cannot do without."""

    code, status = "answer_unexpected", 502
    cashier = Text(en="{what} was answered {answer}.", ru="{what}: ответ {answer}.")


class KeyUnreadable(Refusal):
    """The key is not an id and a secret with a point between them."""

    code, status = "key_unreadable", 422
    cashier = Text(en="--key is written as ID.SECRET.", ru="--key пишется как НОМЕР.СЕКРЕТ.")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `is_repeat`: the server had this document already and changed nothing."""

    status: int
    body: bytes
    is_repeat: bool

    @property
    def is_good(self) -> bool:
        return self.status < 300

    def read(self) -> Any:
        return msgspec.json.decode(self.body)

    def problem(self) -> str:
        """The code of the refusal."""
        try:
            return str(self.read()["code"])
        except (msgspec.DecodeError, KeyError, TypeError):
            return f"http_{self.status}"


class Door:
    """Up to `connections` calls at once, each signed with the key."""

    def __init__(self, url: str, key: str, *, connections: int) -> None:
        parts = urlsplit(url)
        self.url = url.rstrip("/")
        self._host, self._prefix = parts.hostname or "", parts.path.rstrip("/")
        self._port = parts.port or (443 if parts.scheme == "https" else 80)
        self._ssl = ssl.create_default_context() if parts.scheme == "https" else None
        self._key_id, _, self._secret = key.strip().partition(".")
        if not self._key_id or not self._secret:
            raise KeyUnreadable
        self.connections = connections
        self._free: asyncio.LifoQueue[_Line | None] = asyncio.LifoQueue()
        for _ in range(connections):
            self._free.put_nowait(None)

    async def __aenter__(self) -> "Door":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while not self._free.empty():
            if (line := self._free.get_nowait()) is not None:
                line.close()

    async def ask(self, method: str, path: str, body: object = None) -> Reply:
        """One call, a file as its bytes, sent again after a broken line: every document has an id and counts once."""
        sent = b"" if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        for attempt in range(TRIES):
            line = await self._free.get()
            try:
                line = line or await self._open()
                reply = await line.ask(self._head(method, self._prefix + path, sent), sent)
            except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                if line is not None:
                    line.close()
                line = None
            else:
                if reply.status not in TOO_BUSY:
                    return reply
            finally:
                self._free.put_nowait(line if line is not None and line.is_open else None)
            await asyncio.sleep(PAUSE_S * 2**attempt)
        raise ServerAway(url=self.url)

    async def need(self, method: str, path: str, body: object = None) -> Any:
        """What an answer says. Anything but a good one ends the replay."""
        reply = await self.ask(method, path, body)
        require_good(f"{method} {path}", reply)
        return reply.read() if reply.body else None

    async def _open(self) -> "_Line":
        reader, writer = await asyncio.open_connection(self._host, self._port, ssl=self._ssl, limit=LONGEST_HEAD_BYTES)
        return _Line(reader, writer)

    def _head(self, method: str, target: str, body: bytes) -> bytes:
        at_s = int(time.time())
        signed = authorization(self._key_id, self._secret, method=method, target=target, at_s=at_s, body=body)
        kind = "Content-Type: application/json\r\n" if body else ""
        return (
            f"{method} {target} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nAuthorization: {signed}\r\n"
            f"Accept-Language: en\r\n{kind}Content-Length: {len(body)}\r\n\r\n"
        ).encode()


def require_good(what: str, reply: Reply) -> None:
    """Anything but a good answer ends the replay."""
    if not reply.is_good:
        raise AnswerUnexpected(what=what, answer=f"{reply.status} {reply.body[:300].decode(errors='replace')}")


class _Line:
    """One connection, one call at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self.is_open = True

    async def ask(self, head: bytes, body: bytes) -> Reply:
        self.is_open = False  # until the whole answer is read, the line is of no use to others
        self._writer.write(head + body)
        status, headers = _read_head(await self._reader.readuntil(b"\r\n\r\n"))
        answer = await self._read_body(headers)
        self.is_open = headers.get("connection", "").lower() != "close"
        if not self.is_open:
            self.close()
        return Reply(status, answer, headers.get("idempotent-replay") == "true")

    async def _read_body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", "0")))
        parts = []
        while size := int((await self._reader.readuntil(b"\r\n")).split(b";")[0], 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readuntil(b"\r\n")
        return b"".join(parts)

    def close(self) -> None:
        self.is_open = False
        self._writer.close()


def _read_head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *rest = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in rest if line)
    return int(first.split(" ", 2)[1]), {name.lower(): value.strip() for name, _, value in pairs}
