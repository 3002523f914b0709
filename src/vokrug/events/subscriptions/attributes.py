"""The attributes of a fact as CloudEvents 1.0: read one by one by filters, written together to subscribers.

`vokrug.events.envelopes` says the same through the CloudEvents SDK at some 50 µs a fact; a law in the tests
holds the two together.
"""

from collections.abc import Sequence

import msgspec

from vokrug.events.catalogue import schema_urn
from vokrug.events.subscriptions import cesql
from vokrug.events.types import Envelope, Installation

JSON = "application/json"
STRUCTURED = "application/cloudevents+json; charset=utf-8"
BATCH = "application/cloudevents-batch+json; charset=utf-8"

_encode = msgspec.json.Encoder().encode


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
        "id": lambda told: str(told.id),
        "source": lambda told: source_of(told, installation),
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


def moment(time: object) -> str:
    return _encode(time).decode()[1:-1]


def structured(told: Envelope, installation: Installation) -> bytes:
    """One JSON object with the attributes and the data."""
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
    headers = {}
    for name, read in reader_of(installation).items():
        value = read(told)
        if value is not None and name != "datacontenttype":
            headers[f"ce-{name}"] = "true" if value is True else _header_value(str(value))
    return headers


def _header_value(text: str) -> str:
    return "".join(
        one if "!" <= one <= "~" and one not in '"%' else "".join(f"%{byte:02X}" for byte in one.encode())
        for one in text
    )
