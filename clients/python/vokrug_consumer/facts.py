"""A fact as it is published: CloudEvents 1.0 with three extensions."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


class NotAFact(ValueError):
    """A message that is no CloudEvent of version 1.0."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What became true."""

    source: str
    id: str  # with the source it names the fact for ever
    type: str  # "pos.sale_committed.v1"
    subject: str | None  # whom it is about
    time: datetime | None  # when it happened
    data: Any
    key: str | None = None  # facts of one key come in order
    sequence: int | None = None  # the place within the partition; grows
    after: int | None = None  # the place of the fact before it, which shows a gap
    is_replay: bool = False  # told again: do not write to people once more
    attributes: Mapping[str, Any] = field(default_factory=dict)  # everything else that was said

    @property
    def name(self) -> tuple[str, str]:
        return (self.source, self.id)


REQUIRED = ("specversion", "source", "id", "type")
OURS = frozenset({*REQUIRED, "subject", "time", "data", "data_base64", "partitionkey", "sequence", "replay"})


def from_cloudevent(event: Mapping[str, Any], *, after: int | None = None) -> Fact:
    """A fact from a CloudEvent in structured mode, already parsed."""
    for name in REQUIRED:
        if not event.get(name):
            raise NotAFact(f"no {name}")
    if event["specversion"] != "1.0":
        raise NotAFact(f"CloudEvents {event['specversion']} is not 1.0")
    time, sequence = event.get("time"), event.get("sequence")
    return Fact(
        source=event["source"],
        id=event["id"],
        type=event["type"],
        subject=event.get("subject"),
        time=None if time is None else datetime.fromisoformat(time),
        data=event.get("data"),
        key=event.get("partitionkey"),
        sequence=None if sequence is None else int(sequence),
        after=after,
        is_replay=str(event.get("replay", "")).lower() == "true",
        attributes={name: value for name, value in event.items() if name not in OURS},
    )


def from_kafka(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Fact:
    """A fact from a Kafka message in binary mode: attributes in `ce_…` headers, data in the value."""
    said = {name.lower(): text.decode() for name, text in headers}
    event: dict[str, Any] = {name[3:]: text for name, text in said.items() if name.startswith("ce_")}
    event["data"] = None if value is None else json.loads(value)
    return from_cloudevent(event, after=int(said["vokrug-after"]) if "vokrug-after" in said else None)
