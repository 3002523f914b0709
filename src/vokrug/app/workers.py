"""`vokrug events workers` and `vokrug events lag`: who does what, and how far they are."""

import asyncio
from collections.abc import Awaitable, Callable
from itertools import groupby
from typing import TypeVar

import click
import msgspec
from rich.console import Console
from rich.table import Table

from vokrug import events
from vokrug.app.floor import running_database
from vokrug.events.workers import LeaseView
from vokrug.events.workers.store import view
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.settings import load_settings

T = TypeVar("T")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def workers(as_json: bool) -> None:
    """Who holds which partitions of which reaction or relay."""
    found = _asked(view)
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
    found = _asked(events.lag)
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


def _asked(question: Callable[[Tx], Awaitable[T]]) -> T:
    with running_database(load_settings()) as settings:
        assert settings.database_url is not None, "a running database has an address"
        return asyncio.run(_ask(settings.database_url, question))


async def _ask(url: str, question: Callable[[Tx], Awaitable[T]]) -> T:
    db = await Database.connect(url, max_size=1)
    try:
        async with db.transaction(readonly=True) as tx:
            return await question(tx)
    finally:
        await db.close()
