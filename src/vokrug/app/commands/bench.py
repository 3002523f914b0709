"""`vokrug bench`: how much this machine does, each number beside its limit in the same run."""

import signal
from pathlib import Path

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


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--lines", default=1_000_000, show_default=True, type=click.IntRange(100, 100_000_000))
@click.option("--shops", default=30, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--workers", type=click.IntRange(0, 256), help="Processes; as many as cores by default.")
def backtest(as_json: bool, lines: int, shops: int, workers: int | None) -> None:
    """Offers tried on past receipts, on a PostgreSQL of its own."""
    from vokrug.app.bench.backtest import measure, page

    report = measure(lines, shops, workers, say)
    click.echo(msgspec.json.encode(report) if as_json else page(report))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--events",
    default=1_000_000,
    show_default=True,
    type=click.IntRange(1_000),
    help="Told while all breaks; a tenth of them is relayed for the rates.",
)
@click.option("--writers", default=8, show_default=True, type=click.IntRange(1, 64))
@click.option("--per-commit", default=50, show_default=True, type=click.IntRange(1, 500), help="Events a transaction.")
@click.option("--kill-every", default=10.0, show_default=True, type=click.FloatRange(1), help="Seconds, on average.")
@click.option("--broker", "brokers", multiple=True, type=click.Choice(["kafka", "nats"]), default=["kafka", "nats"])
@click.option("--seed", default=1, show_default=True)
@click.option("--seconds", default=6.0, show_default=True, type=click.FloatRange(1, 600), help="Of each measurement.")
@click.option("--only", type=click.Choice(["torment", "speed"]), help="One half of it.")
def events(
    as_json: bool,
    events: int,
    writers: int,
    per_commit: int,
    kill_every: float,
    brokers: tuple[str, ...],
    seed: int,
    seconds: float,
    only: str | None,
) -> None:
    """The stream of facts: everything under it killed at random, then how fast it is. Status 1: a fact was lost."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as by Ctrl-C: what was started goes with us
    from vokrug.app.bench.stream.speed import measure
    from vokrug.app.bench.stream.torment import torment

    report: dict[str, object] = {}
    is_whole = True
    if only != "speed":
        came = torment(
            events,
            writers=writers,
            per_commit=per_commit,
            brokers=brokers,
            kill_every_s=kill_every,
            seed=seed,
            say=say,
        )
        is_whole = came.is_whole
        report["torment"] = came
    if only != "torment":
        report["speed"] = measure(seconds=seconds, rounds=3, events=max(10_000, min(events // 10, 100_000)), say=say)
    text = msgspec.json.encode(report)
    click.echo(text if as_json else msgspec.json.format(text, indent=2))
    if not is_whole:
        raise SystemExit(1)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 100))
@click.option("--batches", default=40, show_default=True, type=click.IntRange(1, 10_000), help="Of each round.")
@click.option("--batch", default=500, show_default=True, type=click.IntRange(1, 1_000), help="Events in one.")
def intake(as_json: bool, rounds: int, batches: int, batch: int) -> None:
    """Other systems' facts in batches, beside the same rows appended bare."""
    from vokrug.app.bench.intake import Plan, measure

    report = measure(Plan(rounds, batches, batch), say)
    if as_json:
        click.echo(msgspec.json.encode(report))
        return
    for number, ways in enumerate(report.rounds, 1):
        for way, found in ways.items():
            said = ", ".join(f"{name} {value:,}" for name, value in found.items())
            click.echo(f"round {number} {way}: {said}")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--records", default=1_000_000, show_default=True, type=click.IntRange(100, 20_000_000))
def matching(as_json: bool, records: int) -> None:
    """Invented records matched among themselves."""
    from vokrug.app.bench.matching import measure, page

    report = measure(records, say)
    click.echo(msgspec.json.encode(report) if as_json else page(report))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def offers(as_json: bool) -> None:
    """The pricing engine as trolleys and live offers grow."""
    from vokrug.app.bench.offers import measure, page

    report = measure(say)
    click.echo(msgspec.json.encode(report) if as_json else page(report))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--codes", default=10_000_000, show_default=True, type=click.IntRange(1_000, 100_000_000))
def coupons(as_json: bool, codes: int) -> None:
    """Unique codes issued as a stream, on a PostgreSQL of its own."""
    from vokrug.app.bench.coupons import measure, page

    report = measure(codes, say)
    click.echo(msgspec.json.encode(report) if as_json else page(report))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--identifiers",
    "sizes",
    multiple=True,
    default=[10_000, 100_000, 1_000_000, 5_000_000],
    show_default=True,
    type=click.IntRange(1_000, 100_000_000),
    help="Sizes of the directory, one after the other.",
)
@click.option("--seconds", default=4.0, show_default=True, type=click.FloatRange(0.1, 600), help="Of each measurement.")
def identity(as_json: bool, sizes: tuple[int, ...], seconds: float) -> None:
    """Who is behind a phone, as the directory fills, on a PostgreSQL of its own."""
    from vokrug.app.bench.identity import measure, page

    report = measure(sizes, seconds, say)
    click.echo(msgspec.json.encode(report) if as_json else page(report))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--goods", "count", default=100_000, show_default=True, type=click.IntRange(10, 10_000_000))
@click.option("--names", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A table of real names.")
@click.option("--asked", default=1_000, show_default=True, type=click.IntRange(10, 100_000), help="Names looked for.")
def goods(as_json: bool, count: int, names: Path | None, asked: int) -> None:
    """A catalogue that comes in, a line that finds its article, names that are alike."""
    from vokrug.app.bench.goods import measure, page

    report = measure(count, names, asked, say)
    click.echo(msgspec.json.encode(report) if as_json else page(report))


@command.command("sign-in")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--sign-ins", default=200, show_default=True, type=click.IntRange(1, 3_000), help="Of each round.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 20))
def sign_in(as_json: bool, sign_ins: int, rounds: int) -> None:
    """Processor time of a sign-in: by SMS, by a passkey, a product's code and tokens. On a PostgreSQL of its own."""
    from vokrug.app.bench.sign_in import measure, page

    report = measure(sign_ins, rounds, say)
    click.echo(msgspec.json.encode(report) if as_json else page(report))


@command.command("till-day")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1, 100), help="With losses and without.")
@click.option("--seconds", default=60.0, show_default=True, type=click.FloatRange(1, 7200), help="Of each.")
@click.option("--rate", default=104.0, show_default=True, type=click.FloatRange(1, 100_000), help="Sales a second.")
@click.option("--loss", default=0.05, show_default=True, type=click.FloatRange(0.001, 0.5), help="Of calls.")
@click.option("--queued", default=1_000, show_default=True, type=click.IntRange(1), help="Of a shop without a line.")
@click.option("--quick", is_flag=True, help="Tiny sizes: shows that it runs, measures nothing.")
def till_day(as_json: bool, rounds: int, seconds: float, rate: float, loss: float, queued: int, quick: bool) -> None:
    """A peak hour of 300 shops on bad lines, two of them without any. Status 1: a sale was lost or counted twice."""
    from vokrug.app.bench.day import Peak, measure, page

    peak = Peak(seconds=seconds, rounds=rounds, rate=rate, loss=loss, queued=queued)
    day = measure(peak.quickened() if quick else peak, say)
    click.echo(msgspec.json.encode(day) if as_json else page(day))
    if day.lost or day.doubled or not day.balanced:
        raise SystemExit(1)
