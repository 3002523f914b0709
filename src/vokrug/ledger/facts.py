"""What the ledger tells the others."""

from uuid import UUID

from vokrug.events import Event, event, exemplify


@event("ledger.wallets_joined.v1", owner="ledger", key="customer")
class WalletsJoined(Event, frozen=True):
    """What was free on the wallet of a merged customer is on the person's own from now on."""

    customer_id: UUID
    joined_id: UUID
    join_id: UUID
    points_minor: int


@event("ledger.wallets_parted.v1", owner="ledger", key="customer")
class WalletsParted(Event, frozen=True):
    """What was left of joined points is back on the wallet it came from."""

    customer_id: UUID
    parted_id: UUID
    join_id: UUID
    points_minor: int


SOMEBODY = UUID("01900000-0000-7000-8000-000000000001")
ANOTHER = UUID("01900000-0000-7000-8000-000000000002")
JOIN = UUID("01900000-0000-7000-8000-0000000000a1")

exemplify(
    WalletsJoined(customer_id=SOMEBODY, joined_id=ANOTHER, join_id=JOIN, points_minor=500_00),
    WalletsParted(customer_id=SOMEBODY, parted_id=ANOTHER, join_id=JOIN, points_minor=320_00),
)
