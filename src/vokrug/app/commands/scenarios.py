"""`vokrug scenarios`: conformance cases through the public API, on fresh instances."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from vokrug.app.scenarios import MANNERS, Report, play_all, read_cases
from vokrug.app.scenarios.instance import Instances, Running
from vokrug.runtime.settings import load_settings

GIVEN = ("plain", "twice", "batch")  # what can be done to a server that is not ours to kill


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON; the last line goes to standard error.")
@click.option("--manner", type=click.Choice([*MANNERS, "all"]), default="plain", show_default=True)
@click.option("--case", "only", multiple=True, help="Play only this case; may be repeated.")
@click.option("--url", help="Play against a server that runs already; VOKRUG_TRIAL_TOKEN bears its key.")
def command(file: Path, as_json: bool, manner: str, only: tuple[str, ...], url: str | None) -> None:
    """Play the cases of FILE and compare every number.

    Manners: plainly, everything sent twice, in batches, with the server killed between any two steps, with the
    database killed there. Each case gets an instance of its own.
    """
    cases = [case for case in read_cases(file) if not only or case["id"] in only]
    manners = list(MANNERS) if manner == "all" else [manner]
    if url is not None:
        manners = [one for one in manners if one in GIVEN]
        if not manners:
            raise click.UsageError(f"{manner} needs an instance of our own: leave --url out")
        token = os.environ.get("VOKRUG_TRIAL_TOKEN", "")
        report = watched(
            len(cases) * len(manners),
            lambda step: play_all(cases, manners, lambda begins_at: Running(url, token), step),
        )
    else:
        with Instances(load_settings().database_url) as instances:
            if instances.postgres is None:
                manners = [one for one in manners if one != "blackout"]
            report = watched(len(cases) * len(manners), lambda step: play_all(cases, manners, instances.fresh, step))
    show(report, as_json=as_json)
    sys.exit(0 if report.is_good else 1)


def watched(total: int, work: Callable[[Callable[[str], None]], Report]) -> Report:
    """Play under a progress bar, on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:20}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=total)

        def step(what: str) -> None:
            progress.update(task, description=what, advance=1 if what else 0)

        return work(step)


def show(report: Report, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        for case in report.cases:
            click.echo(f"{case.status:8} {case.id} {case.title}" + (f" ({case.skipped})" if case.skipped else ""))
            for manner, what in case.failures.items():
                click.echo(f"           {manner}: {what}")
    click.echo(report.last_line(), err=as_json)
