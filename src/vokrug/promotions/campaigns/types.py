"""Nouns of campaigns."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from msgspec import Struct

from vokrug.promotions.engine.offers.parts import Limit


class Campaign(Struct, frozen=True):
    """Offers that begin, rest and end together."""

    number: int
    id: UUID
    key: str
    name: str
    owner: str
    from_at: datetime | None
    until_at: datetime | None
    state: Literal["planned", "running", "paused", "ended"]


class CampaignStep(Struct, frozen=True):
    """Something that was done with a campaign, by whom, and with what."""

    action: str
    by: str
    at: datetime
    detail: dict[str, Any]


class CampaignCard(Struct, frozen=True):
    """A campaign with its budget and how far that is used."""

    campaign: Campaign
    offers: list[str]
    budget: list[Limit]
    counted: list[dict[str, Any]]
    audit: list[CampaignStep]
