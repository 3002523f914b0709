"""Sales of the past as the engine would have seen them: from the documents that tills were promised by.

A document keeps what was on the check and what was known of the customer. What it does not keep is taken as it
stands today: categories, brand, floors and cost of an article.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from vokrug import promotions
from vokrug.pos import document as documents
from vokrug.pos import store
from vokrug.pos.document import Document, PricedLine, moment
from vokrug.pos.types import Article, Shop
from vokrug.runtime.database import Database, Row

A_SLICE = 500
ZONES_REACH = timedelta(hours=14)  # no shop's day begins further from UTC's

MERCHANT = 0  # the cashier's own discount stands under this number

COUNT_SALES = """
    select count(*) from pos_sale s
     where s.at >= $1 and s.at < $2 and s.status <> 'awaited' and ($3::bigint[] = '{}' or s.shop_id = any($3))
"""
READ_SALES = """
    select s.check_id, s.at, s.shop_id, s.customer_number, q.document,
           null::bigint as visits, null::timestamptz as last_at
      from pos_sale s join pos_quote q on q.check_id = s.check_id
     where s.at >= $1 and s.at < $2 and s.status <> 'awaited' and ($3::bigint[] = '{}' or s.shop_id = any($3))
"""
READ_SALES_WITH_VISITS = """
    select s.check_id, s.at, s.shop_id, s.customer_number, q.document, before.visits, before.last_at
      from pos_sale s join pos_quote q on q.check_id = s.check_id
      left join lateral (select count(*) as visits, max(p.at) as last_at from pos_sale p
                          where p.customer_number = s.customer_number and p.at < s.at
                            and p.status <> 'awaited') before on true
     where s.at >= $1 and s.at < $2 and s.status <> 'awaited' and ($3::bigint[] = '{}' or s.shop_id = any($3))
"""
READ_ALL_ARTICLES = """
    select id, sku, name, category_ids, brand, is_weighed, min_price_minor, no_discount, no_burn, no_earn,
           coalesce(cost_minor, 0) as cost_minor
      from pos_article
"""

Packed = tuple[
    date,
    date,
    Mapping[int, frozenset[str]],
    Sequence[tuple[UUID, datetime, int, int | None, bytes, int | None, datetime | None]],
]


@dataclass(frozen=True, slots=True)
class Known:
    """The chain as the reader has to know it."""

    shops: Mapping[int, Shop]
    programme: promotions.Programme
    articles: Mapping[str, Article]


class SoldBefore:
    """The chain's own receipts, for backtests."""

    async def count(self, db: Database, span: promotions.Span) -> int:
        async with db.transaction(readonly=True) as tx:
            shops = await self._shops(db, span)
            found: int = await tx.value(COUNT_SALES, *_bounds(span.from_date, span.until_date), shops)
        return found

    async def reader(self, db: Database) -> promotions.Reader:
        async with db.transaction(readonly=True) as tx:
            shops = await store.read_shops(tx)
            programme = await promotions.read_programme(tx)
            articles = [_article(row) for row in await tx.rows(READ_ALL_ARTICLES)]
        known = Known({shop.id: shop for shop in shops}, programme, {article.sku: article for article in articles})
        return promotions.Reader(unpack, known)

    async def slices(self, db: Database, span: promotions.Span) -> AsyncGenerator[promotions.Slice, None]:
        """Day after day of UTC, a short transaction each, so that nobody waits for us for long."""
        shops = await self._shops(db, span)
        sql = READ_SALES_WITH_VISITS if span.with_visits else READ_SALES
        begin, end = _bounds(span.from_date, span.until_date)
        while begin < end:
            until = min(begin + timedelta(days=1), end)
            async with db.transaction(readonly=True) as tx:
                cursor = await tx.connection.cursor(sql, begin, until, shops)
                while rows := await cursor.fetch(A_SLICE):
                    numbers = {row["customer_number"] for row in rows} - {None}
                    segments = await promotions.segments_of(tx, numbers) if span.with_segments else {}
                    packed: Packed = (span.from_date, span.until_date, segments, [tuple(row) for row in rows])
                    yield promotions.Slice(len(rows), packed)
            begin = until

    async def _shops(self, db: Database, span: promotions.Span) -> list[int]:
        if not span.shops:
            return []
        async with db.transaction(readonly=True) as tx:
            return [shop.id for shop in await store.read_shops(tx) if shop.code in span.shops]


