"""Attaching identifiers to a customer and taking them away. Edges begin and end; none is rewritten."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from vokrug import events
from vokrug.customers import rules, store
from vokrug.customers.directory import Directory
from vokrug.customers.errors import IdentifierImmutable, IdentifierNotHeld, IdentifierTaken
from vokrug.customers.facts import IdentifierAttached, IdentifierDetached, IdentifierStateChanged
from vokrug.customers.operations.people import person_to_change
from vokrug.customers.quarantine import operations as quarantine
from vokrug.customers.store import Person
from vokrug.customers.types import Identifier, IdentifierState, IdentifierType, Source, Strength
from vokrug.runtime.database import Tx


async def attach(
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
    """Let a (type, value) lead to the customer; answers with the identifier's id. Repeat freely: the
    same source saying no more than before changes nothing.
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

    edges = await store.open_edges(tx, wanted)
    if kind.is_unique and any(edge.holder != person.number for edge in edges):
        raise IdentifierTaken(type=code)
    own = [edge for edge in edges if edge.holder == person.number]
    same_source = [edge for edge in own if edge.source is source]
    if any(edge.strength.rank >= strength.rank for edge in same_source):
        return own[0].identifier_id
    if not own:
        await require_room(tx, person, kind, now)

    op = await store.insert_op(tx, "attach", person.number, source, now)
    await store.end_edges(tx, [edge.assertion_id for edge in same_source], op, now)
    identifier_id = await lead_to(
        tx, directory, person, wanted, source=source, strength=strength, evidence=evidence or {}, op=op, now=now
    )
    await quarantine.watch(tx, kind, identifier_id, now)
    return identifier_id


async def require_room(tx: Tx, person: Person, kind: IdentifierType, now: datetime) -> None:
    """May this customer have one more of these, and may they have it now?"""
    rules.require_room(kind, await store.count_held(tx, person.number, kind.id))
    if kind.max_new:
        since = now - timedelta(days=kind.new_days)
        rules.require_pace(kind, await store.count_new(tx, person.number, kind.id, since))


async def lead_to(
    tx: Tx,
    directory: Directory,
    person: Person,
    wanted: Identifier,
    *,
    source: Source,
    strength: Strength,
    evidence: Mapping[str, Any],
    op: int,
    now: datetime,
) -> int:
    """For stories that have made sure of the person: state it, and tell. Answers with the identifier's id."""
    key = directory.vault.person_key(person.id, person.wrapped)
    identifier_id = await store.insert_edge(
        tx,
        wanted,
        person.number,
        cipher=key.seal(wanted.value, "identifier"),
        source=source,
        strength=strength,
        evidence=evidence,
        op=op,
        now=now,
    )
    await store.project_owner(tx, identifier_id)
    fact = IdentifierAttached(
        customer_id=person.id,
        identifier_id=identifier_id,
        identifier_type=wanted.type.code,
        source=source,
        strength=strength,
    )
    await events.publish(tx, fact, key=person.number, subject=str(person.id), at=now)
    return identifier_id


async def detach(
    tx: Tx,
    directory: Directory,
    customer_id: UUID,
    identifier_id: int,
    *,
    source: Source,
    now: datetime,
    only_own_words: bool = False,
) -> None:
    """Let an identifier lead to the customer no longer. What was true before stays on record. `only_own_words`: what
    other sources have said goes on leading there.
    """
    if (name := await store.identifier_hash(tx, identifier_id)) is None:
        raise IdentifierNotHeld
    await store.lock(tx, [name])
    person = await person_to_change(tx, customer_id)
    if (holding := await store.find_holding(tx, person.number, identifier_id)) is None:
        raise IdentifierNotHeld
    type_id, held = holding
    edges = [edge for edge in held if edge.source is source] if only_own_words else held
    if not edges:
        return  # a repeat: it was taken away before
    await directory.meet_ids(tx, [type_id])
    kind = directory.identifier_type_by_id(type_id)
    if kind.is_immutable:
        raise IdentifierImmutable(type=kind.code)

    op = await store.insert_op(tx, "detach", person.number, source, now, {"identifier_id": identifier_id})
    await store.end_edges(tx, [edge.assertion_id for edge in edges], op, now)
    await store.project_owner(tx, identifier_id)
    if len(edges) < len(held):
        return  # it leads to them as before
    fact = IdentifierDetached(
        customer_id=person.id, identifier_id=identifier_id, identifier_type=kind.code, source=source
    )
    await events.publish(tx, fact, key=person.number, subject=str(person.id), at=now)


async def set_state(
    tx: Tx,
    directory: Directory,
    customer_id: UUID,
    identifier_id: int,
    state: IdentifierState,
    *,
    source: Source,
    now: datetime,
) -> None:
    """Shut a customer's card, or open it: the customer and their other identifiers go on. Repeat freely."""
    if (name := await store.identifier_hash(tx, identifier_id)) is None:
        raise IdentifierNotHeld
    await store.lock(tx, [name])
    person = await person_to_change(tx, customer_id)
    holding = await store.find_holding(tx, person.number, identifier_id)
    if holding is None or not holding[1]:
        raise IdentifierNotHeld
    if not await store.set_identifier_state(tx, identifier_id, state):
        return
    await directory.meet_ids(tx, [holding[0]])
    kind = directory.identifier_type_by_id(holding[0])
    told = {"identifier_id": identifier_id, "state": state.value}
    await store.insert_op(tx, "state", person.number, source, now, told)
    fact = IdentifierStateChanged(
        customer_id=person.id, identifier_id=identifier_id, identifier_type=kind.code, state=state.value, source=source
    )
    await events.publish(tx, fact, key=person.number, subject=str(person.id), at=now)
