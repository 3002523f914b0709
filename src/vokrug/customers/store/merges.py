"""Edges between customers: who is one person with whom, and who must never be."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug.customers.store.values import plain_uuid
from vokrug.runtime.database import Row, Tx


@dataclass(frozen=True, slots=True)
class Member:
    """A customer of a person: their own row, whatever it redirects to."""

    number: int
    id: UUID
    state: str
    redirect_to: int | None


@dataclass(frozen=True, slots=True)
class MergeRow:
    id: int
    one: int
    other: int
    rule: str
    made_at: datetime
    ended_at: datetime | None


FIND_MEMBERS = "select number, id, state, redirect_to from customers_customer where id = any($1)"
LOCK_PEOPLE = """
    select number, id, state, redirect_to from customers_customer
     where number = any($1) or redirect_to = any($1)
     order by number for no key update
"""


async def find_members(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Member]:
    """By the very ids given, redirects not followed."""
    return {member.id: member for member in map(_member, await tx.rows(FIND_MEMBERS, list(ids)))}


PEOPLE_OF = (
    "select number, id, state, redirect_to from customers_customer where number = $1 or redirect_to = $1 order by 1"
)


async def people_of(tx: Tx, survivor: int) -> list[Member]:
    """Everybody whom this survivor stands for, themselves first."""
    return [_member(row) for row in await tx.rows(PEOPLE_OF, survivor)]


async def lock_people(tx: Tx, survivors: Collection[int]) -> list[Member]:
    """Everybody whom these survivors stand for, themselves included. Nobody else changes them until the commit."""
    return [_member(row) for row in await tx.rows(LOCK_PEOPLE, list(survivors))]


def _member(row: Row) -> Member:
    return Member(row["number"], plain_uuid(row["id"]), row["state"], row["redirect_to"])


INSERT_MERGE = """
    insert into customers_merge (one, other, rule, made_at, op) values ($1, $2, $3, $4, $5)
    on conflict (one, other) where ended_at is null do nothing
    returning id
"""
OPEN_MERGE = "select id from customers_merge where one = $1 and other = $2 and ended_at is null"
END_MERGE = "update customers_merge set ended_at = $2, ended_op = $3 where id = $1 and ended_at is null"
FIND_MERGE = "select id, one, other, rule, made_at, ended_at from customers_merge where id = $1"
MERGES_AMONG = """
    select id, one, other, rule, made_at, ended_at from customers_merge
     where ended_at is null and one = any($1) and other = any($1) order by id
"""
MERGES_BY_RULE = """
    select id, one, other, rule, made_at, ended_at from customers_merge
     where ended_at is null and rule = $1 and made_at >= $2 and made_at < $3 order by id
"""


async def open_merge(tx: Tx, one: int, other: int) -> int | None:
    found: int | None = await tx.value(OPEN_MERGE, one, other)
    return found


async def insert_merge(tx: Tx, one: int, other: int, rule: str, now: datetime, op: int) -> int | None:
    """The edge's id; None when the two are merged already."""
    made: int | None = await tx.value(INSERT_MERGE, one, other, rule, now, op)
    return made


async def end_merge(tx: Tx, merge_id: int, now: datetime, op: int) -> None:
    await tx.run(END_MERGE, merge_id, now, op)


async def find_merge(tx: Tx, merge_id: int) -> MergeRow | None:
    return await tx.maybe(MergeRow, FIND_MERGE, merge_id)


async def merges_among(tx: Tx, numbers: Collection[int]) -> list[MergeRow]:
    return await tx.all(MergeRow, MERGES_AMONG, list(numbers))


async def merges_by_rule(tx: Tx, rule: str, since: datetime, until: datetime) -> list[MergeRow]:
    return await tx.all(MergeRow, MERGES_BY_RULE, rule, since, until)


REDIRECT = """
    update customers_customer customer
       set state = case when wanted.survivor = customer.number then 'active' else 'merged' end,
           redirect_to = nullif(wanted.survivor, customer.number)
      from unnest($1::bigint[], $2::bigint[]) as wanted (number, survivor)
     where customer.number = wanted.number and customer.state <> 'erased'
       and (customer.redirect_to, customer.state)
           is distinct from (nullif(wanted.survivor, customer.number),
                             case when wanted.survivor = customer.number then 'active' else 'merged' end)
"""
# An identifier whose open edges lead to one person by now leads there; shared by several, to nobody.
PROJECT_OWNERS = """
    update customers_identifier known set customer_number = agreed.number
      from (select edge.identifier_id,
                   case when count(distinct coalesce(owner.redirect_to, owner.number)) = 1
                        then min(edge.customer_number) end as number
              from customers_assertion edge join customers_customer owner on owner.number = edge.customer_number
             where edge.valid_to is null and edge.identifier_id in
                   (select identifier_id from customers_assertion where customer_number = any($1) and valid_to is null)
             group by edge.identifier_id) as agreed
     where known.id = agreed.identifier_id and not known.is_aside
       and known.customer_number is distinct from agreed.number
"""


async def redirect(tx: Tx, survivor_of: Mapping[int, int]) -> None:
    """Let each customer lead to the survivor of their person, in one hop, and their identifiers with them."""
    await tx.run(REDIRECT, list(survivor_of), list(survivor_of.values()))
    await tx.run(PROJECT_OWNERS, list(survivor_of))


INSERT_APART = """
    insert into customers_apart (one, other, reason, op) values ($1, $2, $3, $4)
    on conflict (one, other) where ended_op is null do nothing
"""
END_APART = "update customers_apart set ended_op = $3 where one = $1 and other = $2 and ended_op is null"
APART_AMONG = """
    select one, other from customers_apart
     where ended_op is null and one = any($1) and other = any($1) order by id limit 1
"""


async def insert_apart(tx: Tx, one: int, other: int, reason: str, op: int) -> None:
    await tx.run(INSERT_APART, one, other, reason, op)


async def end_apart(tx: Tx, one: int, other: int, op: int) -> bool:
    return await tx.run(END_APART, one, other, op) > 0


async def are_any_apart(tx: Tx, numbers: Collection[int]) -> bool:
    """Would making one person of these join two who must never be one?"""
    return bool(await tx.rows(APART_AMONG, list(numbers)))


HELD_TOGETHER = """
    select known.type_id, count(distinct edge.identifier_id) as held
      from customers_assertion edge join customers_identifier known on known.id = edge.identifier_id
     where edge.customer_number = any($1) and edge.valid_to is null
     group by known.type_id order by known.type_id
"""


async def held_together(tx: Tx, numbers: Collection[int]) -> dict[int, int]:
    """How many identifiers of each type these customers hold as one."""
    return {row["type_id"]: row["held"] for row in await tx.rows(HELD_TOGETHER, list(numbers))}
