"""A file of goods is taken in small transactions. Cut off, it goes on where it was; said again, nothing changes."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.pos.goods import reports
from vokrug.pos.goods.cards import Card, with_statement, withdrawn
from vokrug.pos.goods.elements import Good, Group, Head, Item, Place, Trouble, trouble
from vokrug.pos.goods.errors import GoodsFileUnreadable, GoodsImportReused
from vokrug.pos.goods.files import Source
from vokrug.pos.goods.operations.mapping import shop_id_of
from vokrug.pos.goods.operations.settling import settle_centre, settle_groups, settle_shop
from vokrug.pos.goods.reading import Reading
from vokrug.pos.goods.reports import Counts, Report
from vokrug.pos.goods.store import cards as store
from vokrug.pos.goods.store import imports, proposals
from vokrug.pos.goods.store.cards import CENTRE
from vokrug.runtime.database import Database, Tx

GONE_AT_ONCE = 500

Tell = Callable[[int, int], None]
NoteTrouble = Callable[[Trouble], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be done with a file. Without a shop it tells of the central catalogue."""

    id: UUID
    shop: str | None = None
    by: str = ""
    is_dry: bool = False
    withdraw_gone: bool = False


@dataclass(slots=True)
class Run:
    """One import under way."""

    db: Database
    wanted: Wanted
    shop_id: int
    now: datetime
    note: NoteTrouble | None
    at: int = 0  # items that were read
    counts: Counts = field(default_factory=Counts)
    seen: dict[str, set[int]] = field(default_factory=dict)  # of each catalogue; a number for each of its codes
    errors: int = 0
    notes: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    had_groups: bool = False

    def hear(self, one: Trouble) -> None:
        if one.level == "error":
            self.errors += 1
        else:
            self.notes += 1
        if len(self.troubles) < reports.MOST_TOLD:
            self.troubles.append(one)
        if self.note is not None:
            self.note(one)

    def see(self, items: list[Item]) -> None:
        """Errors are told and goods remembered, whether or not an earlier run has taken them."""
        for item in items:
            if isinstance(item, Trouble):
                self.hear(item)
            elif isinstance(item, Group):
                self.had_groups = True
            elif item.part == "catalogue" and not item.said.is_gone:
                self.seen.setdefault(item.catalogue_id, set()).add(hash(item.code))


async def take_in(
    db: Database,
    source: Source,
    wanted: Wanted,
    now: datetime,
    *,
    tell: Tell | None = None,
    note: NoteTrouble | None = None,
) -> tuple[Report, bool]:
    """Take a file, and say what became of it. The second answer: it was taken before, under this id."""
    reading = Reading(source)
    async with db.transaction(readonly=True) as tx:
        shop_id = CENTRE if wanted.shop is None else await shop_id_of(tx, wanted.shop)
    items = await reading.next()  # what is no file of goods is refused before anything is written
    if not wanted.is_dry:
        row = await begin(db, source, wanted, shop_id, now)
        if row.report is not None:
            return msgspec.json.decode(row.report, type=Report), True
        wanted = replace(wanted, id=row.id)
    run = Run(db, wanted, shop_id, now, note)
    try:
        while items:
            run.see(items)
            await take_some(run, items)
            if tell is not None:
                tell(source.gauge.done, source.gauge.total)
            items = await reading.next()
    except GoodsFileUnreadable as refusal:
        why = refusal.detail()
        run.hear(trouble(Place(source.name, 0, ""), "file_breaks_off", why=why))
        reading.heads[-1].is_read = False
    return await ended(run, source, reading.heads), False


async def begin(db: Database, source: Source, wanted: Wanted, shop_id: int, now: datetime) -> imports.ImportRow:
    """A new import, or the one of this very file that was cut off, or one that is done."""
    mark = source.hash()

    async def story(tx: Tx) -> imports.ImportRow:
        row = await imports.lock_import(tx, wanted.id) or await imports.unfinished(tx, mark, shop_id)
        if row is None:
            await imports.begin_import(tx, wanted.id, shop_id, source.name, mark, now, wanted.by)
            row = await imports.lock_import(tx, wanted.id)
        assert row is not None, "it was just written"
        if (row.file_hash, row.shop_id) != (mark, shop_id):
            raise GoodsImportReused()
        return row

    return await db.replayed(story)


