"""All the SQL of the domain, each piece next to the function that runs it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.customers.types import (
    Attribute,
    AttributeType,
    Birthday,
    Consent,
    ConsentState,
    Identifier,
    IdentifierType,
    Sensitivity,
    Source,
    State,
    Strength,
)
from vokrug.kernel import Text
from vokrug.runtime.database import Row, Tx


@dataclass(frozen=True, slots=True)
class Person:
    """A customer as stored: what they are called is still sealed."""

    number: int
    id: UUID
    state: State
    language: str
    called_cipher: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Edge:
    """One open assertion. `holder` is the customer it leads to by now, redirect followed."""

    assertion_id: int
    identifier_id: int
    holder: int
    source: Source
    strength: Strength


@dataclass(frozen=True, slots=True)
class EarlierRegistration:
    customer_number: int
    digest: bytes
    created: bool


LOCK = "select pg_advisory_xact_lock(key) from unnest($1::bigint[]) as key"


async def lock(tx: Tx, names: Iterable[bytes]) -> None:
    """Hold these names until the end of the transaction, taken in order: two registrations that
    share a phone wait for one another instead of both finding it free.
    """
    await tx.run(LOCK, sorted({int.from_bytes(name[-8:], "big", signed=True) for name in names}))


RESOLVE = """
    select ord, number, id, state, language, called_cipher, wrapped
      from customers_resolve($1::smallint[], $2::bytea[])
"""


async def resolve(tx: Tx, identifiers: Sequence[Identifier]) -> dict[int, Person]:
    """Position in `identifiers` to the person behind it, for those that are known."""
    type_ids = [identifier.type.id for identifier in identifiers]
    rows = await tx.rows(RESOLVE, type_ids, [identifier.hash for identifier in identifiers])
    return {row["ord"] - 1: _person(row) for row in rows}


def _person(row: Row) -> Person:
    return Person(
        number=row["number"],
        id=_uuid(row["id"]),
        state=State(row["state"]),
        language=row["language"],
        called_cipher=row["called_cipher"],
        wrapped=row["wrapped"],
    )


def _uuid(value: UUID) -> UUID:
    """The driver has a UUID of its own, which encoders of JSON need not know."""
    return UUID(int=value.int)


PERSON = """
    select person.number, person.id, person.state, person.language, person.called_cipher, key.wrapped
      from customers_customer asked
      join customers_customer person on person.number = coalesce(asked.redirect_to, asked.number)
      join customers_key key on key.customer_number = person.number
"""
FIND_PERSON_BY_NUMBER = PERSON + " where asked.number = $1 and person.state = 'active'"
LOCK_PERSON = PERSON + " where asked.id = $1 and person.state = 'active' for no key update of person"


async def find_person(tx: Tx, number: int) -> Person | None:
    found = await tx.rows(FIND_PERSON_BY_NUMBER, number)
    return _person(found[0]) if found else None


async def lock_person(tx: Tx, id: UUID) -> Person | None:
    """The customer by an id, even by one merged away; nobody else changes them until the commit."""
    found = await tx.rows(LOCK_PERSON, id)
    return _person(found[0]) if found else None


FIND_REGISTRATION = """
    select customer_number, digest, created from customers_registration where request_id = $1
"""


async def find_registration(tx: Tx, request_id: UUID) -> EarlierRegistration | None:
    return await tx.maybe(EarlierRegistration, FIND_REGISTRATION, request_id)


WAS_REGISTERED_SO = """
    select exists (select from customers_registration where customer_number = $1 and digest = $2)
"""


async def was_registered_so(tx: Tx, number: int, digest: bytes) -> bool:
    """Did this customer come by a registration with exactly these data?"""
    return bool(await tx.value(WAS_REGISTERED_SO, number, digest))


INSERT_REGISTRATION = """
    insert into customers_registration (request_id, customer_number, digest, created, at)
    values ($1, $2, $3, $4, $5)
