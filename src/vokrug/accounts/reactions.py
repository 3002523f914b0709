"""When others speak."""

from datetime import datetime

from vokrug import customers, events
from vokrug.accounts.operations import sessions, staff
from vokrug.accounts.store import people
from vokrug.runtime.database import Tx


@events.reaction("accounts.close", on=[customers.CustomerErased])
async def close_account(tx: Tx, told: events.Envelope, now: datetime) -> None:
    """Whoever was forgotten signs in no more: devices are signed out, and nothing leads to the account."""
    for customer_id in await customers.ids_of_person(tx, told.read(customers.CustomerErased).customer_id):
        account = await people.account_of_customer(tx, customer_id)
        if account is None:
            continue
        await staff.forget_person(tx, account.id, now)
        await sessions.end_all(tx, account.id, now, "the person was forgotten")
        await people.close_account(tx, account.id)
