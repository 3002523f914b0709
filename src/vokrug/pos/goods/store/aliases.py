"""What shops call the centre's articles, and how a till's line finds its own."""

from collections.abc import Sequence
from datetime import datetime

from vokrug.pos.goods.types import Alias, AliasKind, Listed
from vokrug.pos.types import Article
from vokrug.runtime.database import Row, Tx

ARTICLE = """
    a.id, a.sku, a.name, a.category_ids, a.brand, a.is_weighed, a.min_price_minor, a.no_discount, a.no_burn, a.no_earn,
    coalesce(a.cost_minor, 0) as cost_minor
"""
BY_CODES = f"""
    select x.code as key, {ARTICLE} from pos_goods_alias x join pos_article a on a.id = x.article_id
     where x.shop_id = $1 and x.kind = 'code' and x.code = any($2)
"""
BY_BARCODES = f"""
    select x.code as key, true as is_own, {ARTICLE} from pos_goods_alias x join pos_article a on a.id = x.article_id
     where x.shop_id = $1 and x.kind = 'barcode' and x.code = any($2)
    union all
    select b.key, false, {ARTICLE} from pos_article a cross join unnest(a.barcodes) b (key)
     where a.barcodes && $2::text[] and b.key = any($2) and not a.is_withdrawn
"""


def article_of(row: Row) -> Article:
    values = {name: value for name, value in row.items() if name not in ("key", "is_own")}
    return Article(**{**values, "category_ids": tuple(row["category_ids"])})


async def by_codes(tx: Tx, shop_id: int, codes: Sequence[str]) -> dict[str, Article]:
    """Articles by what this shop calls them."""
    return {row["key"]: article_of(row) for row in await tx.rows(BY_CODES, shop_id, codes)}


async def by_barcodes(tx: Tx, shop_id: int, barcodes: Sequence[str]) -> list[tuple[str, bool, Article]]:
    """Barcodes as they are written down, whether the shop's own word, and the articles that bear them."""
    return [(row["key"], row["is_own"], article_of(row)) for row in await tx.rows(BY_BARCODES, shop_id, barcodes)]


SAVE_ALIASES = """
    insert into pos_goods_alias as known (shop_id, kind, code, article_id, name, source, made_by, made_at)
    select $1, given.kind, given.code, given.article_id, given.name, $6, $7, $8
      from unnest($2::text[], $3::text[], $4::bigint[], $5::text[]) as given (kind, code, article_id, name)
    on conflict (shop_id, kind, code) do update set article_id = excluded.article_id, name = excluded.name,
        source = excluded.source, made_by = excluded.made_by, made_at = excluded.made_at
     where (known.article_id <> excluded.article_id or known.name <> excluded.name)
       and (known.source = 'file' or excluded.source <> 'file')
"""
REMOVE_ALIAS = "delete from pos_goods_alias where shop_id = $1 and kind = $2 and code = $3"
ALIASES = """
    select s.code as shop, x.kind, x.code, a.sku, a.name as article, x.name, x.source, x.made_by, x.made_at
      from pos_goods_alias x join pos_shop s on s.id = x.shop_id join pos_article a on a.id = x.article_id
     where """
FIND_ALIAS = ALIASES + "x.shop_id = $1 and x.kind = $2 and x.code = $3"
LIST_ALIASES = (
    ALIASES
    + """($1 = '' or s.code = $1) and ($2 = '' or a.sku = $2)
       and ($3::text is null or (s.code, x.kind, x.code) > ($3, $4, $5))
     order by s.code, x.kind, x.code limit $6
"""
)
SHOP_ID = "select id from pos_shop where code = $1"
ARTICLE_IDS = "select sku, id from pos_article where sku = any($1)"


async def save_aliases(
    tx: Tx,
    shop_id: int,
    given: Sequence[tuple[AliasKind, str, int, str]],
    *,
    source: str,
    by: str,
    now: datetime,
) -> int:
    """Kind, code, article, name. Says how many are new or changed."""
    if not given:
        return 0
    kinds, codes, articles, names = (list(column) for column in zip(*given, strict=True))
    return await tx.run(SAVE_ALIASES, shop_id, kinds, codes, articles, names, source, by, now)


async def remove_alias(tx: Tx, shop_id: int, kind: AliasKind, code: str) -> bool:
    return await tx.run(REMOVE_ALIAS, shop_id, kind, code) == 1


async def find_alias(tx: Tx, shop_id: int, kind: AliasKind, code: str) -> Alias | None:
    return await tx.maybe(Alias, FIND_ALIAS, shop_id, kind, code)


async def list_aliases(tx: Tx, shop: str, sku: str, after: tuple[str, str, str] | None, limit: int) -> list[Alias]:
    """Of one shop, or of all (`''`); of one article, or of all."""
    return await tx.all(Alias, LIST_ALIASES, shop, sku, *(after or (None, None, None)), limit)


async def shop_id_of(tx: Tx, code: str) -> int | None:
    found: int | None = await tx.value(SHOP_ID, code)
    return found


async def article_ids(tx: Tx, skus: Sequence[str]) -> dict[str, int]:
    return {row["sku"]: row["id"] for row in await tx.rows(ARTICLE_IDS, list(skus))}


# Looking for articles

LISTED = """
    select a.id, a.sku, a.name, a.article, a.barcodes, c.code as category, a.brand, a.unit, a.vat, a.is_weighed, a.is_withdrawn
      from pos_article a left join pos_category c on c.id = a.category_ids[cardinality(a.category_ids)]
     where """
LIST_ARTICLES = LISTED + "a.sku > $1 order by a.sku limit $2"
FIND_ARTICLES = (
    LISTED
    + """(a.sku = $1 or upper(a.article) = upper($1) or a.barcodes && $2::text[] or a.name_keys && $3::text[])
     order by (a.sku = $1) desc, (a.barcodes && $2::text[]) desc, (upper(a.article) = upper($1)) desc nulls last,
              (select count(*) from unnest(a.name_keys) k where k = any($3)) desc, a.sku limit $4
"""
)


async def list_articles(tx: Tx, after: str, limit: int) -> list[Listed]:
    return [_listed(row) for row in await tx.rows(LIST_ARTICLES, after, limit)]


async def find_articles(tx: Tx, text: str, barcodes: Sequence[str], keys: Sequence[str], limit: int) -> list[Listed]:
    """By sku, article number or barcode, then by words of the name."""
    return [_listed(row) for row in await tx.rows(FIND_ARTICLES, text, barcodes, keys, limit)]


def _listed(row: Row) -> Listed:
    return Listed(**{**dict(row), "barcodes": tuple(row["barcodes"])})
