"""A join of two wallets, from its proposal to its end."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class JoinState(StrEnum):
    PROPOSED = "proposed"
    JOINED = "joined"
    REVERSAL_PROPOSED = "reversal_proposed"  # the two are not one person any more
    REVERSED = "reversed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"  # taken apart before anybody decided


@dataclass(frozen=True, slots=True)
class Join:
    """`giver` and `taker` are wallets, their ids are customers'."""

    id: UUID
    giver: int
    taker: int
    giver_id: UUID
    taker_id: UUID
    state: JoinState
    moved: int
    given_back: int
    journals: tuple[int, ...]
    proposed_at: datetime
    joined_at: datetime | None
    joined_by: str | None
    ended_at: datetime | None
    ended_by: str | None


@dataclass(frozen=True, slots=True)
class WholeLot:
    """What is free of a lot, and everything that has to stay the same wherever it lies."""

    id: int
    free: int
    funder: int
    priority: int
    earned_at: datetime
    active_from: datetime
    expires_at: datetime
