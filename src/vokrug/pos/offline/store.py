"""SQL of bundles and of queues told afterwards."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from vokrug.pos.offline.bundle import ArticleTaken
from vokrug.runtime.database import Row, Tx

# Bundles

LOCK_BUNDLES = "select pg_advisory_xact_lock(hashtextextended('pos_bundle', 0))"


async def lock_bundles(tx: Tx) -> None:
    await tx.run(LOCK_BUNDLES)


NEWEST_BUNDLE = """
    select version, reference_version, offers_counter, made_at from pos_bundle order by version desc limit 1
"""


async def newest_bundle(tx: Tx) -> Row | None:
    rows = await tx.rows(NEWEST_BUNDLE)
    return rows[0] if rows else None


RULES_OF = "select rules from pos_bundle where version = $1"


async def rules_of(tx: Tx, version: int) -> bytes | None:
    found: bytes | None = await tx.value(RULES_OF, version)
    return found


ADD_BUNDLE = """
    insert into pos_bundle (version, reference_version, offers_counter, made_at, rules) values ($1, $2, $3, $4, $5)
"""
FORGET_BUNDLES = "delete from pos_bundle where made_at < $1 and version < (select max(version) from pos_bundle)"


async def add_bundle(
    tx: Tx, version: int, reference: int, counter: int, now: datetime, rules: bytes, kept: timedelta
) -> None:
    await tx.run(ADD_BUNDLE, version, reference, counter, now, rules)
    await tx.run(FORGET_BUNDLES, now - kept)


# A part that is the same stays at the version that brought it.
WRITE_PARTS = """
    with given as (select * from unnest($2::text[], $3::bytea[], $4::text[]) as given (key, digest, body)),
    gone as (
        update pos_bundle_part p set is_gone = true, version = $5, body = '', digest = ''
         where kind = $1 and not is_gone and not exists (select from given where given.key = p.key)
        returning 1
    ), written as (
        insert into pos_bundle_part as p (kind, key, digest, body, version)
        select $1, key, digest, body, $5 from given
        on conflict (kind, key) do update
           set digest = excluded.digest, body = excluded.body, version = excluded.version, is_gone = false
         where p.digest <> excluded.digest or p.is_gone
        returning 1
    )
    select (select count(*) from gone) + (select count(*) from written)
"""


async def write_parts(tx: Tx, kind: str, parts: Sequence[tuple[str, bytes, str]], version: int) -> int:
    """How many parts are different now."""
    columns = [[part[i] for part in parts] for i in range(3)]
    return int(await tx.value(WRITE_PARTS, kind, *columns, version))


PARTS_SINCE = """
    select kind, key, body, is_gone from pos_bundle_part where version > $1 and ($1 > 0 or not is_gone)
     order by kind, length(key), key
"""


async def parts_since(tx: Tx, version: int) -> Sequence[Row]:
    return await tx.rows(PARTS_SINCE, version)


ALL_ARTICLES = """
    select sku, id, name, category_ids, brand, is_weighed, min_price_minor, no_discount, no_burn, no_earn
      from pos_article order by sku
"""


async def all_articles(tx: Tx) -> list[ArticleTaken]:
    return await tx.all(ArticleTaken, ALL_ARTICLES)


# Queues

FIND_REPLAYED = """
    select seq, document, digest, prev, chain, status from pos_replayed where till_id = $1 and seq = any($2)
