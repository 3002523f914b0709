"""All the SQL of limits and their counters."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.promotions.engine.offers.parts import Limit
from vokrug.promotions.limits.types import LiveLimit
from vokrug.runtime.database import Row, Tx

REST_LIMITS = "update promotions_limit set is_live = false where offer is not distinct from $1 and campaign is not distinct from $2"
WRITE_LIMIT = """
    insert into promotions_limit (offer, campaign, subject, period, days, measure, most)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict on constraint limit_is_written_once do update set most = excluded.most, is_live = true
"""


async def write_limits(tx: Tx, offer: int | None, campaign: int | None, limits: Sequence[Limit]) -> None:
    """The limits of an offer or a campaign from now on. One that stays keeps its counters."""
    await tx.run(REST_LIMITS, offer, campaign)
    await tx.run_many(
        WRITE_LIMIT,
        [
            (offer, campaign, limit.subject, limit.period, limit.days or 0, limit.measure, limit.most)
            for limit in limits
            if limit.subject != "check"
        ],
    )


LIST_LIVE = """
    select l.id, array(select o.number from promotions_offer o
                         join promotions_offer_version v on v.offer_id = o.id and v.state = 'published'
                         left join promotions_campaign c on c.number = o.campaign
                        where (o.number = l.offer or o.campaign = l.campaign) and coalesce(c.state, 'running') = 'running'
                        order by 1) as offers,
           l.subject, l.period, l.days, l.measure, l.most
      from promotions_limit l where l.is_live order by l.id
"""


async def list_live(tx: Tx) -> list[LiveLimit]:
    rows = await tx.rows(LIST_LIVE)
    return [msgspec.convert({**dict(row), "offers": tuple(row["offers"])}, LiveLimit) for row in rows]


LIST_OF = """
    select subject, period, nullif(days, 0) as days, measure, most from promotions_limit
     where is_live and offer is not distinct from $1 and campaign is not distinct from $2 order by id
"""


async def list_of(tx: Tx, offer: int | None, campaign: int | None) -> list[Limit]:
    return [msgspec.convert(dict(row), Limit) for row in await tx.rows(LIST_OF, offer, campaign)]


COUNTED = """
    select l.id, l.subject, l.period, l.days, l.measure, l.most, c.subject as of, c.bucket, c.taken, c.over,
           coalesce((select sum(t.amount)::bigint from promotions_taking t
                      where t.state = 'h' and t.limit_id = c.limit_id and t.subject = c.subject and t.bucket = c.bucket), 0) as held
      from promotions_limit l join promotions_count c on c.limit_id = l.id
     where l.offer is not distinct from $1 and l.campaign is not distinct from $2
       and l.subject in ('offer', 'shop', 'shop_group')
     order by l.id, c.bucket desc, c.subject limit 500
"""


async def counted(tx: Tx, offer: int | None, campaign: int | None) -> Sequence[Row]:
    """How far shared budgets are used, the newest periods first."""
    return await tx.rows(COUNTED, offer, campaign)


BUDGETS = """
    select l.offer, l.most, coalesce(c.taken, 0)::bigint as taken
      from promotions_limit l
      left join lateral (select taken from promotions_count where limit_id = l.id
                          order by subject desc, bucket desc limit 1) c on true
     where l.is_live and l.subject = 'offer' and l.offer is not null and l.measure in ('amount', 'points')
     order by l.offer, l.id
"""


async def budgets(tx: Tx) -> dict[int, tuple[int, int]]:
    """Of each offer with a budget of its own: what is taken in the newest period, and the most."""
    return {row["offer"]: (row["taken"], row["most"]) for row in await tx.rows(BUDGETS)}


RESERVE = "select * from promotions_reserve($1, $2, $3)"
TAKE = "select * from promotions_take($1, $2, $3, $4, $5)"
RELEASE = "select promotions_release($1)"
PROLONG = """
    with takings as (
        update promotions_taking set until_at = greatest(until_at, $2)
         where check_id = $1 and state = 'h' and until_at > $3 returning 1),
    uses as (
        update promotions_coupon_use set until_at = greatest(until_at, $2)
         where check_id = $1 and state = 'h' and until_at > $3 returning 1)
    select (select count(*) from takings) + (select count(*) from uses)
"""
GIVE_BACK = "select promotions_give_back($1, $2, $3, $4)"
UNDO_CODES = "select promotions_undo_codes($1)"
SWEEP = "select promotions_sweep($1, $2)"
READ_STATE = "select * from promotions_read_state($1, $2, $3, $4, $5, $6, $7, $8, $9)"


async def reserve(
    tx: Tx, wants: Sequence[tuple[object, ...]], codes: Sequence[tuple[object, ...]], now: datetime
) -> Sequence[Row]:
    return await tx.rows(RESERVE, wants, codes, now)


async def take(
    tx: Tx,
    checks: Sequence[UUID],
    wants: Sequence[tuple[object, ...]],
    codes: Sequence[tuple[object, ...]],
    now: datetime,
    *,
    forced: bool,
) -> Sequence[Row]:
    return await tx.rows(TAKE, checks, wants, codes, forced, now)


async def release(tx: Tx, checks: Sequence[UUID]) -> int:
    freed: int = await tx.value(RELEASE, checks)
    return freed


async def prolong(tx: Tx, check: UUID, until: datetime, now: datetime) -> int:
    """How many were still there to be prolonged."""
    found: int = await tx.value(PROLONG, check, until, now)
    return found


async def give_back(tx: Tx, sale: UUID, shares: Sequence[tuple[int, int, int]]) -> None:
    """`shares` say, for each offer, how much of the sale has come back in all: offer, numerator, denominator."""
    await tx.run(GIVE_BACK, sale, *[list(column) for column in zip(*shares, strict=True)])


async def undo_codes(tx: Tx, sale: UUID) -> None:
    await tx.run(UNDO_CODES, sale)


async def sweep(tx: Tx, now: datetime, slice: int) -> int:
    freed: int = await tx.value(SWEEP, now, slice)
    return freed


async def read_state(tx: Tx, *columns: object) -> Sequence[Row]:
    return await tx.rows(READ_STATE, *columns)


UNTOLD = """
    update promotions_alarm a set told_at = $1
      from promotions_limit l left join promotions_offer o on o.number = l.offer
      left join promotions_campaign c on c.number = l.campaign
     where a.told_at is null and l.id = a.limit_id
    returning a.limit_id, a.subject, a.bucket, a.level, a.taken, a.most, a.at, l.subject as counted_by, l.period, l.measure,
              o.key as offer, c.key as campaign
"""


async def alarms_to_tell(tx: Tx, now: datetime) -> Sequence[Row]:
    """Alarms nobody has heard of; they are told when this transaction commits."""
    return await tx.rows(UNTOLD, now)
