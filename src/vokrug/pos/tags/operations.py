"""Shelf prices come in, labels are drawn, and whoever shows them reads what has changed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from vokrug.pos.baskets import amount
from vokrug.pos.checkout import Checkout
from vokrug.pos.errors import AmountMalformed
from vokrug.pos.tags import rules, store
from vokrug.pos.tags.rules import Drawing, Tag
from vokrug.pos.tags.schemas import PriceTags, ShelfPrices, ShelfPricesTaken
from vokrug.pos.types import Shop
from vokrug.runtime.database import Database, Tx

SLICE = 500
BREATH = 10  # labels, about a millisecond
PAGE = 1_000


async def take_prices(checkout: Checkout, tx: Tx, body: ShelfPrices, shop: Shop, now: datetime) -> ShelfPricesTaken:
    """What stands on the shelf from now on; what is not named stays. Labels change with it."""
    given = {one.sku: one.price for one in body.prices}
    prices = [(sku, amount(price, f"prices/{sku}")) for sku, price in given.items() if price is not None]
    if nothing := [sku for sku, price in prices if price == 0]:
        raise AmountMalformed(field=f"prices/{nothing[0]}", reason="zero")
    gone = [sku for sku, price in given.items() if price is None]
    await store.lock_head(tx, shop.id)
    await store.put_prices(tx, shop.id, prices, gone)
    changed = await store.put_tags(tx, shop.id, await drawn(checkout, tx, shop, prices, now), gone)
    return ShelfPricesTaken(prices=len(given), changed=changed, version=str(await store.head_place(tx, shop.id)))


async def drawn(checkout: Checkout, tx: Tx, shop: Shop, prices: Sequence[tuple[str, int]], now: datetime) -> list[Tag]:
    articles = await checkout.reference.articles(checkout.db, [sku for sku, _ in prices], tx)
    tags = []
    for n, (sku, price) in enumerate(prices, 1):
        tags.append(rules.tag_of(checkout.offers, shop, sku, articles.get(sku), price, now))
        if n % BREATH == 0:
            await asyncio.sleep(0)  # this process answers tills as well
    return tags


async def tags_of(checkout: Checkout, tx: Tx, shop: Shop, skus: Sequence[str], now: datetime) -> PriceTags:
    """These labels as they are this very moment, drawn afresh."""
    prices = await store.prices_of(tx, shop.id, skus)
    found = {tag.sku: tag for tag in await drawn(checkout, tx, shop, list(prices.items()), now)}
    return PriceTags(
        shop=shop.code,
        currency=shop.currency,
        version=str(await store.head_place(tx, shop.id)),
        more=False,
        is_whole=False,
        tags=[rules.shown(sku, found.get(sku)) for sku in dict.fromkeys(skus)],
    )


async def tags_since(tx: Tx, shop: Shop, since: int) -> PriceTags:
    """What changed, a page at a time. A version from the future is of another life of this database: all again."""
    if since > await store.head_place(tx, shop.id):
        since = 0
    rows = await store.tags_since(tx, shop.id, since, PAGE)
    return PriceTags(
        shop=shop.code,
        currency=shop.currency,
        version=str(rows[-1][0] if rows else since),
        more=len(rows) == PAGE,
        is_whole=since == 0,
        tags=[rules.shown(sku, tag) for _, sku, tag in rows],
    )


async def renew_tags(checkout: Checkout, db: Database, now: datetime) -> int:
    """Labels of shops whose offers are others than they were drawn by, slice after slice. How many changed."""
    async with db.transaction(readonly=True) as tx:
        shops = await store.shops_with_prices(tx)
    changed = 0
    for row in shops:
        shop = checkout.reference.shops_by_id.get(row["shop_id"])
        if shop is None:
            continue
        before, drawing = Drawing(row["mark"], frozenset(row["drawn_by"])), Drawing.of(checkout.offers, shop, now)
        if before != drawing:
            changed += await redraw(checkout, db, shop, before, drawing, now)
        await asyncio.sleep(0)
    return changed


async def redraw(checkout: Checkout, db: Database, shop: Shop, before: Drawing, drawing: Drawing, now: datetime) -> int:
    """The labels of a shop that may say something else. By what they were drawn is written last, so that whoever is
    stopped begins again.
    """
    is_concerned = rules.concerned(checkout.offers, shop, before, drawing, now)
    changed, after = 0, ""
    while True:
        async with db.transaction() as tx:
            await store.lock_head(tx, shop.id)
            rows = await store.prices_after(tx, shop.id, after, SLICE)
            articles = await checkout.reference.articles(checkout.db, [row["sku"] for row in rows], tx)
            prices = [
                (row["sku"], row["price_minor"])
                for row in rows
                if is_concerned(rules.one_of(row["sku"], articles.get(row["sku"]), row["price_minor"]), row["promos"])
            ]
            changed += await store.put_tags(tx, shop.id, await drawn(checkout, tx, shop, prices, now))
            if len(rows) < SLICE:
                await store.drawn_by(tx, shop.id, drawing.mark, sorted(drawing.offers))
                return changed
            after = rows[-1]["sku"]