def _bounds(first: date, last: date) -> tuple[datetime, datetime]:
    midnight = time(tzinfo=UTC)
    begin = datetime.combine(first, midnight) - ZONES_REACH
    return begin, datetime.combine(last + timedelta(days=1), midnight) + ZONES_REACH


def _article(row: Row) -> Article:
    return Article(**{**dict(row), "category_ids": tuple(row["category_ids"])})


# In another process


def unpack(packed: Packed, known: Known) -> Sequence[promotions.Receipt]:
    """Receipts of a slice whose day, by their shop's calendar, lies in the period asked for."""
    first, last, segments, rows = packed
    receipts = []
    for check_id, at, shop_id, customer, raw, visits, last_at in rows:
        shop = known.shops[shop_id]
        day = at.astimezone(ZoneInfo(shop.zone)).date()
        if first <= day <= last:
            document = documents.decode(raw)
            shopper = None
            if customer is not None:
                listed = segments.get(customer, frozenset())
                shopper = shopper_of(document, customer, known, visits, last_at, listed)
            basket = basket_of(document, shop, known)
            receipts.append(
                promotions.Receipt(
                    str(check_id),
                    moment(document.at_us),
                    day,
                    shop.code,
                    basket,
                    shopper,
                    document.to_pay_minor,
                    document.discount_minor,
                    document.earn_minor,
                    tuple([line.net_minor + line.points_off_minor for line in document.lines]),
                )
            )
    return receipts


def basket_of(document: Document, shop: Shop, known: Known) -> promotions.Basket:
    burn = promotions.Burn()
    if document.burn_minor:
        burn = promotions.Burn(mode="amount", points_minor=document.burn_minor)
    return promotions.Basket(
        shop_id=shop.id,
        zone=shop.zone,
        channel=document.channel,
        currency=document.currency,
        lines=tuple([line_of(line, known.articles.get(line.sku)) for line in document.lines]),
        burn=burn,
    )


def line_of(line: PricedLine, article: Article | None) -> promotions.Line:
    is_whole = len(line.units) == 1 and line.units[0].units == 1 and line.units[0].unit_qty_milli == line.qty_milli
    manual = sum(amount for offer, _, _, amount, _ in line.discounts if offer == MERCHANT)
    if article is None:
        return promotions.Line(
            n=line.n,
            sku=line.sku,
            qty_milli=line.qty_milli,
            price_minor=line.price_minor,
            article_id=line.article_id,
            is_weighed=is_whole and line.qty_milli != 1000,
            manual_discount_minor=manual,
        )
    return promotions.Line(
        n=line.n,
        sku=line.sku,
        qty_milli=line.qty_milli,
        price_minor=line.price_minor,
        article_id=article.id,
        category_ids=article.category_ids,
        brand=article.brand,
        is_weighed=article.is_weighed or line.qty_milli % 1000 != 0,
        min_price_minor=min(article.min_price_minor, line.price_minor),
        manual_discount_minor=manual,
        no_discount=article.no_discount,
        no_burn=article.no_burn,
        no_earn=article.no_earn,
        cost_minor=article.cost_minor,
    )


def shopper_of(
    document: Document,
    number: int,
    known: Known,
    visits: int | None,
    last_at: datetime | None,
    segments: frozenset[str] = frozenset(),
) -> promotions.Shopper:
    """The customer as the till's centre knew them: tier by what was spent, points that could be spent."""
    done = promotions.done_of([*document.metrics, None, None, None, None][:4])
    tier = promotions.standing(known.programme, done, document.tier)
    return promotions.Shopper(
        tier=None if tier is None else tier.code,
        segments=segments,
        available_minor=max(0, document.balance_minor),
        number=number,
        visits=done.visits if visits is None else visits,
        last_purchase_at=last_at,
    )
