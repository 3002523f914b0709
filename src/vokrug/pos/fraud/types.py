"""Nouns of fraud limits."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

Minutes = Annotated[int, msgspec.Meta(ge=10, le=7 * 24 * 60)]
Clocktime = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Subject = Literal["customer", "cashier", "till", "shop", "customer_at_till", "customer_by_cashier"]
Measure = Literal["sales", "burns", "points_burned", "points_earned", "returns", "money_returned"]


class Term(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of what a rule looks at."""


class TooMuch(Term, frozen=True, kw_only=True, tag_field="kind", tag="too_much"):
    """More than `most` of something within the last minutes: checks, returns, or points and money in minor units."""

    subject: Subject
    measure: Measure
    minutes: Minutes
    most: Annotated[int, msgspec.Meta(ge=1, le=10**12)]


class TwoShops(Term, frozen=True, kw_only=True, tag_field="kind", tag="two_shops"):
    """One customer in two shops with no more than so many minutes between."""

    minutes: Annotated[int, msgspec.Meta(ge=1, le=24 * 60)]


class AfterClose(Term, frozen=True, kw_only=True, tag_field="kind", tag="after_close"):
    """Returns, or also sales, when the shop is closed by its own clock. `until` before `since`: over midnight."""

    since: Clocktime
    until: Clocktime
    only: Literal["returns", "all"] = "returns"


Terms = TooMuch | TwoShops | AfterClose


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule as it runs."""

    code: str
    name_ru: str
    name_en: str
    terms: Terms
    score: int
    holds: bool
    is_on: bool


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """A sale or a return, as far as rules look at it. Sums in minor units."""

    document: UUID
    at: datetime
    zone: str
    shop: str
    till: str | None
    cashier: str | None
    customer: int | None
    is_return: bool
    earned_minor: int = 0
    amounts: dict[str, int]  # by measure


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Where the customer was before."""

    shop: str
    at: datetime


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that was met."""

    rule: Rule
    subject: str
    measured: int
    most: int
