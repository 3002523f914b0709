"""Bodies of the catalogue's requests and answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from vokrug.events import rules
from vokrug.events.registry.compatibility import Change
from vokrug.events.registry.store import Consumer, Owed, Reading, Revision
from vokrug.events.registry.upcasts import Step
from vokrug.events.types import Compatibility, Origin, TypeCard

Line = Annotated[str, Meta(min_length=1, max_length=200)]
Words = Annotated[str, Meta(min_length=1, max_length=4_000)]
Days = Annotated[int, Meta(ge=1, le=36_500)]
Purpose = Annotated[str, Meta(pattern="^[a-z][a-z0-9_.-]{0,63}$")]
Path = Annotated[str, Meta(min_length=1, max_length=200)]
Paths = Annotated[list[Path], Meta(max_length=500)]
TypeName = Annotated[str, Meta(min_length=1, max_length=200)]


class Identify(msgspec.Struct, forbid_unknown_fields=True):
    """Where a fact names its customer: a field by its path, or `subject`; and by which kind of identifier."""

    field: Path = "subject"
    type: Annotated[str, Meta(pattern="^(ext:)?[a-z][a-z0-9_.-]{0,47}$")] = "id"  # "id" is our own customer ID


class PutEventType(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A type that another system tells."""

    owner: Annotated[Line, Meta(description="Who answers for it")]
    words: Annotated[Words, Meta(description="What became true")]
    schema: Annotated[dict[str, Any], Meta(description="JSON Schema 2020-12 of an object")]
    key: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$", description="What the order is kept by")] = "customer"
    retention_days: Days | None = None
    purpose: Annotated[Purpose | None, Meta(description="Consent purpose of reading the whole of it")] = None
    examples: Annotated[list[dict[str, Any]], Meta(max_length=20)] = []
    compatibility: Compatibility = Compatibility.BACKWARD
    identify: Annotated[list[Identify], Meta(max_length=5, description="Tried in this order")] = []
    upcast: Annotated[list[Step] | None, Meta(description="From the previous version, step by step")] = None
    publishers: Annotated[list[Line], Meta(max_length=20, description="Further keys that may publish it")] = []

    def to_card(self, name: str, now: datetime) -> TypeCard:
        version = rules.NAME.fullmatch(name)
        return TypeCard(
            name=name,
            version=int(version[2]) if version else 0,  # refused further on
            owner=self.owner,
            key=self.key,
            words=self.words,
            schema=self.schema,
            personal=[],
            retention_days=self.retention_days,
            purpose=self.purpose,
            examples=self.examples,
            compatibility=self.compatibility,
            acknowledge_days=None,
            origin=Origin.HTTP,
            publishers=self.publishers,
            identify=msgspec.to_builtins(self.identify or ([Identify()] if self.key == "customer" else [])),
            upcast=None if self.upcast is None else msgspec.to_builtins(self.upcast),
            revision=1,
            changed_at=now,
        )


class ChangeView(msgspec.Struct):
    """One difference from the schema before."""

    field: str
    what: str
    words: str
    breaks_backward: bool
    breaks_forward: bool

    @classmethod
    def of(cls, change: Change, language: str) -> "ChangeView":
        words = change.say(language)
        return cls(change.field, change.what, words, change.breaks_backward, change.breaks_forward)


class RevisionView(msgspec.Struct):
    """A schema the type has or had, and what it changed."""

    revision: int
    changed_at: datetime
    changed_by: str
    changes: list[ChangeView]
    schema: dict[str, Any]

    @classmethod
    def of(cls, one: Revision, language: str) -> "RevisionView":
        changes = [ChangeView.of(change, language) for change in one.changes]
        return cls(one.revision, one.changed_at, one.changed_by, changes, one.schema)


