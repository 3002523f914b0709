"""Bodies of the answers."""

from datetime import datetime
from typing import Annotated, Any

import msgspec

from vokrug.events.types import TypeCard


class EventTypeView(msgspec.Struct):
    """A type of event, with its JSON Schema."""

    name: str
    version: int
    owner: str
    key: Annotated[str, msgspec.Meta(description="What the order is kept by")]
    words: str
    schema: dict[str, Any]
    personal: Annotated[list[dict[str, str]], msgspec.Meta(description="Personal fields and their purposes")]
    retention_days: int | None
    changed_at: datetime

    @classmethod
    def of(cls, card: TypeCard) -> "EventTypeView":
        return msgspec.convert(card, cls, from_attributes=True)


class EventTypeList(msgspec.Struct):
    """Every type of event."""

    types: list[EventTypeView]


class EventPage(msgspec.Struct):
    """A stretch of the log."""

    events: Annotated[
        list[msgspec.Raw], msgspec.Meta(description="CloudEvents 1.0 objects, in order within a partition")
    ]
    next: Annotated[str, msgspec.Meta(description="Send as `after` to read on: “partition:position,…”")]
    has_more: bool
