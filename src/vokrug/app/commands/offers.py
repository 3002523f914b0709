"""`vokrug offers`: what marketers do with offers, at a terminal."""

import locale
import sys
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from vokrug import promotions
from vokrug.app.offers import showing
from vokrug.app.offers.desk import BY, Desk, at_desk
from vokrug.app.offers.files import read_records, write_offers
from vokrug.app.offers.importing import take_in, write_errors
from vokrug.promotions.exchange import LineTaken
from vokrug.promotions.types import OfferCard

FILE = click.Path(exists=True, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def command() -> None:
    """Offers: look at them, lint them, try them on past receipts, move them as files, launch them."""


def as_json(function: Any) -> Any:
    return click.option("--json", "as_json", is_flag=True, help="For machines.")(function)


def _json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _language() -> str:
    return "ru" if (locale.getlocale()[0] or "").startswith("ru") else "en"


# Looking


@command.command("list")
@click.option("--state", type=click.Choice([state.value for state in promotions.OfferState]))
@click.option("--search", help="A part of the name or of the key.")
@as_json
def list_offers(state: str | None, search: str | None, as_json: bool) -> None:
    """Offers by number."""

    async def work(desk: Desk) -> Any:
        wanted = promotions.OfferState(state) if state else None
        async with desk.db.transaction(readonly=True) as tx:
            return await promotions.list_offers(tx, state=wanted, search=search, limit=100_000)

    rows = at_desk(work)
    _json(rows) if as_json else showing.show_rows(Console(), rows)


@command.command()
@click.argument("key")
@as_json
def show(key: str, as_json: bool) -> None:
    """An offer with its versions and its history."""

    async def work(desk: Desk) -> OfferCard:
        async with desk.db.transaction(readonly=True) as tx:
            return await desk.card(tx, key)

    card = at_desk(work)
    if as_json:
        _json(card)
    else:
        _json(card.versions[-1].body)
        showing.show_card(Console(), card)


# Before a launch


@command.command()
@click.argument("what", nargs=-1)
@click.option(
    "--most", "most_bp", type=click.IntRange(1, 10_000), default=5_000, show_default=True, help="Basis points."
)
@as_json
def lint(what: tuple[str, ...], most_bp: int, as_json: bool) -> None:
    """What is wrong with offers beside those that run. WHAT: keys, files or folders; nothing is the whole set.

    Status 1 when something may not be published.
    """

    files = [Path(one) for one in what if Path(one).exists()]
    offers = tuple(record for file in files for record in read_records(file))
    keys = [one for one in what if Path(one) not in files]

    async def work(desk: Desk) -> promotions.Linted:
        async with desk.db.transaction(readonly=True) as tx:
            drafts = tuple([(await desk.card(tx, key)).offer.id for key in keys])
            change = promotions.Change(drafts=drafts, offers=offers)
            return await promotions.lint_change(
                tx, change, desk.outside.chain, desk.now, most_bp=most_bp, everything=not what
            )

    found = at_desk(work)
    if as_json:
        _json(found)
    else:
        showing.show_findings(Console(), found.findings, _language())
    sys.exit(0 if found.may_be_published else 1)


@command.command()
@click.argument("file", type=FILE, required=False)
@click.option("--from", "from_day", type=DAY, required=True, help="First day, of the shops' calendars.")
@click.option("--until", "until_day", type=DAY, required=True, help="Last day.")
@click.option("--draft", "drafts", multiple=True, help="The key of an offer whose newest version is tried.")
@click.option("--off", multiple=True, help="The key of an offer that is switched off.")
@click.option("--policy", help="A preset of the stacking policy.")
@click.option("--shop", "shops", multiple=True, help="The code of a shop; none means all.")
@click.option("--beside", type=click.Choice(["then", "now"]), default="then", show_default=True)
@click.option("--workers", type=click.IntRange(1, 256), help="Processes; as many as cores by default.")
@as_json
def backtest(
    file: Path | None,
    from_day: datetime,
    until_day: datetime,
    drafts: tuple[str, ...],
    off: tuple[str, ...],
    policy: str | None,
    shops: tuple[str, ...],
    beside: str,
    workers: int | None,
    as_json: bool,
) -> None:
    """Try the offers of FILE on past receipts: what they would have cost, and whom they would have reached."""

    offers = tuple(read_records(file)) if file else ()

    async def work(desk: Desk) -> promotions.BacktestReport | None:
        async with desk.db.transaction(readonly=True) as tx:
            asked = promotions.Backtest(
                offers=offers,
                drafts=tuple([(await desk.card(tx, key)).offer.id for key in drafts]),
                off=tuple([(await desk.card(tx, key)).offer.id for key in off]),
                policy=policy,
                from_date=_day(from_day),
                until_date=_day(until_day),
                shops=shops,
                beside="now" if beside == "now" else "then",
            )
        return await _watched(desk, asked, workers)

    report = at_desk(work)
    assert report is not None, "nobody stops it but us"
    _json(report) if as_json else showing.show_report(Console(), report)


def _day(at: datetime) -> date:
    return at.date()


async def _watched(desk: Desk, asked: promotions.Backtest, workers: int | None) -> promotions.BacktestReport | None:
    console = Console(stderr=True)
    columns = (TextColumn("receipts"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)

        async def tell(done: int, total: int) -> bool:
            bar.update(task, completed=done, total=total)
            return True

        return await promotions.run_backtest(
            asked, db=desk.db, reports=desk.reports, outside=desk.outside, now=desk.now, tell=tell, workers=workers
        )


# Files


@command.command("export")
@click.argument("path", type=click.Path(path_type=Path))
def export_offers(path: Path) -> None:
    """Write offers to PATH: a line each into a .jsonl, or a readable file each into a folder."""

    async def work(desk: Desk) -> Any:
        async with desk.reports.transaction(readonly=True) as tx:
            return await promotions.export_records(tx, desk.outside.chain)

    records = at_desk(work)
    write_offers(records, path)
    click.echo(f"{len(records)} offers written to {path}.", err=True)


@command.command("import")
@click.argument("path", type=FILE)
@click.option("--dry-run", is_flag=True, help="Only say what would be created and changed.")
@as_json
def import_offers(path: Path, dry_run: bool, as_json: bool) -> None:
    """Take offers from PATH as drafts. Bad ones are passed over and written down beside it, with their lines.

    Started again, it takes what was not taken. Status 1 when something was bad.
    """
    console = Console()

    def note(where: str, taken: LineTaken) -> None:
        if not as_json:
            showing.show_taken(console, where, taken)

    sums = at_desk(lambda desk: take_in(desk, path, is_dry=dry_run, note=note))
    errors = None if dry_run else write_errors(path, sums.errors)
    if as_json:
        _json(sums.as_json())
    else:
        counts = ", ".join(f"{sums.counts[name]} {name}" for name in ("created", "changed", "unchanged", "refused"))
        console.print(f"{counts}." + (" Nothing was written." if dry_run else ""))
    if errors is not None:
        click.echo(f"What was bad stands in {errors}.", err=True)
    sys.exit(1 if sums.errors else 0)


# Launching


@command.command()
@click.argument("keys", nargs=-1, required=True)
def publish(keys: tuple[str, ...]) -> None:
    """Check the newest version of each offer and let all of them run, or none. What the lint warns of is told."""

    async def work(desk: Desk) -> None:
        async with desk.db.transaction() as tx:
            cards = {key: await desk.card(tx, key) for key in keys}
            ids = [card.offer.id for card in cards.values()]
            done = await promotions.publish_offers(tx, ids, by=BY, now=desk.now, chain=desk.outside.chain)
        showing.show_findings(Console(), done.findings, _language())
        for key, card in cards.items():
            click.echo(f"{key} runs in version {card.versions[-1].version}.")

    at_desk(work)


@command.command()
@click.argument("keys", nargs=-1, required=True)
def pause(keys: tuple[str, ...]) -> None:
    """Let offers rest until they are published again."""

    async def work(desk: Desk) -> None:
        for key in keys:
            async with desk.db.transaction() as tx:
                card = await desk.card(tx, key)
                await promotions.pause_offer(tx, card.offer.id, by=BY, now=desk.now)
            click.echo(f"{key} rests.")

    at_desk(work)
