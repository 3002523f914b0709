"""The floor a command stands on: settings with a secret, a database that answers, its address."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
import msgspec

from vokrug.runtime.postgres import EmbeddedPostgres
from vokrug.runtime.settings import Settings, resolve_secret


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
