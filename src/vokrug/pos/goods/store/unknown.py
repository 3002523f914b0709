"""The work list of goods that the centre does not know."""

from collections.abc import Sequence
from datetime import datetime

from vokrug.pos.goods.types import Unknown
from vokrug.runtime.database import Tx

# What was mapped a moment ago, by somebody whom this process has not heard yet, is left out.
NOTE_UNKNOWN = """
    insert into pos_goods_unknown as known
           (shop_id, sku, barcode, is_many, name, price_minor, times, first_seen, last_seen)
    select met.shop_id, met.sku, met.barcode, met.is_many, met.name, met.price_minor, met.times, met.first_seen, met.last_seen
      from unnest($1::bigint[], $2::text[], $3::text[], $4::bool[], $5::text[], $6::bigint[], $7::bigint[],
                  $8::timestamptz[], $9::timestamptz[])
           as met (shop_id, sku, barcode, is_many, name, price_minor, times, first_seen, last_seen)
     where not exists (select from pos_goods_alias a
                        where a.shop_id = met.shop_id and a.kind = 'code' and a.code = met.sku)
       and not exists (select from pos_article a where a.sku = met.sku)
    on conflict (shop_id, sku) do update set
        is_many = known.is_many or excluded.is_many
                  or (known.barcode <> '' and excluded.barcode <> '' and known.barcode <> excluded.barcode
                      and not (left(known.barcode, 1) = '2' and left(known.barcode, 7) = left(excluded.barcode, 7))),
        barcode = coalesce(nullif(excluded.barcode, ''), known.barcode),
        name = coalesce(nullif(excluded.name, ''), known.name),
        price_minor = coalesce(excluded.price_minor, known.price_minor),
        times = known.times + excluded.times,
        first_seen = least(known.first_seen, excluded.first_seen),
        last_seen = greatest(known.last_seen, excluded.last_seen),
        sought_at = case when excluded.name in ('', known.name) and excluded.barcode in ('', known.barcode)
                         then known.sought_at end,
        mapped_at = null
"""
# The page begins where the last one ended: with the rarest thing it showed.
LIST_UNKNOWN = """
    select s.code as shop, u.sku, u.barcode, u.is_many, u.name, u.price_minor, u.times, u.first_seen, u.last_seen,
           (select count(*) from pos_goods_proposal p
             where p.shop_id = u.shop_id and p.state = 'open'
               and (p.kind, p.code) in (('code', u.sku), ('barcode', u.barcode))) as proposals
      from pos_goods_unknown u join pos_shop s on s.id = u.shop_id
     where u.mapped_at is null and ($1 = '' or s.code = $1)
       and ($2::text is null or (-u.times, u.shop_id, u.sku) >
            (select -l.times, l.shop_id, l.sku from pos_goods_unknown l join pos_shop ls on ls.id = l.shop_id
              where ls.code = $2 and l.sku = $3))
     order by u.times desc, u.shop_id, u.sku limit $4
"""
COUNT_UNKNOWN = """
    select count(*) from (select from pos_goods_unknown u join pos_shop s on s.id = u.shop_id
                           where u.mapped_at is null and ($1 = '' or s.code = $1) limit 100000) u
"""
# By its code, or, where one code stands for many things, by its barcode.
MARK_MAPPED = """
    update pos_goods_unknown set mapped_at = $4
     where shop_id = $1 and mapped_at is null and (($2 = 'code' and sku = $3) or ($2 = 'barcode' and barcode = $3))
"""
MARK_UNMAPPED = """
    update pos_goods_unknown set mapped_at = null
     where shop_id = $1 and (($2 = 'code' and sku = $3) or ($2 = 'barcode' and barcode = $3))
"""
MARK_FOUND = """
    update pos_goods_unknown set mapped_at = $3
     where mapped_at is null and (sku = any($1) or (barcode <> '' and barcode = any($2)))
"""
MARK_ALL_MAPPED = """
    update pos_goods_unknown set mapped_at = $3 where shop_id = $1 and sku = any($2) and mapped_at is null
"""
FORGET_UNKNOWN = "delete from pos_goods_unknown where last_seen < $1"


# Whoever writes down what tills sold has more to do than to wait for a long import.
IMPATIENT = "set local lock_timeout = '300ms'"


async def be_impatient(tx: Tx) -> None:
    await tx.run(IMPATIENT)


async def note_unknown(tx: Tx, rows: Sequence[tuple[object, ...]]) -> None:
    if not rows:
        return
    await tx.run(NOTE_UNKNOWN, *[list(column) for column in zip(*rows, strict=True)])


async def list_unknown(tx: Tx, shop: str, after: tuple[str, str] | None, limit: int) -> list[Unknown]:
    return await tx.all(Unknown, LIST_UNKNOWN, shop, *(after or (None, None)), limit)


async def count_unknown(tx: Tx, shop: str) -> int:
    """Of one shop, or of all (`''`). Nobody counts beyond a hundred thousand."""
    found: int = await tx.value(COUNT_UNKNOWN, shop)
    return found


async def mark_mapped(tx: Tx, shop_id: int, kind: str, code: str, now: datetime) -> None:
    await tx.run(MARK_MAPPED, shop_id, kind, code, now)


async def mark_all_mapped(tx: Tx, shop_id: int, skus: Sequence[str], now: datetime) -> None:
    await tx.run(MARK_ALL_MAPPED, shop_id, skus, now)


async def mark_unmapped(tx: Tx, shop_id: int, kind: str, code: str) -> None:
    await tx.run(MARK_UNMAPPED, shop_id, kind, code)


async def mark_found(tx: Tx, skus: Sequence[str], barcodes: Sequence[str], now: datetime) -> None:
    """Articles of the centre that are there now: whoever sold them unknown sells them known."""
    await tx.run(MARK_FOUND, skus, barcodes, now)


async def forget_unknown(tx: Tx, before: datetime) -> int:
    return await tx.run(FORGET_UNKNOWN, before)
