"""The stream of facts: a catalogue of event types, a partitioned log in PostgreSQL, reactions.

    @event("ledger.points_expired.v1", owner="ledger", key="customer")
    class PointsExpired(Event):
        "Docstring: what became true. A reader needs no second question."
        customer_id: UUID          # a field's type becomes its JSON Schema
        amount_minor: int

    await publish(tx, PointsExpired(...), key=customer_number, subject=str(customer_id), at=now)

`publish` collects; the rows are written by one call as the last statement before COMMIT, so that
the head row of a partition is locked for as short a time as can be.
"""

from vokrug.events.api import routes
from vokrug.events.catalogue import CATALOGUE, Catalogue, catalogue_markdown, event
from vokrug.events.envelopes import cloud_event, cloud_event_json
from vokrug.events.jobs import drop_expired
from vokrug.events.operations import (
    append,
    encode,
    publish,
    publish_row,
    read,
    read_page,
    row_of,
    synchronise,
    type_id,
    validate,
)
from vokrug.events.reactions import Handler, Reaction, reaction
from vokrug.events.rules import key_of
from vokrug.events.runner import ReactionRunner
from vokrug.events.types import Envelope, Event, EventType, Installation, Lag, Page, Personal, Row
from vokrug.events.upkeep import give_up, lag, redrive, replay, retire

__all__ = [
    "CATALOGUE",
    "Catalogue",
    "Envelope",
    "Event",
    "EventType",
    "Handler",
    "Installation",
    "Lag",
    "Page",
    "Personal",
    "Reaction",
    "ReactionRunner",
    "Row",
    "append",
    "catalogue_markdown",
    "cloud_event",
    "cloud_event_json",
    "drop_expired",
    "encode",
    "event",
    "give_up",
    "key_of",
    "lag",
    "publish",
    "publish_row",
    "reaction",
    "read",
    "read_page",
    "redrive",
    "replay",
    "retire",
    "routes",
    "row_of",
    "synchronise",
    "type_id",
    "validate",
]
