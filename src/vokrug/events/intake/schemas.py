"""Bodies of what other systems send and are answered."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from vokrug.events.intake.publishing import Outcome
from vokrug.events.intake.store import DeadLetter


class PublishedEvent(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What became of an event: taken, a dead letter that waits for a person, or refused."""

    source: str
    id: str
    status: Annotated[Literal["taken", "dead", "refused"], Meta(description="`taken` also when it had been before")]
    code: Annotated[str | None, Meta(description="The refusal's stable code")] = None
    detail: str | None = None
    facts: dict[str, Any] = {}
    dead_letter: UUID | None = None

    @classmethod
    def of(cls, outcome: Outcome, language: str) -> "PublishedEvent":
        arrival, refusal = outcome.arrival, outcome.refusal
        if refusal is None:
            return cls(source=arrival.source, id=arrival.id, status="taken")
        return cls(
            source=arrival.source,
            id=arrival.id,
            status="refused" if outcome.letter is None else "dead",
            code=refusal.code,
            detail=refusal.cashier.say(language, **refusal.facts),
            facts=refusal.facts,
            dead_letter=outcome.letter,
        )


class Published(msgspec.Struct):
    """What became of each event, in the order given; of a single one, too."""

    events: list[PublishedEvent]
    taken: int
    dead: int
    refused: int

    @classmethod
    def of(cls, outcomes: list[Outcome], language: str) -> "Published":
        events = [PublishedEvent.of(each, language) for each in outcomes]
        counts = (sum(each.status == status for each in events) for status in ("taken", "dead", "refused"))
        return cls(events, *counts)


class DeadLetterView(msgspec.Struct, kw_only=True):
    """An event that could not be taken."""

    id: UUID
    type: str
    source: str
    event_id: str
    reason: Annotated[str, Meta(description="The refusal's stable code")]
    field: str
    facts: dict[str, Any]
    publisher: str
    arrived_at: datetime
    tried_at: datetime
    tries: int
    state: Literal["open", "taken", "discarded"]
    ended_at: datetime | None
    ended_by: str | None
    ended_because: str | None

    @classmethod
    def of(cls, letter: DeadLetter) -> "DeadLetterView":
        return msgspec.convert(letter, cls, from_attributes=True)


class DeadLetterFull(DeadLetterView, kw_only=True):
    """An event that could not be taken, with its body as it came."""

    raw: str


class DeadLetterPage(msgspec.Struct):
    """Dead letters, the youngest first."""

    letters: list[DeadLetterView]
    next: Annotated[UUID | None, Meta(description="Send as `before` to read on")]


class Discard(msgspec.Struct, forbid_unknown_fields=True):
    """Why it is let go."""

    reason: Annotated[str, Meta(min_length=1, max_length=1_000)]