"""


async def insert_registration(
    tx: Tx, request_id: UUID, number: int, digest: bytes, *, created: bool, now: datetime
) -> None:
    await tx.run(INSERT_REGISTRATION, request_id, number, digest, created, now)


INSERT_CUSTOMER = """
    with person as (
        insert into customers_customer
            (id, called_cipher, language, birth_month, birth_day, birth_year, created_at, registered_shop)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        on conflict on constraint customer_id_belongs_to_one_customer do nothing
        returning number
    ), key as (
        insert into customers_key (customer_number, wrapped) select number, $9::bytea from person
    )
    select number from person
"""


async def insert_customer(
    tx: Tx,
    *,
    id: UUID,
    called_cipher: bytes,
    wrapped: bytes,
    language: str,
    birthday: Birthday | None,
    shop: int | None,
    now: datetime,
) -> int | None:
    """The new customer's number, or None when the id is somebody else's."""
    month, day, year = (birthday.month, birthday.day, birthday.year) if birthday else (None, None, None)
    number: int | None = await tx.value(
        INSERT_CUSTOMER, id, called_cipher, language, month, day, year, now, shop, wrapped
    )
    return number


INSERT_OP = """
    insert into customers_identity_op (kind, at, source, customer_number, detail)
    values ($1, $2, $3, $4, $5) returning id
"""


async def insert_op(
    tx: Tx, kind: str, number: int, source: Source, now: datetime, detail: Mapping[str, Any] | None = None
) -> int:
    op: int = await tx.value(INSERT_OP, kind, now, source, number, _json(detail or {}))
    return op


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


OPEN_EDGES = """
    select edge.id as assertion_id, edge.identifier_id, coalesce(owner.redirect_to, owner.number) as holder,
           edge.source, edge.strength
      from customers_identifier known
      join customers_assertion edge on edge.identifier_id = known.id and edge.valid_to is null
      join customers_customer owner on owner.number = edge.customer_number
     where known.type_id = $1 and known.hash = $2
"""


async def open_edges(tx: Tx, identifier: Identifier) -> list[Edge]:
    """Everything that is now said about whose this identifier is."""
    return [_edge(row) for row in await tx.rows(OPEN_EDGES, identifier.type.id, identifier.hash)]


def _edge(row: Row) -> Edge:
    return Edge(
        assertion_id=row["assertion_id"],
        identifier_id=row["identifier_id"],
        holder=row["holder"],
        source=Source(row["source"]),
        strength=Strength(row["strength"]),
    )


COUNT_HELD = """
    select count(distinct edge.identifier_id)
      from customers_assertion edge
      join customers_identifier known on known.id = edge.identifier_id
      join customers_customer owner on owner.number = edge.customer_number
     where (owner.number = $1 or owner.redirect_to = $1) and edge.valid_to is null and known.type_id = $2
"""


async def count_held(tx: Tx, number: int, type_id: int) -> int:
    held: int = await tx.value(COUNT_HELD, number, type_id)
    return held


INSERT_EDGE = """
    with known as (
        insert into customers_identifier (type_id, hash) values ($1, $2)
        on conflict on constraint identifier_is_known_once do update set type_id = excluded.type_id
        returning id
    )
    insert into customers_assertion
        (identifier_id, customer_number, cipher, source, strength, evidence, valid_from, op)
    select id, $3, $4, $5, $6, $7, $8, $9 from known
    returning identifier_id
"""


async def insert_edge(
    tx: Tx,
    identifier: Identifier,
    number: int,
    *,
    cipher: bytes,
    source: Source,
    strength: Strength,
    evidence: Mapping[str, Any],
    op: int,
    now: datetime,
) -> int:
    """State that the identifier leads to the customer. Answers with the identifier's id."""
    identifier_id: int = await tx.value(
        INSERT_EDGE,
        identifier.type.id,
        identifier.hash,
        number,
        cipher,
        source,
        strength,
        _json(evidence),
        now,
        op,
    )
    return identifier_id


