"""`vokrug goods`: catalogues, and what shops call the centre's goods, at a terminal."""

import csv
import locale
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from vokrug.app.offers.desk import BY, Desk, at_desk
from vokrug.kernel import format_minor, new_id
from vokrug.pos.goods.elements import Trouble
from vokrug.pos.goods.files import Source
from vokrug.pos.goods.operations import importing, mapping, proposing
from vokrug.pos.goods.operations.importing import Wanted
from vokrug.pos.goods.reports import Report
from vokrug.pos.goods.schemas import AliasCard, GoodsProposal, ImportCard, UnknownCard
from vokrug.pos.goods.store import aliases as alias_store
from vokrug.pos.goods.store import cards, imports, proposals
from vokrug.pos.goods.store import unknown as unknown_store

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_SHOWN = 1_000
TROUBLES_SHOWN = 20
PAGE = 10_000


@click.group()
def command() -> None:
    """Goods: take catalogues of 1C and tables, see what tills sell unknown, map shops' codes."""


def as_json(function: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="For machines.")(function)


def _json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _is_russian() -> bool:
    return (locale.getlocale()[0] or "").startswith("ru")


# Files


@command.command("import")
@click.argument("files", type=FILE, nargs=-1, required=True)
@click.option("--dry-run", is_flag=True, help="Only say what would change.")
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="Where troubles go; beside the file.")
@click.option("--shop", help="The code of the shop whose own goods these are; without it they are the centre's.")
@click.option("--withdraw-gone", is_flag=True, help="Take off sale what a whole catalogue does not name any more.")
@as_json
def import_goods(
    files: tuple[Path, ...], dry_run: bool, errors: Path | None, shop: str | None, withdraw_gone: bool, as_json: bool
) -> None:
    """Take goods from FILES: CommerceML or CSV, plain, gzip or zip.

    Small transactions: cut off, start it again and it goes on where it was. Status 1 when something was bad.
    """
    if withdraw_gone and len(files) > 1:
        # Each file would take off sale what only the others name.
        raise click.UsageError("--withdraw-gone takes one file: put the parts of an export into one zip.")
    console, reports = Console(), list[Report]()
    for file in files:
        beside = None if dry_run else file.with_name(file.name + ".errors.csv")
        with ErrorFile(errors or beside, is_more=bool(errors and reports)) as bad:
            reports.append(_imported(file, Wanted(new_id(), shop, BY, dry_run, withdraw_gone), bad.write))
        if not as_json:
            _show(console, reports[-1])
        if bad.count and bad.path is not None:
            click.echo(f"What was bad or doubtful stands in {bad.path}.", err=True)
    if as_json:
        _json(reports[0] if len(reports) == 1 else reports)
    sys.exit(1 if any(report.errors for report in reports) else 0)


def _imported(file: Path, wanted: Wanted, note: Callable[[Trouble], None]) -> Report:
    source = Source(file.name, file)

    async def work(desk: Desk) -> Report:
        with _watched(source.gauge.total) as tell:
            report, _ = await importing.take_in(desk.db, source, wanted, desk.now, tell=tell, note=note)
        return report

    return at_desk(work)


