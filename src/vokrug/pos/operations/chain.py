"""Shops, tills, goods and tiers: what the centre knows of the chain."""

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from vokrug import ledger, promotions
from vokrug.pos import store
from vokrug.pos.baskets import amount
from vokrug.pos.errors import CheckMalformed, CurrencyUnknown, ZoneUnknown
from vokrug.pos.goods import barcodes, names
from vokrug.pos.goods.store.unknown import mark_found
from vokrug.pos.schemas import ArticleGiven, CatalogueGiven, ReturnPolicy, ShopCard, ShopGiven, TierGiven, TillCard
from vokrug.runtime.database import Tx


async def save_shop(tx: Tx, given: ShopGiven, now: datetime, *, points_code: str = "PTS") -> ShopCard:
    """Open a shop with its tills, or change it; tills named again stay as they are."""
    await require_currency(tx, given.currency, points_code, now)
    try:
        ZoneInfo(given.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ZoneUnknown(zone=given.zone) from None
    shop_id = await store.upsert_shop(
        tx,
        given.code,
        given.name,
        given.zone,
        given.currency,
        given.legal_entity,
        list(given.groups),
        amount(given.tolerance_line, "tolerance_line"),
        amount(given.tolerance_check, "tolerance_check"),
        now,
    )
    await store.add_tills(tx, shop_id, given.tills, now)
    await store.reference_changed(tx)
    return await shop_card(tx, given.code)


async def require_currency(tx: Tx, code: str, points_code: str, now: datetime) -> None:
    """A shop sells in money that points have a worth in, or no process could keep its books."""
    units = await ledger.units(tx)
    unit = units.get(code)
    if unit is None or unit.kind != "money" or not await ledger.has_rate(tx, units[points_code].id, unit.id, now):
        raise CurrencyUnknown(currency=code)


async def shop_card(tx: Tx, code: str) -> ShopCard:
    (shop,) = [shop for shop in await store.read_shops(tx) if shop.code == code]
    tills = [till for till in await store.read_tills(tx) if till.shop_id == shop.id]
    return ShopCard(
        id=shop.id,
        code=shop.code,
        name=shop.name,
        zone=shop.zone,
        currency=shop.currency,
        legal_entity=shop.legal_entity,
        groups=list(shop.groups),
        tills=[TillCard(id=till.id, code=till.code) for till in tills],
    )


async def list_shops(tx: Tx) -> list[ShopCard]:
    tills = await store.read_tills(tx)
    return [
        ShopCard(
            id=shop.id,
            code=shop.code,
            name=shop.name,
            zone=shop.zone,
            currency=shop.currency,
            legal_entity=shop.legal_entity,
            groups=list(shop.groups),
            tills=[TillCard(id=till.id, code=till.code) for till in tills if till.shop_id == shop.id],
        )
        for shop in await store.read_shops(tx)
    ]


async def save_catalogue(tx: Tx, given: CatalogueGiven, now: datetime) -> dict[str, int]:
    """Take categories (parents first) and articles; known codes are changed, nothing is removed. Answers the numbers
    of the categories.
    """
    known = set(await store.category_paths(tx)) if given.categories else set()
    for category in given.categories:
        if category.parent is not None and category.parent not in known:
            raise CheckMalformed(reason=f"unknown category {category.parent}")
        await store.upsert_category(tx, category.code, category.name, category.parent)
        known.add(category.code)
    paths = await store.category_paths(tx) if given.articles or given.categories else {}
    if ringed := {category.code for category in given.categories} - paths.keys():
        raise CheckMalformed(reason=f"category {min(ringed)} is inside itself")
    unknown = {code for article in given.articles for code in categories_of(article)} - paths.keys()
    if unknown:
        raise CheckMalformed(reason=f"unknown category {min(unknown)}")
    by_sku = {article.sku: article for article in given.articles}
    if by_sku:
        await store.upsert_articles(tx, columns_of(list(by_sku.values()), paths))
        borne = [barcodes.normal(each) for article in by_sku.values() for each in article.barcodes]
        await mark_found(tx, list(by_sku), borne, now)
    await store.reference_changed(tx)
    return {category.code: paths[category.code][-1] for category in given.categories}


def categories_of(article: ArticleGiven) -> list[str]:
    return ([] if article.category is None else [article.category]) + article.categories


def columns_of(articles: list[ArticleGiven], paths: dict[str, list[int]]) -> list[list[object]]:
    return [
        [a.sku for a in articles],
        [a.name for a in articles],
        [
            ",".join(str(id) for id in dict.fromkeys(each for c in categories_of(a) for each in paths[c]))
            for a in articles
        ],
        [a.brand for a in articles],
        [",".join(dict.fromkeys(barcodes.normal(each) for each in a.barcodes)) for a in articles],
        [a.is_weighed for a in articles],
        [amount(a.min_price, f"articles/{a.sku}/min_price") for a in articles],
        [a.no_discount for a in articles],
        [a.no_burn for a in articles],
        [a.no_earn for a in articles],
        [None if a.cost is None else amount(a.cost, f"articles/{a.sku}/cost") for a in articles],
        [" ".join(names.keys_of(a.name)) for a in articles],
    ]


async def declare_return_policy(tx: Tx, given: ReturnPolicy, by: str, now: datetime) -> int:
    """What happens from now on when goods of new sales come back. Said again without a change, no new version."""
    body = msgspec.json.encode(given).decode()
    standing = await store.return_policy(tx)
    if standing is not None and msgspec.json.decode(standing[1], type=ReturnPolicy) == given:
        return standing[0]
    version = await store.declare_return_policy(tx, body, by, now)
    await store.reference_changed(tx)
    return version


async def return_policy(tx: Tx) -> tuple[int, ReturnPolicy]:
    standing = await store.return_policy(tx)
    return (
        (0, ReturnPolicy()) if standing is None else (standing[0], msgspec.json.decode(standing[1], type=ReturnPolicy))
    )


async def save_tiers(tx: Tx, given: list[TierGiven]) -> None:
    """Replace the ladder by one of net spend over all time; its other rules are set with the programme."""
    tiers = [(tier.code, tier.name_ru, tier.name_en, amount(tier.from_spent, "from_spent")) for tier in given]
    if len({tier[0] for tier in tiers}) < len(tiers) or len({tier[3] for tier in tiers}) < len(tiers):
        raise CheckMalformed(reason="two tiers have one code or one threshold")
    rungs = sorted(tiers, key=lambda tier: tier[3])
    ladder = tuple(
        promotions.Tier(code=code, name_ru=name_ru, name_en=name_en, needs=promotions.Needs(spend=spend))
        for code, name_ru, name_en, spend in rungs
    )
    await promotions.save_programme(tx, promotions.Programme(tiers=ladder))
    await store.reference_changed(tx)
