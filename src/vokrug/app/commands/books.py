"""`vokrug books`: does everything add up?"""

import sys
from collections import Counter

import click
import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vokrug import ledger
from vokrug.app.floor import ask
from vokrug.kernel import format_minor
from vokrug.ledger.checking import CHECKS
from vokrug.runtime.database import Tx


@click.group()
def command() -> None:
    """Recompute the ledger's balances from what was written once. Reads only, from `reports_url`."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def check(as_json: bool) -> None:
    """Compare every wallet, lot and hold with the movements behind it. Status 1 when anything differs."""
    report = ask(ledger.check_books, of_reports=True)
    if as_json:
        click.echo(msgspec.json.encode({"balanced": report.balanced, **msgspec.to_builtins(report)}))
    else:
        _show(report)
    if not report.balanced:
        sys.exit(1)


def _show(report: ledger.BooksReport) -> None:
    found = Counter(difference.rule for difference in report.differences)
    table = Table("checked", "result")
    for rule in CHECKS:
        table.add_row(rule, f"[red]{found[rule]} differ[/red]" if found[rule] else "[green]holds[/green]")
    console = Console()
    console.print(table)
    for difference in report.differences:
        console.print(escape(f"{difference.rule}: {difference.what}, {difference.by}"))
    console.print(
        f"{report.wallets} wallets, {report.journals} journals, {report.movements} movements, {report.lots} lots: "
        + ("the books balance." if report.balanced else "the books DO NOT balance.")
    )


@command.command(name="trial-balance")
@click.option("--json", "as_json", is_flag=True, help="For machines.")
def trial_balance(as_json: bool) -> None:
    """Every account's two sums; per unit, debits equal credits. Status 1 when they do not."""
    lines, scales = ask(_trial_balance, of_reports=True)
    sums = {unit: [0, 0] for unit in scales}
    table = Table("unit", "account", "debits", "credits", "balance")
    for column in table.columns[2:]:
        column.justify = "right"
    for line in lines:
        sums[line.unit][0] += line.debits
        sums[line.unit][1] += line.credits
        amounts = (line.debits, line.credits, line.credits - line.debits)
        table.add_row(line.unit, escape(line.code), *(format_minor(each, scales[line.unit]) for each in amounts))
    for unit, (debits, credits) in sums.items():
        if debits or credits:
            amounts = (debits, credits, credits - debits)
            table.add_row(unit, "[b]all[/b]", *(format_minor(each, scales[unit]) for each in amounts))
    if as_json:
        click.echo(msgspec.json.encode(lines))
    else:
        Console().print(table)
    if any(debits != credits for debits, credits in sums.values()):
        sys.exit(1)


async def _trial_balance(tx: Tx) -> tuple[list[ledger.TrialLine], dict[str, int]]:
    return await ledger.trial_balance(tx), {code: unit.scale for code, unit in (await ledger.units(tx)).items()}
