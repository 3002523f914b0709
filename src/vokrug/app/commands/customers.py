"""`vokrug customers`: work on many customers at once."""

import asyncio
import csv
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from vokrug.app.floor import running_database
from vokrug.app.wiring import directory_of
from vokrug.customers.matching import Found, Steps, Unreadable, match, own
from vokrug.kernel import Clock
from vokrug.runtime.database import Database
from vokrug.runtime.settings import Settings, load_settings


@click.group()
def command() -> None:
    """Find customers who are one person."""


@command.command(name="match")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--truth", metavar="COLUMN", help="Says who each record is; never compared, only scored by.")
@click.option("--ignore", metavar="COLUMN", multiple=True, help="Not to be compared. May be given more than once.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the pairs with their reasons: CSV.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def match_(
    files: tuple[Path, ...], truth: str | None, ignore: tuple[str, ...], out: Path | None, as_json: bool
) -> None:
    """Match the records of FILES (CSV, CSV.GZ, Parquet) among themselves: who is the same person?

    Without FILES: the installation's own customers; what is probable waits for a steward's decision. Columns are
    known by their names, English or Russian. Numbers of records and of people are left out. Status 2: the files
    cannot be matched.
    """
    console = Console(stderr=True)
    if not files:
        with running_database(load_settings()) as settings, console.status("") as status:
            asyncio.run(match_own(settings, truth, ignore, lambda step: status.update(f"{step}…"), as_json))
        return
    try:
        with console.status("") as status:
            found = match(files, truth=truth, ignore=ignore, said=lambda step: status.update(f"{step}…"))
            if out is not None:
                status.update("writing the pairs…")
                write(found, out)
    except Unreadable as error:
        click.echo(f"vokrug: {error}", err=True)
        sys.exit(2)
    if as_json:
        click.echo(json.dumps(summary(found), ensure_ascii=False))
    else:
        show(found, Console())


async def match_own(settings: Settings, truth: str | None, ignore: tuple[str, ...], said: Steps, as_json: bool) -> None:
    """Our own customers, unsealed into a file that only we can read and that is gone afterwards."""
    assert settings.database_url, "the floor fills in the address"
    db = await Database.connect(settings.database_url, max_size=2)
    try:
        async with db.transaction() as tx:
            directory = await directory_of(tx, settings)
        with tempfile.TemporaryDirectory(prefix="vokrug-match-") as folder:
            said("reading our customers")
            file = Path(folder, "people.csv")
            ids = await own.write_people(db, directory, file)
            try:
                found = match([file], truth=truth, ignore=ignore, said=said)
                own.require_enough(found)
            except Unreadable as error:
                raise click.ClickException(str(error)) from error
        new, known = await own.propose_all(db, found, ids, Clock().now())
    finally:
        await db.close()
    if as_json:
        click.echo(json.dumps(summary(found) | {"proposed": new, "known": known}, ensure_ascii=False))
    else:
        show(found, Console())
        click.echo(f"{new} pairs wait for a decision, {known} were known. GET /v1/customer-merges")


def summary(found: Found) -> dict[str, Any]:
    """Pairs are of records that are one person, people are those with two records and more."""
    told: dict[str, Any] = {
        "records": found.records,
        "pairs": found.pairs,
        "people": len(found.groups),
        "compared": found.compared,
        "seconds": round(found.seconds, 2),
        "columns": {column.name: column.role for column in found.chosen.columns},
        "left_out": dict(found.chosen.left_out),
        "keys": [" and ".join(key) for key in found.keys],
    }
    if (score := found.score) is not None:
        told |= {
            "precision": round(score.precision, 6),
            "recall": round(score.recall, 6),
            "f1": round(score.f1, 6),
            "true_pairs": score.true,
            "right_pairs": score.right,
        }
    return told


def show(found: Found, console: Console) -> None:
    table = Table("column", "compared as")
    for column in found.chosen.columns:
        table.add_row(column.name, column.role)
    for name, why in found.chosen.left_out.items():
        table.add_row(name, f"[dim]left out: {why}[/dim]")
    console.print(table)
    console.print(
        f"{found.records:,} records in {found.seconds:.1f} s: {len(found.groups):,} people have two records or more, "
        f"which makes {found.pairs:,} pairs."
    )
    if (score := found.score) is not None:
        console.print(
            f"Of {score.true:,} true pairs {score.right:,} were found: precision {score.precision:.4f}, "
            f"recall {score.recall:.4f}, F1 {score.f1:.4f}."
        )


def write(found: Found, file: Path) -> None:
    """Rows are numbered from one, as they stand in the files, one file after another."""
    with file.open("w", newline="") as sink:
        rows = csv.writer(sink)
        rows.writerow(["row_a", "row_b", "probability", "weight", "reasons_en", "reasons_ru"])
        for pair in found.proposals():
            reasons = [
                "; ".join(f"{role}: {word}" for role, word in pair.words(tongue).items()) for tongue in ("en", "ru")
            ]
            rows.writerow([pair.a + 1, pair.b + 1, f"{pair.probability:.6f}", f"{pair.weight:.2f}", *reasons])
