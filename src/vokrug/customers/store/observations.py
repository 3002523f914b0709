"""What sources said of people's attributes, and what the rule of each makes of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from vokrug.customers.store.values import as_json
from vokrug.customers.types import Attribute, Observation, Source, Survives
from vokrug.runtime.database import Tx

# A chatty source must not grow without bound: its values that were said last are kept, and the first word of all.
# Whatever the order of arrival, the same ones are.
MOST_VALUES = 32

OBSERVE = """
    insert into customers_observation as known
        (customer_number, code, source, value, value_hash, first_at, last_at, provenance)
    select $1, told.code, $2, told.value::jsonb, decode(md5(told.value::jsonb::text), 'hex'), $3, $3, $4::jsonb
      from unnest($5::text[], $6::text[]) as told (code, value)
    on conflict (customer_number, code, source, value_hash) do update
       set first_at = least(known.first_at, excluded.first_at),
           last_at = greatest(known.last_at, excluded.last_at),
           provenance = case
               when (excluded.last_at, excluded.provenance::text) > (known.last_at, known.provenance::text)
               then excluded.provenance else known.provenance end
"""
FORGET_OLDEST = """
    delete from customers_observation
     where customer_number = $1 and (code, source, value_hash) in (
        select code, source, value_hash from (
            select code, source, value_hash,
                   row_number() over (partition by code, source order by last_at desc, value::text desc) as place,
                   row_number() over (partition by code order by first_at, source, value::text) as from_first
              from customers_observation where customer_number = $1 and code = any($2)) as known
         where place > $3 and from_first > 1)
"""


async def observe(tx: Tx, said: Observation, values: Mapping[str, Any]) -> None:
    """Keep what a source said of a customer in one moment."""
    codes, told = list(values), [as_json(value) for value in values.values()]
    moment, provenance = said.last_at, as_json(said.provenance)
    await tx.run(OBSERVE, said.customer_number, said.source.value, moment, provenance, codes, told)
    await tx.run(FORGET_OLDEST, said.customer_number, codes, MOST_VALUES)


@dataclass(frozen=True, slots=True)
class Observed:
    """An observation, and by which rule its attribute survives."""

    code: str
    survives: Survives
    trust: tuple[Source, ...]
    fresh_days: int | None
    said: Observation


OBSERVATIONS_OF = """
    select known.customer_number, known.code, known.source, known.value, known.first_at, known.last_at,
           known.provenance, kind.survives, kind.trust, kind.fresh_days
      from customers_observation known join customers_attribute_type kind on kind.code = known.code
     where known.customer_number = any($1) and ($2::text[] is null or known.code = any($2))
"""


async def observations_of(tx: Tx, numbers: Collection[int], codes: Collection[str] | None) -> list[Observed]:
    rows = await tx.rows(OBSERVATIONS_OF, list(numbers), None if codes is None else list(codes))
    return [
        Observed(
            code=row["code"],
            survives=Survives(row["survives"]),
            trust=tuple(map(Source, row["trust"])),
            fresh_days=row["fresh_days"],
            said=Observation(
                customer_number=row["customer_number"],
                source=Source(row["source"]),
                value=msgspec.json.decode(row["value"]),
                first_at=row["first_at"],
                last_at=row["last_at"],
                provenance=msgspec.json.decode(row["provenance"]),
            ),
        )
        for row in rows
    ]


SETTLED_OF = """
    select customer_number, code, value, source, observed_at, provenance, stale_at
      from customers_attribute where customer_number = any($1) and ($2::text[] is null or code = any($2))
"""


async def settled_of(
    tx: Tx, numbers: Collection[int], codes: Collection[str] | None
) -> dict[tuple[int, str], Attribute]:
    rows = await tx.rows(SETTLED_OF, list(numbers), None if codes is None else list(codes))
    return {
        (row["customer_number"], row["code"]): Attribute(
            code=row["code"],
            value=msgspec.json.decode(row["value"]),
            source=Source(row["source"]),
            observed_at=row["observed_at"],
            provenance=msgspec.json.decode(row["provenance"]),
            stale_at=row["stale_at"],
        )
        for row in rows
    }


FORGET_SETTLED = """
    delete from customers_attribute
     where (customer_number, code) in (select number, code from unnest($1::bigint[], $2::text[]) as gone (number, code))
"""
PUT_SETTLED = """
    insert into customers_attribute as known
        (customer_number, code, value, source, observed_at, provenance, stale_at)
    select number, code, value::jsonb, source, observed_at, provenance::jsonb, stale_at
      from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::text[], $7::timestamptz[])
        as stands (number, code, value, source, observed_at, provenance, stale_at)
    on conflict (customer_number, code) do update
       set value = excluded.value, source = excluded.source, observed_at = excluded.observed_at,
           provenance = excluded.provenance, stale_at = excluded.stale_at
"""


async def put_settled(tx: Tx, gone: Collection[tuple[int, str]], stand: Mapping[tuple[int, str], Attribute]) -> None:
    if gone:
        await tx.run(FORGET_SETTLED, [number for number, _ in gone], [code for _, code in gone])
    if stand:
        kept = list(stand.values())
        await tx.run(
            PUT_SETTLED,
            [number for number, _ in stand],
            [code for _, code in stand],
            [as_json(one.value) for one in kept],
            [one.source.value for one in kept],
            [one.observed_at for one in kept],
            [as_json(one.provenance) for one in kept],
            [one.stale_at for one in kept],
        )


PEOPLE_OBSERVED = """
    select distinct coalesce(owner.redirect_to, owner.number) as number
      from (select distinct customer_number from customers_observation
             where code = $1 and customer_number > $2 order by customer_number limit $3) as page
      join customers_customer owner on owner.number = page.customer_number
"""
LAST_OBSERVED = """
    select max(customer_number) from (
        select distinct customer_number from customers_observation
         where code = $1 and customer_number > $2 order by customer_number limit $3) as page
"""
PEOPLE_WITH_STALE = """
    select distinct coalesce(owner.redirect_to, owner.number) as number
      from (select customer_number from customers_attribute where stale_at <= $1 order by stale_at limit $2) as page
      join customers_customer owner on owner.number = page.customer_number
"""


async def people_observed(tx: Tx, code: str, after: int, limit: int) -> tuple[Sequence[int], int | None]:
    """People of whom something was said, a page of customers at a time; and the customer to read on from."""
    last: int | None = await tx.value(LAST_OBSERVED, code, after, limit)
    return [row["number"] for row in await tx.rows(PEOPLE_OBSERVED, code, after, limit)], last


async def people_with_stale(tx: Tx, now: datetime, limit: int) -> list[int]:
    return [row["number"] for row in await tx.rows(PEOPLE_WITH_STALE, now, limit)]