@contextmanager
def _watched(total: int) -> Iterator[Callable[[int, int], None]]:
    console = Console(stderr=True)
    columns = (TextColumn("goods"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=total)
        yield lambda done, total: bar.update(task, completed=done, total=total)


class ErrorFile:
    """A row for each trouble; the file of an earlier try goes when all is well. Without a path nothing is written."""

    def __init__(self, path: Path | None, *, is_more: bool) -> None:
        self.path, self.is_more, self.count = path, is_more, 0
        self.file: Any = None

    def __enter__(self) -> "ErrorFile":
        if self.path is not None and not self.is_more:
            self.path.unlink(missing_ok=True)
        return self

    def write(self, one: Trouble) -> None:
        self.count += 1
        if self.path is None:
            return
        if self.file is None:
            is_new = not self.path.exists()
            self.file = self.path.open("a", encoding="utf-8-sig" if is_new else "utf-8", newline="")
            self.rows = csv.writer(self.file)
            if is_new:
                self.rows.writerow(["file", "line", "element", "level", "code", "ru", "en"])
        place = one.place
        self.rows.writerow([place.file, place.line, place.element, one.level, one.code, one.ru, one.en])

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.close()


def _show(console: Console, report: Report) -> None:
    counts, table = report.counts, Table(title=report.file)
    for column in ("", "new", "changed", "unchanged", "gone"):
        table.add_column(column, justify="left" if not column else "right")
    for name, tally in (("groups", counts.groups), ("goods", counts.goods), ("offers", counts.offers)):
        table.add_row(name, *(f"{number:,}" for number in (tally.new, tally.changed, tally.unchanged, tally.gone)))
    console.print(table)
    if report.shop is not None and not report.is_dry:
        console.print(
            f"{counts.aliases:,} codes lead to articles, {counts.unknown:,} wait on the list of unknown goods."
        )
    if report.errors or report.notes:
        console.print(f"{report.errors:,} errors, {report.notes:,} doubts.")
        for one in report.troubles[:TROUBLES_SHOWN]:
            console.print(f"  {one.file}:{one.line} {one.ru if _is_russian() else one.en}", markup=False)
    for sentence in report.sentences:
        console.print(sentence.ru if _is_russian() else sentence.en)


@command.command("export")
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--shop", help="Instead of the catalogue, what this shop calls its articles.")
def export_goods(path: Path, shop: str | None) -> None:
    """Write the catalogue, or a shop's codes, to a CSV that `import` and spreadsheets read."""

    async def work(desk: Desk) -> int:
        count = 0
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            rows = csv.writer(file, delimiter=";")
            if shop is not None:
                rows.writerow(["shop", "kind", "code", "sku", "article", "name", "source"])
                async with desk.reports.transaction(readonly=True) as tx:
                    await mapping.shop_id_of(tx, shop)
                    after: tuple[str, str, str] | None = None
                    while page := await alias_store.list_aliases(tx, shop, "", after, PAGE):
                        for one in page:
                            rows.writerow([one.shop, one.kind, one.code, one.sku, one.article, one.name, one.source])
                        count, after = count + len(page), (page[-1].shop, page[-1].kind, page[-1].code)
                return count
            rows.writerow(EXPORTED)
            async with desk.reports.transaction(readonly=True) as tx:
                async for row in cards.exported(tx):
                    price = row["own_price"] or row["price"]
                    told = [
                        row[name] for name in ("name", "article", "barcodes", "category_code", "brand", "unit", "vat")
                    ]
                    flags = ["1" if row[name] else "0" for name in ("is_weighed", "is_withdrawn")]
                    rows.writerow([row["sku"], *told, format_minor(int(price)) if price else "", *flags])
                    count += 1
        return count

    click.echo(f"{at_desk(work):,} rows written to {path}.", err=True)


EXPORTED = [
    "id", "name", "article", "barcodes", "category id", "brand", "unit", "vat", "price", "weighed", "deleted",
]  # fmt: skip


@command.command("imports")
@click.option("--limit", type=click.IntRange(1, MOST_SHOWN), default=20, show_default=True)
@as_json
def list_imports(limit: int, as_json: bool) -> None:
    """Past imports with their reports, the newest first; one that was cut off still runs."""

    async def work(desk: Desk) -> list[ImportCard]:
        async with desk.db.transaction(readonly=True) as tx:
            return [ImportCard.of(row) for row in await imports.list_imports(tx, None, limit)]

    found = at_desk(work)
    if as_json:
        _json(found)
        return
    rows = [
        (f"{one.started_at:%Y-%m-%d %H:%M}", one.shop, one.file, one.state, one.done, _told(one.report))
        for one in found
    ]  # fmt: skip
    _rows(("began", "shop", "file", "state", "elements", "goods: new, changed, unchanged"), rows)


def _told(report: Report | None) -> str:
    if report is None:
        return ""
    goods = report.counts.goods
    return f"{goods.new:,} {goods.changed:,} {goods.unchanged:,}"


# Work lists


@command.command("unknown")
@click.option("--shop", default="", help="The code of one shop.")
@click.option("--limit", type=click.IntRange(1, MOST_SHOWN), default=50, show_default=True)
@as_json
def list_unknown(shop: str, limit: int, as_json: bool) -> None:
    """What tills sell and the centre does not know, the most frequent first."""

    async def work(desk: Desk) -> tuple[list[UnknownCard], int]:
        async with desk.db.transaction(readonly=True) as tx:
            found = await unknown_store.list_unknown(tx, shop, None, limit)
            return [UnknownCard.of(one) for one in found], await unknown_store.count_unknown(tx, shop)

    found, total = at_desk(work)
    if as_json:
        _json({"total": total, "unknown": found})
        return
    rows = [(one.shop, one.sku, one.barcode, one.name, one.price, one.times, one.proposals) for one in found]
    _rows(("shop", "code", "barcode", "name", "price", "times", "proposals"), rows)
    click.echo(f"{total:,} in all.")


@command.command("aliases")
@click.option("--shop", default="", help="The code of one shop.")
@click.option("--sku", default="", help="Of one article.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=200, show_default=True)
@as_json
def list_aliases(shop: str, sku: str, limit: int, as_json: bool) -> None:
    """What shops call the centre's articles."""

    async def work(desk: Desk) -> Any:
        async with desk.db.transaction(readonly=True) as tx:
            return await alias_store.list_aliases(tx, shop, sku, None, limit)

    found = at_desk(work)
    if as_json:
        _json([AliasCard(**{name: getattr(one, name) for name in AliasCard.__struct_fields__}) for one in found])
        return
    rows = [(one.shop, one.kind, one.code, one.sku, one.article, one.source) for one in found]
    _rows(("shop", "kind", "code", "sku", "article", "source"), rows)


@command.command("proposals")
@click.option("--shop", default="", help="The code of one shop.")
@click.option("--find", "looks", is_flag=True, help="Look for all that nobody has looked for yet, first.")
@click.option("--limit", type=click.IntRange(1, MOST_SHOWN), default=50, show_default=True)
@as_json
def list_proposals(shop: str, looks: bool, limit: int, as_json: bool) -> None:
    """What unknown goods may be, the likeliest first."""

    async def work(desk: Desk) -> list[GoodsProposal]:
        looked_for = 1 if looks else 0
        while looked_for:
            async with desk.db.transaction() as tx:
                looked_for, _ = await proposing.propose(tx, desk.now)
        async with desk.db.transaction(readonly=True) as tx:
            return [GoodsProposal.of(one) for one in await proposals.listed(tx, "open", shop, None, limit)]

    found = at_desk(work)
    if as_json:
        _json(found)
        return
    rows = [
        (str(one.id), one.shop, one.code, one.name, one.sku, one.article, f"{one.score:.2f}",
         one.reason.ru if _is_russian() else one.reason.en)
        for one in found
    ]  # fmt: skip
    _rows(("id", "shop", "code", "name", "sku", "article", "score", "why"), rows)


@command.command("decide")
@click.argument("word", type=click.Choice(["accept", "reject", "undo"]))
@click.argument("ids", type=click.UUID, nargs=-1, required=True)
def decide(word: str, ids: tuple[UUID, ...]) -> None:
    """Accept, reject or undo proposals by their ids."""

    async def work(desk: Desk) -> None:
        for id in ids:
            async with desk.db.transaction() as tx:
                if word == "accept":
                    await proposing.accept(tx, id, by=BY, now=desk.now)
                elif word == "reject":
                    await proposing.reject(tx, id, by=BY, now=desk.now)
                else:
                    await proposing.undo(tx, id)

    at_desk(work)


@command.command("map")
@click.argument("shop")
@click.argument("code")
@click.argument("sku")
@click.option("--barcode", "is_barcode", is_flag=True, help="CODE is a barcode.")
def map_code(shop: str, code: str, sku: str, is_barcode: bool) -> None:
    """From now on CODE of SHOP means the article SKU."""

    async def work(desk: Desk) -> None:
        async with desk.db.transaction() as tx:
            kind: Any = "barcode" if is_barcode else "code"
            await mapping.map_by_hand(tx, shop, [(kind, code, sku, "")], by=BY, now=desk.now)

    at_desk(work)


def _rows(columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    table = Table(*columns)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    Console().print(table)
