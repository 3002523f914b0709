"""Nouns of the stream: what is told, how it lies in the log, and how it comes out again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, ClassVar, NamedTuple, TypeVar
from uuid import UUID

import msgspec

E = TypeVar("E", bound="Event")
Kind = type[E]  # a class of facts; `Envelope.type` hides the word inside its class

PERSONAL = "x-personal"  # the schema keyword that marks personal data


def Personal(purpose: str) -> msgspec.Meta:  # noqa: N802  it reads as a type: Annotated[str, Personal("delivery")]
    """Marks a field as personal data, kept for this purpose only. The mark travels in the schema."""
    return msgspec.Meta(extra_json_schema={PERSONAL: purpose})


class Event(msgspec.Struct, frozen=True):
    """Base of every fact. A subclass is declared with `@event(...)`; its fields become its schema."""

    __event__: ClassVar["EventType"]


@dataclass(frozen=True, slots=True)
class PersonalField:
    """Where personal data lies in a fact, and what it is kept for."""

    field: str  # "delivery.phone", "guests[].name"
    purpose: str


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of fact in one version."""

    name: str  # "pos.sale_committed.v1"
    id: int  # short for the name, the same in every database
    version: int
    owner: str  # who answers for it
    key: str  # what the order is kept by: "customer", "shop"
    words: str  # what became true
    schema: Mapping[str, Any]
    personal: tuple[PersonalField, ...]
    retention_days: int | None  # None: as long as the installation keeps facts
    model: type[Event]

    @property
    def domain(self) -> str:
        return self.name.partition(".")[0]


class Row(NamedTuple):
    """A fact ready for the log, in the order of `events_append`'s arguments."""

    key: int
    type: int
    id: UUID
    time: datetime
    subject: str
    data: bytes


@cache
def _decoder(kind: type[E]) -> msgspec.json.Decoder[E]:
    return msgspec.json.Decoder(kind)


@dataclass(frozen=True, slots=True)
class Envelope:
    """A fact as it lies in the log: what happened, when, and which place it has."""

    partition: int
    position: int
    type: str
    id: UUID
    key: int
    subject: str
    time: datetime  # when it happened
    recorded_at: datetime  # when we wrote it down; grows with the position
    data: bytes
    is_replay: bool = False  # told again: what reaches the outside world should refuse

    def read(self, kind: Kind[E]) -> E:
        """The fact itself. A field the reader does not know yet is passed over."""
        assert kind.__event__.name == self.type, f"{self.type} is not a {kind.__event__.name}"
        fact: E = _decoder(kind).decode(self.data)
        return fact


@dataclass(frozen=True, slots=True)
class TypeCard:
    """A type as the database knows it: also those that other processes tell."""

    name: str
    version: int
    owner: str
    key: str
    words: str
    schema: dict[str, Any]
    personal: list[dict[str, str]]
    retention_days: int | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of the log, and the positions to read on from."""

    envelopes: list[Envelope]
    next: dict[int, int]
    has_more: bool


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a reaction is behind in one partition."""

    reaction: str
    partition: int
    position: int
    behind: int  # facts it has not read yet, of any type
    waiting_since: datetime | None  # when the oldest of them was recorded
    parked: int  # facts that failed, and those waiting behind them
    stuck: int  # of the parked ones, those that wait for a person


@dataclass(frozen=True, slots=True)
class Installation:
    """Which Vokrug this is: the middle of a fact's `source`, "/vokrug/<name>/pos"."""

    name: str = "local"
