"""One statement for ten thousand; changes by place."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from vokrug.customers.crosswalk.types import Right, Row
from vokrug.customers.store.values import plain_uuid
from vokrug.customers.types import Identifier
from vokrug.runtime import database
from vokrug.runtime.database import Tx

FIND_RIGHT = """
    select key_id, sector, types, is_pairwise, granted_by, granted_at from customers_crosswalk_right where key_id = $1
"""
LIST_RIGHTS = """
    select key_id, sector, types, is_pairwise, granted_by, granted_at from customers_crosswalk_right order by key_id
"""
PUT_RIGHT = """
    insert into customers_crosswalk_right (key_id, sector, types, is_pairwise, granted_by, granted_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (key_id) do update
       set sector = excluded.sector, types = excluded.types, is_pairwise = excluded.is_pairwise,
           granted_by = excluded.granted_by, granted_at = excluded.granted_at
"""


async def find_right(tx: Tx, key_id: str) -> Right | None:
    rows = await tx.rows(FIND_RIGHT, key_id)
    return _right(rows[0]) if rows else None


async def list_rights(tx: Tx) -> list[Right]:
    return [_right(row) for row in await tx.rows(LIST_RIGHTS)]


async def put_right(tx: Tx, right: Right, now: datetime) -> None:
    await tx.run(PUT_RIGHT, right.key_id, right.sector, list(right.types), right.is_pairwise, right.granted_by, now)


def _right(row: database.Row) -> Right:
    return Right(**{**dict(row), "types": tuple(row["types"])})


# Everybody who is the person of `owner`, and what leads there of the types asked for, set aside ones left out.
PERSON = """
    owner.number, owner.id, coalesce(survivor.id, owner.id) as survivor_id,
    coalesce(survivor.state, owner.state) as state,
    array(select one.id from customers_customer one
           where one.redirect_to = coalesce(survivor.number, owner.number) order by one.number) as merged_ids,
    array(select row (known.type_id, one.id, key.wrapped, edge.cipher)
            from customers_members(coalesce(survivor.number, owner.number)) member
            join customers_customer one on one.number = member.number
            join customers_key key on key.customer_number = one.number
            join customers_assertion edge on edge.customer_number = one.number and edge.valid_to is null
            join customers_identifier known on known.id = edge.identifier_id and not known.is_aside
           where known.type_id = any({types})
           order by known.type_id, edge.id) as identifiers
"""
BY_IDENTIFIER = f"""
    select asked.ord, {PERSON.format(types="$3")}
      from unnest($1::smallint[], $2::bytea[]) with ordinality as asked (type_id, hash, ord)
      join customers_identifier found on found.type_id = asked.type_id and found.hash = asked.hash
      join customers_customer owner on owner.number = found.customer_number
      left join customers_customer survivor on survivor.number = owner.redirect_to
     where coalesce(survivor.state, owner.state) = 'active'
"""  # noqa: S608, the parts are ours
BY_ID = f"""
    select asked.ord, {PERSON.format(types="$2")}
      from unnest($1::uuid[]) with ordinality as asked (id, ord)
      join customers_customer owner on owner.id = asked.id
      left join customers_customer survivor on survivor.number = owner.redirect_to
     where coalesce(survivor.state, owner.state) = 'active'
"""  # noqa: S608, the parts are ours
CHANGES = f"""
    select changed.identity_place as place, {PERSON.format(types="$3")}
      from customers_change changed
      join customers_customer owner on owner.number = changed.customer_number
      left join customers_customer survivor on survivor.number = owner.redirect_to
     where changed.identity_place > $1
     order by changed.identity_place limit $2
"""  # noqa: S608, the parts are ours
SNAPSHOT = f"""
    select {PERSON.format(types="$3")}
      from customers_customer owner left join customers_customer survivor on survivor.number = owner.redirect_to
     where owner.number > $1 and owner.state = 'active'
     order by owner.number limit $2
"""  # noqa: S608, the parts are ours


async def by_identifier(tx: Tx, identifiers: Sequence[Identifier], types: Collection[int]) -> dict[int, Row]:
    """Place among those asked, to the person."""
    type_ids, hashes = [one.type.id for one in identifiers], [one.hash for one in identifiers]
    rows = await tx.rows(BY_IDENTIFIER, type_ids, hashes, list(types))
    return {row["ord"] - 1: _row(row) for row in rows}


async def by_id(tx: Tx, ids: Sequence[UUID], types: Collection[int]) -> dict[int, Row]:
    return {row["ord"] - 1: _row(row) for row in await tx.rows(BY_ID, list(ids), list(types))}


async def changes(tx: Tx, after: int, limit: int, types: Collection[int]) -> list[Row]:
    return [_row(row, row["place"]) for row in await tx.rows(CHANGES, after, limit, list(types))]


async def snapshot(tx: Tx, after_number: int, limit: int, types: Collection[int]) -> list[Row]:
    return [_row(row) for row in await tx.rows(SNAPSHOT, after_number, limit, list(types))]


def _row(row: database.Row, place: int = 0) -> Row:
    return Row(
        number=row["number"],
        id=plain_uuid(row["id"]),
        survivor_id=plain_uuid(row["survivor_id"]),
        state=row["state"],
        merged_ids=[plain_uuid(id) for id in row["merged_ids"]],
        identifiers=[(one[0], plain_uuid(one[1]), one[2], one[3]) for one in row["identifiers"]],
        place=place,
    )


HEAD = "select place from customers_change_head"
NOTE = "select customers_note_changes($1::bigint[], $2)"
HOLDERS = """
    select distinct customer_number from customers_assertion where identifier_id = $1 and valid_to is null
"""
# Whoever is, was or had been one with them: what leads to one of these by now, or did a moment ago.
PEOPLE_OF = """
    select one.number from customers_customer asked
      join customers_customer one
        on one.number in (asked.number, asked.redirect_to) or one.redirect_to in (asked.number, asked.redirect_to)
     where asked.id = any($1)
"""


async def head(tx: Tx) -> int:
    place: int = await tx.value(HEAD)
    return place


async def note(tx: Tx, numbers: Collection[int], *, is_of_identity: bool) -> None:
    await tx.run(NOTE, list(numbers), is_of_identity)


async def holders(tx: Tx, identifier_id: int) -> list[int]:
    return [row["customer_number"] for row in await tx.rows(HOLDERS, identifier_id)]


async def people_of(tx: Tx, ids: Collection[UUID]) -> list[int]:
    return [row["number"] for row in await tx.rows(PEOPLE_OF, list(ids))]
