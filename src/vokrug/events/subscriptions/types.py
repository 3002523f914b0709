"""Nouns of a subscription: who reads which facts, how they arrive, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

OURSELVES = "vokrug"  # the actor of what happens without anybody's key


class State(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    ACTIVE = "active"
    PAUSED = "paused"
    RETIRED = "retired"


class Delivery(StrEnum):
    PULL = "pull"
    SSE = "sse"
    WEBHOOK = "webhook"
    BROKER = "broker"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who reads what, as it is written down."""

    name: str
    owner_key: str
    words: str
    types: list[str]
    filter: str
    delivery: str
    start_from: str
    start_time: datetime | None
    start_cursor: str | None
    purposes: list[str]
    keeps_days: int
    lag_limit_days: int | None
    max_per_s: int | None
    max_in_flight: int
    topic: str | None
    state: str
    reason: str
    replays: str | None
    skipped: int
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    changed_at: datetime

    @property
    def place(self) -> str:
        """Under which name its places and parked facts are kept."""
        return place_of(self.name)


def place_of(name: str) -> str:
    return f"subscription/{name}"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a webhook goes, and how its receiver fares."""

    subscription: str
    url: str
    mode: str
    batch_size: int
    tries: int
    timeout_s: int
    secret_sealed: bytes
    former_secret_sealed: bytes | None
    former_until: datetime | None
    verified_at: datetime | None
    allowed_per_min: int | None
    failures: int
    open_until: datetime | None
    last_status: int | None
    last_error: str
    last_failed_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class SubscriptionLag:
    """How far a subscription is behind. `behind` is the one number."""

    name: str
    unread: int
    parked: int
    stuck: int  # of the parked ones, those that wait for a person
    unread_since: datetime | None
    parked_since: datetime | None

    @property
    def behind(self) -> int:
        return self.unread + self.parked

    def age_s(self, now: datetime) -> float:
        """How old the oldest fact is that it has not dealt with."""
        times = [moment for moment in (self.unread_since, self.parked_since) if moment]
        return max(0.0, (now - min(times)).total_seconds()) if times else 0.0


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done to a subscription."""

    at: datetime
    actor: str
    action: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reach:
    """A partition of a subscription: what it has settled, and how far it may read now."""

    partition: int
    position: int
    horizon: int
