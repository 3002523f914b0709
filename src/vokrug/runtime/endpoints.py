"""A route made ready to serve: its decoder, its limits and its counters are built once, at the start."""

import re
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from vokrug.runtime import problems
from vokrug.runtime.http import Route
from vokrug.runtime.telemetry import EndpointMetrics

ReadBody = Callable[[bytes, bytes | None], Any]

_JSON = re.compile(rb"application/(?:[\w.+-]+\+)?json\s*(?:;\s*charset=\"?utf-?8\"?\s*)?", re.IGNORECASE)
_AT = re.compile(r"^(.*?)(?: - at `(?:key in )?\$\.?(.*?)`)?$", re.DOTALL)


@dataclass(slots=True)
class Endpoint:
    route: Route
    read_body: ReadBody | None
    max_body_bytes: int
    answer_timeout_s: float
    metrics: EndpointMetrics

    @classmethod
    def of(cls, route: Route, max_body_bytes: int, answer_timeout_s: float) -> "Endpoint":
        return cls(
            route=route,
            read_body=None if route.body is None else body_reader(route.body),
            max_body_bytes=route.max_body_bytes or max_body_bytes,
            answer_timeout_s=route.answer_timeout_s or answer_timeout_s,
            metrics=EndpointMetrics(route.method, route.path),
        )

    def read_query(self, pairs: list[tuple[str, str]]) -> tuple[Mapping[str, str], Mapping[str, Any]]:
        """The query as text, and its declared parameters as what they were declared to be."""
        text = dict(pairs)
        asked: dict[str, Any] = {}
        for name, kind in self.route.query.items():
            if name not in text:
                if name in self.route.query_needed:
                    raise problems.QueryInvalid(name=name, problem="it is missing")
                continue
            given = [value for key, value in pairs if key == name] if is_list(kind) else text[name]
            try:
                asked[name] = msgspec.convert(given, kind, strict=False)
            except msgspec.ValidationError as error:
                raise problems.QueryInvalid(name=name, problem=str(error)) from None
        return text, asked


def is_list(kind: Any) -> bool:
    return typing.get_origin(kind) in (list, tuple, set)


def is_optional(kind: Any) -> bool:
    """`X | None`: the body may be absent."""
    return typing.get_origin(kind) in (typing.Union, types.UnionType) and type(None) in typing.get_args(kind)


def when_present(kind: Any) -> Any:
    """What a body is when it is there: `X` of `X | None`. An absent body is empty, not `null`."""
    if not is_optional(kind):
        return kind
    return typing.Union[tuple(part for part in typing.get_args(kind) if part is not type(None))]  # noqa: UP007


def body_reader(kind: Any) -> ReadBody:
    """From bytes to `kind`, or to the refusal that names the place."""
    if kind is bytes:
        return lambda body, content_type: body
    decode = msgspec.json.Decoder(when_present(kind), strict=True).decode
    may_be_absent = is_optional(kind)

    def read(body: bytes, content_type: bytes | None) -> Any:
        # The usual spelling first; a till that names no type at all is believed to send JSON.
        if content_type not in (b"application/json", None) and not _JSON.fullmatch(content_type or b""):
            raise problems.MediaTypeUnsupported(accepted="application/json")
        if not body and may_be_absent:
            return None
        try:
            given = decode(body)
        except msgspec.ValidationError as error:
            problem, at = _AT.match(str(error)).groups()  # type: ignore[union-attr]
            raise problems.BodyInvalid(at=at or "$", problem=problem) from None
        except UnicodeDecodeError as error:
            raise problems.BodyMalformed(problem="not UTF-8", byte=error.start) from None
        except (msgspec.DecodeError, RecursionError, ValueError) as error:
            raise problems.BodyMalformed(problem=str(error)[:200]) from None
        if b"\\u0000" in body and _holds_nul(body):
            raise problems.BodyInvalid(at="$", problem="the character NUL has no place in a text")
        return given

    return read


def _holds_nul(body: bytes) -> bool:
    """PostgreSQL keeps no NUL in a text. An escaped backslash before `u0000` is none."""
    return re.search(rb"(?<!\\)(?:\\\\)*\\u0000", body) is not None
