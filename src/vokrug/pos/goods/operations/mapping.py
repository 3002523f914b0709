"""What a shop calls the centre's articles: told, taken back, looked at."""

from collections.abc import Sequence
from datetime import datetime

from vokrug.pos import store as chain
from vokrug.pos.errors import ShopUnknown
from vokrug.pos.goods import barcodes, names
from vokrug.pos.goods.errors import AliasUnknown, ArticleUnknown
from vokrug.pos.goods.store import aliases as store
from vokrug.pos.goods.store import proposals as proposed
from vokrug.pos.goods.store import unknown
from vokrug.pos.goods.types import AliasKind, Listed
from vokrug.runtime.database import Tx

Given = tuple[AliasKind, str, str, str]  # kind, code, sku, name


async def shop_id_of(tx: Tx, code: str) -> int:
    found = await store.shop_id_of(tx, code)
    if found is None:
        raise ShopUnknown(shop=code)
    return found


def spelled(kind: AliasKind, code: str) -> str:
    return barcodes.normal(code) if kind == "barcode" else code


async def map_by_hand(tx: Tx, shop: str, given: Sequence[Given], *, by: str, now: datetime) -> int:
    """From now on these codes of a shop mean these articles. Says how many are new or changed; all of them or none."""
    shop_id = await shop_id_of(tx, shop)
    ids = await store.article_ids(tx, [sku for _, _, sku, _ in given])
    for _, _, sku, _ in given:
        if sku not in ids:
            raise ArticleUnknown(sku=sku)
    wanted = {(kind, spelled(kind, code)): (ids[sku], name) for kind, code, sku, name in given}
    rows = [(kind, code, article_id, name) for (kind, code), (article_id, name) in sorted(wanted.items())]
    changed = await store.save_aliases(tx, shop_id, rows, source="hand", by=by, now=now)
    for kind, code, article_id, _ in rows:
        await unknown.mark_mapped(tx, shop_id, kind, code, now)
        await proposed.overtake(tx, shop_id, kind, code, article_id, by=by, now=now)
    if changed:
        await chain.reference_changed(tx)
    return changed


async def take_back(tx: Tx, shop: str, kind: AliasKind, code: str) -> None:
    """The code means nothing of the centre's any more: it is unknown again."""
    shop_id = await shop_id_of(tx, shop)
    code = spelled(kind, code)
    if not await store.remove_alias(tx, shop_id, kind, code):
        raise AliasUnknown(shop=shop, code=code)
    await unknown.mark_unmapped(tx, shop_id, kind, code)
    await proposed.reopen(tx, shop_id, kind, code)
    await chain.reference_changed(tx)


async def find_articles(tx: Tx, text: str, limit: int) -> list[Listed]:
    """Articles by sku, article number, barcode or words of the name, the likeliest first."""
    return await store.find_articles(tx, text, barcodes.spellings(barcodes.normal(text)), names.keys_of(text), limit)
