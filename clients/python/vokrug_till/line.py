"""One request at a time: signed, within its time, the clock set right by the centre's, written down for till-check."""

import http.client
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from vokrug_till.contract import OPERATIONS
from vokrug_till.signing import authorization

TIMEOUTS_S = {"pos_post_identify": 2.0}
TIMEOUT_S = 3.0  # a shopper stands there: no answer by then is no answer
SKEW_MATTERS_S = 30

# What a log must not hold: who the shopper is, and what opens doors.
PERSONAL = {"value", "phone", "called", "card", "number", "pin", "customer_token", "display_name", "secret", "token"}
PERSONAL_WHOLE = {"messages", "offline_pass", "receipt"}  # a receipt may greet by name


class Unreachable(Exception):
    """No answer: whether the centre did it is not known. Send the very same again."""


class Refused(Exception):
    """The centre said no. `retry`: never, same, later. `cashier_text` is for the cashier's screen."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status, self.problem = status, problem
        self.code = str(problem.get("code", "not_the_centre"))
        self.retry = str(problem.get("retry", "later"))
        self.cashier_text = str(problem.get("cashier_text", ""))
        super().__init__(f"{status} {self.code}")

    @property
    def is_busy(self) -> bool:
        """The centre is there and cannot just now; as good as no line."""
        return self.status >= 500 or self.status == 429 or self.code == "not_the_centre"


@dataclass(frozen=True)
class Answered:
    status: int
    body: Any
    is_repeat: bool


@dataclass
class Line:
    """`send` answers, or raises Unreachable or Refused. `now_s` is the till's clock."""

    url: str
    key_id: str
    secret: str
    language: str = "ru"
    log: Path | None = None
    timeouts_s: Mapping[str, float] = field(default_factory=lambda: TIMEOUTS_S)
    now_s: Callable[[], float] = time.time
    shift_s: int = 0  # what has to be added to our clock to get the centre's
    times_ms: list[int | None] = field(default_factory=list)  # of late; None: no answer
    _kept: http.client.HTTPConnection | None = None

    def send(self, operation: str, body: Mapping[str, Any] | bytes | None = None, **parts: str) -> Answered:
        """Call an operation of the contract. `parts` fill its path; what is left over goes into the query."""
        method, path = OPERATIONS[operation]
        query = {name: value for name, value in parts.items() if "{" + name + "}" not in path}
        target = path.format(**{name: quote(value, safe="") for name, value in parts.items() if name not in query})
        target = f"{target}?{urlencode(query)}" if query else target
        content = b"" if body is None else body if isinstance(body, bytes) else encode(body)
        return self.send_raw(method, target, content, self.timeouts_s.get(operation, TIMEOUT_S))

    def send_raw(self, method: str, target: str, content: bytes, timeout_s: float) -> Answered:
        try:
            return self._once(method, target, content, timeout_s)
        except Refused as refused:
            if refused.code != "stale_signature" or "server_ts" not in refused.problem.get("facts", {}):
                raise
            # Our clock is wrong, the centre told its own: signed anew, once.
            self.shift_s = int(refused.problem["facts"]["server_ts"]) - int(self.now_s())
            return self._once(method, target, content, timeout_s)

    def _once(self, method: str, target: str, content: bytes, timeout_s: float) -> Answered:
        at_s = int(self.now_s()) + self.shift_s
        headers = {
            "Authorization": authorization(self.key_id, self.secret, method, target, at_s, content),
            "Content-Type": "application/json",
            "Accept-Language": self.language,
        }
        began_s, trouble = time.monotonic(), ""
        status: int | None = None
        told: dict[str, str] = {}
        answer = b""
        try:
            status, told, answer = self._exchange(method, target, content, headers, timeout_s)
        except (OSError, http.client.HTTPException) as error:
            self.hang_up()
            trouble = type(error).__name__
            raise Unreachable(trouble) from error
        finally:
            took_ms = int((time.monotonic() - began_s) * 1000)
            self.times_ms = [*self.times_ms[-99:], None if status is None or status >= 500 else took_ms]
            self._note(method, target, content, at_s, status, told, answer, took_ms, timeout_s, trouble)
        self._mind_the_clock(told)
        found = decoded(answer)
        if 200 <= status < 300:
            return Answered(status, found, "idempotent-replay" in told)
        raise Refused(status, found if isinstance(found, dict) else {})

    def _exchange(
        self, method: str, target: str, content: bytes, headers: Mapping[str, str], timeout_s: float
    ) -> tuple[int, dict[str, str], bytes]:
        """On the kept connection if it still stands: the other end may have closed it meanwhile."""
        is_kept = self._kept is not None
        line = self._kept or self._connect(timeout_s)
        if line.sock is not None:
            line.sock.settimeout(timeout_s)
        try:
            line.request(method, target, content, dict(headers))
            answer = line.getresponse()
            body = answer.read()
        except (ConnectionError, http.client.RemoteDisconnected):
            self.hang_up()
            if not is_kept:
                raise
            return self._exchange(method, target, content, headers, timeout_s)
        self._kept = line
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, body

    def _connect(self, timeout_s: float) -> http.client.HTTPConnection:
        where = urlsplit(self.url)
        host = where.hostname or "localhost"
        if where.scheme == "https":
            return http.client.HTTPSConnection(
                host, where.port, timeout=timeout_s, context=ssl.create_default_context()
            )
        return http.client.HTTPConnection(host, where.port, timeout=timeout_s)

    def hang_up(self) -> None:
        if self._kept is not None:
            with suppress(OSError, socket.error):
                self._kept.close()
        self._kept = None

    def _mind_the_clock(self, told: Mapping[str, str]) -> None:
        skew_s = int(told.get("x-clock-skew-s", "0"))
        if abs(skew_s) > SKEW_MATTERS_S:
            self.shift_s -= skew_s

    def _note(
        self,
        method: str,
        target: str,
        content: bytes,
        at_s: int,
        status: int | None,
        told: Mapping[str, str],
        answer: bytes,
        took_ms: int,
        timeout_s: float,
        trouble: str,
    ) -> None:
        if self.log is None:
            return
        line = {
            "sent_at": datetime.fromtimestamp(self.now_s(), UTC).isoformat(),
            "ts": at_s,
            "key": self.key_id,
            "method": method,
            "path": target,
            "body": impersonal(decoded(content)),
            "status": status,
            "answer": impersonal(decoded(answer)),
            "headers": {name: told[name] for name in ("idempotent-replay", "x-clock-skew-s") if name in told},
            "ms": took_ms,
            "timeout_ms": int(timeout_s * 1000),
            "error": trouble,
        }
        with suppress(OSError), self.log.open("a", encoding="utf-8") as log:  # a full disk stops no sale
            log.write(json.dumps(line, ensure_ascii=False) + "\n")


def encode(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def decoded(text: bytes) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return None  # a proxy's page


def impersonal(told: Any) -> Any:
    """A copy fit for a log: the last two characters of what is personal."""
    if isinstance(told, dict):
        return {
            name: "***"
            if name in PERSONAL_WHOLE
            else "***" + value[-2:]
            if name in PERSONAL and isinstance(value, str)
            else impersonal(value)
            for name, value in told.items()
        }
    return [impersonal(one) for one in told] if isinstance(told, list) else told
