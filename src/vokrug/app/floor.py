"""The floor a command stands on: settings with a secret, a database that answers, its address."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import click
import msgspec

from vokrug.runtime.database import Database, Tx
from vokrug.runtime.postgres import EmbeddedPostgres
from vokrug.runtime.settings import Settings, load_settings, resolve_secret

T = TypeVar("T")


def say(line: str) -> None:
    """A line for the person who started us, kept apart from what a command prints."""
    click.echo(line, err=True)


@contextmanager
def running_database(settings: Settings) -> Iterator[Settings]:
    """The same settings with `database_url`, `reports_url` and `secret` filled in. An embedded database is
    started (or joined, when another process runs it) and left at the end."""
    settings = resolve_secret(settings)
    if settings.database_url is not None:
        yield _with_urls(settings, settings.database_url)
        return
    server = EmbeddedPostgres(settings.data_dir, note=say)
    url = server.start()
    try:
        yield _with_urls(settings, url)
    finally:
        server.stop()


def _with_urls(settings: Settings, url: str) -> Settings:
    return msgspec.structs.replace(settings, database_url=url, reports_url=settings.reports_url or url)


def transact(work: Callable[[Tx, Settings], Awaitable[T]]) -> T:
    """What a command does in one transaction."""

    async def run(settings: Settings) -> T:
        assert settings.database_url is not None, "a running database has an address"
        db = await Database.connect(settings.database_url, max_size=1)
        try:
            async with db.transaction() as tx:
                return await work(tx, settings)
        finally:
            await db.close()

    with running_database(load_settings()) as settings:
        return asyncio.run(run(settings))


def ask(question: Callable[[Tx], Awaitable[T]], *, of_reports: bool = False) -> T:
    """What a command asks in one snapshot; `of_reports`: where reports read, which may be a replica."""

    async def run(settings: Settings) -> T:
        url = settings.reports_url if of_reports else settings.database_url
        assert url is not None, "a running database has an address"
        db = await Database.connect(url, max_size=1)
        try:
            async with db.transaction(isolation="repeatable_read", readonly=True) as tx:
                return await question(tx)
        finally:
            await db.close()

    with running_database(load_settings()) as settings:
        return asyncio.run(run(settings))
