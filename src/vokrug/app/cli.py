"""`vokrug <command>`. A command is a file in `commands`, loaded when somebody asks for it."""

import importlib
import locale
import pkgutil
import sys

import click

from vokrug.app import commands
from vokrug.kernel import Refusal


class LazyCommands(click.Group):
    """Finds commands by the names of their files: `vokrug --help` imports them, `vokrug serve` only one."""

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted(module.name.replace("_", "-") for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(context):
            return None
        command = importlib.import_module(f"vokrug.app.commands.{name.replace('-', '_')}").command
        assert isinstance(command, click.Command), f"commands/{name}.py needs a click command called `command`"
        return command


@click.group(cls=LazyCommands)
@click.version_option(package_name="vokrug")
def cli() -> None:
    """Vokrug: everything around one customer."""


def main() -> None:
    """Run a command. An expected refusal is one line and status 1; a mistyped command is status 2."""
    try:
        cli()
    except Refusal as refusal:
        language = "ru" if (locale.getlocale()[0] or "").startswith("ru") else "en"
        click.echo(f"vokrug: {refusal.cashier.say(language, **refusal.facts)}", err=True)
        sys.exit(1)
