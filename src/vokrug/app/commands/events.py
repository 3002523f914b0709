"""`vokrug events`: what an operator does with the stream of facts."""

import click

from vokrug.app.subscriptions import compact, subscriptions


@click.group()
def command() -> None:
    """The stream of facts and those who read it."""


command.add_command(subscriptions)
command.add_command(compact)
