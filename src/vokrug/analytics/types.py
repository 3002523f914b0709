"""The nouns of the domain. Frozen."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum


class Grain(StrEnum):
    """What a row of a report stands for."""

    ALL = "all"
    HOUR = "hour"  # of the day, by the shop's clock
    DAY = "day"  # by the shop's calendar
    SHOP = "shop"


@dataclass(frozen=True, slots=True)
class Span:
    """A shop from one moment until another: the hours that begin in it."""

    shop: str
    zone: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over some hours of some shops. Money and points in minor units."""

    checks: int = 0
    member_checks: int = 0
    late_checks: int = 0
    gross_minor: int = 0
    discount_minor: int = 0
    paid_minor: int = 0
    member_paid_minor: int = 0
    burned_minor: int = 0
    earned_minor: int = 0
    returns: int = 0
    refunded_minor: int = 0
    restored_minor: int = 0
    taken_back_minor: int = 0

    def __add__(self, other: "Totals") -> "Totals":
        return Totals(**{name: getattr(self, name) + getattr(other, name) for name in SUMS})

    def part(self, of_1000: int) -> "Totals":
        """So many thousandths of it, rounded down: what an hour has brought when a part of it has passed."""
        return Totals(**{name: getattr(self, name) * of_1000 // 1000 for name in SUMS})

    @property
    def average_minor(self) -> int:
        return self.paid_minor // self.checks if self.checks else 0

    @property
    def member_share_bp(self) -> int:
        """Of the money, what people known to the programme paid, in basis points."""
        return self.member_paid_minor * 10_000 // self.paid_minor if self.paid_minor else 0


SUMS = tuple(field.name for field in fields(Totals))


@dataclass(frozen=True, slots=True)
class OfferDay:
    """What an offer gave in a day. `offer` is its number and version, as checks name it."""

    offer: str
    day: date
    checks: int
    discount_minor: int
