"""Two people, one identifier."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from vokrug.customers.types import Rung, Source, Strength


class ContestState(StrEnum):
    OPEN = "open"
    KEPT = "kept"  # with whoever had it
    MOVED = "moved"  # to whoever asked


@dataclass(frozen=True, slots=True)
class Contest:
    """`cipher` is the value, sealed for the claimant."""

    id: UUID
    identifier_id: int
    type_id: int
    holder: int
    claimant: int
    holder_id: UUID
    claimant_id: UUID
    source: Source
    strength: Strength
    opened_at: datetime
    due_at: datetime
    state: ContestState
    decided_by: str | None
    decided_at: datetime | None
    op: int | None
    cipher: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """Which rungs one of the two stands on, and when they were last heard of."""

    rungs: frozenset[Rung]
    last_word: datetime | None


@dataclass(frozen=True, slots=True)
class Advice:
    """Who should have it, and the rung that told them apart; nobody, when they are alike on all of them."""

    moves: bool | None
    by: Rung | None
