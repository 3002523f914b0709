"""Keys of people, as the stream of facts needs them, and their end."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from vokrug.customers.store.values import plain_uuid
from vokrug.runtime.database import Tx


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
                 from (select distinct on (c.purpose) c.purpose, c.given
                         from customers_customer one join customers_consent c on c.customer_number = one.number
                        where one.number = coalesce(person.redirect_to, person.number)
                           or one.redirect_to = coalesce(person.redirect_to, person.number)
                        order by c.purpose, c.at desc, c.id desc) as said
                where not said.given) as declined
      from customers_customer person join customers_key key on key.customer_number = person.number
     where person.id = any($1)
"""


async def keys_of(tx: Tx, ids: Collection[UUID]) -> list[KeyOf]:
    """By the very ids given, redirects not followed: a fact stays sealed under the id it was told under."""
    return [KeyOf(plain_uuid(row["id"]), row["wrapped"], row["declined"]) for row in await tx.rows(KEYS_OF, list(ids))]


NUMBERS_OF = """
    select asked.id as asked, person.number, person.id
      from customers_customer asked
      join customers_customer person on person.number = coalesce(asked.redirect_to, asked.number)
     where asked.id = any($1) and person.state = 'active'
"""


async def numbers_of(tx: Tx, ids: Collection[UUID]) -> dict[UUID, tuple[int, UUID]]:
    """The customers behind these ids, redirects followed."""
    rows = await tx.rows(NUMBERS_OF, list(ids))
    return {plain_uuid(row["asked"]): (row["number"], plain_uuid(row["id"])) for row in rows}


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
