"""The attributes of a fact as CloudEvents 1.0: read one by one by filters, written together to subscribers.

`vokrug.events.envelopes` says the same through the CloudEvents SDK at some 50 µs a fact; a law in the tests
holds the two together. A fact that carries something beside its own fields goes that way.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from vokrug.events.catalogue import schema_urn
from vokrug.events.envelopes import cloud_event
from vokrug.events.extras import has_extras, take_apart
from vokrug.events.subscriptions import cesql
from vokrug.events.types import Envelope, Installation

JSON = "application/json"
STRUCTURED = "application/cloudevents+json; charset=utf-8"
BATCH = "application/cloudevents-batch+json; charset=utf-8"

_encode = msgspec.json.Encoder().encode
_format = JSONFormat()


class _CloudEvent(msgspec.Struct, omit_defaults=True):
    """Structured mode. The data are in JSON already and are not looked into."""

    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: str
    dataschema: str
    partitionkey: str
    recordedtime: str
    sequence: str
    data: msgspec.Raw
    replay: bool = False  # an extension of ours: told again on request


def reader_of(installation: Installation) -> dict[str, cesql.Reader]:
    """How a filter reads each attribute of an envelope."""
    return {
        "specversion": lambda told: "1.0",
        "id": lambda told: _own(told, "id") or str(told.id),
        "source": lambda told: _own(told, "source") or source_of(told, installation),
        "type": lambda told: told.type,
        "subject": lambda told: told.subject,
        "time": lambda told: moment(told.time),
        "datacontenttype": lambda told: JSON,
        "dataschema": lambda told: schema_urn(told.type),
        "partitionkey": lambda told: str(told.key),
        "recordedtime": lambda told: moment(told.recorded_at),
        "sequence": lambda told: f"{told.position:019d}",
        "replay": lambda told: True if told.is_replay else None,
    }


def source_of(told: Envelope, installation: Installation) -> str:
    return f"/vokrug/{installation.name}/{told.type.partition('.')[0]}"


def _own(told: Envelope, name: str) -> str | None:
    """What another system gave its fact, when it is one."""
    if not has_extras(told.data):
        return None
    given: Any = take_apart(told.data)[1].get(name)
    return given if isinstance(given, str) else None


def moment(time: object) -> str:
    return _encode(time).decode()[1:-1]


def structured(told: Envelope, installation: Installation) -> bytes:
    """One JSON object with the attributes and the data."""
    if has_extras(told.data):
        return bytes(_format.write(_through_the_sdk(told, installation)))
    return _encode(
        _CloudEvent(
            specversion="1.0",
            id=str(told.id),
            source=source_of(told, installation),
            type=told.type,
            subject=told.subject,
            time=moment(told.time),
            datacontenttype=JSON,
            dataschema=schema_urn(told.type),
            partitionkey=str(told.key),
            recordedtime=moment(told.recorded_at),
            sequence=f"{told.position:019d}",
            data=msgspec.Raw(told.data),
            replay=told.is_replay,
        )
    )


def batch(tolds: Sequence[Envelope], installation: Installation) -> bytes:
    """A JSON array of such objects."""
    return b"[" + b",".join(structured(told, installation) for told in tolds) + b"]"


def binary_headers(told: Envelope, installation: Installation) -> dict[str, str]:
    """Binary mode: the attributes travel as headers, percent-encoded where they are not plain ASCII."""
    if has_extras(told.data):
        found: dict[str, Any] = dict(_through_the_sdk(told, installation).get_attributes())
    else:
        found = {name: read(told) for name, read in reader_of(installation).items()}
    found.pop("datacontenttype", None)
    return {f"ce-{name}": _header_value(_text(value)) for name, value in found.items() if value is not None}


def binary_body(told: Envelope) -> bytes:
    """The data alone."""
    return _encode(take_apart(told.data)[0]) if has_extras(told.data) else told.data


def _through_the_sdk(told: Envelope, installation: Installation) -> CloudEvent:
    event = cloud_event(told, installation)
    if not told.is_replay:
        return event
    return CloudEvent({**event.get_attributes(), "replay": True}, event.get_data())


def _text(value: object) -> str:
    if value is True:
        return "true"
    return moment(value) if isinstance(value, datetime) else str(value)


def _header_value(text: str) -> str:
    return "".join(
        one if "!" <= one <= "~" and one not in '"%' else "".join(f"%{byte:02X}" for byte in one.encode())
        for one in text
    )
