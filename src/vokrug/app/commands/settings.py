"""`vokrug settings`: what this process would run with."""

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vokrug.runtime.settings import describe_settings, load_settings, show_value


@click.command()
def command() -> None:
    """Show every setting with its value; secrets are masked."""
    settings = load_settings()
    table = Table("setting", "value", "default", "meaning")
    for info in describe_settings():
        words = (info.name, show_value(settings, info.name), info.default, info.description)
        table.add_row(*(escape(word) for word in words))
    Console().print(table)
