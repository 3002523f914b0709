"""A household and who is in it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug.customers.types import Source, Strength


@dataclass(frozen=True, slots=True)
class Household:
    """As it is found, merges of households followed."""

    number: int
    id: UUID
    kind: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Member:
    """A person in a household, under the id they are found by now."""

    customer_id: UUID
    role: str
    source: Source
    strength: Strength
    since: datetime


@dataclass(frozen=True, slots=True)
class NewMember:
    """Who is said to be in it. `since` may lie in the past."""

    customer_id: UUID
    role: str
    source: Source
    strength: Strength
    since: datetime


@dataclass(frozen=True, slots=True)
class Change:
    """A change by the id its caller gave it."""

    id: UUID
    kind: str
    household: int
    other: int | None
    body: str
    undone_at: datetime | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A household with its members; the ids of those that were merged into it lead here."""

    household: Household
    members: tuple[Member, ...]
    merged_ids: tuple[UUID, ...]
