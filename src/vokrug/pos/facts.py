"""What the till makes known to everyone else. A reader needs no second question."""

from datetime import UTC, datetime
from uuid import UUID

from vokrug.events import Event, event, exemplify


class LineSold(Event, frozen=True):
    """A line of a sale, in minor units and thousandths."""

    n: int
    sku: str
    qty_milli: int
    net_minor: int
    discount_minor: int
    points_minor: int
    earned_minor: int


@event("pos.points_granted.v1", owner="pos", key="customer")
class PointsGranted(Event, frozen=True):
    """Staff gave points outside a sale; they may be spent."""

    request_id: UUID
    customer_id: UUID
    points_minor: int
    reason: str
    expires_at: datetime | None


@event("pos.points_withdrawn.v1", owner="pos", key="customer")
class PointsWithdrawn(Event, frozen=True):
    """Staff took points away outside a sale: a correction."""

    request_id: UUID
    customer_id: UUID
    points_minor: int
    reason: str


@event("pos.sale_committed.v1", owner="pos", key="customer")
class SaleCommitted(Event, frozen=True):
    """A till's sale became final: value has moved, points earned may be spent."""

    check_id: UUID
    customer_id: UUID | None
    shop: str
    till: str
    channel: str
    currency: str
    at: datetime
    status: str
    gross_minor: int
    discount_minor: int
    paid_minor: int
    burned_minor: int
    earned_minor: int
    balance_minor: int
    spent_minor: int
    rules_version: str
    lines: list[LineSold]
    discounts_by_offer: dict[str, int]
    cashier: str | None = None


@event("pos.burn_authorised.v1", owner="pos", key="customer")
class BurnAuthorised(Event, frozen=True):
    """Burning points in a check was let: by the shopper's code, PIN or app, or by a supervisor in their stead."""

    check_id: UUID
    customer_id: UUID | None
    shop: str
    till: str
    method: str
    points_minor: int
    by_whom: str | None
    at: datetime


class LineReturned(Event, frozen=True):
    """A returned part of a line."""

    n: int
    sku: str
    qty_milli: int
    refunded_minor: int


@event("pos.return_posted.v1", owner="pos", key="customer")
class ReturnPosted(Event, frozen=True):
    """Goods came back: money was refunded, burned points restored, earned points taken back."""

    return_id: UUID
    check_id: UUID
    customer_id: UUID | None
    shop: str
    at: datetime
    refunded_minor: int
    restored_minor: int
    taken_back_minor: int
    owed_minor: int
    balance_minor: int
    lines: list[LineReturned]
    by_whom: str | None = None  # there was no receipt: the supervisor who let it happen, and `check_id` is its own
    till: str | None = None


@event("pos.return_parked.v1", owner="pos", key="customer")
class ReturnParked(Event, frozen=True):
    """A return came before its sale and waits for it."""

    return_id: UUID
    check_id: UUID
    shop: str
    at: datetime


@event("pos.deviation_raised.v1", owner="pos", key="customer")
class DeviationRaised(Event, frozen=True):
    """A printed receipt says something else than the centre would have."""

    check_id: UUID
    shop: str
    at: datetime
    kind: str
    expected_minor: int
    printed_minor: int
    points_short_minor: int


exemplify(
    BurnAuthorised(
        check_id=UUID("018f0000-0000-7000-8000-000000000001"),
        customer_id=UUID("018f0000-0000-7000-8000-000000000002"),
        shop="S1",
        till="T1",
        method="sms",
        points_minor=500_00,
        by_whom=None,
        at=datetime(2026, 11, 27, 9, tzinfo=UTC),
    ),
)


@event("pos.till_alarm_raised.v1", owner="pos", key="shop")
class TillAlarmRaised(Event, frozen=True):
    """A till, or a whole shop, is in trouble: somebody should look."""

    shop: str
    till: str | None  # none: the whole shop
    alarm: str
    at: datetime


@event("pos.till_alarm_cleared.v1", owner="pos", key="shop")
class TillAlarmCleared(Event, frozen=True):
    """A trouble of a till, or of a whole shop, is over."""

    shop: str
    till: str | None
    alarm: str
    since: datetime
    at: datetime


exemplify(
    TillAlarmRaised(shop="S1", till="T1", alarm="silent", at=datetime(2026, 11, 27, 9, tzinfo=UTC)),
    TillAlarmCleared(
        shop="S1",
        till="T1",
        alarm="silent",
        since=datetime(2026, 11, 27, 9, tzinfo=UTC),
        at=datetime(2026, 11, 27, 9, 20, tzinfo=UTC),
    ),
)
