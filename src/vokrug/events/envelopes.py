"""A fact as the world reads it: CloudEvents 1.0 in JSON."""

import msgspec
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from vokrug.events.catalogue import schema_urn
from vokrug.events.types import Envelope, Installation

_format = JSONFormat()


def cloud_event(envelope: Envelope, installation: Installation) -> CloudEvent:
    """`partitionkey` keeps the order on a broker, `sequence` is the place within the partition."""
    return CloudEvent(
        {
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
        },
        msgspec.json.decode(envelope.data),
    )


def cloud_event_json(envelope: Envelope, installation: Installation) -> bytes:
    """Structured mode."""
    return _format.write(cloud_event(envelope, installation))
