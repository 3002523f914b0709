"""`vokrug work`: jobs only, for as many processes and hosts as the queue needs."""

import asyncio
import contextlib
import importlib
import importlib.util
import signal

import click

from vokrug.app.floor import running_database, say
from vokrug.kernel import Clock, MovedClock
from vokrug.runtime.database import Database
from vokrug.runtime.http import Services
from vokrug.runtime.jobs import Jobs, Worker
from vokrug.runtime.settings import Settings, load_settings


@click.command()
@click.option("--concurrency", type=click.IntRange(1, 100), default=4, show_default=True)
def command(concurrency: int) -> None:
    """Run jobs and schedules without answering requests."""
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
    await _acquaint(settings, services)
    worker = Worker(settings.database_url, services, _domains(), concurrency=concurrency)
    try:
        await worker.run(stop)
    finally:
        await db.close()
        await reports.close()


def _domains() -> list[Jobs]:
    """The jobs of every domain: `vokrug.app.wiring.JOBS`, written where everything is wired."""
    if importlib.util.find_spec("vokrug.app.wiring") is None:
        return []
    return list(importlib.import_module("vokrug.app.wiring").JOBS)


async def _acquaint(settings: Settings, services: Services) -> None:
    """What jobs look for besides the database."""
    from vokrug.app.wiring import directory_of, outside_of

    async with services.db.transaction() as tx:
        services.add(outside_of(await directory_of(tx, settings)))