"""


async def find_replayed(tx: Tx, till_id: int, seqs: Sequence[int]) -> dict[int, Row]:
    return {row["seq"]: row for row in await tx.rows(FIND_REPLAYED, till_id, list(seqs))}


NOTE_REPLAYED = """
    insert into pos_replayed (till_id, seq, document, kind, digest, prev, chain, status, code, at, recorded_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (till_id, seq) do update
       set document = excluded.document, kind = excluded.kind, digest = excluded.digest, prev = excluded.prev,
           chain = excluded.chain, status = excluded.status, code = excluded.code
     where pos_replayed.digest = excluded.digest or pos_replayed.status = 'refused'
"""


async def note_replayed(
    tx: Tx,
    till_id: int,
    seq: int,
    *,
    document: UUID,
    kind: str,
    digest: bytes,
    prev: bytes | None,
    chain: bytes,
    status: str,
    code: str | None,
    at: datetime,
    now: datetime,
) -> None:
    await tx.run(NOTE_REPLAYED, till_id, seq, document, kind, digest, prev, chain, status, code, at, now)


async def ensure_mark(tx: Tx, till_id: int) -> None:
    await tx.run("insert into pos_replay_mark (till_id) values ($1) on conflict do nothing", till_id)
    await tx.run("select from pos_replay_mark where till_id = $1 for update", till_id)


# The count is followed from where it was whole, so its cost is what came since.
FOLLOW = """
    with beyond as (
        select r.seq, m.upto, row_number() over (order by r.seq) as place
          from pos_replay_mark m join pos_replayed r on r.till_id = m.till_id and r.seq > m.upto
         where m.till_id = $1
    ), counted as (
        select max(seq) filter (where seq = upto + place) as whole, max(seq) as highest from beyond
    )
    update pos_replay_mark m
       set upto = coalesce(counted.whole, m.upto), highest = greatest(m.highest, coalesce(counted.highest, 0))
      from counted where m.till_id = $1
    returning m.upto, m.highest
"""


async def follow(tx: Tx, till_id: int) -> tuple[int, int]:
    """Move the mark as far as the count is whole: to where, and the highest number seen."""
    row = (await tx.rows(FOLLOW, till_id))[0]
    return row["upto"], row["highest"]


GAPS = """
    select before + 1 as first, seq - 1 as last
      from (select seq, lag(seq, 1, $2::bigint) over (order by seq) as before
              from pos_replayed where till_id = $1 and seq > $2) counted
     where seq > before + 1 order by seq limit $3
"""


async def gaps(tx: Tx, till_id: int, upto: int, limit: int) -> list[tuple[int, int]]:
    """Numbers that are missing above the mark."""
    return [(row["first"], row["last"]) for row in await tx.rows(GAPS, till_id, upto, limit)]


MARKS = """
    select s.code as shop, t.code as till, t.id, m.upto, m.highest
      from pos_replay_mark m join pos_till t on t.id = m.till_id join pos_shop s on s.id = t.shop_id
     where ($1 = '' or s.code = $1) order by s.code, t.code
"""


async def marks(tx: Tx, shop: str) -> Sequence[Row]:
    return await tx.rows(MARKS, shop)


REFUSED = """
    select s.code as shop, t.code as till, r.seq, r.document as uid, r.kind, r.code, r.at, r.recorded_at
      from pos_replayed r join pos_till t on t.id = r.till_id join pos_shop s on s.id = t.shop_id
     where r.status = 'refused' and ($1 = '' or s.code = $1) order by r.recorded_at desc, r.seq limit $2
"""


async def refused(tx: Tx, shop: str, limit: int) -> Sequence[Row]:
    return await tx.rows(REFUSED, shop, limit)


# Allowances

USE_ALLOWANCE = """
    insert into pos_allowance as a (pass, customer_number, allowed_minor, used_minor, until)
    values ($1, $2, $3, $4, $5)
    on conflict (pass) do update set used_minor = a.used_minor + excluded.used_minor
    returning used_minor
"""


async def use_allowance(
    tx: Tx, key: bytes, customer: int, *, allowed_minor: int, used_minor: int, until: datetime
) -> int:
    """Points taken on this word so far, these included."""
    return int(await tx.value(USE_ALLOWANCE, key, customer, allowed_minor, used_minor, until))


SWEEP = (
    "delete from pos_allowance where until < $1",
    "delete from pos_replayed r using pos_replay_mark m"
    " where m.till_id = r.till_id and r.seq <= m.upto and r.status <> 'refused' and r.recorded_at < $1",
)


async def sweep(tx: Tx, before: datetime) -> int:
    return sum([await tx.run(sql, before) for sql in SWEEP])
