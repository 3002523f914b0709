"""An identifier that two people say is theirs: what proof moves it, and what becomes of the first."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from vokrug import events
from vokrug.customers import rules, store
from vokrug.customers.directory import Directory
from vokrug.customers.facts import IdentifierDetached
from vokrug.customers.operations.identifiers import attach, lead_to, require_room
from vokrug.customers.operations.people import person_to_change
from vokrug.customers.quarantine import operations as quarantine
from vokrug.customers.types import Source, Strength
from vokrug.runtime.database import Tx


async def claim(
    tx: Tx,
    directory: Directory,
    customer_id: UUID,
    identifier: tuple[str, str],
    *,
    source: Source,
    strength: Strength,
    now: datetime,
    evidence: Mapping[str, Any] | None = None,
) -> int:
    """Let a (type, value) lead to the customer, although another may have it; answers with the identifier's id.

    Nobody's, shared by kind or the customer's own, it is attached as ever. Another's moves by proof: their edges end
    and stay on record, everything else they have is left alone. Repeat freely.
    """
    code, value = identifier
    await directory.meet(tx, [code])
    wanted = directory.identify(code, value)
    kind = wanted.type
    rules.require_may_attach(kind, source, strength)
    rules.require_storable(evidence or {})
    await store.lock(tx, [wanted.hash])
    await quarantine.require_not_aside(tx, [wanted])
    person = await person_to_change(tx, customer_id)
    others = [edge for edge in await store.open_edges(tx, wanted) if edge.holder != person.number]
    if not others or not kind.is_unique:
        return await attach(
            tx, directory, customer_id, identifier, source=source, strength=strength, now=now, evidence=evidence
        )
    rules.require_outproven(kind, strength, [(edge.strength, edge.since) for edge in others], now)
    await require_room(tx, person, kind, now)

    identifier_id = others[0].identifier_id
    op = await store.insert_op(tx, "claim", person.number, source, now, {"identifier_id": identifier_id})
    await store.end_edges(tx, [edge.assertion_id for edge in others], op, now)
    holders = {edge.holder for edge in others}
    for number, id in sorted((await store.ids_of(tx, sorted(holders))).items()):
        fact = IdentifierDetached(customer_id=id, identifier_id=identifier_id, identifier_type=code, source=source)
        await events.publish(tx, fact, key=number, subject=str(id), at=now)
    await lead_to(
        tx, directory, person, wanted, source=source, strength=strength, evidence=evidence or {}, op=op, now=now
    )
    await quarantine.watch(tx, kind, identifier_id, now)
    return identifier_id
