"""`vokrug work`: reactions, relays and jobs, in as many processes on as many hosts as they need."""

import asyncio
import contextlib
import importlib
import signal

import click

from vokrug.app.floor import running_database, say
from vokrug.app.streams import Streams, open_streams_database
from vokrug.events import Installation
from vokrug.kernel import Clock, MovedClock
from vokrug.runtime.database import Database
from vokrug.runtime.http import Services
from vokrug.runtime.jobs import Worker
from vokrug.runtime.settings import Settings, load_settings


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 100), default=4, show_default=True)
def command(concurrency: int) -> None:
    """Run reactions, relays, jobs and schedules without answering requests.

    Start as many as you like beside `vokrug serve`: they share the partitions of every reaction and relay, and
    who goes away is replaced. `vokrug events workers` shows who holds what.
    """
    with running_database(load_settings()) as settings, contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_work(settings, concurrency))


async def _work(settings: Settings, concurrency: int) -> None:
    assert settings.database_url is not None, "a running database has an address"
    assert settings.reports_url is not None, "reports read somewhere"
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    db = await Database.connect(settings.database_url, max_size=concurrency + 2)
    reports = await Database.connect(settings.reports_url)
    clock = MovedClock() if settings.clock == "movable" else Clock()
    say("Working. Ctrl-C stops.")
    services = Services(db, reports, clock)
    streams_db = await open_streams_database(settings.database_url)
    wiring = importlib.import_module("vokrug.app.wiring")
    streams = Streams(streams_db, clock, settings, wiring.REACTIONS, installation=Installation("local"))
    worker = Worker(settings.database_url, services, list(wiring.JOBS), concurrency=concurrency)
    try:
        await asyncio.gather(worker.run(stop), streams.run(stop))
    finally:
        for database in (db, reports, streams_db):
            await database.close()
