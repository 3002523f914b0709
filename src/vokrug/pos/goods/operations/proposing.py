"""What unknown goods may be: looked for in the catalogue, decided by people, taken back by them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from vokrug.kernel import new_id
from vokrug.pos import store as chain
from vokrug.pos.goods import barcodes, names
from vokrug.pos.goods.errors import AliasTaken, GoodsProposalDecided, GoodsProposalUnknown
from vokrug.pos.goods.store import aliases, unknown
from vokrug.pos.goods.store import proposals as store
from vokrug.pos.goods.store.proposals import Pair, Unsought
from vokrug.pos.goods.types import AliasKind, Proposal, Reason
from vokrug.runtime.database import Tx

PROPOSED_AT_ONCE = 100
KEYS_AT_ONCE = 1_000
LOOK_AGAIN_AFTER = timedelta(days=7)
ALIKE_LOOKED_AT = 60
MOST_PROPOSED = 3
LIKELY_BP = 5_500  # below this, names are alike by chance more often than not

Row = tuple[UUID, int, AliasKind, str, str, int, int, Reason, str, datetime]


async def propose(tx: Tx, now: datetime) -> tuple[int, int]:
    """Look for some of the unknown goods. Says how many were looked for, and how many proposals are new."""
    asked = await store.unsought(tx, now - LOOK_AGAIN_AFTER, PROPOSED_AT_ONCE)
    rows = [row for one in asked for row in await candidates(tx, one, now)]
    added = await store.add(tx, rows)
    if asked:
        await store.sought(tx, asked, now)
    return len(asked), added


async def make_keys(tx: Tx) -> int:
    """Articles older than these keys get theirs, some at a time. Says how many did."""
    rows = await store.keyless(tx, KEYS_AT_ONCE)
    await store.save_keys(tx, [row["id"] for row in rows], [" ".join(names.keys_of(row["name"])) for row in rows])
    return len(rows)


async def candidates(tx: Tx, asked: Unsought, now: datetime) -> list[Row]:
    """The likeliest articles: of the same barcode or article number, then of a similar name."""
    kind: AliasKind = "barcode" if asked.is_many and asked.barcode else "code"
    code = asked.barcode if kind == "barcode" else asked.sku
    found: dict[int, tuple[int, Reason, str]] = {}
    spelled = barcodes.spellings(asked.barcode) if asked.barcode else []
    for row in await store.bearers(tx, spelled, asked.sku):
        is_article = (row["article"] or "").upper() == asked.sku.upper()
        likeness = names.likeness(asked.name, row["name"])
        found[row["id"]] = (9_000 + likeness.score_bp // 10, "article" if is_article else "barcode", likeness.words)
    for id, likeness in await alike(tx, asked.name):
        found.setdefault(id, (likeness.score_bp, "name", likeness.words))
    best = sorted(found.items(), key=lambda one: (-one[1][0], one[0]))[:MOST_PROPOSED]
    return [
        (new_id(), asked.shop_id, kind, code, asked.name, id, score, reason, words, now)
        for id, (score, reason, words) in best
    ]


async def alike(tx: Tx, name: str) -> Sequence[tuple[int, names.Likeness]]:
    """Articles of a similar name, the likeliest first."""
    keys = names.keys_of(name)
    if not keys:
        return []
    judged = [(row["id"], names.likeness(name, row["name"])) for row in await store.alike(tx, keys, ALIKE_LOOKED_AT)]
    likely = [(id, likeness) for id, likeness in judged if likeness.score_bp >= LIKELY_BP]
    return sorted(likely, key=lambda one: (-one[1].score_bp, one[0]))


# Decisions


async def accept(tx: Tx, id: UUID, *, by: str, now: datetime) -> Proposal:
    """It is so: the shop's code means this article from now on. Repeat freely."""
    pair = await locked(tx, id)
    if pair.state not in ("open", "accepted"):
        raise GoodsProposalDecided(state=pair.state)
    if pair.state == "open":
        known = await aliases.find_alias(tx, pair.shop_id, pair.kind, pair.code)
        if known is not None and known.sku != pair.sku:
            raise AliasTaken(shop=pair.shop, sku=known.sku, code=pair.code)
        row = (pair.kind, pair.code, pair.article_id, pair.name)
        await aliases.save_aliases(tx, pair.shop_id, [row], source="proposal", by=by, now=now)
        await store.overtake(tx, pair.shop_id, pair.kind, pair.code, pair.article_id, by=by, now=now)
        await unknown.mark_mapped(tx, pair.shop_id, pair.kind, pair.code, now)
        await chain.reference_changed(tx)
    return await shown(tx, id)


async def reject(tx: Tx, id: UUID, *, by: str, now: datetime) -> Proposal:
    """It is something else, and stays so: the pair is not proposed again. Repeat freely."""
    pair = await locked(tx, id)
    if pair.state not in ("open", "rejected"):
        raise GoodsProposalDecided(state=pair.state)
    if pair.state == "open":
        await store.decide(tx, id, "rejected", by=by, now=now)
    return await shown(tx, id)


async def undo(tx: Tx, id: UUID) -> Proposal:
    """The decision is taken back and the proposal is open again; what it had mapped is unknown again."""
    pair = await locked(tx, id)
    if pair.state == "overtaken":
        raise GoodsProposalDecided(state=pair.state)
    if pair.state == "rejected":
        await store.decide(tx, id, "open", by=None, now=None)
    if pair.state == "accepted":
        known = await aliases.find_alias(tx, pair.shop_id, pair.kind, pair.code)
        if known is not None and known.sku != pair.sku:
            raise AliasTaken(shop=pair.shop, sku=known.sku, code=pair.code)
        await aliases.remove_alias(tx, pair.shop_id, pair.kind, pair.code)
        await store.reopen(tx, pair.shop_id, pair.kind, pair.code)
        await unknown.mark_unmapped(tx, pair.shop_id, pair.kind, pair.code)
        await chain.reference_changed(tx)
    return await shown(tx, id)


async def locked(tx: Tx, id: UUID) -> Pair:
    pair = await store.lock(tx, id)
    if pair is None:
        raise GoodsProposalUnknown()
    return pair


async def shown(tx: Tx, id: UUID) -> Proposal:
    found = await store.find(tx, id)
    assert found is not None, "it was just locked"
    return found
