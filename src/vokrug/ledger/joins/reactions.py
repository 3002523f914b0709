"""When people become one, or two again: their wallets are not touched, staff are asked."""

from datetime import datetime

from vokrug import customers, events
from vokrug.ledger.joins import operations
from vokrug.runtime.database import Tx


@events.reaction("ledger.propose_joins", on=[customers.CustomersMerged, customers.CustomersUnmerged])
async def propose_joins(tx: Tx, told: events.Envelope, now: datetime) -> None:
    if told.type == customers.CustomersMerged.__event__.name:
        await operations.propose(tx, told.read(customers.CustomersMerged).customer_id, now)
        return
    parted = told.read(customers.CustomersUnmerged)
    ids = {
        id
        for customer_id in (parted.customer_id, parted.separated_id)
        for _, id in await customers.members_of(tx, customer_id)
    }
    await operations.look_again(tx, sorted(ids), now)
