"""All the SQL of personal offers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.promotions.personal.types import PersonalOffer
from vokrug.runtime.database import Tx

OFFERS = "select key, number from promotions_offer where key = any($1)"
# Sent again with the same words it changes nothing; an offer the customer has activated stays activated.
SAVE = """
    insert into promotions_personal as p (customer_number, offer, terms, state, until_at, import)
    select distinct on (1, 2) g.customer_number, g.offer, case when g.value is null then '{}' else jsonb_build_object('value', g.value) end,
           case when g.needs_activation then 'n' else 'a' end::"char", g.until_at, $6
      from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::boolean[])
           with ordinality as g (customer_number, offer, value, until_at, needs_activation, place)
     order by 1, 2, g.place desc
    on conflict (customer_number, offer) do update
       set terms = excluded.terms, until_at = excluded.until_at, import = excluded.import,
           state = case when p.state = 'a' then 'a' else excluded.state end::"char"
"""
OF_CUSTOMER = """
    select o.key as offer, o.name, (p.terms ->> 'value')::bigint as value, p.until_at as until,
           case p.state when 'n' then 'new' else 'active' end as state
      from promotions_personal p join promotions_offer o on o.number = p.offer
     where p.customer_number = $1 and (p.until_at is null or p.until_at > $2) order by o.key
"""
ACTIVATE = """
    update promotions_personal set state = 'a'
     where customer_number = $1 and offer = (select number from promotions_offer where key = $2)
       and (until_at is null or until_at > $3)
"""
FORGET_LAPSED = """
    delete from promotions_personal where (customer_number, offer) in
        (select customer_number, offer from promotions_personal where until_at <= $1 order by until_at limit $2)
"""


async def numbers_of_offers(tx: Tx, keys: Sequence[str]) -> dict[str, int]:
    return {row["key"]: row["number"] for row in await tx.rows(OFFERS, list(keys))}


async def save(tx: Tx, rows: Sequence[tuple[int, int, int | None, datetime | None, bool]], import_id: UUID) -> None:
    await tx.run(SAVE, *[list(column) for column in zip(*rows, strict=True)], import_id)


async def of_customer(tx: Tx, customer: int, now: datetime) -> list[PersonalOffer]:
    return [msgspec.convert(dict(row), PersonalOffer) for row in await tx.rows(OF_CUSTOMER, customer, now)]


async def activate(tx: Tx, customer: int, offer: str, now: datetime) -> bool:
    return await tx.run(ACTIVATE, customer, offer, now) == 1


async def forget_lapsed(tx: Tx, now: datetime, slice: int) -> int:
    return await tx.run(FORGET_LAPSED, now, slice)
