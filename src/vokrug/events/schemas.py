"""Bodies of the answers."""

from typing import Annotated

import msgspec


class EventPage(msgspec.Struct):
    """A stretch of the log."""

    events: Annotated[
        list[msgspec.Raw], msgspec.Meta(description="CloudEvents 1.0 objects, in order within a partition")
    ]
    next: Annotated[str, msgspec.Meta(description="Send as `after` to read on: “partition:position,…”")]
    has_more: bool
