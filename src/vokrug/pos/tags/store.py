"""All the SQL of shelf prices and their labels."""

from collections.abc import Sequence

from vokrug.pos.tags.rules import Tag
from vokrug.runtime.database import Row, Tx

PUT_PRICES = """
    insert into pos_shelf_price (shop_id, sku, price_minor) select $1, unnest($2::text[]), unnest($3::bigint[])
    on conflict (shop_id, sku) do update set price_minor = excluded.price_minor
     where pos_shelf_price.price_minor <> excluded.price_minor
"""
DROP_PRICES = "delete from pos_shelf_price where shop_id = $1 and sku = any($2)"
PRICES_OF = "select sku, price_minor from pos_shelf_price where shop_id = $1 and sku = any($2)"
PRICES_AFTER = """
    select price.sku, price.price_minor, coalesce(tag.promos, '{}') as promos
      from pos_shelf_price price left join pos_price_tag tag on tag.shop_id = price.shop_id and tag.sku = price.sku
     where price.shop_id = $1 and price.sku > $2 order by price.sku limit $3
"""
SHOPS = """
    select shop.id as shop_id, coalesce(head.mark, '') as mark, coalesce(head.drawn_by, '{}') as drawn_by
      from pos_shop shop left join pos_price_tag_head head on head.shop_id = shop.id
     where exists (select from pos_shelf_price price where price.shop_id = shop.id)
"""
LOCK_HEAD = """
    insert into pos_price_tag_head as head (shop_id) values ($1)
    on conflict (shop_id) do update set place = head.place returning place
"""
DRAWN_BY = "update pos_price_tag_head set mark = $2, drawn_by = $3 where shop_id = $1"
# A label that says what it said keeps its place.
PUT_TAGS = """
    with given as (
        select sku, price_minor, now_minor, member_minor, points_minor, string_to_array(promos, ' ') as promos
          from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
               as given (sku, price_minor, now_minor, member_minor, points_minor, promos)),
    changed as (
        select given.*, row_number() over (order by given.sku) as n
          from given left join pos_price_tag tag on tag.shop_id = $1 and tag.sku = given.sku
         where (tag.sku is null and given.price_minor is not null)
            or (tag.sku is not null and
                (tag.price_minor, tag.now_minor, tag.member_minor, tag.points_minor, tag.promos)
                is distinct from
                (given.price_minor, given.now_minor, given.member_minor, given.points_minor, given.promos))),
    head as (
        update pos_price_tag_head set place = place + (select count(*) from changed) where shop_id = $1 returning place)
    insert into pos_price_tag (shop_id, sku, place, price_minor, now_minor, member_minor, points_minor, promos)
    select $1, changed.sku, head.place - (select count(*) from changed) + changed.n, changed.price_minor,
           changed.now_minor, changed.member_minor, changed.points_minor, changed.promos
      from changed cross join head
    on conflict (shop_id, sku) do update set place = excluded.place, price_minor = excluded.price_minor,
        now_minor = excluded.now_minor, member_minor = excluded.member_minor, points_minor = excluded.points_minor,
        promos = excluded.promos
"""
HEAD = "select place from pos_price_tag_head where shop_id = $1"
SINCE = """
    select sku, place, price_minor, now_minor, member_minor, points_minor, promos from pos_price_tag
     where shop_id = $1 and place > $2 order by place limit $3
"""
"""`since` costs as much as has changed: labels are read in the order of their last change."""


async def put_prices(tx: Tx, shop_id: int, prices: Sequence[tuple[str, int]], gone: Sequence[str]) -> None:
    await tx.run(PUT_PRICES, shop_id, [sku for sku, _ in prices], [price for _, price in prices])
    await tx.run(DROP_PRICES, shop_id, list(gone))


async def prices_of(tx: Tx, shop_id: int, skus: Sequence[str]) -> dict[str, int]:
    return {row["sku"]: row["price_minor"] for row in await tx.rows(PRICES_OF, shop_id, list(skus))}


async def prices_after(tx: Tx, shop_id: int, sku: str, limit: int) -> Sequence[Row]:
    """With the offers that had a say in their labels."""
    return await tx.rows(PRICES_AFTER, shop_id, sku, limit)


async def shops_with_prices(tx: Tx) -> Sequence[Row]:
    """And by which offers their labels were drawn last."""
    return await tx.rows(SHOPS)


async def lock_head(tx: Tx, shop_id: int) -> int:
    place: int = await tx.value(LOCK_HEAD, shop_id)
    return place


async def drawn_by(tx: Tx, shop_id: int, mark: str, offers: Sequence[str]) -> None:
    await tx.run(DRAWN_BY, shop_id, mark, list(offers))


async def put_tags(tx: Tx, shop_id: int, tags: Sequence[Tag], gone: Sequence[str] = ()) -> int:
    """How many say something else now. Under the head's lock."""
    rows: list[tuple[object, ...]] = [
        (tag.sku, tag.price_minor, tag.now_minor, tag.member_minor, tag.points_minor, " ".join(tag.promos))
        for tag in tags
    ]
    rows += [(sku, None, None, None, None, "") for sku in gone]
    if not rows:
        return 0
    return await tx.run(PUT_TAGS, shop_id, *[list(column) for column in zip(*rows, strict=True)])


async def head_place(tx: Tx, shop_id: int) -> int:
    return await tx.value(HEAD, shop_id) or 0


async def tags_since(tx: Tx, shop_id: int, place: int, limit: int) -> list[tuple[int, str, Tag | None]]:
    return [
        (
            row["place"],
            row["sku"],
            None
            if row["price_minor"] is None
            else Tag(
                row["sku"],
                row["price_minor"],
                row["now_minor"],
                row["member_minor"],
                row["points_minor"],
                tuple(row["promos"]),
            ),
        )
        for row in await tx.rows(SINCE, shop_id, place, limit)
    ]
