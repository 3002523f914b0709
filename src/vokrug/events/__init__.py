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
from vokrug.events.catalogue import CATALOGUE, Catalogue, catalogue_markdown, event, exemplify
from vokrug.events.envelopes import cloud_event, cloud_event_json
from vokrug.events.intake.api import routes as intake_routes
from vokrug.events.intake.dead_letters import forget_old
from vokrug.events.intake.publishing import CustomerFinder, Found, provide_customers
from vokrug.events.jobs import drop_expired, jobs, schedule_all
from vokrug.events.operations import (
    append,
    encode,
    publish,
    publish_row,
    read,
    read_page,
    row_of,
    type_id,
    validate,
)
from vokrug.events.personal import Person, PersonalKeys, provide_personal_keys, reveal
from vokrug.events.reactions import Handler, Reaction, reaction
from vokrug.events.registry.api import routes as catalogue_routes
from vokrug.events.registry.page import routes as page_routes
from vokrug.events.registry.upcasts import Upcasts, upcaster
from vokrug.events.registry.writing import synchronise
from vokrug.events.rules import key_of
from vokrug.events.runner import ReactionRunner
from vokrug.events.types import (
    Compatibility,
    Envelope,
    Event,
    EventType,
    Installation,
    Lag,
    Page,
    Personal,
    Row,
    TypeCard,
)
from vokrug.events.upkeep import give_up, lag, redrive, replay, retire

__all__ = [
    "CATALOGUE",
    "Catalogue",
    "Compatibility",
    "CustomerFinder",
    "Envelope",
    "Event",
    "EventType",
    "Found",
    "Handler",
    "Installation",
    "Lag",
    "Page",
    "Person",
    "Personal",
    "PersonalKeys",
    "Reaction",
    "ReactionRunner",
    "Row",
    "TypeCard",
    "Upcasts",
    "append",
    "catalogue_markdown",
    "catalogue_routes",
    "cloud_event",
    "cloud_event_json",
    "drop_expired",
    "encode",
    "event",
    "exemplify",
    "forget_old",
    "give_up",
    "intake_routes",
    "jobs",
    "key_of",
    "lag",
    "page_routes",
    "provide_customers",
    "provide_personal_keys",
    "publish",
    "publish_row",
    "reaction",
    "read",
    "read_page",
    "redrive",
    "replay",
    "retire",
    "reveal",
    "routes",
    "row_of",
    "schedule_all",
    "synchronise",
    "type_id",
    "upcaster",
    "validate",
]
