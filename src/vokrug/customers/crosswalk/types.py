"""What a key may see, and what it is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Right:
    """Types of identifiers that a key may see. Pairwise ids are those of its sector and mean nothing elsewhere."""

    key_id: str
    sector: str
    types: tuple[str, ...]
    is_pairwise: bool
    granted_by: str
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class Row:
    """A customer and the person they lead to; identifiers are (type id, holder's id, wrapped key, sealed value)."""

    number: int
    id: UUID
    survivor_id: UUID
    state: str
    merged_ids: Sequence[UUID]
    identifiers: Sequence[tuple[int, UUID, bytes, bytes]] = field(repr=False)
    place: int = 0


@dataclass(frozen=True, slots=True)
class Walked:
    """One line: an id of ours, and the identifiers of the types asked for. `moved_to`: it leads to another by now."""

    id: UUID
    identifiers: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    merged_ids: Sequence[UUID] = ()
    moved_to: UUID | None = None
    is_erased: bool = False
