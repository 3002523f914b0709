"""Nouns of an integration."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

State = Literal["invited", "keys", "conformance", "live", "suspended"]


@dataclass(frozen=True, slots=True)
class Integration:
    """A row of pos_integration."""

    id: UUID
    place: int
    shop_id: int
    shop: str
    till_ids: list[int]
    vendor: str
    contact_email: str
    software: str
    language: str
    is_sandbox: bool
    state: State
    body_hash: bytes
    invitation_id: UUID
    code_sealed: bytes
    code_until: datetime
    claim_id: UUID | None
    claimed_at: datetime | None
    key_ids: list[str]
    report: Any
    report_passed: bool | None
    reported_at: datetime | None
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what with an integration."""

    at: datetime
    by: str
    what: str
    note: str
