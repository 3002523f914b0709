"""Offers as the people who run them see them."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct

from vokrug.promotions.engine import Finding, OfferBody


class OfferState(StrEnum):
    """A version's life: draft → checked → published ⇄ paused → ended. A newer version ends it too."""

    DRAFT = "draft"
    CHECKED = "checked"
    PUBLISHED = "published"
    PAUSED = "paused"
    ENDED = "ended"


class Offer(Struct, frozen=True):
    """An offer, whatever version of it runs. `number` is what receipts and journals keep."""

    id: UUID
    number: int
    key: str
    name: str
    kind: str
    owner: str
    created_at: datetime


class Version(Struct, frozen=True):
    """One wording of an offer. Its body never changes."""

    offer_id: UUID
    version: int
    body: OfferBody
    state: OfferState
    created_by: str
    created_at: datetime
    state_at: datetime


class AuditEntry(Struct, frozen=True):
    """Who did what to which version."""

    version: int
    action: str
    by: str
    at: datetime
    findings: list[Finding] = []  # what the lint said at this step


class LatestStep(Struct, frozen=True):
    """A step of some offer, as the audit of all of them shows it."""

    offer_id: UUID
    name: str
    version: int
    action: str
    by: str
    at: datetime


class OfferRow(Struct, frozen=True):
    """An offer in a list, with where its newest and its live version stand."""

    id: UUID
    number: int
    key: str
    name: str
    kind: str
    owner: str
    newest_version: int
    newest_state: OfferState
    live_version: int | None
    live_state: OfferState | None


class OfferCard(Struct, frozen=True):
    """An offer with all its versions and everything that was done to them."""

    offer: Offer
    versions: list[Version]
    audit: list[AuditEntry]


class OfferRecord(Struct, frozen=True, forbid_unknown_fields=True):
    """One line of an export: enough to write the same offer elsewhere."""

    key: str
    name: str
    owner: str
    body: dict[str, Any]
