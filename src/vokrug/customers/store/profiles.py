"""What is known of a customer: the sheet, sealed identifiers, attributes, consents."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.customers.store.people import Person, person_of
from vokrug.customers.store.values import as_json, plain_uuid
from vokrug.customers.types import Attribute, Birthday, Consent, ConsentState, IdentifierState, Source, Strength
from vokrug.runtime.database import Tx


@dataclass(frozen=True, slots=True)
class Sheet:
    """The customer's own row, for the profile."""

    person: Person
    birthday: Birthday | None
    registered_shop: int | None
    created_at: datetime


FIND_SHEET = """
    select person.number, person.id, person.state, person.language, person.called_cipher, key.wrapped,
           person.birth_month, person.birth_day, person.birth_year, person.registered_shop, person.created_at
      from customers_customer asked
      join customers_customer person on person.number = coalesce(asked.redirect_to, asked.number)
      join customers_key key on key.customer_number = person.number
     where asked.id = $1 and person.state = 'active'
"""


async def find_sheet(tx: Tx, id: UUID) -> Sheet | None:
    rows = await tx.rows(FIND_SHEET, id)
    if not rows:
        return None
    row = rows[0]
    month, day = row["birth_month"], row["birth_day"]
    return Sheet(
        person=person_of(row),
        birthday=Birthday(month, day, row["birth_year"]) if month else None,
        registered_shop=row["registered_shop"],
        created_at=row["created_at"],
    )


@dataclass(frozen=True, slots=True)
class SealedEdge:
    """An open assertion with the sealed value, and whose key seals it."""

    identifier_id: int
    type_id: int
    cipher: bytes = field(repr=False)
    owner_id: UUID
    wrapped: bytes = field(repr=False)
    source: Source
    strength: Strength
    valid_from: datetime
    state: IdentifierState
    is_aside: bool


SEALED_EDGES = """
    select edge.identifier_id, known.type_id, edge.cipher, owner.id as owner_id, key.wrapped,
           edge.source, edge.strength, edge.valid_from, known.state, known.is_aside
      from customers_customer owner
      join customers_assertion edge on edge.customer_number = owner.number and edge.valid_to is null
      join customers_identifier known on known.id = edge.identifier_id
      join customers_key key on key.customer_number = owner.number
     where owner.number = $1 or owner.redirect_to = $1
     order by known.type_id, edge.identifier_id, edge.valid_from
"""


async def sealed_edges(tx: Tx, number: int) -> list[SealedEdge]:
    return [
        SealedEdge(
            identifier_id=row["identifier_id"],
            type_id=row["type_id"],
            cipher=row["cipher"],
            owner_id=plain_uuid(row["owner_id"]),
            wrapped=row["wrapped"],
            source=Source(row["source"]),
            strength=Strength(row["strength"]),
            valid_from=row["valid_from"],
            state=IdentifierState(row["state"]),
            is_aside=row["is_aside"],
        )
        for row in await tx.rows(SEALED_EDGES, number)
    ]


INSERT_CARD_READ = "insert into customers_card_read (customer_number, reader, at) values ($1, $2, $3)"


async def insert_card_read(tx: Tx, number: int, reader: str, now: datetime) -> None:
    await tx.run(INSERT_CARD_READ, number, reader, now)


# On the survivor by now; of persons merged before there were rules, on each customer, and the newest counts.
ATTRIBUTES = """
    select distinct on (known.code) known.code, known.value, known.source, known.observed_at, known.provenance,
           known.stale_at
      from customers_customer owner join customers_attribute known on known.customer_number = owner.number
     where owner.number = $1 or owner.redirect_to = $1
     order by known.code, known.observed_at desc, known.source desc, known.value::text desc
"""


async def attributes(tx: Tx, number: int) -> list[Attribute]:
    return [
        Attribute(
            code=row["code"],
            value=msgspec.json.decode(row["value"]),
            source=Source(row["source"]),
            observed_at=row["observed_at"],
            provenance=msgspec.json.decode(row["provenance"]),
            stale_at=row["stale_at"],
        )
        for row in await tx.rows(ATTRIBUTES, number)
    ]


INSERT_CONSENT = """
    insert into customers_consent (customer_number, purpose, document_version, given, at, source, proof)
    values ($1, $2, $3, $4, $5, $6, $7)
"""


async def insert_consent(tx: Tx, number: int, consent: Consent, source: Source, now: datetime) -> None:
    purpose, version, given = consent.purpose, consent.document_version, consent.given
    await tx.run(INSERT_CONSENT, number, purpose, version, given, now, source, as_json(consent.proof))


CONSENTS = """
    select distinct on (said.purpose) said.purpose, said.document_version, said.given, said.at, said.source
      from customers_customer owner join customers_consent said on said.customer_number = owner.number
     where owner.number = $1 or owner.redirect_to = $1
     order by said.purpose, said.at desc, said.id desc
"""


async def consents(tx: Tx, number: int) -> list[ConsentState]:
    """The latest word on each purpose."""
    return [
        ConsentState(
            purpose=row["purpose"],
            document_version=row["document_version"],
            given=row["given"],
            at=row["at"],
            source=Source(row["source"]),
        )
        for row in await tx.rows(CONSENTS, number)
    ]
