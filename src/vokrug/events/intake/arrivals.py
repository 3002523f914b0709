"""CloudEvents 1.0 as they arrive: structured, batched or binary, from HTTP or from elsewhere."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import unquote

import msgspec
from cloudevents.core.exceptions import CloudEventValidationError
from cloudevents.core.v1.event import CloudEvent

STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"

CORE = {"specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema"}
OURS = {"partitionkey", "sequence", "recordedtime", "hiddenfields"}  # said by us of every fact
TRACES = {"traceparent", "tracestate"}  # another one at each try, so it makes no other event
LONGEST = 300  # of an id, a source or a subject


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event as it came. `problem` names what kept it from being read; then the rest says what could be."""

    raw: bytes = field(repr=False)  # in structured mode, whatever mode it came in
    source: str = ""
    id: str = ""
    type: str = ""
    subject: str | None = field(default=None, repr=False)
    time: datetime | None = None
    data: Any = field(default=None, repr=False)
    attributes: Mapping[str, Any] = field(default_factory=dict)  # extensions
    digest: bytes = b""
    problem: str | None = None


def arrivals(content_type: str, headers: Mapping[str, str], body: bytes) -> tuple[list[Arrival], bool]:
    """The events of one request, and whether they are a batch."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == BATCHED:
        try:
            batch = msgspec.json.decode(body)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return [Arrival(body, problem="$")], True
        if not isinstance(batch, list):
            return [Arrival(body, problem="$")], True
        return [of_event(event) for event in batch], True
    if kind == STRUCTURED or "ce-id" not in headers:
        return [structured(body)], False
    return [_binary(kind, headers, body)], False


def structured(raw: bytes) -> Arrival:
    """One event in the JSON format."""
    try:
        return of_event(msgspec.json.decode(raw), raw)
    except (msgspec.DecodeError, RecursionError, ValueError):
        return Arrival(raw, problem="$")


def _binary(kind: str, headers: Mapping[str, str], body: bytes) -> Arrival:
    """Attributes in `ce-…` headers, the data as the body."""
    event: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    if kind:
        event["datacontenttype"] = kind
    try:
        event["data"] = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, ValueError):
        event["data_base64"] = base64.b64encode(body).decode()
    return of_event(event)


def of_event(event: Any, raw: bytes | None = None) -> Arrival:
    """An event from its JSON object; the first thing that is wrong with it becomes its problem."""
    raw = msgspec.json.encode(event) if raw is None else raw
    if not isinstance(event, dict):
        return Arrival(raw, problem="$")
    said = {name: str(event.get(name) or "")[:LONGEST].replace("\0", "") for name in ("source", "id", "type")}
    data, problem = _data(event)
    attributes = {name: value for name, value in event.items() if name not in ("data", "data_base64")}
    time = _time(attributes.get("time"))
    problem = problem or ("\\u0000" if b"\\u0000" in raw else None) or _wrong(attributes, time)
    extensions = {name: value for name, value in attributes.items() if name not in CORE | OURS}
    content = {name: event[name] for name in event if name not in TRACES | OURS}
    return Arrival(
        raw,
        subject=attributes.get("subject"),
        time=time,
        data=data,
        attributes=extensions,
        digest=hashlib.sha256(msgspec.json.encode(content, order="deterministic")).digest(),
        problem=problem,
        **said,
    )


def _data(event: Mapping[str, Any]) -> tuple[Any, str | None]:
    kind = str(event.get("datacontenttype") or "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not kind.endswith("+json"):
        return None, "datacontenttype"
    if "data_base64" not in event:
        return event.get("data"), None
    try:
        return msgspec.json.decode(base64.b64decode(str(event["data_base64"]), validate=True)), None
    except (msgspec.DecodeError, binascii.Error, RecursionError, ValueError):
        return None, "data"


def _time(given: Any) -> datetime | None:
    """RFC 3339 with its offset; None when it is anything else."""
    try:
        time = msgspec.convert(given, datetime)
    except msgspec.ValidationError:
        return None
    return time if time.tzinfo is not None else None


def _wrong(attributes: Mapping[str, Any], time: datetime | None) -> str | None:
    """The attribute that is not as CloudEvents has it, by the reference implementation."""
    if attributes.get("time") is not None and time is None:
        return "time"
    checked = {name: value for name, value in attributes.items() if value is not None}
    if time is not None:
        checked["time"] = time
    try:
        CloudEvent({"id": "", **checked})
    except CloudEventValidationError as error:
        return next(iter(error.errors))
    for name, value in checked.items():
        if name != "time" and not isinstance(value, str | int | bool):
            return name
        if isinstance(value, str) and len(value) > LONGEST:
            return name
    return None
