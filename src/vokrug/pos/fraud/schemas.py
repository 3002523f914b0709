"""Bodies of rules and suspicions."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from vokrug.pos.fraud.types import Terms
from vokrug.pos.schemas import Body, Reply

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class RuleGiven(Body, frozen=True, kw_only=True):
    """`holds`: points that the document earned are set aside until somebody has looked. `score`: how bad it is."""

    name_ru: Name
    name_en: Name
    terms: Terms
    score: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 10
    holds: bool = False
    is_on: bool = True


class RuleShown(Reply, frozen=True, kw_only=True):
    code: str
    name_ru: str
    name_en: str
    terms: Terms
    score: int
    holds: bool
    is_on: bool


class RulesShown(Reply, frozen=True, kw_only=True):
    rules: list[RuleShown]


class SuspicionShown(Reply, frozen=True, kw_only=True):
    """What was too much, for whom, how often since it was raised, and by which documents (the last twenty)."""

    id: UUID
    rule: str
    name: str
    subject: str
    shop: str
    customer: UUID | None
    score: int
    times: int
    measured: int
    most: int
    documents: list[UUID]
    first_at: datetime
    last_at: datetime
    raised_at: datetime
    state: Literal["open", "cleared", "confirmed"]
    points_held: str
    decided_by: str | None
    decided_at: datetime | None
    note: str


class SuspicionsShown(Reply, frozen=True, kw_only=True):
    """The worst first, then the newest. `more`: there are others beyond these."""

    suspicions: list[SuspicionShown]
    more: bool


class SuspicionJudged(Body, frozen=True, kw_only=True):
    """`cleared`: it was in order, points come free. `confirmed`: it was fraud, what was held is taken."""

    verdict: Literal["cleared", "confirmed"]
    note: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]
