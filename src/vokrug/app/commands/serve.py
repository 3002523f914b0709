"""`vokrug serve`: everything, in one process by default."""

import asyncio
import importlib
import importlib.util
import signal
from types import FrameType

import click
import msgspec

from vokrug.app.floor import running_database, say
from vokrug.kernel import Refusal, Text
from vokrug.runtime.migrations import migrate
from vokrug.runtime.settings import load_settings


class ServingMissing(Refusal):
    """This build has nothing to serve"""

    code, status = "serving_missing", 500
    cashier = Text(en="This build has nothing to serve yet.", ru="В этой сборке пока нечего запускать.")


@click.command()
@click.option("--sample", is_flag=True, help="Fill an empty database with a sample chain to play with.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on, instead of VOKRUG_PORT.")
def command(sample: bool, port: int | None) -> None:
    """Start the database, bring it up to date, answer requests, run jobs."""
    settings = load_settings()
    if port is not None:
        settings = msgspec.structs.replace(settings, port=port)
    if importlib.util.find_spec("vokrug.app.serve") is None:
        raise ServingMissing
    signal.signal(signal.SIGTERM, _leave)  # until the server listens itself, leave as by Ctrl-C
    try:
        with running_database(settings) as ready:
            assert ready.database_url is not None, "a running database has an address"
            if applied := asyncio.run(migrate(ready.database_url)):
                say(f"Applied {len(applied)} migrations, the last one {applied[-1]}.")
            importlib.import_module("vokrug.app.serve").run(ready, sample=sample)
    except KeyboardInterrupt:
        say("Stopped.")


def _leave(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
