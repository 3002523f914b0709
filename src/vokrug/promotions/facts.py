"""What promotions tell the others."""

from datetime import datetime
from uuid import UUID

from vokrug.events import Event, event


@event("promotions.offer_published.v1", owner="promotions", key="offer")
class OfferPublished(Event, frozen=True):
    """A version of an offer runs from now on; the one before it no longer does."""

    offer_id: UUID
    number: int
    key: str
    kind: str
    version: int
    by: str


@event("promotions.offer_paused.v1", owner="promotions", key="offer")
class OfferPaused(Event, frozen=True):
    """An offer rests until it is published again."""

    offer_id: UUID
    number: int
    key: str
    version: int
    by: str


@event("promotions.offer_ended.v1", owner="promotions", key="offer")
class OfferEnded(Event, frozen=True):
    """A version of an offer is over for good."""

    offer_id: UUID
    number: int
    key: str
    version: int
    by: str


@event("promotions.coupon_issued.v1", owner="promotions", key="customer")
class CouponIssued(Event, frozen=True):
    """A sale gave a coupon for next time. The code itself is on the receipt, not here."""

    pool: str
    sale_id: UUID
    customer_id: UUID | None
    count: int
    until: datetime | None


@event("promotions.coupon_used.v1", owner="promotions", key="customer")
class CouponUsed(Event, frozen=True):
    """A sale that used a coupon became final."""

    pool: str
    sale_id: UUID
    customer_id: UUID | None
    offer: int


@event("promotions.tier_changed.v1", owner="promotions", key="customer")
class TierChanged(Event, frozen=True):
    """A customer stands on another tier, and why."""

    customer_number: int
    from_tier: str | None
    to_tier: str | None
    cause: str
    document: UUID | None


@event("promotions.budget_alarm.v1", owner="promotions", key="offer")
class BudgetAlarm(Event, frozen=True):
    """A shared limit of an offer or a campaign is used to `level` percent."""

    offer: str | None
    campaign: str | None
    counted_by: str
    period: str
    measure: str
    level: int
    taken: int
    most: int


@event("promotions.referral_rewarded.v1", owner="promotions", key="customer")
class ReferralRewarded(Event, frozen=True):
    """A friend's first purchase has outlived its return window: both are to be rewarded."""

    referral_id: UUID
    inviter_number: int
    friend_number: int
    inviter_points_minor: int
    friend_points_minor: int
    sale_id: UUID
