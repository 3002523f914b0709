"""All the SQL of tiers."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from vokrug.promotions.tiers.types import METRICS, Cause, Change, Needs, Programme, Tier
from vokrug.runtime.database import Row, Tx

READ_PROGRAMME = """
    select zone, span, days, match, up, down, review, grace_days, on_return, points_of from promotions_tier_programme
"""
READ_VERSION = "select version from promotions_tier_programme"
READ_TIERS = """
    select code, name_ru, name_en, spend, points, visits, categories,
           keep_spend, keep_points, keep_visits, keep_categories
      from promotions_tier order by rank
"""
SAVE_PROGRAMME = """
    update promotions_tier_programme
       set version = version + 1, zone = $1, span = $2, days = $3, match = $4, up = $5, down = $6, review = $7,
           grace_days = $8, on_return = $9, points_of = $10
"""
REMOVE_TIERS = "delete from promotions_tier"
ADD_TIER = """
    insert into promotions_tier (rank, code, name_ru, name_en, spend, points, visits, categories,
                                 keep_spend, keep_points, keep_visits, keep_categories)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
"""
# Without windows one running total is enough: the last one, as day 0.
FOLD_DAYS = """
    with last as (
        select distinct on (customer_number) * from promotions_standing order by customer_number, day desc
    ), gone as (
        delete from promotions_standing s using last l where s.customer_number = l.customer_number and s.day <> l.day
    )
    update promotions_standing s set day = 0 from last l
     where s.customer_number = l.customer_number and s.day = l.day and l.day <> 0
"""


async def read_version(tx: Tx) -> int:
    version: int = await tx.value(READ_VERSION)
    return version


async def read_programme(tx: Tx) -> Programme:
    (row,) = await tx.rows(READ_PROGRAMME)
    tiers = tuple(_tier(tier) for tier in await tx.rows(READ_TIERS))
    return Programme(tiers=tiers, **dict(row))


def _tier(row: Row) -> Tier:
    keep = {metric: row[f"keep_{metric}"] for metric in METRICS}
    return Tier(
        code=row["code"],
        name_ru=row["name_ru"],
        name_en=row["name_en"],
        needs=Needs(**{metric: row[metric] for metric in METRICS}),
        keep=Needs(**keep) if any(asked is not None for asked in keep.values()) else None,
    )


async def save_programme(tx: Tx, given: Programme) -> None:
    p = given
    await tx.run(
        SAVE_PROGRAMME, p.zone, p.span, p.days, p.match, p.up, p.down, p.review, p.grace_days, p.on_return, p.points_of
    )
    await tx.run(REMOVE_TIERS)
    rows = []
    for rank, tier in enumerate(p.tiers):
        keep = tier.keep or Needs()
        asked = [tier.needs.of(metric) for metric in METRICS] + [keep.of(metric) for metric in METRICS]
        rows.append((rank, tier.code, tier.name_ru, tier.name_en, *asked))
    await tx.run_many(ADD_TIER, rows)


async def fold_days(tx: Tx) -> None:
    await tx.run(FOLD_DAYS)


COUNT = "select promotions_count_spending($1)"
STANDING_OF = "select metrics, tier from promotions_standing_of($1, $2)"
FIRST_DAY = "select min(day) from promotions_standing where customer_number = $1"
# Never below zero: what a return takes away was there.
COUNT_CATEGORIES = """
    insert into promotions_standing_category as c (customer_number, day, category, times)
    select $1, $2, g.category, $4 from unnest($3::bigint[]) g (category) order by 3
        on conflict (customer_number, day, category) do update set times = c.times + excluded.times
"""


async def count(tx: Tx, customer: int, day: int, *, spend: int, points: int, visits: int, at: datetime) -> None:
    await tx.run(COUNT, [(customer, day, spend, points, visits, at)])


async def count_categories(tx: Tx, customer: int, day: int, categories: Sequence[int], times: int) -> None:
    await tx.run(COUNT_CATEGORIES, customer, day, sorted(categories), times)


async def standing_of(tx: Tx, customer: int, now: datetime) -> Row:
    rows = await tx.rows(STANDING_OF, customer, now)
    return rows[0]


async def first_day(tx: Tx, customer: int) -> int | None:
    day: int | None = await tx.value(FIRST_DAY, customer)
    return day


LOCK_STATE = """
    select tier, since, protected_until, grace_until, reviewed_on from promotions_tier_state where customer_number = $1 for update
"""
SAVE_STATE = """
    insert into promotions_tier_state as t (customer_number, tier, since, protected_until) values ($1, $2, $3, $4)
    on conflict (customer_number) do update
       set tier = excluded.tier, grace_until = null,
           since = case when t.tier = excluded.tier then t.since else excluded.since end,
           protected_until = case when $5 then excluded.protected_until else t.protected_until end
"""
FORGET_STATE = "delete from promotions_tier_state where customer_number = $1"
ADD_CHANGE = """
    insert into promotions_tier_change (customer_number, at, from_tier, to_tier, cause, document, by)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
HISTORY = """
    select at, from_tier, to_tier, cause, document, by from promotions_tier_change
     where customer_number = $1 order by number desc limit 200
"""
REVIEW = "select * from promotions_review($1, $2, $3)"


async def lock_state(tx: Tx, customer: int) -> Row | None:
    rows = await tx.rows(LOCK_STATE, customer)
    return rows[0] if rows else None


async def save_state(
    tx: Tx, customer: int, tier: str, since: date, *, protected_until: date | None = None, protects: bool = False
) -> None:
    await tx.run(SAVE_STATE, customer, tier, since, protected_until, protects)


async def forget_state(tx: Tx, customer: int) -> None:
    await tx.run(FORGET_STATE, customer)


async def add_change(
    tx: Tx,
    customer: int,
    from_tier: str | None,
    to_tier: str | None,
    cause: Cause,
    *,
    document: UUID | None,
    by: str,
    now: datetime,
) -> None:
    await tx.run(ADD_CHANGE, customer, now, from_tier, to_tier, cause, document, by)


async def history(tx: Tx, customer: int) -> list[Change]:
    rows = await tx.rows(HISTORY, customer)
    return [
        Change(**{**dict(row), "document": None if row["document"] is None else UUID(bytes=row["document"].bytes)})
        for row in rows
    ]


async def review(tx: Tx, after: int, slice: int, now: datetime) -> Sequence[Row]:
    return await tx.rows(REVIEW, after, slice, now)
