"""What is asked of the past, and what it answers. Money and points in minor units, shares in basis points."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.promotions.engine import OfferVersion, Policy
from vokrug.promotions.launch.types import Change


class Backtest(Change, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is tried, on which receipts: days of the shops' calendars, both inclusive.

    `beside` says what else runs: the offers that ran at the moment of each receipt, or those of today.
    """

    from_date: date
    until_date: date
    shops: tuple[str, ...] = ()
    beside: Literal["then", "now"] = "then"
    breakage_bp: Annotated[int, Meta(ge=0, le=10_000)] | None = None  # else as observed


class StartBacktest(Backtest, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The caller makes the id and may send it again."""

    id: UUID


class State(StrEnum):
    """waiting → running → done; or cancelled, or failed."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Sums(Struct, gc=False):
    """What receipts came to, and how much more or less with the change. The customer's point of view: more discount is
    positive, less to pay is negative."""

    receipts: int = 0
    changed: int = 0  # that cost or earn otherwise
    redeemed: int = 0  # on which something that is tried applies
    paid_minor: int = 0  # as it was sold, like the two below
    discount_minor: int = 0
    points_minor: int = 0
    extra_discount_minor: int = 0
    extra_points_minor: int = 0
    extra_points_paid_minor: int = 0  # money that points pay
    extra_paid_minor: int = 0

    def add(self, other: "Sums") -> None:
        for name in SUMMED:
            setattr(self, name, getattr(self, name) + getattr(other, name))


SUMMED = Sums.__struct_fields__


class ChangedReceipt(Struct, frozen=True, gc=False):
    """A receipt before and after."""

    check_uid: str
    at: datetime
    shop: str
    worth_minor: int  # more discount, and more points at their value
    paid_before_minor: int
    paid_after_minor: int
    discount_before_minor: int
    discount_after_minor: int
    points_before_minor: int
    points_after_minor: int


class Margin(Struct, gc=False):
    """Over the lines whose cost is known."""

    lines: int = 0
    of_lines: int = 0
    revenue_minor: int = 0
    before_minor: int = 0
    after_minor: int = 0
    below_cost_lines: int = 0  # with the change, and not without it

    def add(self, other: "Margin") -> None:
        for name in Margin.__struct_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


class OfferSums(Struct, gc=False):
    """One of the offers tried."""

    redeemed: int = 0
    discount_minor: int = 0
    points_minor: int = 0

    def add(self, other: "OfferSums") -> None:
        self.redeemed += other.redeemed
        self.discount_minor += other.discount_minor
        self.points_minor += other.points_minor


class Bar(Struct, frozen=True):
    """Changed receipts whose worth is at least `from_minor` and below `until_minor`; None: no end."""

    from_minor: int | None
    until_minor: int | None
    receipts: int


class Liability(Struct, frozen=True):
    """What points outstanding are worth, less those that will lapse: today, and with the points this would add."""

    outstanding_points_minor: int
    breakage_bp: int
    breakage_observed: bool  # else given by the caller, or nothing has lapsed or been spent yet
    today_minor: int
    added_minor: int
    forecast_minor: int


class Report(Struct, frozen=True):
    """What a backtest answers. The same baskets are assumed: nobody buys more because of an offer."""

    total: Sums
    redemption_bp: int
    cost_minor: int  # extra discount, and extra points at their value
    points_value_minor: int
    customers: int  # who would have been touched
    margin: Margin
    liability: Liability
    by_day: dict[str, Sums]
    by_shop: dict[str, Sums]
    by_offer: dict[str, OfferSums]
    histogram: list[Bar]
    most_changed: list[ChangedReceipt]
    bounded: int  # receipts whose best price was not proven


class Run(Struct, frozen=True):
    """A backtest, how far it is, and what it found."""

    id: UUID
    state: State
    receipts: int
    of_receipts: int | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    reason: str | None = None
    report: Report | None = None


class Plan(Struct, frozen=True):
    """Everything a worker has to know, besides the receipts. Travels as JSON."""

    live: tuple[OfferVersion, ...]  # at the beginning
    moves: tuple[tuple[datetime, int, OfferVersion | None], ...]  # of the published set, in order
    put: tuple[OfferVersion, ...]
    off: frozenset[int]
    groups: Mapping[str, frozenset[int]]
    calendars: Mapping[str, frozenset[date]]
    policies: tuple[tuple[datetime, Policy], ...]  # in force from these moments on, the first from the beginning
    tried_policy: Policy | None
    value_num: int
    value_den: int
