"""What files said of things, and the articles of the central catalogue that come of it."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec

from vokrug.pos.goods.cards import Card, Entry
from vokrug.pos.goods.elements import Said
from vokrug.runtime.database import Row, Tx

CENTRE = 0  # the shop of central cards

COLUMNS = "code, parent, catalogue_id, catalogue, offer"
READ = f"select {COLUMNS} from pos_goods_card where shop_id = $1 and code = any($2)"
CHILDREN = f"select {COLUMNS} from pos_goods_card where shop_id = $1 and parent = any($2) and not code = any($2)"
IN_GROUPS = (
    "select code from pos_goods_card where shop_id = 0 and groups && $1::text[] and code > $2 order by code limit $3"
)
# Goods of shops that this barcode or article number may say something of.
OF_SHOPS = """
    select distinct shop_id, code from pos_goods_card
     where shop_id > 0 and (barcodes && $1::text[] or upper(article) = any($2)) order by shop_id, code
"""
CODES_OF_CATALOGUE = """
    select code from pos_goods_card
     where shop_id = $1 and catalogue_id = $2 and catalogue is not null and not coalesce((catalogue ->> 'is_gone')::bool, false)
     order by code
"""
SAVE = """
    insert into pos_goods_card as known
           (shop_id, code, parent, catalogue_id, catalogue, offer, groups, barcodes, article, changed_at)
    select $1, code, parent, catalogue_id, catalogue::jsonb, offer::jsonb, string_to_array(groups, e'\\x1f'),
           string_to_array(barcodes, e'\\x1f'), article, $10
      from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
           as given (code, parent, catalogue_id, catalogue, offer, groups, barcodes, article)
     order by code
    on conflict (shop_id, code) do update set catalogue_id = excluded.catalogue_id, catalogue = excluded.catalogue,
        offer = excluded.offer, groups = excluded.groups, barcodes = excluded.barcodes, article = excluded.article,
        changed_at = excluded.changed_at
"""

_said = msgspec.json.Decoder(Said)


def card_of(row: Row) -> Card:
    return Card(
        row["code"],
        row["parent"],
        row["catalogue_id"],
        None if row["catalogue"] is None else _said.decode(row["catalogue"]),
        None if row["offer"] is None else _said.decode(row["offer"]),
    )


async def read_cards(tx: Tx, shop_id: int, codes: Sequence[str]) -> dict[str, Card]:
    return {row["code"]: card_of(row) for row in await tx.rows(READ, shop_id, codes)}


async def children(tx: Tx, shop_id: int, codes: Sequence[str]) -> dict[str, Card]:
    """Characteristics of these goods."""
    return {row["code"]: card_of(row) for row in await tx.rows(CHILDREN, shop_id, codes)}


async def in_groups(tx: Tx, groups: Sequence[str], after: str, limit: int) -> list[str]:
    """Central things that stand in one of these groups."""
    return [row["code"] for row in await tx.rows(IN_GROUPS, groups, after, limit)]


async def of_shops(tx: Tx, barcodes: Sequence[str], articles: Sequence[str]) -> list[tuple[int, str]]:
    found = await tx.rows(OF_SHOPS, barcodes, [article.upper() for article in articles])
    return [(row["shop_id"], row["code"]) for row in found]


async def codes_of_catalogue(tx: Tx, shop_id: int, catalogue_id: str) -> AsyncIterator[str]:
    """Those that are not gone, a thousand at a time in hand."""
    async for row in tx.connection.cursor(CODES_OF_CATALOGUE, shop_id, catalogue_id, prefetch=1000):
        yield row["code"]


async def save_cards(tx: Tx, shop_id: int, cards: Sequence[Card], now: datetime) -> None:
    if not cards:
        return
    said = [card.said for card in cards]
    await tx.run(
        SAVE,
        shop_id,
        [card.code for card in cards],
        [card.parent for card in cards],
        [card.catalogue_id for card in cards],
        [None if card.catalogue is None else msgspec.json.encode(card.catalogue).decode() for card in cards],
        [None if card.offer is None else msgspec.json.encode(card.offer).decode() for card in cards],
        ["\x1f".join(one.groups or []) for one in said],
        ["\x1f".join(one.barcodes or []) for one in said],
        [one.article for one in said],
        now,
    )


# Articles

GIVEN = """
    select g.sku, g.name, string_to_array(g.categories, ',')::bigint[] as category_ids, g.brand,
           string_to_array(g.barcodes, e'\\x1f') as barcodes, g.is_weighed, g.article, g.unit, g.vat, g.is_withdrawn,
           string_to_array(g.name_keys, ' ') as name_keys
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::text[], $8::text[],
                  $9::text[], $10::bool[], $11::text[])
           as g (sku, name, categories, brand, barcodes, is_weighed, article, unit, vat, is_withdrawn, name_keys)
