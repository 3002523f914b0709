"""When facts of our own are told: who changed is noted, for whoever keeps a copy."""

from datetime import datetime
from uuid import UUID

from vokrug import events
from vokrug.customers import facts
from vokrug.customers.crosswalk import store
from vokrug.runtime.database import Tx

OF_IDENTITY: list[type[events.Event]] = [
    facts.CustomerRegistered,
    facts.IdentifierAttached,
    facts.IdentifierDetached,
    facts.CustomersMerged,
    facts.CustomersUnmerged,
    facts.CustomerErased,
    facts.IdentifierQuarantined,
    facts.IdentifierReleased,
]
OF_PROFILE: list[type[events.Event]] = [
    facts.AttributeChanged,
    facts.ConsentGiven,
    facts.ConsentWithdrawn,
    facts.HouseholdChanged,
]


@events.reaction("customers.note_identity", on=OF_IDENTITY)
async def note_identity(tx: Tx, told: events.Envelope, now: datetime) -> None:
    """Who somebody is has changed: partners that keep a copy read it."""
    if told.type in (facts.IdentifierQuarantined.__event__.name, facts.IdentifierReleased.__event__.name):
        numbers = await store.holders(tx, told.key)
    else:
        ids = {UUID(told.subject)}
        if told.type == facts.CustomersMerged.__event__.name:
            ids.add(told.read(facts.CustomersMerged).merged_id)
        elif told.type == facts.CustomersUnmerged.__event__.name:
            unmerged = told.read(facts.CustomersUnmerged)
            ids |= {unmerged.customer_id, unmerged.separated_id}
        numbers = await store.people_of(tx, ids)
    await store.note(tx, numbers, is_of_identity=True)


@events.reaction("customers.note_profile", on=OF_PROFILE)
async def note_profile(tx: Tx, told: events.Envelope, now: datetime) -> None:
    """What is known of somebody has changed."""
    ids = {UUID(told.subject)}
    if told.type == facts.HouseholdChanged.__event__.name:
        ids = set(told.read(facts.HouseholdChanged).customer_ids)
    await store.note(tx, await store.people_of(tx, ids), is_of_identity=False)


reactions = [note_identity, note_profile]
