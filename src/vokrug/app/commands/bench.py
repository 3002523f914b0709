"""`vokrug bench`: how much this machine does, each number beside its limit in the same run."""

import click
import msgspec

from vokrug.app.floor import say


@click.group()
def command() -> None:
    """Measure the product beside PostgreSQL itself."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 100))
@click.option("--seconds", default=5.0, show_default=True, type=click.FloatRange(0.5, 3600), help="Of each run.")
@click.option("--clients", default=64, show_default=True, type=click.IntRange(1, 1000), help="Tills at work.")
@click.option("--processes", default=1, show_default=True, type=click.IntRange(1, 64), help="Of our server.")
@click.option("--customers", default=100_000, show_default=True, type=click.IntRange(100, 9_000_000))
@click.option("--signed", is_flag=True, help="Sign each request instead of bearing a sandbox token.")
@click.option("--open-loop", is_flag=True, help="Also: sales that arrive at random at stated rates.")
@click.option("--growth", is_flag=True, help="Also: a hundred times the customers, lots, history. Minutes.")
@click.option("--quick", is_flag=True, help="Tiny sizes: shows that it runs, measures nothing.")
def sale(
    as_json: bool,
    rounds: int,
    seconds: float,
    clients: int,
    processes: int,
    customers: int,
    signed: bool,
    open_loop: bool,
    growth: bool,
    quick: bool,
) -> None:
    """Whole sales of three calls, on a PostgreSQL and a server of its own."""
    from vokrug.app.bench.load import Plan
    from vokrug.app.bench.page import page
    from vokrug.app.bench.sale import measure

    plan = Plan(
        rounds=rounds,
        seconds=seconds,
        clients=clients,
        processes=processes,
        customers=customers,
        history=customers,
        is_signed=signed,
        is_open_loop=open_loop,
        is_growth=growth,
    )
    report = measure(plan.quickened() if quick else plan, say)
    click.echo(msgspec.json.encode(report) if as_json else page(report))
