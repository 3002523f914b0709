"""`vokrug migrate`: bring the database up to date."""

import asyncio

import click

from vokrug.app.floor import running_database
from vokrug.runtime.migrations import migrate
from vokrug.runtime.settings import load_settings


@click.command()
@click.option("--dry-run", is_flag=True, help="Only name what would be applied.")
def command(dry_run: bool) -> None:
    """Apply the migrations that are missing. Safe to repeat, and to run from several places at once."""
    with running_database(load_settings()) as settings:
        assert settings.database_url is not None, "a running database has an address"
        names = asyncio.run(migrate(settings.database_url, dry_run=dry_run))
    for name in names:
        click.echo(f"{'would apply' if dry_run else 'applied'} {name}")
    if not names:
        click.echo("The database is up to date.")
