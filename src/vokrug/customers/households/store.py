"""Households, memberships, and the changes they began and ended by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug.customers.households.types import Change, Household, Member, NewMember
from vokrug.customers.store.values import plain_uuid
from vokrug.customers.types import Source, Strength
from vokrug.runtime.database import Row, Tx

INSERT = """
    insert into customers_household (id, kind, created_at) values ($1, $2, $3) on conflict do nothing returning number
"""
FIND = """
    select found.number, found.id, found.kind, found.created_at
      from customers_household asked
      join customers_household found on found.number = coalesce(asked.redirect_to, asked.number)
     where asked.id = $1
"""
LOCK_GROUPS = """
    select number, coalesce(redirect_to, number) as survivor from customers_household
     where number = any($1) or redirect_to = any($1) order by number for no key update
"""
MERGED_IDS = "select id from customers_household where redirect_to = $1 order by number"


async def insert_household(tx: Tx, id: UUID, kind: str, now: datetime) -> int | None:
    made: int | None = await tx.value(INSERT, id, kind, now)
    return made


async def find_household(tx: Tx, id: UUID) -> Household | None:
    rows = await tx.rows(FIND, id)
    return _household(rows[0]) if rows else None


BY_NUMBER = "select number, id, kind, created_at from customers_household where number = $1"
OF_KIND = "select exists (select from customers_household where number = any($1) and kind = $2)"


async def household_of_number(tx: Tx, number: int) -> Household:
    return _household((await tx.rows(BY_NUMBER, number))[0])


async def is_any_of_kind(tx: Tx, numbers: Collection[int], kind: str) -> bool:
    return bool(await tx.value(OF_KIND, list(numbers), kind))


async def lock_groups(tx: Tx, survivors: Collection[int]) -> dict[int, int]:
    """Every household that these stand for, to its survivor. Nobody else changes them until the commit."""
    return {row["number"]: row["survivor"] for row in await tx.rows(LOCK_GROUPS, sorted(survivors))}


async def merged_ids(tx: Tx, number: int) -> list[UUID]:
    return [plain_uuid(row["id"]) for row in await tx.rows(MERGED_IDS, number)]


def _household(row: Row) -> Household:
    return Household(row["number"], plain_uuid(row["id"]), row["kind"], row["created_at"])


INSERT_OP = """
    insert into customers_household_op (id, kind, household, other, at, made_by, body)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
"""
FIND_OP = "select id, kind, household, other, body::text as body, undone_at from customers_household_op where id = $1"
UNDO_OP = "update customers_household_op set undone_at = $2, undone_by = $3 where id = $1"
MERGES_AMONG = """
    select household, other from customers_household_op
     where kind = 'merge' and undone_at is null and household = any($1) and other = any($1)
"""
REDIRECT = """
    update customers_household household set redirect_to = nullif(wanted.survivor, wanted.number)
      from unnest($1::bigint[], $2::bigint[]) as wanted (number, survivor)
     where household.number = wanted.number
       and household.redirect_to is distinct from nullif(wanted.survivor, wanted.number)
"""


async def insert_op(
    tx: Tx, id: UUID, kind: str, household: int, other: int | None, *, by: str, body: str, now: datetime
) -> None:
    await tx.run(INSERT_OP, id, kind, household, other, now, by, body)


async def find_op(tx: Tx, id: UUID, *, is_locked: bool = False) -> Change | None:
    rows = await tx.rows(FIND_OP + (" for update" if is_locked else ""), id)
    return Change(**{**dict(rows[0]), "id": id}) if rows else None


async def undo_op(tx: Tx, id: UUID, *, by: str, now: datetime) -> None:
    await tx.run(UNDO_OP, id, now, by)


async def merges_among(tx: Tx, numbers: Collection[int]) -> list[tuple[int, int]]:
    return [(row["household"], row["other"]) for row in await tx.rows(MERGES_AMONG, list(numbers))]


IS_MERGED = """
    select exists (select from customers_household_op
                    where kind = 'merge' and undone_at is null and (household = $1 or other = $1))
"""


async def is_merged(tx: Tx, number: int) -> bool:
    return bool(await tx.value(IS_MERGED, number))


async def redirect(tx: Tx, survivor_of: Mapping[int, int]) -> None:
    await tx.run(REDIRECT, list(survivor_of), list(survivor_of.values()))


@dataclass(frozen=True, slots=True)
class Edge:
    """An open membership: `person` is whom the customer it was stated of leads to by now."""

    id: int
    household: int
    customer_number: int
    person: int
    role: str
    source: str
    strength: str
    op: UUID


EDGES = """
    select edge.id, edge.household, edge.customer_number, coalesce(owner.redirect_to, owner.number) as person,
           edge.role, edge.source, edge.strength, edge.op
      from customers_household_member edge join customers_customer owner on owner.number = edge.customer_number
     where edge.until is null and
