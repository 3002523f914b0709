"""`vokrug events`: what an operator does with the stream of facts."""

import click

from vokrug.app.workers import lag, workers


@click.group()
def command() -> None:
    """The stream of facts, who carries it, and how far they are."""


command.add_command(workers)
command.add_command(lag)