async def take_some(run: Run, items: list[Item]) -> None:
    """Some items in one transaction, with the place where the next ones begin."""
    start, run.at = run.at, run.at + len(items)
    if run.wanted.is_dry:
        async with run.db.transaction(readonly=True) as tx:
            found = await apply(tx, run, items, run.counts)
    else:

        async def story(tx: Tx) -> tuple[Counts, list[Trouble]]:
            await imports.queue_up(tx)
            row = await imports.lock_import(tx, run.wanted.id)
            assert row is not None, "an import that has begun"
            counts = msgspec.json.decode(row.counts, type=Counts)
            left = items[max(0, row.done - start) :]  # an earlier run, or one beside us, may have taken some
            if not left:
                return counts, []
            found = await apply(tx, run, left, counts)
            await imports.move_on(tx, run.wanted.id, run.at, msgspec.json.encode(counts).decode())
            return counts, found

        run.counts, found = await run.db.replayed(story)
    for one in found:
        run.hear(one)


async def apply(tx: Tx, run: Run, items: list[Item], counts: Counts) -> list[Trouble]:
    """What these items change. Dry, they are only compared."""
    is_dry, shop_id = run.wanted.is_dry, run.shop_id
    troubles = list[Trouble]()
    groups = [item for item in items if isinstance(item, Group)]
    if groups and shop_id == CENTRE:
        troubles = await settle_groups(tx, groups, counts, run.now, is_dry=is_dry)
    goods = [item for item in items if isinstance(item, Good)]
    before = await store.read_cards(tx, shop_id, list({good.code for good in goods}))
    after = dict(before)
    for good in goods:
        had, has = after.get(good.code), with_statement(after.get(good.code), good)
        tally = counts.offers if good.part == "offer" else counts.goods
        tally.count(part_of(had, good), part_of(has, good))
        after[good.code] = has
    changed = {code: card for code, card in after.items() if before.get(code) != card}
    if changed and not is_dry:
        await store.save_cards(tx, shop_id, [changed[code] for code in sorted(changed)], run.now)
        if shop_id == CENTRE:
            await settle_centre(tx, changed, counts, run.now)
        else:
            await settle_shop(tx, shop_id, changed, counts, run.now)
    return troubles


def part_of(card: Card | None, good: Good) -> object:
    if card is None:
        return None
    return card.offer if good.part == "offer" else card.catalogue


# The end


async def ended(run: Run, source: Source, heads: list[Head]) -> Report:
    """What is not in a catalogue that was told wholly is counted, and withdrawn if that is wanted."""
    is_broken = not all(head.is_read for head in heads)
    if not is_broken:
        for catalogue_id in sorted({one for head in heads for one in head.whole}):
            await look_for_gone(run, catalogue_id)
    sentences = reports.sentences_of(
        run.counts,
        heads,
        is_central=run.shop_id == CENTRE,
        is_dry=run.wanted.is_dry,
        is_broken=is_broken,
        had_groups=run.had_groups,
    )
    report = Report(
        id=run.wanted.id,
        shop=run.wanted.shop,
        file=source.name,
        state="broken" if is_broken else "done",
        is_dry=run.wanted.is_dry,
        counts=run.counts,
        files=[reports.FileTold(h.kind, h.version, h.formed_at, h.orders, h.is_read) for h in heads],
        errors=run.errors,
        notes=run.notes,
        sentences=sentences,
        troubles=[reports.told(one) for one in run.troubles],
    )
    if not run.wanted.is_dry:
        async with run.db.transaction() as tx:
            if run.counts.articles:
                await proposals.seek_again(tx)
            state: imports.State = "broken" if is_broken else "done"
            await imports.end_import(tx, run.wanted.id, state, msgspec.json.encode(report).decode(), run.now)
    return report


async def look_for_gone(run: Run, catalogue_id: str) -> None:
    seen, gone = run.seen.get(catalogue_id, set()), list[str]()
    async with run.db.transaction(readonly=True) as tx:
        async for code in store.codes_of_catalogue(tx, run.shop_id, catalogue_id):
            if hash(code) not in seen:
                gone.append(code)
    run.counts.goods.gone += len(gone)
    if run.wanted.is_dry or not run.wanted.withdraw_gone:
        return
    for at in range(0, len(gone), GONE_AT_ONCE):
        await withdraw(run, gone[at : at + GONE_AT_ONCE])


async def withdraw(run: Run, codes: list[str]) -> None:
    async def story(tx: Tx) -> None:
        await imports.queue_up(tx)
        found = {code: withdrawn(card) for code, card in (await store.read_cards(tx, run.shop_id, codes)).items()}
        await store.save_cards(tx, run.shop_id, [found[code] for code in sorted(found)], run.now)
        if run.shop_id == CENTRE:
            await settle_centre(tx, found, Counts(), run.now)

    await run.db.replayed(story)
    run.counts.withdrawn += len(codes)
