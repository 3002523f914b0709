"""Nouns of goods that are half in step."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

AliasKind = Literal["code", "barcode"]
ProposalState = Literal["open", "accepted", "rejected", "overtaken"]
Reason = Literal["barcode", "article", "name"]


@dataclass(frozen=True, slots=True)
class Alias:
    """What a shop calls an article of the centre."""

    shop: str
    kind: AliasKind
    code: str
    sku: str
    article: str  # the central name
    name: str
    source: str
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something that a shop sells and the centre does not know."""

    shop: str
    sku: str
    barcode: str
    is_many: bool
    name: str
    price_minor: int | None
    times: int
    first_seen: datetime
    last_seen: datetime
    proposals: int


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an unknown thing may be, how likely, and why."""

    id: UUID
    shop: str
    kind: AliasKind
    code: str
    name: str
    sku: str
    article: str
    score_bp: int
    reason: Reason
    words: str
    state: ProposalState
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Listed:
    """An article as lists of the catalogue show it."""

    id: int
    sku: str
    name: str
    article: str | None
    barcodes: tuple[str, ...]
    category: str | None
    brand: str | None
    unit: str | None
    vat: str | None
    is_weighed: bool
    is_withdrawn: bool
