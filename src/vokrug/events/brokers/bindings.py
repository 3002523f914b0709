"""A fact as a broker's message: CloudEvents in binary mode, `ce_…` headers for Kafka, `ce-…` for NATS.

`Headers` is made for speed: what a type always says is encoded once. `cloud_event` in envelopes.py says
the same attributes in structured mode, and a test holds the two together.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.events.brokers.types import AFTER, EPOCH, ID, Heard, Last, Told
from vokrug.events.catalogue import schema_urn
from vokrug.events.envelopes import cloud_event
from vokrug.events.types import Envelope, Installation

Header = tuple[str, bytes]


def has_more_in_the_log(data: bytes) -> bool:
    """Does something ride with the fact that is not published as it lies: sealed fields, another system's id?"""
    return b'"$vokrug"' in data


class Headers:
    """Headers of facts, for one broker's manner of writing them."""

    def __init__(self, installation: Installation, prefix: str) -> None:
        self._installation = installation
        self._prefix = prefix
        self._of_type: dict[str, tuple[Header, ...]] = {}
        self._id, self._subject, self._time, self._key, self._recorded, self._sequence = (
            f"{prefix}{name}" for name in ("id", "subject", "time", "partitionkey", "recordedtime", "sequence")
        )

    def message(self, told: Told, *, epoch: bytes, after: int) -> tuple[list[Header], bytes]:
        """The headers and the body of a fact."""
        if not has_more_in_the_log(told.data):
            return self._plain(told, epoch, after), told.data
        event = cloud_event(self._envelope(told), self._installation)
        said = {name: value for name, value in event.get_attributes().items() if name != "datacontenttype"}
        if told.is_replay:
            said["replay"] = "true"
        headers = [(f"{self._prefix}{name}", _text(value)) for name, value in said.items()]
        ours = [("content-type", b"application/json"), (EPOCH, epoch), (AFTER, b"%d" % after), (ID, told.id.encode())]
        return [*headers, *ours], msgspec.json.encode(event.get_data())

    def _envelope(self, told: Told) -> Envelope:
        return Envelope(
            partition=0,
            position=told.position,
            type=told.type,
            id=UUID(told.id),
            key=int(told.key),
            subject=told.subject,
            time=told.time,
            recorded_at=told.recorded_at,
            data=told.data,
        )

    def _plain(self, told: Told, epoch: bytes, after: int) -> list[Header]:
        position, key, id, type, subject, time, recorded_at, _, is_replay = told
        replay = [(f"{self._prefix}replay", b"true")] if is_replay else []
        return [
            *replay,
            *(self._of_type.get(type) or self._fixed(type)),
            (self._id, id.encode()),
            (self._subject, subject.encode()),
            (self._time, _instant(time)),
            (self._key, key.encode()),
            (self._recorded, _instant(recorded_at)),
            (self._sequence, b"%019d" % position),
            (EPOCH, epoch),
            (AFTER, b"%d" % after),
        ]

    def _fixed(self, type: str) -> tuple[Header, ...]:
        source = f"/vokrug/{self._installation.name}/{type.partition('.')[0]}"
        self._of_type[type] = fixed = (
            ("content-type", b"application/json"),
            (f"{self._prefix}specversion", b"1.0"),
            (f"{self._prefix}type", type.encode()),
            (f"{self._prefix}source", source.encode()),
            (f"{self._prefix}dataschema", schema_urn(type).encode()),
        )
        return fixed


def _instant(moment: datetime) -> bytes:
    # Times come from the database in UTC.
    return moment.isoformat().encode().replace(b"+00:00", b"Z")


def _text(value: object) -> bytes:
    return _instant(value) if isinstance(value, datetime) else str(value).encode()


def last(headers: Mapping[str, bytes], *, prefix: str) -> Last:
    """Which fact of ours a message is."""
    id = headers.get(ID) or headers[f"{prefix}id"]
    return Last(int(headers[f"{prefix}sequence"]), id.decode())


def heard(headers: Mapping[str, bytes], body: bytes, *, partition: int, prefix: str) -> Heard:
    """Back from a message of ours to the fact."""
    after, position = int(headers[AFTER]), int(headers[f"{prefix}sequence"])
    if ID in headers:
        return Heard(after, position, None)
    envelope = Envelope(
        partition=partition,
        position=position,
        type=headers[f"{prefix}type"].decode(),
        id=UUID(headers[f"{prefix}id"].decode()),
        key=int(headers[f"{prefix}partitionkey"]),
        subject=headers[f"{prefix}subject"].decode(),
        time=datetime.fromisoformat(headers[f"{prefix}time"].decode()),
        recorded_at=datetime.fromisoformat(headers[f"{prefix}recordedtime"].decode()),
        data=body,
    )
    return Heard(after, position, envelope)


def foreign_event(headers: Mapping[str, bytes], body: bytes, *, key: str | None) -> dict[str, Any]:
    """A message of somebody else's as a CloudEvent: binary mode, structured mode, or as it is.

    What is no CloudEvent at all becomes a dictionary without `specversion`, with the body in `data`, so
    that the publishing door can refuse it and keep it for its sender to see.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    kind = lower.get("content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if kind == "application/cloudevents+json":
        parsed = _json(body)
        event = dict(parsed) if isinstance(parsed, dict) else {"data": body.decode("utf-8", "replace")}
    else:
        event = {
            name[3:]: value.decode("utf-8", "replace")
            for name, value in lower.items()
            if name.startswith(("ce_", "ce-"))
        }
        if kind:
            event["datacontenttype"] = kind
        parsed = _json(body)
        event["data"] = body.decode("utf-8", "replace") if parsed is None else parsed
    if key is not None:
        event.setdefault("partitionkey", key)
    return event


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
