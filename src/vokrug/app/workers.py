"""`vokrug events workers` and `vokrug events lag`: who does what, and how far they are."""

from itertools import groupby

import click
import msgspec
from rich.console import Console
from rich.table import Table

from vokrug import events
from vokrug.app.floor import ask
from vokrug.events.workers import LeaseView
from vokrug.events.workers.store import view


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def workers(as_json: bool) -> None:
    """Who holds which partitions of which reaction or relay."""
    found = ask(view)
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    table = Table("reaction or relay", "worker", "partitions", "behind")
    for (work, worker, is_alive), leases in groupby(sorted(found, key=_order), key=_order):
        held = list(leases)
        who = worker + ("" if is_alive else " (not heard of)") if worker else "nobody"
        table.add_row(work, who, " ".join(str(one.partition) for one in held), f"{sum(one.behind for one in held):,}")
    Console().print(table)


def _order(lease: LeaseView) -> tuple[str, str, bool]:
    return (lease.work, lease.worker or "", lease.is_alive)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def lag(as_json: bool) -> None:
    """How far every reaction and relay is behind, in one number each."""
    found = ask(events.lag)
    rows = [
        {
            "name": name,
            "behind": sum(one.behind for one in ones),
            "waiting_since": min((one.waiting_since for one in ones if one.waiting_since), default=None),
            "parked": sum(one.parked for one in ones),
            "stuck": sum(one.stuck for one in ones),
        }
        for name, group in groupby(found, key=lambda one: one.reaction)
        for ones in [list(group)]
    ]
    if as_json:
        click.echo(msgspec.json.encode(rows))
        return
    table = Table("reaction or relay", "behind", "waiting since", "parked", "stuck")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)
