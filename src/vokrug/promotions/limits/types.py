"""Nouns of limits."""

from uuid import UUID

from msgspec import Struct

from vokrug.promotions.engine.offers.parts import Measure, Period, Subject


class LiveLimit(Struct, frozen=True):
    """A limit with the number its counters go by. A campaign's limit counts for each of its offers, and its
    subject `offer` is the campaign as a whole.
    """

    id: int
    offers: tuple[int, ...]
    subject: Subject
    period: Period
    days: int
    measure: Measure
    most: int


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
