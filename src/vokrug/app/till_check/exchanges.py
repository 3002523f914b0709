"""A till's exchanges with its centre: one request and what came back, as a till's own log tells it."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from vokrug.kernel import Refusal, Text

SIGNED = re.compile(r"key=(?P<key>[\w-]+), *ts=(?P<ts>\d+)(?:, *signature=(?P<signature>[0-9a-fA-F]+))?")
DOCUMENT = re.compile(r"^/pos/v1/(?P<kind>checks|returns)/(?P<uid>[^/:]+):(?P<verb>\w+)")


class LogUnreadable(Refusal):
    """A line of the log is not what the format says."""

    code, status = "till_log_unreadable", 422
    cashier = Text(
        en="Line {line} of the log cannot be read: {reason}.", ru="Строка {line} журнала не читается: {reason}."
    )


class Exchange(msgspec.Struct, kw_only=True, frozen=True):
    """A line of the log, JSON. Only the first three are needed; what a till cannot tell it leaves out.

    `ts`: what the till signed with, unix seconds. `ms`: how long it waited. `status`: none when no answer came;
    then `error` says why. `headers`: of the answer.
    """

    sent_at: datetime
    method: str
    path: str
    ts: int | None = None
    key: str = ""
    body: Any = None
    status: int | None = None
    answer: Any = None
    headers: dict[str, str] = {}
    ms: int | None = None
    timeout_ms: int | None = None
    error: str = ""
    accident: str = ""  # what the line did to it, in a check of ours

    @property
    def target(self) -> str:
        return self.path.partition("?")[0]

    @property
    def kind(self) -> str:
        """checks, returns, or the last word of the path: identify, heartbeat."""
        found = DOCUMENT.match(self.target)
        return found["kind"] if found else self.target.rpartition("/")[2]

    @property
    def verb(self) -> str:
        found = DOCUMENT.match(self.target)
        return found["verb"] if found else self.kind

    @property
    def uid(self) -> str:
        found = DOCUMENT.match(self.target)
        return found["uid"] if found else ""

    @property
    def code(self) -> str:
        """Of a refusal."""
        return str(self.answer.get("code", "")) if isinstance(self.answer, dict) and (self.status or 0) >= 400 else ""

    @property
    def is_done(self) -> bool:
        return self.status is not None and 200 <= self.status < 300

    def of_body(self, *names: str) -> Any:
        """A field of the body, or None wherever the way to it ends."""
        found = self.body
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found

    def of_answer(self, *names: str) -> Any:
        found = self.answer
        for name in names:
            found = found.get(name) if isinstance(found, dict) else None
        return found


def read_log(path: Path) -> list[Exchange]:
    """A log, in the order in which the till sent. Empty lines do not count."""
    exchanges = []
    for number, line in enumerate(path.read_text("utf-8-sig").splitlines(), 1):
        if not line.strip():
            continue
        try:
            exchange = msgspec.json.decode(line, type=Exchange)
        except msgspec.MsgspecError as error:
            raise LogUnreadable(line=number, reason=str(error)) from None
        if exchange.sent_at.tzinfo is None:
            raise LogUnreadable(line=number, reason="sent_at has no zone")
        exchanges.append(exchange)
    return sorted(exchanges, key=lambda exchange: exchange.sent_at)


def write_log(path: Path, exchanges: Sequence[Exchange]) -> None:
    path.write_bytes(b"".join(msgspec.json.encode(exchange) + b"\n" for exchange in exchanges))


def from_wire(
    sent_at: datetime,
    method: str,
    path: str,
    asked: Mapping[str, str],
    body: bytes,
    status: int | None,
    told: Mapping[str, str],
    answer: bytes,
    ms: int,
    accident: str,
    error: str = "",
) -> Exchange:
    """What passed on the line, without the signature."""
    signed = SIGNED.search(next((value for name, value in asked.items() if name.lower() == "authorization"), ""))
    return Exchange(
        sent_at=sent_at,
        method=method,
        path=path,
        ts=int(signed["ts"]) if signed else None,
        key=signed["key"] if signed else "",
        body=_json(body),
        status=status,
        answer=_json(answer),
        headers={name: told[name] for name in ("idempotent-replay", "x-clock-skew-s") if name in told},
        ms=ms,
        accident=accident,
        error=error,
    )


def _json(text: bytes) -> Any:
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError:
        return text.decode("utf-8", "replace")
