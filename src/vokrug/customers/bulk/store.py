"""Profiles as they stand, read by the hundred."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.customers.store.values import plain_uuid
from vokrug.customers.types import Identifier
from vokrug.runtime import database
from vokrug.runtime.database import Tx


@dataclass(frozen=True, slots=True)
class Brief:
    """What stands of a person. Identifiers are (type id, holder's id, wrapped key, sealed value)."""

    number: int
    id: UUID
    language: str
    registered_on: date
    attributes: dict[str, Any]
    consents: dict[str, bool]
    identifiers: Sequence[tuple[int, UUID, bytes, bytes]] = field(default=(), repr=False)


# $1 is of each query's own; attributes $2, moment $3.
STANDS = """
    person.number, person.id, person.language, person.created_at,
    (select jsonb_object_agg(stands.code, stands.value)
       from (select distinct on (known.code) known.code, known.value
               from customers_members(person.number) one
               join customers_attribute known on known.customer_number = one.number
              where known.code = any($2) and (known.stale_at is null or known.stale_at > $3)
              order by known.code, known.observed_at desc, known.source desc, known.value::text desc) as stands
    ) as attributes,
    (select jsonb_object_agg(latest.purpose, latest.given)
       from (select distinct on (said.purpose) said.purpose, said.given
               from customers_members(person.number) one
               join customers_consent said on said.customer_number = one.number
              order by said.purpose, said.at desc, said.id desc) as latest
    ) as consents
"""
# Who read is written by the same statement: nobody's profile is read by staff without a trace.
READ = f"""
    with found as (
        select asked.ord, {STANDS}
          from customers_resolve($1::smallint[], $4::bytea[]) as asked
          join customers_customer person on person.number = asked.number
    ), seen as (
        insert into customers_card_read (customer_number, reader, at)
        select number, $5::text, $3 from found where $5::text is not null
    )
    select * from found
"""  # noqa: S608, the parts are ours
PAGE = f"""
    select {STANDS},
           array(select row (known.type_id, one.id, key.wrapped, edge.cipher)
                   from customers_members(person.number) member
                   join customers_customer one on one.number = member.number
                   join customers_key key on key.customer_number = one.number
                   join customers_assertion edge on edge.customer_number = one.number and edge.valid_to is null
                   join customers_identifier known on known.id = edge.identifier_id and not known.is_aside
                  where known.type_id = any($5)
                  order by known.type_id, edge.id) as identifiers
      from customers_customer person
     where person.number > $1 and person.state = 'active'
       and (select latest.given from customers_members(person.number) one
              join customers_consent latest on latest.customer_number = one.number and latest.purpose = $4
             order by latest.at desc, latest.id desc limit 1)
     order by person.number limit $6
"""  # noqa: S608, the parts are ours
INSERT_BULK_READ = "insert into customers_bulk_read (reader, at, purpose, fields) values ($1, $2, $3, $4)"


async def read(
    tx: Tx, identifiers: Sequence[Identifier], codes: Collection[str], now: datetime, reader: str | None
) -> dict[int, Brief]:
    """Place among those asked, to the person: in one statement, the trace of it included."""
    type_ids, hashes = [one.type.id for one in identifiers], [one.hash for one in identifiers]
    rows = await tx.rows(READ, type_ids, list(codes), now, hashes, reader)
    return {row["ord"] - 1: _brief(row) for row in rows}


async def page(
    tx: Tx, after: int, codes: Collection[str], now: datetime, purpose: str, type_ids: Collection[int], limit: int
) -> list[Brief]:
    """The next people whose latest word on the purpose is yes."""
    rows = await tx.rows(PAGE, after, list(codes), now, purpose, list(type_ids), limit)
    return [_brief(row, [(one[0], plain_uuid(one[1]), one[2], one[3]) for one in row["identifiers"]]) for row in rows]


async def insert_bulk_read(tx: Tx, reader: str, now: datetime, purpose: str, fields: Collection[str]) -> None:
    await tx.run(INSERT_BULK_READ, reader, now, purpose, list(fields))


def _brief(row: database.Row, identifiers: Sequence[tuple[int, UUID, bytes, bytes]] = ()) -> Brief:
    return Brief(
        number=row["number"],
        id=plain_uuid(row["id"]),
        language=row["language"],
        registered_on=row["created_at"].date(),
        attributes=msgspec.json.decode(row["attributes"] or "{}"),
        consents=msgspec.json.decode(row["consents"] or "{}"),
        identifiers=identifiers,
    )
