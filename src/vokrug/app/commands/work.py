"""`vokrug work`: reactions, relays, webhooks and jobs, in as many processes on as many hosts as they need."""

import asyncio
import contextlib
import importlib
import signal

import click

from vokrug.app.floor import running_database, say
from vokrug.runtime.settings import Settings, load_settings


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 100), default=4, show_default=True)
def command(concurrency: int) -> None:
    """Run reactions, relays, webhooks, jobs and schedules without answering requests.

    Start as many as you like beside `vokrug serve`: they share the partitions of every reaction and relay, and
    who goes away is replaced. `vokrug events workers` shows who holds what.
    """
    with running_database(load_settings()) as settings, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_work(settings, concurrency))


async def _work(settings: Settings, concurrency: int) -> None:
    """The same long-lived parts as in `vokrug serve`, without its port."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    wiring = importlib.import_module("vokrug.app.wiring")
    async with wiring.living(settings, jobs_at_once=concurrency):
        say("Working. Ctrl-C stops.")
        await stop.wait()
