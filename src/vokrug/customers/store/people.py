"""Customers themselves: who is behind an identifier, who registered, what was done to them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from vokrug.customers.store.values import as_json, plain_uuid
from vokrug.customers.types import Birthday, Identifier, Source, State
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
    return {row["ord"] - 1: person_of(row) for row in rows}


STATES = frozenset(State)


def person_of(row: Row) -> Person:
    return Person(
        number=row["number"],
        id=plain_uuid(row["id"]),
        # An identifier's own state may stand before its customer's: whoever has one is not erased.
        state=State(row["state"]) if row["state"] in STATES else State.ACTIVE,
        language=row["language"],
        called_cipher=row["called_cipher"],
        wrapped=row["wrapped"],
    )


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
    return person_of(found[0]) if found else None


async def lock_person(tx: Tx, id: UUID) -> Person | None:
    """The customer by an id, even by one merged away; nobody else changes them until the commit."""
    found = await tx.rows(LOCK_PERSON, id)
    return person_of(found[0]) if found else None


PUT_CALLED = "update customers_customer set called_cipher = $2, language = $3 where number = $1"


async def put_called(tx: Tx, number: int, called_cipher: bytes, language: str) -> None:
    await tx.run(PUT_CALLED, number, called_cipher, language)


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
    op: int = await tx.value(INSERT_OP, kind, now, source, number, as_json(detail or {}))
    return op
