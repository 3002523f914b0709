"""SQL of watching tills."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from vokrug.runtime.database import Row, Tx

if TYPE_CHECKING:
    from vokrug.pos.watching.meter import Traffic

HEARD = """
    insert into pos_heartbeat as h
        (till_id, seen_at, skew_ms, queue_length, software, declined, calls, unanswered, p95_ms)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (till_id) do update set seen_at = excluded.seen_at, skew_ms = excluded.skew_ms,
        queue_length = excluded.queue_length, software = excluded.software, declined = excluded.declined,
        calls = excluded.calls, unanswered = excluded.unanswered, p95_ms = excluded.p95_ms
     where h.seen_at <= excluded.seen_at
"""
# Each till's times come as one text: arrays of arrays would have to be of one length for the driver.
ADD_TRAFFIC = """
    insert into pos_till_traffic as t (slot, till_id, calls, errors, refusals, times)
    select $1, g.till_id, g.calls, g.errors, g.refusals, g.times::int[]
      from unnest($2::bigint[], $3::int[], $4::int[], $5::int[], $6::text[]) as g (till_id, calls, errors, refusals, times)
     order by g.till_id
    on conflict (slot, till_id) do update set calls = t.calls + excluded.calls, errors = t.errors + excluded.errors,
        refusals = t.refusals + excluded.refusals,
        times = (select array_agg(a.many + b.many order by a.place)
                   from unnest(t.times) with ordinality a (many, place)
                   join unnest(excluded.times) with ordinality b (many, place) on b.place = a.place)
"""
FORGET_TRAFFIC = "delete from pos_till_traffic where slot < $1"

# The last quarter of an hour of each till; $1 is where it begins.
TILLS = """
    with traffic as (
        select till_id, sum(calls)::int as calls, sum(errors)::int as errors, sum(refusals)::int as refusals
          from pos_till_traffic where slot >= $1 group by till_id),
    times as (
        select till_id, array_agg(many order by place) as times
          from (select r.till_id, u.place, sum(u.many)::int as many
                  from pos_till_traffic r cross join lateral unnest(r.times) with ordinality u (many, place)
                 where r.slot >= $1 group by r.till_id, u.place) summed group by till_id)

    select s.id as shop_id, t.id as till_id, s.code as shop, t.code as till, h.seen_at, h.skew_ms, h.queue_length,
           h.software, coalesce(h.declined, 0) as declined, coalesce(h.calls, 0) as told_calls,
           coalesce(h.unanswered, 0) as unanswered, h.p95_ms as told_p95_ms, r.calls, r.errors, r.refusals, m.times
      from pos_till t join pos_shop s on s.id = t.shop_id
      left join pos_heartbeat h on h.till_id = t.id
      left join traffic r on r.till_id = t.id left join times m on m.till_id = t.id
     where $2 = '' or s.code = $2 order by s.code, t.code
"""
# Deviations and waiting returns are looked up shop by shop in their indexes: of a day, whatever the history.
OF_SHOPS = """
    select s.id as shop_id, s.code as shop, s.name, d.many as deviations, d.sum as deviation_minor,
           p.many as returns_waiting, i.state as integration
      from pos_shop s
      cross join lateral (select count(*)::int as many, coalesce(sum(abs(printed_minor - expected_minor)), 0)::bigint as sum
                            from pos_deviation d where d.shop_id = s.id and d.at >= $1) d
      cross join lateral (select count(*)::int as many from pos_return r where r.shop_id = s.id and r.status = 'parked') p
      left join lateral (select state from pos_integration i where i.shop_id = s.id order by i.place desc limit 1) i on true
     order by s.code
"""
SHOPS = """
    with traffic as (
        select till_id, sum(calls)::int as calls, sum(errors)::int as errors, sum(refusals)::int as refusals
          from pos_till_traffic where slot >= $1 group by till_id),
    times as (
        select till_id, array_agg(many order by place) as times
          from (select r.till_id, u.place, sum(u.many)::int as many
                  from pos_till_traffic r cross join lateral unnest(r.times) with ordinality u (many, place)
                 where r.slot >= $1 group by r.till_id, u.place) summed group by till_id)
