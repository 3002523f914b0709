"""What is known of a customer: reading the card, and keeping attributes in the order of observation."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from vokrug import events
from vokrug.customers import rules, store
from vokrug.customers.directory import Directory
from vokrug.customers.errors import CustomerUnknown
from vokrug.customers.facts import AttributeChanged
from vokrug.customers.normalisers import mask
from vokrug.customers.operations.people import introduce, person_to_change
from vokrug.customers.operations.settling import settle
from vokrug.customers.store import SealedEdge
from vokrug.customers.types import (
    AttributesSet,
    CardRead,
    Contact,
    Customer,
    Observation,
    Profile,
    Sensitivity,
    ShownIdentifier,
    Source,
)
from vokrug.runtime.database import Tx


async def customer(tx: Tx, directory: Directory, customer_id: UUID) -> Customer:
    """The little that a till may see."""
    if (sheet := await store.find_sheet(tx, customer_id)) is None:
        raise CustomerUnknown
    return introduce(directory, sheet.person)


async def read_card(tx: Tx, directory: Directory, customer_id: UUID, *, reader: str, now: datetime) -> Profile:
    """The whole card for a member of staff, who leaves a trace by reading it."""
    card = await profile(tx, directory, customer_id)
    await store.insert_card_read(tx, card.customer.number, reader, now)
    return card


async def latest_card_reads(tx: Tx, limit: int) -> Sequence[CardRead]:
    """Who has looked at whose card, the newest first."""
    return await store.latest_card_reads(tx, limit)


async def profile(tx: Tx, directory: Directory, customer_id: UUID) -> Profile:
    """Everything that may be shown, identifiers masked. For people, go through `read_card`."""
    if (sheet := await store.find_sheet(tx, customer_id)) is None:
        raise CustomerUnknown
    number = sheet.person.number
    edges = await store.sealed_edges(tx, number)
    await directory.meet_ids(tx, (edge.type_id for edge in edges))
    by_identifier = groupby(edges, key=lambda edge: edge.identifier_id)
    return Profile(
        customer=introduce(directory, sheet.person),
        birthday=sheet.birthday,
        registered_shop=sheet.registered_shop,
        created_at=sheet.created_at,
        identifiers=tuple(_shown(directory, list(edges)) for _, edges in by_identifier),
        attributes=tuple(await store.attributes(tx, number)),
        consents=tuple(await store.consents(tx, number)),
    )


async def call_differently(tx: Tx, directory: Directory, customer_id: UUID, *, called: str, language: str) -> None:
    """The person says anew how to call them, and in which language to speak. Never a full name."""
    called = rules.called_as_asked(called)
    rules.require_spoken(language)
    person = await person_to_change(tx, customer_id)
    key = directory.vault.person_key(person.id, person.wrapped)
    await store.put_called(tx, person.number, key.seal(called, "called"), language)


def _shown(directory: Directory, edges: list[SealedEdge]) -> ShownIdentifier:
    """Several sources may say the same: the strongest counts, the earliest says since when."""
    first = edges[0]
    kind = directory.identifier_type_by_id(first.type_id)
    key = directory.vault.person_key(first.owner_id, first.wrapped)
    return ShownIdentifier(
        id=first.identifier_id,
        type=kind.code,
        masked=mask(kind, key.open(first.cipher, "identifier")),
        strength=max((edge.strength for edge in edges), key=lambda strength: strength.rank),
        sources=tuple(sorted({edge.source for edge in edges})),
        since=min(edge.valid_from for edge in edges),
        state=first.state,
        is_aside=first.is_aside,
    )


async def contacts(tx: Tx, directory: Directory, customer_id: UUID) -> list[Contact]:
    """Phones, e-mails and the like in the clear, the best proven first: for the person alone, who has signed in."""
    if (sheet := await store.find_sheet(tx, customer_id)) is None:
        raise CustomerUnknown
    edges = await store.sealed_edges(tx, sheet.person.number)
    await directory.meet_ids(tx, (edge.type_id for edge in edges))
    best: dict[int, Contact] = {}
    for edge in sorted(edges, key=lambda edge: (-edge.strength.rank, edge.valid_from)):
        kind = directory.identifier_type_by_id(edge.type_id)
        if edge.identifier_id not in best and kind.sensitivity is not Sensitivity.SECRET:
            key = directory.vault.person_key(edge.owner_id, edge.wrapped)
            value = key.open(edge.cipher, "identifier")
            best[edge.identifier_id] = Contact(edge.identifier_id, kind.code, value, edge.strength)
    return list(best.values())


async def set_attributes(
    tx: Tx,
    directory: Directory,
    customer_id: UUID,
    values: Mapping[str, Any],
    *,
    source: Source,
    observed_at: datetime,
    now: datetime,
    provenance: Mapping[str, Any] | None = None,
) -> AttributesSet:
    """Keep what was observed, and work out what the person has by each attribute's rule: the order of arrival never
    matters.
    """
    rules.require_not_ahead(observed_at, now)
    await directory.meet_attributes(tx, values)
    for code, value in values.items():
        rules.require_fits(directory.attribute_type(code), value)
    rules.require_storable(provenance or {})
    person = await person_to_change(tx, customer_id)

    said = Observation(person.number, source, None, observed_at, observed_at, provenance or {})
    await store.observe(tx, said, values)
    members = [member.number for member in await store.people_of(tx, person.number)]
    settled = await settle(tx, dict.fromkeys(members, person.number), now, codes=list(values))
    taken = []
    for code in sorted(values):
        stands = settled.get((person.number, code))
        if stands is not None and stands.is_new:
            one = stands.attribute
            fact = AttributeChanged(customer_id=person.id, code=code, source=one.source, observed_at=one.observed_at)
            await events.publish(tx, fact, key=person.number, subject=str(person.id), at=now)
        if stands is not None and rules.is_by(directory.attribute_type(code), stands.attribute, said, values[code]):
            taken.append(code)
    return AttributesSet(tuple(taken), tuple(code for code in sorted(values) if code not in taken))
