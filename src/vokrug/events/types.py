"""Nouns of the stream: what is told, how it lies in the log, and how it comes out again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
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
    __older__: ClassVar["Older | None"] = None  # the version before, and the way up from it


@dataclass(frozen=True, slots=True)
class Older:
    """The previous version of a fact, and how it becomes this one."""

    kind: type[Event]
    upcast: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class PersonalField:
    """Where personal data lies in a fact, and what it is kept for."""

    field: str  # "delivery.phone", "guests[].name"
    purpose: str


class Compatibility(StrEnum):
    """What a type promises while its version stays the same, against every schema it ever had."""

    BACKWARD = "backward"  # new readers read all old facts; whom a change would break is asked by name
    FULL = "full"  # and today's readers, known or not, read all new facts


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
    purpose: str | None = None  # the consent purpose of reading the whole of it; None: none is needed
    examples: tuple[Mapping[str, Any], ...] = ()
    compatibility: Compatibility = Compatibility.FULL
    acknowledge_days: int | None = None  # within so many days every consumer has to say that it acted

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
        """The fact itself, an older version of it raised to the one asked for. A field the reader does not
        know yet is passed over; personal data are absent until they are revealed."""
        if kind.__event__.name == self.type:
            fact: E = _decoder(kind).decode(self.data)
            return fact
        older = kind.__older__
        assert older is not None, f"{self.type} is not a {kind.__event__.name}"
        raised: E = older.upcast(self.read(older.kind))
        return raised


class Origin(StrEnum):
    """Who declared a type: our code, or another system over HTTP."""

    CODE = "code"
    HTTP = "http"


@dataclass(frozen=True, slots=True)
class TypeCard:
    """A type as the database knows it: also those that other processes and other systems tell."""

    name: str
    version: int
    owner: str
    key: str
    words: str
    schema: dict[str, Any]
    personal: list[dict[str, str]]
    retention_days: int | None
    purpose: str | None
    examples: list[dict[str, Any]]
    compatibility: Compatibility
    acknowledge_days: int | None
    origin: Origin
    publishers: list[str]  # keys that may publish from outside and change the type
    identify: list[dict[str, str]]  # where the customer is named: [{"field": "phone", "type": "phone"}]
    upcast: list[dict[str, Any]] | None  # how a fact of the previous version becomes one of this
    revision: int
    changed_at: datetime

    @property
    def family(self) -> str:
        """The name without its version."""
        return self.name.rpartition(".v")[0]


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
