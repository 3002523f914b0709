"""A fact as the world reads it: CloudEvents 1.0 in JSON."""

from typing import Any

import msgspec
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from vokrug.events.catalogue import schema_urn
from vokrug.events.extras import Extras, has_extras, take_apart
from vokrug.events.types import Envelope, Installation

_format = JSONFormat()


def cloud_event(envelope: Envelope, installation: Installation) -> CloudEvent:
    """`partitionkey` keeps the order on a broker, `sequence` is the place within the partition.

    A fact of another system keeps its source and id. Personal fields that were not revealed are absent, and
    `hiddenfields` says which and why.
    """
    attributes = {
        "specversion": "1.0",
        "id": str(envelope.id),
        "source": f"/vokrug/{installation.name}/{envelope.type.partition('.')[0]}",
        "type": envelope.type,
        "subject": envelope.subject,
        "time": envelope.time,
        "datacontenttype": "application/json",
        "dataschema": schema_urn(envelope.type),
        "partitionkey": str(envelope.key),
        "recordedtime": envelope.recorded_at,
        # Sorts as text as it sorts as a number, as the extension's definition asks.
        "sequence": f"{envelope.position:019d}",
    }
    if not has_extras(envelope.data):
        return CloudEvent(attributes, msgspec.json.decode(envelope.data))
    fact, extras = take_apart(envelope.data)
    return CloudEvent(attributes | _beside(extras), fact)


def _beside(extras: Extras) -> dict[str, Any]:
    """What rides with a fact, as attributes. What is still sealed was revealed to nobody."""
    sealed = {field: "purpose" for box in extras.get("sealed", ()) for field in box["fields"]}
    hidden = sealed | extras.get("hidden", {})
    attributes = dict(extras.get("attributes", {}))
    attributes |= {name: extras[name] for name in ("source", "id") if name in extras}
    if hidden:
        attributes["hiddenfields"] = " ".join(f"{field}={why}" for field, why in sorted(hidden.items()))
    return attributes


def cloud_event_json(envelope: Envelope, installation: Installation) -> bytes:
    """Structured mode."""
    return _format.write(cloud_event(envelope, installation))