END_EDGES = """
    update customers_assertion set valid_to = greatest($3, valid_from), ended_op = $2
     where id = any($1::bigint[]) and valid_to is null
"""


async def end_edges(tx: Tx, assertion_ids: Sequence[int], op: int, now: datetime) -> None:
    await tx.run(END_EDGES, assertion_ids, op, now)


PROJECT_OWNER = """
    update customers_identifier
       set customer_number = (
           select min(customer_number) from customers_assertion
            where identifier_id = $1 and valid_to is null
           having count(distinct customer_number) = 1)
     where id = $1
"""


async def project_owner(tx: Tx, identifier_id: int) -> None:
    """Repeat on the identifier what its open edges agree on. Shared by several, it leads to nobody."""
    await tx.run(PROJECT_OWNER, identifier_id)


EDGES_HELD = """
    select edge.id as assertion_id, edge.identifier_id, $1::bigint as holder, edge.source, edge.strength,
           edge.valid_to, known.type_id
      from customers_assertion edge
      join customers_identifier known on known.id = edge.identifier_id
      join customers_customer owner on owner.number = edge.customer_number
     where edge.identifier_id = $2 and (owner.number = $1 or owner.redirect_to = $1)
"""


FIND_IDENTIFIER_HASH = "select hash from customers_identifier where id = $1"


async def identifier_hash(tx: Tx, identifier_id: int) -> bytes | None:
    found: bytes | None = await tx.value(FIND_IDENTIFIER_HASH, identifier_id)
    return found


async def find_holding(tx: Tx, number: int, identifier_id: int) -> tuple[int, list[Edge]] | None:
    """The identifier's type and the customer's open edges to it; None when there never was one."""
    rows = await tx.rows(EDGES_HELD, number, identifier_id)
    if not rows:
        return None
    return rows[0]["type_id"], [_edge(row) for row in rows if row["valid_to"] is None]


# Keys of people, for facts --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeyOf:
    """A person's wrapped key, and the purposes their latest word on was no."""

    id: UUID
    wrapped: bytes = field(repr=False)
    declined: list[str]


# The survivor of a merge speaks for those merged into them.
KEYS_OF = """
    select person.id, key.wrapped, array(
               select said.purpose
                 from (select distinct on (c.purpose) c.purpose, c.given from customers_consent c
                        where c.customer_number = coalesce(person.redirect_to, person.number)
                        order by c.purpose, c.at desc, c.id desc) as said
                where not said.given) as declined
      from customers_customer person join customers_key key on key.customer_number = person.number
     where person.id = any($1)
"""


async def keys_of(tx: Tx, ids: Collection[UUID]) -> list[KeyOf]:
    """By the very ids given, redirects not followed: a fact stays sealed under the id it was told under."""
    return [KeyOf(_uuid(row["id"]), row["wrapped"], row["declined"]) for row in await tx.rows(KEYS_OF, list(ids))]


NUMBERS_OF = """
    select asked.id as asked, person.number, person.id
      from customers_customer asked
      join customers_customer person on person.number = coalesce(asked.redirect_to, asked.number)
     where asked.id = any($1) and person.state = 'active'
"""


async def numbers_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, tuple[int, UUID]]:
    """The customers behind these ids, redirects followed."""
    rows = await tx.rows(NUMBERS_OF, list(ids))
    return {_uuid(row["asked"]): (row["number"], _uuid(row["id"])) for row in rows}


# Whoever was merged into the person is the person: their keys go too.
DESTROY_KEYS = """
    delete from customers_key where customer_number in
        (select number from customers_customer where number = $1 or redirect_to = $1)
"""

OPEN_EDGES_OF_A_PERSON = """
    select edge.id, edge.identifier_id
      from customers_customer owner
      join customers_assertion edge on edge.customer_number = owner.number and edge.valid_to is null
     where owner.number = $1 or owner.redirect_to = $1
     order by edge.id for update of edge
"""

