"""Points as data: what earns them, when they may be spent, when they lapse."""

from typing import Annotated, Literal

from msgspec import Meta

from vokrug.kernel import Rounding
from vokrug.promotions.engine.basket import Natural, Positive
from vokrug.promotions.engine.offers.parts import Days, Part


class ExpireAfterDays(Part, frozen=True, kw_only=True, tag_field="kind", tag="days"):
    """At the end of the shop's day so many days on."""

    days: Days


class ExpireAtEndOfMonth(Part, frozen=True, kw_only=True, tag_field="kind", tag="end_of_month"):
    """`months` 0 is the month of the sale."""

    months: Annotated[int, Meta(ge=0, le=1200)] = 0


class ExpireAtEndOfYear(Part, frozen=True, kw_only=True, tag_field="kind", tag="end_of_year"):
    """`years` 0 is the year of the sale."""

    years: Annotated[int, Meta(ge=0, le=100)] = 0


class ExpireNever(Part, frozen=True, kw_only=True, tag_field="kind", tag="none"):
    """Points that stay."""


Expiry = ExpireAfterDays | ExpireAtEndOfMonth | ExpireAtEndOfYear | ExpireNever


class Activation(Part, frozen=True, kw_only=True):
    """When points may be spent: at once, after so many seconds, or when the shop's nth day begins.

    `round_to` moves that moment to the start or the last second of its day, week or month in the shop's zone; a start
    that lies before the sale means at once.
    """

    delay_s: Natural = 0
    day_starts: Annotated[int, Meta(ge=0, le=3660)] = 0
    round_to: Literal["", "day_start", "day_end", "week_start", "week_end", "month_start", "month_end"] = ""


class RateFrom(Part, frozen=True, kw_only=True):
    """From this check total on, this rate for the whole base. 100 bp are a point per 100.00."""

    from_minor: Natural
    rate_bp: Annotated[int, Meta(ge=0, le=100_000)]


class ByRate(Part, frozen=True, kw_only=True, tag_field="kind", tag="rate"):
    """Basis points of the base, by the size of the check."""

    steps: tuple[RateFrom, ...]
    rounding: Rounding = Rounding.DOWN
    step_minor: Positive = 1  # of points: 10 means tenths of a point


class PerStep(Part, frozen=True, kw_only=True, tag_field="kind", tag="per_step"):
    """So many points for every full step of the base: 1 point per 10.00."""

    step_minor: Positive
    points_minor: Positive


class PerAmount(Part, frozen=True, kw_only=True, tag_field="kind", tag="per_amount"):
    """So many points per amount, in proportion; the check's sum of points is rounded to whole steps."""

    per_minor: Positive
    points_minor: Positive
    rounding: Rounding = Rounding.DOWN
    step_minor: Positive = 100


class PerPiece(Part, frozen=True, kw_only=True, tag_field="kind", tag="per_unit"):
    """So many points for each unit of the goods aimed at."""

    points_minor: Positive


class FixedPoints(Part, frozen=True, kw_only=True, tag_field="kind", tag="fixed"):
    """So many points for the check, once."""

    points_minor: Positive


Reward = ByRate | PerStep | PerAmount | PerPiece | FixedPoints
Base = Literal["gross", "net_of_discounts", "before_own_reward", "net_of_points"]
