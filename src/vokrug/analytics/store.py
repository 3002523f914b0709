"""SQL of the rollups."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from vokrug.analytics.types import SUMS, Grain, OfferDay, Span, Totals
from vokrug.runtime.database import Tx

COUNT_SALE = """
    with counted as (
        insert into analytics_hour as h (shop, hour, slot, checks, member_checks, late_checks, gross_minor,
                                         discount_minor, paid_minor, member_paid_minor, burned_minor, earned_minor)
        values ($1, date_trunc('hour', $2::timestamptz), $3, 1, $4::int, $5::int, $6, $7, $8,
                case when $4::int = 1 then $8::bigint else 0 end, $9, $10)
        on conflict (shop, hour, slot) do update set
            checks = h.checks + 1, member_checks = h.member_checks + excluded.member_checks,
            late_checks = h.late_checks + excluded.late_checks, gross_minor = h.gross_minor + excluded.gross_minor,
            discount_minor = h.discount_minor + excluded.discount_minor,
            paid_minor = h.paid_minor + excluded.paid_minor,
            member_paid_minor = h.member_paid_minor + excluded.member_paid_minor,
            burned_minor = h.burned_minor + excluded.burned_minor, earned_minor = h.earned_minor + excluded.earned_minor
    )
    insert into analytics_offer_day as o (offer, day, slot, checks, discount_minor)
    select offer, $11::date, $3, 1, discount_minor from unnest($12::text[], $13::bigint[]) given(offer, discount_minor)
    on conflict (offer, day, slot) do update set
        checks = o.checks + 1, discount_minor = o.discount_minor + excluded.discount_minor
"""


async def count_sale(
    tx: Tx,
    *,
    shop: str,
    at: datetime,
    slot: int,
    is_member: bool,
    is_late: bool,
    gross_minor: int,
    discount_minor: int,
    paid_minor: int,
    burned_minor: int,
    earned_minor: int,
    day: date,
    offers: Mapping[str, int],
) -> None:
    sums = (gross_minor, discount_minor, paid_minor, burned_minor, earned_minor)
    given = (list(offers), list(offers.values()))
    await tx.run(COUNT_SALE, shop, at, slot, int(is_member), int(is_late), *sums, day, *given)


COUNT_RETURN = """
    insert into analytics_hour as h (shop, hour, slot, returns, refunded_minor, restored_minor, taken_back_minor)
    values ($1, date_trunc('hour', $2::timestamptz), $3, 1, $4, $5, $6)
    on conflict (shop, hour, slot) do update set
        returns = h.returns + 1, refunded_minor = h.refunded_minor + excluded.refunded_minor,
        restored_minor = h.restored_minor + excluded.restored_minor,
        taken_back_minor = h.taken_back_minor + excluded.taken_back_minor
"""


async def count_return(
    tx: Tx, *, shop: str, at: datetime, slot: int, refunded_minor: int, restored_minor: int, taken_back_minor: int
) -> None:
    await tx.run(COUNT_RETURN, shop, at, slot, refunded_minor, restored_minor, taken_back_minor)


KEYS = {
    Grain.ALL: "''",
    Grain.HOUR: "to_char(h.hour at time zone span.zone, 'HH24')",
    Grain.DAY: "to_char(h.hour at time zone span.zone, 'YYYY-MM-DD')",
    Grain.SHOP: "h.shop",
}
_SUMS = ", ".join(f"sum(h.{name})::bigint as {name}" for name in SUMS)
# One probe of the primary key a shop, however long the history.
READ = {
    grain: f"""
    select {key} as key, {_SUMS}
      from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[]) span(shop, zone, since, until)
      join analytics_hour h on h.shop = span.shop and h.hour >= span.since and h.hour < span.until
     group by 1 order by 1
"""  # noqa: S608 - the keys are those above
    for grain, key in KEYS.items()
}


async def totals(tx: Tx, spans: Sequence[Span], grain: Grain) -> dict[str, Totals]:
    columns = ([s.shop for s in spans], [s.zone for s in spans], [s.since for s in spans], [s.until for s in spans])
    rows = await tx.rows(READ[grain], *columns)
    return {row["key"]: Totals(**{name: row[name] for name in SUMS}) for row in rows}


_COLUMNS = ", ".join(SUMS)
FOLD_HOURS = f"""
    with old as (
        select shop, hour, slot from analytics_hour where slot >= 0 and hour < $1 order by hour, shop, slot limit $2
    ), gone as (
        delete from analytics_hour h using old
         where (h.shop, h.hour, h.slot) = (old.shop, old.hour, old.slot) returning h.*
    )
    insert into analytics_hour as h (shop, hour, slot, {_COLUMNS})
    select shop, hour, -1, {", ".join(f"sum({name})::bigint" for name in SUMS)} from gone group by shop, hour
    on conflict (shop, hour, slot) do update
       set {", ".join(f"{name} = h.{name} + excluded.{name}" for name in SUMS)}
"""  # noqa: S608 - the columns are those of Totals
UNFOLDED = "select count(*) from (select from analytics_hour where slot >= 0 and hour < $1 limit $2) unfolded"


async def fold_hours(tx: Tx, before: datetime, limit: int) -> int:
    """Rows of hours before a moment become one a shop and hour. Answers how many there were to fold."""
    found: int = await tx.value(UNFOLDED, before, limit)
    if found:
        await tx.run(FOLD_HOURS, before, limit)
    return found


LAST_HOURS = """
    select given.shop, (select max(hour) from analytics_hour h where h.shop = given.shop) as hour
      from unnest($1::text[]) given(shop)
"""


async def last_hours(tx: Tx, shops: Sequence[str]) -> dict[str, datetime | None]:
    return {row["shop"]: row["hour"] for row in await tx.rows(LAST_HOURS, list(shops))}


OFFER_DAYS = """
    select offer, day, sum(checks)::bigint as checks, sum(discount_minor)::bigint as discount_minor
      from analytics_offer_day where day >= $1 and day < $2 group by offer, day order by day, offer
"""


async def offer_days(tx: Tx, since: date, until: date) -> Sequence[OfferDay]:
    return await tx.all(OfferDay, OFFER_DAYS, since, until)
