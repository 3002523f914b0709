"""`vokrug simulate`: the world around, for trials."""

import asyncio
import signal

import click

from vokrug.app.operator import operating


@click.group()
def command() -> None:
    """The world around, for trials."""


@command.command()
@click.option("--http", "http_port", type=click.IntRange(0, 65535), default=8090, show_default=True)
@click.option("--smpp", "smpp_port", type=click.IntRange(0, 65535), default=2775, show_default=True)
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option(
    "--throttle-every", type=click.IntRange(0, 1000), default=0, help="Each n-th packet is told to slow down."
)
@click.option("--refuse", type=click.IntRange(0, 100), default=0, help="So many of a hundred are not taken.")
@click.option("--undelivered", type=click.IntRange(0, 100), default=0, help="So many of a hundred never arrive.")
def operator(http_port: int, smpp_port: int, host: str, throttle_every: int, refuse: int, undelivered: int) -> None:
    """A mobile operator: real SMPP 3.4, calls, and a page with all that came to its phones.

    Point VOKRUG_MESSAGES_URL at smpp://any:any@127.0.0.1:2775 (and VOKRUG_MESSAGES_OTHER_URL at
    http://127.0.0.1:8090/messages), or at the latter alone.
    """

    async def operate() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        async with operating(http_port, smpp_port, host) as at_work:
            behaviour = at_work.phones.behaviour
            behaviour.throttle_every, behaviour.refuse, behaviour.undelivered = throttle_every, refuse, undelivered
            click.echo(f"Phones at http://{host}:{at_work.http_port}/, SMPP on port {at_work.smpp_port}. Ctrl-C stops.")
            await stop.wait()

    asyncio.run(operate())