class EventTypeView(msgspec.Struct, kw_only=True):
    """A type of event, with its JSON Schema."""

    name: str
    version: int
    owner: str
    key: Annotated[str, Meta(description="What the order is kept by")]
    words: str
    schema: dict[str, Any]
    personal: Annotated[list[dict[str, str]], Meta(description="Personal fields and their purposes")]
    retention_days: int | None
    purpose: Annotated[str | None, Meta(description="Consent purpose of reading the whole of it")]
    examples: list[dict[str, Any]]
    compatibility: Compatibility
    acknowledge_days: Annotated[int | None, Meta(description="Every consumer says within these that it acted")]
    origin: Origin
    publishers: list[str]
    identify: list[dict[str, str]]
    upcast: list[dict[str, Any]] | None
    revision: int
    changed_at: datetime
    consumers: list[str] = []

    @classmethod
    def of(cls, card: TypeCard, consumers: Sequence[str] = ()) -> "EventTypeView":
        view = msgspec.convert(card, cls, from_attributes=True)
        view.consumers = list(consumers)
        return view


class EventTypeFull(EventTypeView, kw_only=True):
    """A type of event with its history."""

    revisions: list[RevisionView] = []


class EventTypeList(msgspec.Struct):
    """Types of events, by name."""

    types: list[EventTypeView]


class EventTypeDeclared(msgspec.Struct):
    """The type as it is written down, and who reads its previous version and should be told."""

    type: EventTypeView
    affected: list[str]


class ReadingBody(msgspec.Struct, forbid_unknown_fields=True):
    """What a consumer takes from a type."""

    type: TypeName
    fields: Annotated[Paths | None, Meta(description="null: all of them")] = None
    is_closed: Annotated[bool, Meta(description="A new choice among known ones would break it")] = False


class PutConsumer(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A system that reads facts."""

    words: Words
    contact: Annotated[Line, Meta(description="Whom to ask before a change")]
    retention_days: Annotated[Days, Meta(description="How long it keeps what it read")]
    reads: Annotated[list[ReadingBody], Meta(max_length=500)]
    purposes: Annotated[list[Purpose], Meta(max_length=50, description="Whose personal fields it may hold")] = []
    keys: Annotated[list[Line], Meta(max_length=20, description="Further keys that may speak for it")] = []

    def to_consumer(self, name: str, now: datetime) -> Consumer:
        purposes = sorted(set(self.purposes))
        return Consumer(name, self.words, self.contact, purposes, self.retention_days, self.keys, now, now)

    def to_readings(self, name: str) -> list[Reading]:
        by_type = {one.type: Reading(name, one.type, one.fields, one.is_closed) for one in self.reads}
        return list(by_type.values())


class ConsumerView(msgspec.Struct, kw_only=True):
    """A registered consumer."""

    name: str
    words: str
    contact: str
    purposes: list[str]
    retention_days: int
    keys: list[str]
    registered_at: datetime
    changed_at: datetime
    reads: list[ReadingBody] = []

    @classmethod
    def of(cls, consumer: Consumer, readings: Sequence[Reading]) -> "ConsumerView":
        view = msgspec.convert(consumer, cls, from_attributes=True)
        view.reads = [ReadingBody(one.type, one.fields, one.is_closed) for one in readings if one.consumer == view.name]
        return view


class ConsumerList(msgspec.Struct):
    """Registered consumers, by name."""

    consumers: list[ConsumerView]


class Acknowledge(msgspec.Struct, forbid_unknown_fields=True):
    """Facts that a consumer has acted on."""

    events: Annotated[list[UUID], Meta(min_length=1, max_length=1_000)]


class Acknowledged(msgspec.Struct):
    """They are noted."""

    status: Literal["acknowledged"] = "acknowledged"


class OwedView(msgspec.Struct):
    """A fact that a consumer has not acknowledged."""

    event: UUID
    consumer: str
    type: str
    subject: str
    told_at: datetime
    due_at: datetime

    @classmethod
    def of(cls, owed: Owed) -> "OwedView":
        return cls(UUID(int=owed.event.int), owed.consumer, owed.type, owed.subject, owed.told_at, owed.due_at)


class OwedPage(msgspec.Struct):
    """Who has not acted on what, the longest overdue first."""

    missing: list[OwedView]
    has_more: bool
