"""`vokrug events`: the stream of facts, its catalogue, and who carries it."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from vokrug.app.pages import DOCS, told_types
from vokrug.app.subscriptions import compact, subscriptions
from vokrug.app.workers import lag, workers
from vokrug.events.registry import asyncapi as documents
from vokrug.events.registry import snapshot as snapshots
from vokrug.events.registry.writing import card_of

SNAPSHOT = DOCS / "events.snapshot.json"

file_option = click.option(
    "--file", type=click.Path(dir_okay=False, path_type=Path), default=SNAPSHOT, help="The agreed types."
)


@click.group()
def command() -> None:
    """The stream of facts: what it tells, who carries it, how far they are."""


command.add_command(workers)
command.add_command(lag)
command.add_command(subscriptions)
command.add_command(compact)


@command.command()
@file_option
def check(file: Path) -> None:
    """Compare the code's types with the agreed ones. Status 1 when a reader would break, or when they differ."""
    findings = snapshots.compare(told_types(), snapshots.read_snapshot(file))
    for one in findings:
        click.echo(f"{'BREAKS ' if one.is_breach else 'differs'} {one.type}: {one.words}", err=True)
    if any(one.is_breach for one in findings):
        click.echo("Readers rely on it: tell the change as a new version, with an upcaster.", err=True)
    elif findings:
        click.echo("Nobody breaks. `vokrug events snapshot` writes it down.", err=True)
    sys.exit(1 if findings else 0)


@command.command()
@file_option
@click.option("--force", is_flag=True, help="Also what breaks readers: only before a type was ever released.")
def snapshot(file: Path, force: bool) -> None:
    """Write down the code's types as agreed. What would break a reader is not written."""
    types = told_types()
    agreed = snapshots.read_snapshot(file)
    breaches = [one for one in snapshots.compare(types, agreed) if one.is_breach]
    for one in breaches:
        click.echo(f"BREAKS  {one.type}: {one.words}", err=True)
    if breaches and not force:
        sys.exit(1)
    if breaches:
        broken = {one.type for one in breaches}
        agreed = {name: schemas for name, schemas in agreed.items() if name not in broken}
    snapshots.write_snapshot(file, snapshots.agree(types, agreed))


@command.command()
def asyncapi() -> None:
    """Print the code's types as an AsyncAPI 3.0 document. A running server's has other systems' types too."""
    cards = [card_of(type, datetime(2026, 1, 1, tzinfo=UTC)) for type in told_types()]
    click.echo(msgspec.json.format(msgspec.json.encode(documents.document(cards)), indent=2).decode())
