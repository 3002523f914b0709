"""Nouns of limits."""

from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

Subject = Literal["customer", "household", "card", "shop", "shop_group", "cashier", "offer", "campaign", "code", "check"]
Period = Literal["ever", "day", "week", "month", "year", "rolling"]
Measure = Literal["uses", "units", "amount", "points"]
MEASURES: tuple[Measure, ...] = ("uses", "units", "amount", "points")


class Limit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """No more than `most` of a measure, for each subject, in each period of the shop's own calendar.

    `rolling` counts the last `days` days, today among them. Limits for a check need no counter: the engine
    keeps them alone.
    """

    subject: Subject
    period: Period = "ever"
    measure: Measure = "uses"
    most: Annotated[int, Meta(ge=0, le=10**15)]
    days: Annotated[int, Meta(ge=0, le=3660)] = 0


class LiveLimit(Struct, frozen=True):
    """A limit with the number its counters go by. A campaign's limit counts for each of its offers."""

    id: int
    offers: tuple[int, ...]
    subject: Subject
    period: Period
    days: int
    measure: Measure
    most: int


class Left(Struct, frozen=True):
    """What an offer may still give here; None is no limit. The tightest of all its limits."""

    uses: int | None = None
    units: int | None = None
    amount_minor: int | None = None
    points_minor: int | None = None


class Taken(Struct, frozen=True, array_like=True, gc=False):
    """What one offer gives in one check, as the engine answered it."""

    offer: int
    uses: int
    units: int
    amount_minor: int
    points_minor: int
    code: str | None = None

    def by(self, measure: Measure) -> int:
        match measure:
            case "uses":
                return self.uses
            case "units":
                return self.units
            case "amount":
                return self.amount_minor
            case "points":
                return self.points_minor


class Place(Struct, frozen=True):
    """Where a check is, in the numbers that counters go by. None: not known, so nothing may be taken by it."""

    customer: int | None
    household: int | None
    card: int | None
    shop: int
    groups: tuple[int, ...]
    cashier: int | None


class Counter(Struct, frozen=True):
    """One counter that a check may touch."""

    limit: LiveLimit
    subject: int
    first: int  # the first day of a rolling window; otherwise the bucket itself
    bucket: int


class Refused(Struct, frozen=True):
    """Why a check cannot have what it wants."""

    check_id: UUID
    limit_id: int | None
    code: bytes | None
