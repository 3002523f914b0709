"""Offers as they would be: what is tried on, and what it changes."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.promotions.engine import Basket, Policy, Priced, Shopper
from vokrug.promotions.engine.lint import Finding
from vokrug.promotions.types import OfferRecord


class Change(Struct, frozen=True, forbid_unknown_fields=True):
    """What is tried: drafts as if they were published, offers that are not written down yet, offers switched off,
    another policy (a preset's name, or the whole of it)."""

    drafts: tuple[UUID, ...] = ()  # the newest version of each
    offers: tuple[OfferRecord, ...] = ()
    off: tuple[UUID, ...] = ()
    policy: str | Policy | None = None


class Simulate(Change, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A basket at any moment. The customer is known by an id, or described, or both: what is described wins."""

    basket: Basket
    at: Annotated[datetime, Meta(tz=True)] | None = None
    customer: UUID | None = None
    shopper: Shopper | None = None
    tier: str | None = None
    segments: frozenset[str] | None = None


class LineChange(Struct, frozen=True):
    """A line that costs or earns otherwise."""

    n: int
    net_before_minor: int
    net_after_minor: int
    earn_before_minor: int
    earn_after_minor: int


class OfferChange(Struct, frozen=True):
    """An offer that fares otherwise. A status of None: it is not even looked at."""

    offer_id: int
    key: str
    before: str | None
    after: str | None
    amount_before_minor: int = 0
    amount_after_minor: int = 0


class Difference(Struct, frozen=True):
    """What is tried against what is live: more is positive."""

    net_minor: int
    discount_minor: int
    points_off_minor: int
    earn_minor: int
    lines: list[LineChange]
    offers: list[OfferChange]


class Simulated(Struct, frozen=True):
    """Both answers in full, and the difference."""

    at: datetime
    priced: Priced
    live: Priced
    difference: Difference


class Linted(Struct, frozen=True):
    """What is wrong with the offers asked about, by key. An offer without a finding is not named."""

    findings: dict[str, list[Finding]]
    may_be_published: bool
