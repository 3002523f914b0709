"""A value set aside, and what is to become of it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

CROWD = "crowd"  # who set it aside, when nobody did it by hand


class QuarantineState(StrEnum):
    OPEN = "open"
    RELEASED = "released"
    BLOCKED = "blocked"


class Wish(StrEnum):
    """What one proposes and another decides."""

    RELEASE = "release"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Quarantine:
    """`cipher`, under the key of `owner_id`, is the value as one of its holders has it; absent when none is left."""

    id: UUID
    identifier_id: int
    type_id: int
    reason: str
    people: int
    opened_by: str
    opened_at: datetime
    state: QuarantineState
    wish: Wish | None
    wished_by: str | None
    decided_by: str | None
    decided_at: datetime | None
    owner_id: UUID | None = None
    cipher: bytes | None = field(default=None, repr=False)
    wrapped: bytes | None = field(default=None, repr=False)
