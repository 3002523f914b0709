"""`vokrug sample`: the keys of the sample chain."""

import click

from vokrug.app.sample.card import read_keys
from vokrug.runtime.settings import load_settings


@click.group()
def command() -> None:
    """Look at the sample chain that `vokrug serve --sample` made."""


@command.command()
@click.option("--staff", is_flag=True, help="The key of staff instead of the till's.")
def key(staff: bool) -> None:
    """Print the sandbox key of the sample's till, for `Authorization: Bearer`."""
    keys = read_keys(load_settings())
    click.echo(keys.staff if staff else keys.till)
