"""Everybody, a page at a time, for a matching among one's own customers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.customers.store.values import plain_uuid
from vokrug.runtime.database import Tx


@dataclass(frozen=True, slots=True)
class Listed:
    """A customer with everything still sealed. `identifiers` are (type, cipher); attributes are those of plain text."""

    number: int
    id: UUID
    born: tuple[int | None, int | None, int | None]
    created_at: datetime
    called_cipher: bytes = field(repr=False)
    wrapped: bytes = field(repr=False)
    identifiers: tuple[tuple[int, bytes], ...] = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)


LIST_PEOPLE = """
    select person.number, person.id, person.birth_year, person.birth_month, person.birth_day, person.created_at,
           person.called_cipher, key.wrapped,
           array(select row (known.type_id, edge.cipher)
                   from customers_assertion edge join customers_identifier known on known.id = edge.identifier_id
                  where edge.customer_number = person.number and edge.valid_to is null and not known.is_aside
                  order by known.type_id, edge.id) as identifiers,
           (select jsonb_object_agg(known.code, known.value #>> '{}') from customers_attribute known
             where known.customer_number = person.number and jsonb_typeof(known.value) in ('string', 'number')
           ) as attributes
      from customers_customer person join customers_key key on key.customer_number = person.number
     where person.number > $1 and person.state = 'active'
     order by person.number limit $2
"""


async def list_people(tx: Tx, after: int, limit: int) -> list[Listed]:
    """Survivors only, in the order of their numbers."""
    return [
        Listed(
            number=row["number"],
            id=plain_uuid(row["id"]),
            born=(row["birth_year"], row["birth_month"], row["birth_day"]),
            created_at=row["created_at"],
            called_cipher=row["called_cipher"],
            wrapped=row["wrapped"],
            identifiers=tuple((pair[0], pair[1]) for pair in row["identifiers"]),
            attributes=msgspec.json.decode(row["attributes"] or "{}"),
        )
        for row in await tx.rows(LIST_PEOPLE, after, limit)
    ]
