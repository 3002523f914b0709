"""`vokrug replay`: a real history sent through the door that tills use, and the books held against it."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import click
import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from vokrug.app.replay.chain import Steps
from vokrug.app.replay.door import Door
from vokrug.app.replay.place import Place, a_server_of_our_own
from vokrug.app.replay.showing import show

History = Callable[[Door, Steps], Awaitable[dict[str, Any]]]


@click.group()
def command() -> None:
    """Replay a real history over HTTP, and check the books.

    Without --url a server is started for it and thrown away afterwards; --data-dir keeps its data. A second
    replay into the same server changes nothing. Status 1: the books do not balance, or something was refused.
    """


def where(function: Callable[..., None]) -> Callable[..., None]:
    """The options that every history has."""
    for option in (
        click.option("--url", help="A running server, such as http://127.0.0.1:8080."),
        click.option("--key", help="A staff key of that server, as ID.SECRET."),
        click.option(
            "--data-dir",
            type=click.Path(path_type=Path, file_okay=False),
            help="Where our own server keeps its data. Otherwise nothing is kept.",
        ),
        click.option("--processes", type=click.IntRange(1, 64), default=1, help="Of our own server."),
        click.option("--at-once", type=click.IntRange(1, 256), default=16, show_default=True, help="Calls at a time."),
        click.option("--json", "as_json", is_flag=True, help="The summary as JSON on standard output."),
    ):
        function = option(function)
    return function


EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@command.command("online-retail")
@click.argument("files", type=EXISTING, nargs=-1, required=True)
@click.option("--shuffled", type=int, metavar="SEED", help="Cancellations come early or late, by this chance.")
@where
def online_retail(files: tuple[Path, ...], shuffled: int | None, **options: Any) -> None:
    """Invoices and cancellations of a web shop (FILES: .csv or .csv.gz; several are one history).

    However they are shuffled, the digest of the balances stays the same.
    """
    from vokrug.app.replay import online_retail as history

    _run("online-retail", lambda door, steps: history.replay(door, files, steps, shuffled_by=shuffled), **options)


@command.command("x5")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@where
def x5(folder: Path, **options: Any) -> None:
    """Receipts of a grocery chain with points earned and spent (FOLDER holds receipts.csv or .csv.gz)."""
    from vokrug.app.replay import x5 as history

    _run("x5", lambda door, steps: history.replay(door, folder, steps), **options)


@command.command("complete-journey")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@where
def complete_journey(folder: Path, **options: Any) -> None:
    """Mailed coupons and their redemptions (FOLDER holds campaigns, coupons and coupon_redemptions as .csv.gz).

    Status 1 also when a coupon was taken or refused otherwise than it should have been.
    """
    from vokrug.app.replay import complete_journey as history

    _run("complete-journey", lambda door, steps: history.replay(door, folder, steps), **options)


def _run(
    title: str,
    history: History,
    *,
    url: str | None,
    key: str | None,
    data_dir: Path | None,
    processes: int,
    at_once: int,
    as_json: bool,
) -> None:
    if (url is None) != (key is None):
        raise click.UsageError("--url and --key go together.")
    if url is not None and data_dir is not None:
        raise click.UsageError("--data-dir is for a server of our own, --url for another.")
    signal.signal(signal.SIGTERM, _leave)  # as by Ctrl-C: a server of our own goes with us
    with contextlib.ExitStack() as stack:
        if url is not None and key is not None:
            place = Place(url, key)
        else:
            place = stack.enter_context(a_server_of_our_own(data_dir, processes))
        started_s = time.monotonic()
        summary = asyncio.run(_replay(title, history, place, at_once))
        summary["took_s"] = round(time.monotonic() - started_s, 1)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(summary), indent=2).decode())
    else:
        console = Console()
        show(console, summary)
        console.print(_last_words(summary))
    if not summary["books"]["balanced"] or summary["documents"]["refused"] or summary.get("unexpected"):
        sys.exit(1)


def _leave(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


async def _replay(title: str, history: History, place: Place, at_once: int) -> dict[str, Any]:
    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:

        def steps(documents: Sequence[Any]) -> Iterator[Any]:
            return iter(bar.track(documents, total=len(documents)))

        async with Door(place.url, place.key, connections=at_once) as door:
            return await history(door, steps)


def _last_words(summary: dict[str, Any]) -> str:
    documents, books = summary["documents"], summary["books"]
    verdict = "The books balance" if books["balanced"] else "THE BOOKS DO NOT BALANCE"
    return (
        f"{verdict}. Changed {documents['changed']:,}, replayed {documents['replayed']:,}, "
        f"refused {documents['refused']:,} in {summary['took_s']} s."
    )
