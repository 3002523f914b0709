"""The nouns of the domain. Frozen."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LineKind(StrEnum):
    """What happened, as a person would say it."""

    SALE = "sale"
    RETURN = "return"
    GIFT = "gift"
    LAPSED = "lapsed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the history. Points in minor units; money, shop and currency where something was bought."""

    at: datetime
    kind: LineKind
    received_minor: int
    given_minor: int
    money_minor: int | None = None
    currency: str | None = None
    shop: str | None = None
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """The newest lines before a moment. `older`: ask for what is before this."""

    lines: Sequence[Line]
    older: datetime | None


@dataclass(frozen=True, slots=True)
class Lapsing:
    """Points that go at a moment unless they are spent."""

    points_minor: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TierWay:
    """Which tier somebody has, and how far the next one is. Without `following` it is the top."""

    tier: str | None
    following: str | None
    done_percent: int
    text: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Points of now, in minor units: to spend, not yet active, set aside for a check, owed. What lapses next."""

    available_minor: int
    pending_minor: int
    held_minor: int
    debt_minor: int
    lapsing: Sequence[Lapsing]