MARK_ERASED = """
    update customers_customer
       set state = 'erased', called_cipher = null, birth_month = null, birth_day = null, birth_year = null
     where number = $1
"""


async def destroy_keys(tx: Tx, number: int) -> None:
    await tx.run(DESTROY_KEYS, number)


async def open_edges_of(tx: Tx, number: int) -> list[tuple[int, int]]:
    """The person's open assertions: their ids, and the identifiers they are about."""
    return [(row["id"], row["identifier_id"]) for row in await tx.rows(OPEN_EDGES_OF_A_PERSON, number)]


async def mark_erased(tx: Tx, number: int) -> None:
    await tx.run(MARK_ERASED, number)


# Profile ----------------------------------------------------------------------------------------


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
        person=_person(row),
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


SEALED_EDGES = """
    select edge.identifier_id, known.type_id, edge.cipher, owner.id as owner_id, key.wrapped,
           edge.source, edge.strength, edge.valid_from
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
            owner_id=_uuid(row["owner_id"]),
            wrapped=row["wrapped"],
            source=Source(row["source"]),
            strength=Strength(row["strength"]),
            valid_from=row["valid_from"],
        )
        for row in await tx.rows(SEALED_EDGES, number)
    ]


INSERT_CARD_READ = "insert into customers_card_read (customer_number, reader, at) values ($1, $2, $3)"


async def insert_card_read(tx: Tx, number: int, reader: str, now: datetime) -> None:
    await tx.run(INSERT_CARD_READ, number, reader, now)


# Attributes -------------------------------------------------------------------------------------

# Of two values observed in the same moment one has to win, whichever comes first: hence a whole order.
PUT_ATTRIBUTE = """
    insert into customers_attribute as known (customer_number, code, value, source, observed_at, provenance)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (customer_number, code) do update
       set value = excluded.value, source = excluded.source, observed_at = excluded.observed_at,
           provenance = excluded.provenance
     where (excluded.observed_at, excluded.source, excluded.value::text)
         > (known.observed_at, known.source, known.value::text)
    returning true
"""


async def put_attribute(tx: Tx, number: int, attribute: Attribute) -> bool:
    """Keep the value unless a newer one is known. Says whether it was kept."""
    value, provenance = _json(attribute.value), _json(attribute.provenance)
    kept = await tx.value(
        PUT_ATTRIBUTE,
        number,
        attribute.code,
        value,
        attribute.source,
        attribute.observed_at,
        provenance,
    )
    return bool(kept)


HAS_ATTRIBUTE = """
    select exists (select from customers_attribute where customer_number = $1 and code = $2
                      and value = $3::jsonb and source = $4 and observed_at = $5)
"""


async def has_attribute(tx: Tx, number: int, attribute: Attribute) -> bool:
    """Is this very observation the one we keep?"""
    value = _json(attribute.value)
    known = await tx.value(HAS_ATTRIBUTE, number, attribute.code, value, attribute.source, attribute.observed_at)
    return bool(known)


ATTRIBUTES = """
    select code, value, source, observed_at, provenance from customers_attribute
     where customer_number = $1 order by code
"""


async def attributes(tx: Tx, number: int) -> list[Attribute]:
    return [
        Attribute(
            code=row["code"],
            value=msgspec.json.decode(row["value"]),
            source=Source(row["source"]),
            observed_at=row["observed_at"],
            provenance=msgspec.json.decode(row["provenance"]),
        )
        for row in await tx.rows(ATTRIBUTES, number)
    ]


# Consents ---------------------------------------------------------------------------------------

INSERT_CONSENT = """
    insert into customers_consent (customer_number, purpose, document_version, given, at, source, proof)
    values ($1, $2, $3, $4, $5, $6, $7)
"""


async def insert_consent(tx: Tx, number: int, consent: Consent, source: Source, now: datetime) -> None:
    purpose, version, given = consent.purpose, consent.document_version, consent.given
    await tx.run(INSERT_CONSENT, number, purpose, version, given, now, source, _json(consent.proof))


CONSENTS = """
    select distinct on (purpose) purpose, document_version, given, at, source from customers_consent
     where customer_number = $1 order by purpose, at desc, id desc
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


