"""Nouns of referrals."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.promotions.engine.basket import Natural

State = Literal["invited", "waiting", "rewarded", "refused", "lapsed"]


class ReferralProgramme(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What an invitation brings, and when. Points and money are minor units."""

    is_open: bool = True
    inviter_points: Natural = 0
    friend_points: Natural = 0
    min_minor: Natural = 0  # of the friend's first purchase
    wait_days: Annotated[int, Meta(ge=0, le=365)] = 14  # the return window
    most_a_month: Annotated[int, Meta(ge=0, le=10_000)] = 10  # rewards of one inviter


class NewReferral(Struct, frozen=True, forbid_unknown_fields=True):
    """A friend who came with a code. `device` is whatever tells one phone from another."""

    id: UUID
    friend: UUID
    code: Annotated[str, Meta(min_length=1, max_length=64)]
    device: Annotated[str, Meta(min_length=1, max_length=200)] | None = None


class Referral(Struct, frozen=True):
    """One invitation and how far it is: invited, waiting for the return window, rewarded, refused or lapsed."""

    id: UUID
    inviter: int
    friend: int
    state: State
    reason: str
    ripe_at: datetime | None


class InviteCode(Struct, frozen=True):
    """What a customer gives to friends."""

    code: str
