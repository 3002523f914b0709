"""All the SQL of lists and households."""

from collections.abc import Sequence
from datetime import datetime

from vokrug.runtime.database import Row, Tx

READ_KEYS = "select number, key from promotions_list"
HAS_PEOPLE = """
    select exists (select from promotions_listed) or exists (select from promotions_personal)
        or exists (select from promotions_household)
"""
LIST_ALL = "select key, name, members, changed_by, changed_at from promotions_list order by key"
SAVE = """
    insert into promotions_list (key, name, changed_by, changed_at) values ($1, $2, $3, $4)
    on conflict (key) do update set name = excluded.name, changed_by = excluded.changed_by, changed_at = excluded.changed_at
    returning number
"""
FIND = "select number from promotions_list where key = $1"
# `array[..] || lists` of a set: the order inside does not matter, a number is never there twice.
ADD = """
    with added as (
        insert into promotions_listed as l (customer_number, lists)
        select distinct unnest($2::bigint[]), array[$1::integer] order by 1
            on conflict (customer_number) do update set lists = l.lists || $1 where l.lists @> array[$1] is false
        returning 1)
    update promotions_list set members = members + (select count(*) from added) where number = $1
"""
REMOVE = """
    with gone as (
        update promotions_listed set lists = array_remove(lists, $1::integer)
         where lists @> array[$1::integer] and ($2::bigint[] is null or customer_number = any($2))
        returning 1)
    update promotions_list set members = members - (select count(*) from gone) where number = $1::integer
"""
FORGET_EMPTY = "delete from promotions_listed where lists = '{}'"
SAVE_HOUSEHOLDS = """
    insert into promotions_household (customer_number, household)
    select distinct on (g.customer_number) g.customer_number, g.household from unnest($1::bigint[], $2::bigint[]) g (customer_number, household)
     order by 1
    on conflict (customer_number) do update set household = excluded.household
"""


async def read_keys(tx: Tx) -> dict[int, str]:
    return {row["number"]: row["key"] for row in await tx.rows(READ_KEYS)}


async def has_people(tx: Tx) -> bool:
    return bool(await tx.value(HAS_PEOPLE))


async def list_all(tx: Tx) -> Sequence[Row]:
    return await tx.rows(LIST_ALL)


async def save(tx: Tx, key: str, name: str, *, by: str, now: datetime) -> int:
    number: int = await tx.value(SAVE, key, name, by, now)
    return number


async def find(tx: Tx, key: str) -> int | None:
    number: int | None = await tx.value(FIND, key)
    return number


async def add(tx: Tx, number: int, customers: Sequence[int]) -> None:
    await tx.run(ADD, number, customers)


async def remove(tx: Tx, number: int, customers: Sequence[int] | None) -> None:
    """Take some off the list, or everybody."""
    await tx.run(REMOVE, number, customers)
    await tx.run(FORGET_EMPTY)


async def save_households(tx: Tx, customers: Sequence[int], households: Sequence[int]) -> None:
    await tx.run(SAVE_HOUSEHOLDS, customers, households)
