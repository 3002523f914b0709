"""`vokrug settings`: what this process would run with."""

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vokrug import _compiled
from vokrug.runtime.settings import describe_settings, load_settings, show_value


@click.command()
def command() -> None:
    """Show every setting with its value; secrets are masked."""
    settings = load_settings()
    table = Table("setting", "value", "default", "meaning")
    for info in describe_settings():
        words = (info.name, show_value(settings, info.name), info.default, info.description)
        table.add_row(*(escape(word) for word in words))
    console = Console()
    console.print(table)
    console.print(f"Hot modules: {HOT[_compiled.state]}")


HOT = {
    "used": "machine code.",
    "stale": "plain Python, for their sources have changed since they were compiled; `make setup` compiles them again.",
    "none": "plain Python; `make setup` compiles them, which takes a fifth or more off the processor time of a sale.",
}