# Definitions ------------------------------------------------------------------------------------

IDENTIFIER_TYPES = """
    select id, code, normaliser, is_unique, is_immutable, max_per_customer, priority, min_joining_strength,
           sensitivity, attach_sources, blocked
      from customers_identifier_type
"""


async def identifier_types(tx: Tx) -> list[IdentifierType]:
    return [_identifier_type(row) for row in await tx.rows(IDENTIFIER_TYPES + " order by id")]


def _identifier_type(row: Row) -> IdentifierType:
    return IdentifierType(
        id=row["id"],
        code=row["code"],
        normaliser=row["normaliser"],
        is_unique=row["is_unique"],
        is_immutable=row["is_immutable"],
        max_per_customer=row["max_per_customer"],
        priority=row["priority"],
        min_joining_strength=Strength(row["min_joining_strength"]),
        sensitivity=Sensitivity(row["sensitivity"]),
        attach_sources=frozenset(map(Source, row["attach_sources"])),
        blocked=frozenset(row["blocked"]),
    )


async def lock_identifier_type(tx: Tx, code: str) -> IdentifierType | None:
    found = await tx.rows(IDENTIFIER_TYPES + " where code = $1 for update", code)
    return _identifier_type(found[0]) if found else None


IS_TYPE_IN_USE = "select exists (select from customers_identifier where type_id = $1)"


async def is_type_in_use(tx: Tx, type_id: int) -> bool:
    return bool(await tx.value(IS_TYPE_IN_USE, type_id))


PUT_IDENTIFIER_TYPE = """
    insert into customers_identifier_type
        (code, normaliser, is_unique, is_immutable, max_per_customer, priority, min_joining_strength,
         sensitivity, attach_sources, blocked)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    on conflict on constraint identifier_type_code_is_used_once do update
       set normaliser = excluded.normaliser, is_unique = excluded.is_unique,
           is_immutable = excluded.is_immutable, max_per_customer = excluded.max_per_customer,
           priority = excluded.priority, min_joining_strength = excluded.min_joining_strength,
           sensitivity = excluded.sensitivity, attach_sources = excluded.attach_sources,
           blocked = excluded.blocked
    returning id
"""


async def put_identifier_type(tx: Tx, kind: IdentifierType) -> int:
    type_id: int = await tx.value(
        PUT_IDENTIFIER_TYPE,
        kind.code,
        kind.normaliser,
        kind.is_unique,
        kind.is_immutable,
        kind.max_per_customer,
        kind.priority,
        kind.min_joining_strength,
        kind.sensitivity,
        sorted(kind.attach_sources),
        sorted(kind.blocked),
    )
    return type_id


ATTRIBUTE_TYPES = "select code, schema, words, version from customers_attribute_type order by code"


async def attribute_types(tx: Tx) -> list[AttributeType]:
    return [
        AttributeType(
            code=row["code"],
            schema=msgspec.json.decode(row["schema"]),
            words=Text(**msgspec.json.decode(row["words"])),
            version=row["version"],
        )
        for row in await tx.rows(ATTRIBUTE_TYPES)
    ]


PUT_ATTRIBUTE_TYPE = """
    insert into customers_attribute_type as known (code, schema, words) values ($1, $2, $3)
    on conflict (code) do update
       set schema = excluded.schema, words = excluded.words,
           version = known.version + (known.schema <> excluded.schema)::int
    returning version
"""


async def put_attribute_type(tx: Tx, kind: AttributeType) -> int:
    """The version counts changes of the schema; new words leave it alone."""
    words = {"en": kind.words.en, "ru": kind.words.ru}
    version: int = await tx.value(PUT_ATTRIBUTE_TYPE, kind.code, _json(kind.schema), _json(words))
    return version
