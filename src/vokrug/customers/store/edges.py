"""Assertions that an identifier leads to a customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from vokrug.customers.store.values import as_json
from vokrug.customers.types import Identifier, IdentifierState, Source, Strength
from vokrug.runtime.database import Row, Tx


@dataclass(frozen=True, slots=True)
class Edge:
    """One open assertion. `holder` is the customer it leads to by now, redirect followed."""

    assertion_id: int
    identifier_id: int
    holder: int
    source: Source
    strength: Strength
    since: datetime


OPEN_EDGES = """
    select edge.id as assertion_id, edge.identifier_id, coalesce(owner.redirect_to, owner.number) as holder,
           edge.source, edge.strength, edge.valid_from
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
        since=row["valid_from"],
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
        as_json(evidence),
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


COUNT_NEW = """
    select count(distinct edge.identifier_id)
      from customers_customer owner
      join customers_assertion edge on edge.customer_number = owner.number and edge.valid_from > $3
      join customers_identifier known on known.id = edge.identifier_id and known.type_id = $2
     where (owner.number = $1 or owner.redirect_to = $1)
       and not exists (select from customers_assertion earlier
                        where earlier.identifier_id = edge.identifier_id and earlier.valid_from <= $3
                          and earlier.customer_number = edge.customer_number)
"""


async def count_new(tx: Tx, number: int, type_id: int, since: datetime) -> int:
    """How many identifiers of a type the customer came by since then, those they gave up again among them."""
    new: int = await tx.value(COUNT_NEW, number, type_id, since)
    return new


PROJECT_OWNER = """
    update customers_identifier
       set customer_number = (
           select min(edge.customer_number)
             from customers_assertion edge join customers_customer owner on owner.number = edge.customer_number
            where edge.identifier_id = $1 and edge.valid_to is null and not customers_identifier.is_aside
           having count(distinct coalesce(owner.redirect_to, owner.number)) = 1)
     where id = $1
"""


async def project_owner(tx: Tx, identifier_id: int) -> None:
    """Repeat on the identifier what its open edges agree on. Shared by several, it leads to nobody."""
    await tx.run(PROJECT_OWNER, identifier_id)


EDGES_HELD = """
    select edge.id as assertion_id, edge.identifier_id, $1::bigint as holder, edge.source, edge.strength,
           edge.valid_from, edge.valid_to, known.type_id
      from customers_assertion edge
      join customers_identifier known on known.id = edge.identifier_id
      join customers_customer owner on owner.number = edge.customer_number
     where edge.identifier_id = $2 and (owner.number = $1 or owner.redirect_to = $1)
"""


SET_STATE = "update customers_identifier set state = $2 where id = $1 and state <> $2"


async def set_identifier_state(tx: Tx, identifier_id: int, state: IdentifierState) -> bool:
    """Shut an identifier, or open it. False: it stood so already."""
    return await tx.run(SET_STATE, identifier_id, state.value) == 1


FIND_IDENTIFIER_HASH = "select hash from customers_identifier where id = $1"


async def identifier_hash(tx: Tx, identifier_id: int) -> bytes | None:
    found: bytes | None = await tx.value(FIND_IDENTIFIER_HASH, identifier_id)
    return found


FIND_IDENTIFIER_TYPE = "select type_id from customers_identifier where id = $1"


async def identifier_type_id(tx: Tx, identifier_id: int) -> int | None:
    found: int | None = await tx.value(FIND_IDENTIFIER_TYPE, identifier_id)
    return found


async def find_holding(tx: Tx, number: int, identifier_id: int) -> tuple[int, list[Edge]] | None:
    """The identifier's type and the customer's open edges to it; None when there never was one."""
    rows = await tx.rows(EDGES_HELD, number, identifier_id)
    if not rows:
        return None
    return rows[0]["type_id"], [_edge(row) for row in rows if row["valid_to"] is None]
