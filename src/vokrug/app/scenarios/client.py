"""A caller of the API as a careful partner writes one: whatever breaks on the way is sent again."""

import http.client
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

RETRY_FOR_S = 60.0
BUSY = (429, 502, 503, 504)


@dataclass(frozen=True)
class Heard:
    """An answer, and whether the server said that it had given it before."""

    status: int
    answer: Any
    is_repeat: bool = False


class Client(Protocol):
    """What the adapter needs of the world: a request, and its answer."""

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]: ...

    def hear(self, method: str, path: str, body: Any = None) -> Heard: ...

    def another(self) -> "Client":
        """A caller beside this one, for work that happens at once."""
        ...


class HttpClient:
    """One kept connection and a bearer's token. A broken line or a busy server is no answer: the same request
    goes out again, as every instruction may.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url, self.token = url, token
        self._connection: http.client.HTTPConnection | None = None

    def another(self) -> "HttpClient":
        return HttpClient(self.url, self.token)

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        heard = self.hear(method, path, body)
        return heard.status, heard.answer

    def hear(self, method: str, path: str, body: Any = None) -> Heard:
        until_s = time.monotonic() + RETRY_FOR_S
        while True:
            try:
                heard = self._once(method, path, body)
            except (OSError, http.client.HTTPException):
                self.hang_up()
                if time.monotonic() > until_s:
                    raise
            else:
                if heard.status not in BUSY or time.monotonic() > until_s:
                    return heard
            time.sleep(0.03)

    def _once(self, method: str, path: str, body: Any) -> Heard:
        if self._connection is None:
            where = urlsplit(self.url)
            kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
            self._connection = kind(where.hostname or "127.0.0.1", where.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Accept-Language": "en"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        text = answer.read()
        told = json.loads(text) if text[:1] in (b"{", b"[") else text.decode()
        return Heard(answer.status, told, answer.getheader("Idempotent-Replay") is not None)

    def hang_up(self) -> None:
        if self._connection is not None:
            with suppress(OSError):
                self._connection.close()
            self._connection = None
