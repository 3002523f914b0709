"""`vokrug experiments`: what an experiment was worth."""

from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.table import Table

from vokrug import promotions
from vokrug.app.floor import ask
from vokrug.kernel import Clock
from vokrug.pos.operations.measuring import effect as measure
from vokrug.promotions.experiments import store
from vokrug.runtime.database import Tx


@click.group()
def command() -> None:
    """Experiments and what they brought. Reads only, from `reports_url`."""


@command.command()
@click.argument("key")
@click.option("--cost-bp", type=click.IntRange(0, 10_000), required=True, help="What goods cost, of 10 000 of price.")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def effect(key: str, cost_bp: int, as_json: bool) -> None:
    """The net margin a customer of each variant beside the control, with its 95 % interval."""

    async def measured(tx: Tx) -> promotions.Report:
        known = {one.key: one.id for one in await store.list_all(tx)}
        return await measure(tx, known.get(key, UUID(int=0)), cost_bp=cost_bp, now=Clock().now())

    report = ask(measured, of_reports=True)
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        _show(report)


def _show(report: promotions.Report) -> None:
    table = Table("variant", "customers", "margin a customer", "beside the control", "95 % interval")
    effects = {effect.key: effect for effect in report.effects}
    for arm in report.arms:
        found = effects.get(arm.key)
        cells = ["", ""] if found is None else [f"{found.mean_minor / 100:+.2f}", ""]
        if found is not None:
            cells[1] = f"{found.low_minor / 100:+.2f} … {found.high_minor / 100:+.2f}"
        table.add_row(arm.key, str(arm.customers), f"{arm.mean_minor / 100:.2f}", *cells)
    Console().print(table)
