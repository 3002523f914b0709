"""What this domain tells the others. Ids only."""

from uuid import UUID

from vokrug.events import Event, event


@event("accounts.opened.v1", owner="accounts", key="customer")
class AccountOpened(Event, frozen=True):
    """A customer can sign in."""

    customer_id: UUID
    account_id: UUID
