"""Nouns of tiers."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct, field

from vokrug.promotions.engine.basket import Natural

Metric = Literal["spend", "points", "visits", "categories"]
METRICS: tuple[Metric, ...] = ("spend", "points", "visits", "categories")
Cause = Literal["sale", "return", "review", "grant", "revoke", "offer", "programme"]


class Needs(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a tier asks; None asks nothing. Spend and points are minor units."""

    spend: Natural | None = None
    points: Natural | None = None
    visits: Natural | None = None
    categories: Natural | None = None

    def of(self, metric: Metric) -> int | None:
        asked: int | None = getattr(self, metric)
        return asked


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rung of the ladder."""

    code: Annotated[str, Meta(min_length=1, max_length=64)]
    name_ru: Annotated[str, Meta(min_length=1, max_length=100)]
    name_en: Annotated[str, Meta(min_length=1, max_length=100)]
    needs: Needs = Needs()
    keep: Needs | None = None  # on what terms it is kept, when they are easier

    def name(self, language: str) -> str:
        return self.name_ru if language == "ru" else self.name_en


class Programme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ladder, lowest rung first, and its rules.

    What qualifies is counted over all time, a calendar year, the last `days` days, or a year since the first
    purchase. A sale counts in full before it is asked which tier it leads to, and is itself priced on the tier
    before it. `down` `at_once` makes a tier follow what qualifies, both ways; otherwise it falls at a review
    only, by one rung or to what the customer has reached.
    """

    tiers: tuple[Tier, ...] = ()
    zone: str = "Europe/Moscow"
    span: Literal["lifetime", "year", "rolling", "anniversary"] = "lifetime"
    days: Annotated[int, Meta(ge=0, le=3660)] = 0
    match: Literal["any", "all"] = "any"
    up: Literal["at_once", "at_review"] = "at_once"
    down: Literal["at_once", "one_down", "by_value"] = "at_once"
    review: Literal["none", "day", "month", "year"] = "none"
    grace_days: Annotated[int, Meta(ge=0, le=3660)] = 0
    on_return: Literal["recount", "at_review"] = "recount"
    points_of: Literal["all", "base"] = "base"

    @property
    def counts_days(self) -> bool:
        return self.span != "lifetime"

    @property
    def counts_categories(self) -> bool:
        return any(tier.needs.categories is not None for tier in self.tiers)


class Done(Struct, frozen=True, array_like=True, gc=False):
    """What a customer has done in the window that counts."""

    spend: int = 0
    points: int = 0
    visits: int = 0
    categories: int = 0

    @property
    def numbers(self) -> tuple[int, int, int, int]:
        return self.spend, self.points, self.visits, self.categories

    def of(self, metric: Metric) -> int:
        done: int = getattr(self, metric)
        return done

    def plus(self, spend: int = 0, points: int = 0, visits: int = 0, categories: int = 0) -> "Done":
        return Done(self.spend + spend, self.points + points, self.visits + visits, self.categories + categories)


class Change(Struct, frozen=True):
    """A step on the ladder, and why."""

    at: datetime
    from_tier: str | None
    to_tier: str | None
    cause: Cause
    document: UUID | None
    by: str


class TierCard(Struct, frozen=True):
    """Where a customer stands, how they came there, and the way on."""

    tier: str | None
    done: Done
    since: date | None
    protected_until: date | None
    grace_until: date | None
    path: str
    keep: str
    history: list[Change] = field(default_factory=list)
