"""From what files said to the central catalogue, and to what shops call its articles."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from vokrug.pos import store as chain
from vokrug.pos.goods import barcodes
from vokrug.pos.goods.cards import Card, entry_of
from vokrug.pos.goods.elements import Group, Trouble, trouble
from vokrug.pos.goods.reports import Counts
from vokrug.pos.goods.store import aliases, cards, unknown
from vokrug.pos.goods.store.cards import CENTRE
from vokrug.pos.goods.types import AliasKind
from vokrug.runtime.database import Tx

SLICE = 1_000


# The centre


async def settle_centre(tx: Tx, told: Mapping[str, Card], counts: Counts, now: datetime) -> None:
    """Articles follow their cards; characteristics follow their goods; shops that had waited are recognised."""
    family = dict(told) | await cards.children(tx, CENTRE, list(told))
    parents = family | await cards.read_cards(tx, CENTRE, missing_parents(family))
    made = (entry_of(card, parents.get(card.parent or "")) for card in family.values())
    entries = [entry for entry in made if entry is not None]
    changed = await cards.save_entries(tx, entries, await chain.category_paths(tx))
    counts.articles += changed
    if not changed:
        return
    borne = sorted({barcode for entry in entries for barcode in entry.barcodes or []})
    numbers = sorted({entry.article for entry in entries if entry.article})
    bearers = await cards.bearers(tx, borne)
    counts.shared_barcodes += sum(barcodes.bearer_of(one.keys()) is None for one in bearers.values())
    await unknown.mark_found(tx, [entry.sku for entry in entries], borne, now)
    waiting: dict[int, list[str]] = {}
    for shop_id, code in await cards.of_shops(tx, borne, numbers):
        waiting.setdefault(shop_id, []).append(code)
    for shop_id, codes in sorted(waiting.items()):
        await settle_shop(tx, shop_id, await cards.read_cards(tx, shop_id, codes), counts, now)
    await chain.reference_changed(tx)


def missing_parents(family: Mapping[str, Card]) -> list[str]:
    return sorted({card.parent for card in family.values() if card.parent is not None} - family.keys())


async def settle_groups(tx: Tx, told: Sequence[Group], counts: Counts, now: datetime, *, is_dry: bool) -> list[Trouble]:
    """Categories follow the groups of a file; goods that had stood in groups nobody knew find their place."""
    known = await cards.read_groups(tx)
    troubles, moved = list[Trouble](), set[str]()
    for group in told:
        before = known.get(group.code)
        parent = group.parent if group.parent in known else None
        if group.keeps_parent and before is not None:
            parent = before[1]
        if is_inside(parent, group.code, known):
            troubles.append(trouble(group.place, "group_inside_itself"))
            continue
        counts.groups.count(before, (group.name, parent))
        if before is None or before[1] != parent:
            moved.add(group.code)
        if before != (group.name, parent):
            known[group.code] = (group.name, parent)
            if not is_dry:
                await chain.upsert_category(tx, group.code, group.name, parent)
    if moved and not is_dry:
        await follow_groups(tx, [code for code in known if is_among(code, moved, known)], counts, now)
    return troubles


def is_inside(code: str | None, of: str, known: Mapping[str, tuple[str, str | None]]) -> bool:
    """Is it this group, or does it stand in it?"""
    return is_among(code, {of}, known)


def is_among(code: str | None, groups: set[str], known: Mapping[str, tuple[str, str | None]]) -> bool:
    steps = 0
    while code is not None and steps <= len(known):
        if code in groups:
            return True
        code, steps = known[code][1] if code in known else None, steps + 1
    return False


async def follow_groups(tx: Tx, groups: Sequence[str], counts: Counts, now: datetime) -> None:
    """Paths of categories have changed: whatever stands in them is settled again."""
    codes, after = await cards.in_groups(tx, groups, "", SLICE), ""
    while codes:
        await settle_centre(tx, await cards.read_cards(tx, CENTRE, codes), counts, now)
        after = codes[-1]
        codes = await cards.in_groups(tx, groups, after, SLICE)
    await chain.reference_changed(tx)


# Shops


async def settle_shop(tx: Tx, shop_id: int, told: Mapping[str, Card], counts: Counts, now: datetime) -> None:
    """A shop's codes lead to articles of the same barcode, else of the same article number; the rest is unknown."""
    family = dict(told) | await cards.children(tx, shop_id, list(told))
    parents = family | await cards.read_cards(tx, shop_id, missing_parents(family))
    owned = {code: codes_of(card) for code, card in family.items()}
    every = sorted({code for codes in owned.values() for code in codes})
    central, known = await aliases.article_ids(tx, every), await cards.own_codes(tx, shop_id, every)
    whom = await matches(tx, family.values())
    rows: dict[tuple[AliasKind, str], tuple[int, str]] = {}
    strangers, found = list[tuple[object, ...]](), list[str]()
    for code, card in sorted(family.items()):
        entry = entry_of(card, parents.get(card.parent or ""))
        name = "" if entry is None else entry.name
        article = whom.get(code)
        if article is not None:
            found += owned[code]
            rows |= {("code", own): (article, name) for own in owned[code] if own not in central}
        elif code in central or code in known:
            found.append(code)
        elif not card.said.is_gone:
            barcode, price = next(iter(card.said.barcodes or []), ""), card.said.prices or []
            strangers.append((shop_id, code, barcode, False, name, price[0].minor if price else None, 0, now, now))
    given = [(kind, own, article, name) for (kind, own), (article, name) in sorted(rows.items())]
    changed = await aliases.save_aliases(tx, shop_id, given, source="file", by="file", now=now)
    counts.aliases += changed
    counts.unknown += len(strangers)
    await unknown.mark_all_mapped(tx, shop_id, found, now)
    await unknown.note_unknown(tx, strangers)
    if changed:
        await chain.reference_changed(tx)


def codes_of(card: Card) -> list[str]:
    """What a till of the shop may send for it."""
    own = card.said.own_code
    return [card.code] if not own or own == card.code else [card.code, own]


async def matches(tx: Tx, told: Iterable[Card]) -> dict[str, int]:
    """The one article of the same barcode; else the one of the same article number. Two different things are none."""
    told = list(told)
    bearers = await cards.bearers(tx, sorted({one for card in told for one in card.said.barcodes or []}))
    numbers = sorted({card.said.article for card in told if card.said.article})
    numbered = await cards.numbered(tx, numbers)
    found = {}
    for card in told:
        said = card.said
        borne = {sku: id for barcode in said.barcodes or [] for sku, id in bearers.get(barcode, {}).items()}
        so_numbered = numbered.get((said.article or "").upper(), {})
        both = {sku: id for sku, id in borne.items() if sku in so_numbered}
        for bearing in (borne, both, {} if borne else so_numbered):
            if (sku := barcodes.bearer_of(bearing.keys())) is not None:
                found[card.code] = bearing[sku]
                break
    return found
