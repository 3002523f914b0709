"""The line between a till and its centre, with the accidents that lines have. It writes down what passes."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import urlsplit

from vokrug.app.till_check.exchanges import SIGNED, Exchange, from_wire
from vokrug.app.till_check.signatures import explain

PASSED_ON = ("authorization", "content-type", "accept-language", "x-request-id")
PASSED_BACK = ("content-type", "idempotent-replay", "x-clock-skew-s", "retry-after", "www-authenticate", "x-request-id")


@dataclass(frozen=True, slots=True)
class Accident:
    """What happens to one request. `lose_answer`: the centre did it, and the till never hears of that."""

    kind: Literal["none", "lose_request", "lose_answer", "slow", "instead", "recast"] = "none"
    wait_s: float = 0
    status: int = 0
    answer: Mapping[str, Any] = field(default_factory=dict)


NONE = Accident()
LOSE_REQUEST, LOSE_ANSWER = Accident("lose_request"), Accident("lose_answer")


def instead(status: int, /, **answer: Any) -> Accident:
    """The line answers for the centre, which hears nothing."""
    return Accident("instead", status=status, answer=answer)


def slow(seconds: float) -> Accident:
    return Accident("slow", wait_s=seconds)


def recast(status: int, /, **answer: Any) -> Accident:
    """The centre's own answer, with another status and some fields changed."""
    return Accident("recast", status=status, answer=answer)


Choose = Callable[[str, str, Any], Accident]  # method, path, body


class Line:
    """Listens on a port, passes on to `centre`. `choose` says what befalls each request; it may be set anew."""

    def __init__(self, centre: str, host: str = "127.0.0.1", port: int = 0) -> None:
        self.centre = urlsplit(centre)
        self.choose: Choose = lambda method, path, body: NONE
        self.heard: list[Exchange] = []
        self.secrets: dict[str, str] = {}  # of keys of ours: with them a wrong signature can be explained
        self._lock = threading.Lock()
        self._under_way = 0
        self._server = ThreadingHTTPServer((host, port), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "Line":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def suffers(self, *accidents: Accident) -> None:
        """The next requests meet these, one each; then the line is whole again."""
        waiting = list(accidents)
        self.choose = lambda method, path, body: waiting.pop(0) if waiting else NONE

    def began(self) -> None:
        with self._lock:
            self._under_way += 1

    def note(self, exchange: Exchange) -> None:
        with self._lock:
            self._under_way -= 1
            self.heard.append(exchange)

    def quiet(self, within_s: float = 20) -> None:
        """Come back when nothing is under way."""
        until_s = time.monotonic() + within_s
        while self._under_way and time.monotonic() < until_s:
            time.sleep(0.02)

    def ask(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """The centre's own answer."""
        line = http.client.HTTPConnection(self.centre.hostname or "127.0.0.1", self.centre.port, timeout=60)
        try:
            given = {name: value for name, value in headers.items() if name.lower() in PASSED_ON}
            line.request(method, target, body, given)
            answer = line.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return answer.status, told, answer.read()
        finally:
            line.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        line = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def serve(self) -> None:
                carry(line, self)

            do_GET = do_POST = do_PUT = do_DELETE = serve  # noqa: N815

        return Handler


def carry(line: Line, till: BaseHTTPRequestHandler) -> None:
    """One request through the line, whatever befalls it there."""
    line.began()
    began_s, sent_at = time.monotonic(), datetime.now(UTC)
    body = till.rfile.read(int(till.headers.get("content-length") or 0))
    accident = line.choose(till.command, till.path, parsed(body))
    status, headers, answer = 0, {}, b""
    try:
        if accident.kind == "lose_request":
            hang_up(till)
            return
        if accident.kind == "instead":
            status, answer = accident.status, json.dumps(dict(accident.answer), ensure_ascii=False).encode()
            headers = {"content-type": "application/problem+json" if status >= 400 else "application/json"}
        else:
            status, headers, answer = line.ask(till.command, till.path, dict(till.headers.items()), body)
        time.sleep(accident.wait_s)
        if accident.kind == "lose_answer":
            status, answer = 0, b""
            hang_up(till)
            return
        if accident.kind == "recast" and status < 300:
            status = accident.status
            answer = json.dumps({**json.loads(answer), **accident.answer}, ensure_ascii=False).encode()
        reply(till, status, headers, answer)
    except (OSError, http.client.HTTPException):
        # Either side hung up; a till that does not wait is a finding, and no trouble of ours.
        status = 0
        hang_up(till)
    finally:
        took_ms = int((time.monotonic() - began_s) * 1000)
        line.note(
            from_wire(
                sent_at,
                till.command,
                till.path,
                dict(till.headers.items()),
                body,
                status or None,
                headers,
                answer,
                took_ms,
                "" if accident is NONE else accident.kind,
                why_declined(line, till, body) if status == 401 and accident is NONE else "",
            )
        )


def why_declined(line: Line, till: BaseHTTPRequestHandler, body: bytes) -> str:
    """The mistake in a signature, in both languages, where the key is one of ours."""
    found = SIGNED.search(till.headers.get("authorization") or "")
    secret = line.secrets.get(found["key"]) if found else None
    if found is None or secret is None or found["signature"] is None:
        return ""
    mistake = explain(
        secret,
        method=till.command,
        target=till.path,
        ts=int(found["ts"]),
        body=body,
        signature=found["signature"],
    )
    return "" if mistake is None else f"{mistake.text.ru} / {mistake.text.en}"


def reply(till: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], answer: bytes) -> None:
    till.send_response_only(status)
    for name in PASSED_BACK:
        if name in headers:
            till.send_header(name, headers[name])
    till.send_header("content-length", str(len(answer)))
    till.end_headers()
    till.wfile.write(answer)


def hang_up(till: BaseHTTPRequestHandler) -> None:
    till.close_connection = True
    till.connection.close()


def parsed(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
