"""Nouns of experiments."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct


class Variant(Struct, frozen=True, forbid_unknown_fields=True):
    """One way to treat a customer: these offers of the experiment, and none of the others."""

    key: Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]
    weight: Annotated[int, Meta(ge=1, le=10_000)]
    offers: tuple[Annotated[int, Meta(ge=1, lt=2**31)], ...] = ()  # numbers


class Experiment(Struct, frozen=True):
    """Customers shared out to variants by a digest, so that everybody always meets the same one. The first
    variant is the control.
    """

    number: int
    id: UUID
    key: str
    name: str
    variants: tuple[Variant, ...]
    state: str
    from_at: datetime
    until_at: datetime | None


class Holdout(Struct, frozen=True):
    """How many in ten thousand get no campaign at all. Another salt is another choice of people."""

    share_bp: int = 0
    salt: str = "holdout"


class Arm(Struct, frozen=True):
    """What one variant came to. Sums are of net margin for each customer, in minor units."""

    key: str
    customers: int
    mean_minor: float
    deviation_minor: float


class Effect(Struct, frozen=True):
    """What a variant brought beside the control, a customer: the difference of means and its interval."""

    key: str
    mean_minor: float
    low_minor: float
    high_minor: float
    confidence: float
    is_significant: bool


class Report(Struct, frozen=True):
    """An experiment so far."""

    experiment: str
    since: datetime
    until: datetime
    arms: list[Arm]
    effects: list[Effect]