"""
EDGES_OF_HOUSEHOLDS = EDGES + " edge.household = any($1) order by edge.id"
EDGES_OF_A_PERSON = EDGES + " (owner.number = $1 or owner.redirect_to = $1) order by edge.id"
EDGES_BY_OP = EDGES + " edge.op = $1 order by edge.id"
INSERT_MEMBER = """
    insert into customers_household_member (household, customer_number, role, source, strength, since, op)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
END = """
    update customers_household_member set until = greatest($3, since), ended_op = $2
     where id = any($1::bigint[]) and until is null
"""
# What a change ended comes back as it was, with its own beginning.
REVIVE = """
    insert into customers_household_member (household, customer_number, role, source, strength, since, op)
    select household, customer_number, role, source, strength, since, op
      from customers_household_member where ended_op = $1 and op <> $1
    on conflict do nothing
"""
MOVE = """
    insert into customers_household_member (household, customer_number, role, source, strength, since, op)
    select $2, customer_number, role, source, strength, $3, $4
      from customers_household_member where id = any($1::bigint[])
    on conflict do nothing
"""


async def edges_of(tx: Tx, households: Collection[int]) -> list[Edge]:
    return [_edge(row) for row in await tx.rows(EDGES_OF_HOUSEHOLDS, list(households))]


async def edges_of_person(tx: Tx, number: int) -> list[Edge]:
    return [_edge(row) for row in await tx.rows(EDGES_OF_A_PERSON, number)]


async def edges_by_op(tx: Tx, op: UUID) -> list[Edge]:
    return [_edge(row) for row in await tx.rows(EDGES_BY_OP, op)]


def _edge(row: Row) -> Edge:
    return Edge(**{**dict(row), "op": plain_uuid(row["op"])})


async def insert_member(tx: Tx, household: int, number: int, member: NewMember, op: UUID) -> None:
    said = (member.role, member.source.value, member.strength.value, member.since)
    await tx.run(INSERT_MEMBER, household, number, *said, op)


async def end_members(tx: Tx, ids: Sequence[int], op: UUID, now: datetime) -> None:
    await tx.run(END, list(ids), op, now)


async def revive_ended_by(tx: Tx, op: UUID) -> None:
    await tx.run(REVIVE, op)


async def move_members(tx: Tx, ids: Sequence[int], household: int, op: UUID, now: datetime) -> None:
    await tx.run(MOVE, list(ids), household, now, op)


MEMBERS_AT = """
    select coalesce(survivor.id, owner.id) as customer_id, edge.role, edge.source, edge.strength, edge.since
      from customers_household one
      join customers_household_member edge on edge.household = one.number
      join customers_customer owner on owner.number = edge.customer_number
      left join customers_customer survivor on survivor.number = owner.redirect_to
     where (one.number = $1 or one.redirect_to = $1) and edge.since <= $2 and (edge.until is null or edge.until > $2)
       and coalesce(survivor.state, owner.state) = 'active'
     order by edge.since, edge.id
"""
HOUSEHOLDS_OF = """
    select distinct found.number, found.id, found.kind, found.created_at
      from customers_customer asked
      join customers_customer owner on owner.number = coalesce(asked.redirect_to, asked.number)
                                    or owner.redirect_to = coalesce(asked.redirect_to, asked.number)
      join customers_household_member edge on edge.customer_number = owner.number
      join customers_household one on one.number = edge.household
      join customers_household found on found.number = coalesce(one.redirect_to, one.number)
     where asked.id = $1 and edge.since <= $2 and (edge.until is null or edge.until > $2)
     order by found.number
"""


async def members_at(tx: Tx, number: int, at: datetime) -> list[Member]:
    return [
        Member(
            plain_uuid(row["customer_id"]), row["role"], Source(row["source"]), Strength(row["strength"]), row["since"]
        )
        for row in await tx.rows(MEMBERS_AT, number, at)
    ]


async def households_of(tx: Tx, customer_id: UUID, at: datetime) -> list[Household]:
    return [_household(row) for row in await tx.rows(HOUSEHOLDS_OF, customer_id, at)]
