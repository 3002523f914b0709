"""A person's keys are destroyed: what was sealed under them is noise, here, in the log and in every backup."""

from datetime import datetime
from uuid import UUID

from vokrug import events
from vokrug.customers import store
from vokrug.customers.facts import CustomerErased
from vokrug.customers.operations.people import person_to_change
from vokrug.customers.types import Source
from vokrug.runtime.database import Tx


async def destroy_keys(tx: Tx, customer_id: UUID, source: Source, now: datetime) -> None:
    """Nobody reads this person's sealed data again, and no identifier leads to them. There is no way back.

    The narrow heart of an erasure: attributes, hashes and what other domains keep are left to its whole.
    """
    person = await person_to_change(tx, customer_id)
    op = await store.insert_op(tx, "erase", person.number, source, now)
    edges = await store.open_edges_of(tx, person.number)
    await store.end_edges(tx, [edge for edge, _ in edges], op, now)
    for identifier_id in sorted({identifier_id for _, identifier_id in edges}):
        await store.project_owner(tx, identifier_id)
    await store.destroy_keys(tx, person.number)
    await store.mark_erased(tx, person.number)
    fact = CustomerErased(customer_id=person.id, source=source)
    await events.publish(tx, fact, key=person.number, subject=str(person.id), at=now)