"""
UPDATE = f"""
    update pos_article a set name = g.name, category_ids = coalesce(g.category_ids, a.category_ids),
           brand = coalesce(g.brand, a.brand), barcodes = coalesce(g.barcodes, a.barcodes),
           is_weighed = coalesce(g.is_weighed, a.is_weighed), article = coalesce(g.article, a.article),
           unit = coalesce(g.unit, a.unit), vat = coalesce(g.vat, a.vat), is_withdrawn = g.is_withdrawn, name_keys = g.name_keys
      from ({GIVEN}) g
     where a.sku = g.sku
       and (a.name, a.category_ids, a.brand, a.barcodes, a.is_weighed, a.article, a.unit, a.vat, a.is_withdrawn, a.name_keys)
           is distinct from
           (g.name, coalesce(g.category_ids, a.category_ids), coalesce(g.brand, a.brand), coalesce(g.barcodes, a.barcodes),
            coalesce(g.is_weighed, a.is_weighed), coalesce(g.article, a.article), coalesce(g.unit, a.unit),
            coalesce(g.vat, a.vat), g.is_withdrawn, g.name_keys)
"""
INSERT = f"""
    insert into pos_article (sku, name, category_ids, brand, barcodes, is_weighed, article, unit, vat, is_withdrawn, name_keys)
    select g.sku, g.name, coalesce(g.category_ids, '{{}}'), g.brand, coalesce(g.barcodes, '{{}}'), coalesce(g.is_weighed, false),
           g.article, g.unit, g.vat, g.is_withdrawn, g.name_keys
      from ({GIVEN}) g where not exists (select from pos_article a where a.sku = g.sku)
     order by g.sku
    on conflict (sku) do nothing
"""


async def save_entries(tx: Tx, entries: Sequence[Entry], paths: dict[str, list[int]]) -> int:
    """Articles as the files have them; what files say nothing of stays. Says how many are new or changed."""
    if not entries:
        return 0
    columns = [
        [one.sku for one in entries],
        [one.name for one in entries],
        [categories_of(one.groups, paths) for one in entries],
        [one.brand for one in entries],
        [None if one.barcodes is None else "\x1f".join(one.barcodes) for one in entries],
        [one.is_weighed for one in entries],
        [one.article for one in entries],
        [one.unit for one in entries],
        [one.vat for one in entries],
        [one.is_withdrawn for one in entries],
        [one.name_keys for one in entries],
    ]
    return await tx.run(UPDATE, *columns) + await tx.run(INSERT, *columns)


def categories_of(groups: list[str] | None, paths: dict[str, list[int]]) -> str | None:
    """The whole paths, top first. A group that no file has told of yet is waited for: nothing is said until then."""
    if groups is None:
        return None
    ids = dict.fromkeys(id for group in groups for id in paths.get(group, []))
    return None if groups and not ids else ",".join(map(str, ids))


# Who a shop's things are

BEARERS = """
    select b.key, a.id, a.sku from pos_article a cross join unnest(a.barcodes) b (key)
     where a.barcodes && $1::text[] and b.key = any($1) and not a.is_withdrawn
"""
NUMBERED = """
    select upper(article) as key, id, sku from pos_article where upper(article) = any($1) and article is not null and not is_withdrawn
"""
OWN_CODES = (
    "select code, article_id, source from pos_goods_alias where shop_id = $1 and kind = 'code' and code = any($2)"
)


async def bearers(tx: Tx, barcodes: Sequence[str]) -> dict[str, dict[str, int]]:
    """Skus and numbers of articles by barcode."""
    return _gathered(await tx.rows(BEARERS, barcodes))


async def numbered(tx: Tx, articles: Sequence[str]) -> dict[str, dict[str, int]]:
    """The same by article number, in capitals."""
    return _gathered(await tx.rows(NUMBERED, [article.upper() for article in articles]))


async def own_codes(tx: Tx, shop_id: int, codes: Sequence[str]) -> dict[str, tuple[int, str]]:
    """What a shop's codes mean already, and who said so."""
    rows = await tx.rows(OWN_CODES, shop_id, codes)
    return {row["code"]: (row["article_id"], row["source"]) for row in rows}


def _gathered(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        found.setdefault(row["key"], {})[row["sku"]] = row["id"]
    return found


# Groups

GROUPS = "select c.code, c.name, p.code as parent from pos_category c left join pos_category p on p.id = c.parent_id"


async def read_groups(tx: Tx) -> dict[str, tuple[str, str | None]]:
    """Names and parents of all categories."""
    return {row["code"]: (row["name"], row["parent"]) for row in await tx.rows(GROUPS)}


# An export of everything, in the order of the sku

EXPORT = """
    select a.sku, a.name, a.article, array_to_string(a.barcodes, ',') as barcodes, c.name as category, c.code as category_code,
           a.brand, a.unit, a.vat, a.is_weighed, a.is_withdrawn, k.catalogue -> 'prices' -> 0 ->> 'minor' as own_price,
           k.offer -> 'prices' -> 0 ->> 'minor' as price
      from pos_article a left join pos_category c on c.id = a.category_ids[cardinality(a.category_ids)]
      left join pos_goods_card k on k.shop_id = 0 and k.code = a.sku
     order by a.sku
"""


async def exported(tx: Tx) -> AsyncIterator[Row]:
    async for row in tx.connection.cursor(EXPORT, prefetch=1000):
        yield row
