"""What this domain tells the others. Ids only."""

from collections.abc import Sequence
from uuid import UUID

from vokrug.events import Event, event, exemplify


@event("accounts.opened.v1", owner="accounts", key="customer")
class AccountOpened(Event, frozen=True):
    """A customer can sign in."""

    customer_id: UUID
    account_id: UUID


@event("accounts.staff_changed.v1", owner="accounts", key="staff")
class StaffChanged(Event, frozen=True):
    """Somebody joined the staff, has other roles, proves who they are anew, or is not of the staff any more."""

    staff_id: UUID
    what: str
    roles: Sequence[str]
    shops: Sequence[str]
    by: str


exemplify(
    StaffChanged(
        staff_id=UUID("018f0000-0000-7000-8000-000000000003"),
        what="roles_changed",
        roles=["franchisee"],
        shops=["S1", "S2"],
        by="018f0000-0000-7000-8000-000000000004",
    ),
)