,
    buckets as (
        select shop_id, array_agg(many order by place) as times
          from (select t.shop_id, u.place, sum(u.many)::int as many
                  from times m join pos_till t on t.id = m.till_id
                 cross join lateral unnest(m.times) with ordinality u (many, place)
                 group by t.shop_id, u.place) summed group by shop_id),
    tills as (
        select t.shop_id, count(*)::int as tills, count(h.till_id)::int as tills_seen, max(h.seen_at) as last_seen,
               coalesce(array_agg(distinct h.software) filter (where h.software is not null), '{}') as software,
               coalesce(max(abs(h.skew_ms)), 0) as worst_skew_ms, coalesce(sum(h.queue_length), 0)::bigint as queue_length,
               coalesce(sum(h.declined), 0)::bigint as declined, max(h.p95_ms) as till_p95_ms,
               coalesce(sum(h.unanswered), 0)::bigint as unanswered, coalesce(sum(r.calls), 0)::bigint as calls,
               coalesce(sum(r.errors), 0)::bigint as errors, coalesce(sum(r.refusals), 0)::bigint as refusals
          from pos_till t left join pos_heartbeat h on h.till_id = t.id left join traffic r on r.till_id = t.id
         group by t.shop_id),
    open_alarms as (
        select a.shop_id, json_agg(json_build_object('alarm', a.alarm, 'till', t.code, 'since', a.since)
                                   order by a.since, a.alarm, t.code)::text as alarms
          from pos_till_alarm a left join pos_till t on t.id = a.till_id group by a.shop_id),
    shops as (
    select s.id as shop_id, s.code as shop, s.name, d.many as deviations, d.sum as deviation_minor,
           p.many as returns_waiting, i.state as integration
      from pos_shop s
      cross join lateral (select count(*)::int as many, coalesce(sum(abs(printed_minor - expected_minor)), 0)::bigint as sum
                            from pos_deviation d where d.shop_id = s.id and d.at >= $2) d
      cross join lateral (select count(*)::int as many from pos_return r where r.shop_id = s.id and r.status = 'parked') p
      left join lateral (select state from pos_integration i where i.shop_id = s.id order by i.place desc limit 1) i on true
)
    select s.shop, s.name, s.integration, s.deviations, s.deviation_minor, s.returns_waiting,
           coalesce(t.tills, 0) as tills, coalesce(t.tills_seen, 0) as tills_seen, t.last_seen,
           coalesce(t.software, '{}') as software, coalesce(t.worst_skew_ms, 0) as worst_skew_ms,
           coalesce(t.queue_length, 0) as queue_length, coalesce(t.declined, 0) as declined, t.till_p95_ms,
           coalesce(t.unanswered, 0) as unanswered, coalesce(t.calls, 0) as calls, coalesce(t.errors, 0) as errors,
           coalesce(t.refusals, 0) as refusals, b.times, coalesce(a.alarms, '[]') as alarms
      from shops s left join tills t using (shop_id) left join buckets b using (shop_id)
      left join open_alarms a using (shop_id)
     where $3::bigint is null or s.shop_id = $3
     order by (a.alarms is null), s.shop
"""

POLICY = "select version, body::text as body from pos_alarm_policy order by version desc limit 1"
DECLARE = "insert into pos_alarm_policy (body, declared_by, declared_at) values ($1::jsonb, $2, $3) returning version"
OPEN = """
    select a.shop_id, a.till_id, a.alarm, a.since, s.code as shop, t.code as till
      from pos_till_alarm a join pos_shop s on s.id = a.shop_id left join pos_till t on t.id = a.till_id
"""
RAISE = """
    insert into pos_till_alarm (shop_id, till_id, alarm, since) values ($1, $2, $3, $4) on conflict do nothing
"""
CLEAR = "delete from pos_till_alarm where shop_id = $1 and till_id = $2 and alarm = $3"
ONE_WATCHER = "select pg_try_advisory_xact_lock(5002)"


async def heard(tx: Tx, *values: object) -> None:
    await tx.run(HEARD, *values)


async def add_traffic(tx: Tx, slot: datetime, counted: Mapping[int, "Traffic"]) -> None:
    rows = [
        (till_id, one.calls, one.errors, one.refusals, "{" + ",".join(map(str, one.times)) + "}")
        for till_id, one in counted.items()
    ]
    await tx.run(ADD_TRAFFIC, slot, *map(list, zip(*rows, strict=True)))


async def forget_traffic(tx: Tx, before: datetime) -> None:
    await tx.run(FORGET_TRAFFIC, before)


async def tills(tx: Tx, since: datetime, shop: str) -> Sequence[Row]:
    """Every till of one shop, or of all (`''`), with its traffic since then."""
    return await tx.rows(TILLS, since, shop)


async def of_shops(tx: Tx, day_ago: datetime) -> Sequence[Row]:
    return await tx.rows(OF_SHOPS, day_ago)


async def shops(tx: Tx, since: datetime, day_ago: datetime, shop_id: int | None) -> Sequence[Row]:
    return await tx.rows(SHOPS, since, day_ago, shop_id)


async def policy(tx: Tx) -> tuple[int, bytes] | None:
    rows = await tx.rows(POLICY)
    return (rows[0]["version"], rows[0]["body"].encode()) if rows else None


async def declare(tx: Tx, body: object, by: str, now: datetime) -> int:
    version: int = await tx.value(DECLARE, msgspec.json.encode(body).decode(), by, now)
    return version


async def open_alarms(tx: Tx) -> Sequence[Row]:
    return await tx.rows(OPEN)


async def raise_alarm(tx: Tx, shop_id: int, till_id: int, alarm: str, now: datetime) -> bool:
    return await tx.run(RAISE, shop_id, till_id, alarm, now) == 1


async def clear_alarm(tx: Tx, shop_id: int, till_id: int, alarm: str) -> None:
    await tx.run(CLEAR, shop_id, till_id, alarm)


async def is_only_watcher(tx: Tx) -> bool:
    """Two that watch at once would tell everything twice."""
    return bool(await tx.value(ONE_WATCHER))
