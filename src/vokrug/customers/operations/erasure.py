"""A person is forgotten: their keys are destroyed, and what was sealed under them is noise, here, in the log of facts
and in every backup; what was kept in the open is deleted. The act of it stays.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from vokrug import events
from vokrug.customers import store
from vokrug.customers.directory import Directory
from vokrug.customers.errors import ErasureDecided, ErasureRepeated, ErasureUnknown, FourEyesNeeded
from vokrug.customers.facts import CustomerErased
from vokrug.customers.operations.people import person_to_change
from vokrug.customers.operations.profiles import profile
from vokrug.customers.types import Erasure, ErasureState, Ground, Source
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx


async def ask_erasure(
    tx: Tx, id: UUID, customer_id: UUID, ground: Ground, *, by: str, now: datetime, note: str = ""
) -> Erasure:
    """Ask that a person be forgotten; somebody else decides. Repeat freely."""
    if (known := await store.find_erasure(tx, id)) is not None:
        return known
    person = await person_to_change(tx, customer_id)
    asked = Erasure(id, person.id, ground, note, by, now, ErasureState.ASKED)
    if not await store.insert_erasure(tx, asked):
        raise ErasureRepeated
    return asked


async def erasure_asked(tx: Tx, customer_id: UUID) -> Erasure | None:
    """The request that waits for a decision, if the person has made one."""
    return await store.find_asked_erasure(tx, customer_id)


async def approve_erasure(tx: Tx, id: UUID, *, by: str, source: Source, now: datetime) -> Erasure:
    """Carry it out. There is no way back. Repeat freely."""
    asked = await _asked(tx, id, ErasureState.DONE, by)
    if asked.state is ErasureState.DONE:
        return asked
    person = await person_to_change(tx, asked.customer_id)
    members = await store.lock_people(tx, [person.number])
    numbers = [member.number for member in members]
    event_id = await destroy_keys(tx, person.id, source, now)
    destroyed = {"keys": len(numbers), **await store.destroy_data(tx, numbers)}
    journal: list[dict[str, Any]] = [
        {"at": asked.asked_at.isoformat(), "deed": "asked", "by": asked.asked_by},
        *await store.ops_of(tx, numbers),
        {"at": now.isoformat(), "deed": "approved", "by": by},
        *({"at": now.isoformat(), "deed": "destroyed", "kind": kind, "count": n} for kind, n in destroyed.items()),
    ]
    ids = [member.id for member in members]
    await store.finish_erasure(
        tx, id, by=by, now=now, customer_ids=ids, destroyed=destroyed, journal=journal, event_id=event_id
    )
    return await shown_erasure(tx, id)


async def decline_erasure(tx: Tx, id: UUID, *, by: str, now: datetime) -> Erasure:
    """The person stays. Repeat freely."""
    asked = await _asked(tx, id, ErasureState.DECLINED, by)
    if asked.state is ErasureState.ASKED:
        await store.decline_erasure(tx, id, by=by, now=now)
    return await shown_erasure(tx, id)


async def shown_erasure(tx: Tx, id: UUID) -> Erasure:
    if (found := await store.find_erasure(tx, id)) is None:
        raise ErasureUnknown
    return found


async def erasures(tx: Tx, state: ErasureState, limit: int) -> Sequence[Erasure]:
    return await store.list_erasures(tx, state, limit)


async def _asked(tx: Tx, id: UUID, wanted: ErasureState, by: str) -> Erasure:
    """The erasure that is to be decided, or that was decided just so."""
    if (found := await store.find_erasure(tx, id, is_locked=True)) is None:
        raise ErasureUnknown
    if found.state not in (ErasureState.ASKED, wanted):
        raise ErasureDecided(state=found.state.value)
    if found.state is ErasureState.ASKED and found.asked_by == by:
        raise FourEyesNeeded
    return found


async def destroy_keys(tx: Tx, customer_id: UUID, source: Source, now: datetime) -> UUID:
    """Nobody reads this person's sealed data again, and no identifier leads to them. There is no way back.

    The narrow heart of an erasure. Answers with the id of the fact that consumers acknowledge.
    """
    person = await person_to_change(tx, customer_id)
    op = await store.insert_op(tx, "erase", person.number, source, now)
    edges = await store.open_edges_of(tx, person.number)
    await store.end_edges(tx, [edge for edge, _ in edges], op, now)
    for identifier_id in sorted({identifier_id for _, identifier_id in edges}):
        await store.project_owner(tx, identifier_id)
    await store.destroy_keys(tx, person.number)
    await store.mark_erased(tx, person.number)
    fact, event_id = CustomerErased(customer_id=person.id, source=source), new_id()
    await events.publish(tx, fact, key=person.number, subject=str(person.id), at=now, id=event_id)
    return event_id


async def access_report(
    tx: Tx, directory: Directory, customer_id: UUID, *, reader: str, now: datetime
) -> dict[str, Any]:
    """Everything that is kept of a person here, for that person: values in full, every word on consents, who looked at
    the card. Making it leaves a trace too.
    """
    card = await profile(tx, directory, customer_id)
    number = card.customer.number
    members = await store.people_of(tx, number)
    numbers = [member.number for member in members]
    values = [
        {
            "type": directory.identifier_type_by_id(edge.type_id).code,
            "value": directory.vault.person_key(edge.owner_id, edge.wrapped).open(edge.cipher, "identifier"),
            "source": edge.source,
            "strength": edge.strength,
            "since": edge.valid_from,
        }
        for edge in await store.sealed_edges(tx, number)
    ]
    report = {
        "customer_id": card.customer.id,
        "made_at": now,
        "called": card.customer.called,
        "language": card.customer.language,
        "birthday": card.birthday,
        "registered_at": card.created_at,
        "ids": [member.id for member in members],
        "identifiers": values,
        "attributes": card.attributes,
        "consents": await store.all_consents(tx, numbers),
        "history": await store.ops_of(tx, numbers),
        "card_reads": await store.card_reads(tx, numbers),
    }
    await store.insert_card_read(tx, number, reader, now)
    return report
