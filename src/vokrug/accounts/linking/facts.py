"""What linking tells the others. Ids only."""

from uuid import UUID

from vokrug.events import Event, event


@event("accounts.linked.v1", owner="accounts", key="customer")
class AccountLinked(Event, frozen=True):
    """A login of another product opens this account from now on: proved on both sides, and agreed to."""

    customer_id: UUID
    account_id: UUID
    link_id: UUID
    product: str
    document_version: str


@event("accounts.unlinked.v1", owner="accounts", key="customer")
class AccountUnlinked(Event, frozen=True):
    """That login opens nothing here any more; what linking it had brought is as it was."""

    customer_id: UUID
    account_id: UUID
    link_id: UUID
    product: str
    by: str
