"""A chain to play with: twelve shops from Kaliningrad to Kamchatka with three months of trade behind them.

`chain`, `goods` and `people` invent it, `history` plans its days, `filling` lives them through the operations that
tills and marketers use, `card` keeps its keys and says where everything is.
"""

from datetime import UTC, datetime, timedelta

import uvloop
from click import echo
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from vokrug.app.sample.card import card_text, keys_for
from vokrug.app.sample.chain import CHAIN
from vokrug.app.sample.filling import Made, fill, has_a_chain, made_so_far
from vokrug.app.sample.history import Size
from vokrug.app.sample.playground import print_gift_cards
from vokrug.kernel import Clock
from vokrug.runtime.database import Database
from vokrug.runtime.settings import Settings

ORDINARY = Size()


def prepare_sample(settings: Settings, size: Size = ORDINARY) -> bool:
    """Make the chain if the database is empty, go on if an earlier start was interrupted; then say how to reach it.
    Answers whether there is a sample now."""
    return uvloop.run(_prepare(settings, size))


async def _prepare(settings: Settings, size: Size) -> bool:
    assert settings.database_url, "the floor fills in the address"
    db = await Database.connect(settings.database_url)
    try:
        made = await made_so_far(db)
        if made is None and await has_a_chain(db):
            echo("This database has a chain of its own: the sample stays away.", err=True)
            echo(f"Vokrug answers on http://{settings.host}:{settings.port}, API at /docs", err=True)
            return False
        if made is None:
            # The last day of the history is yesterday, whole in every zone of the chain.
            made = Made.nothing(datetime.now(UTC).date() - timedelta(days=size.days), size)
        if not made.is_ready:
            await _fill(settings, made)
        async with db.transaction() as tx:
            await print_gift_cards(tx, settings, Clock().now())
        echo(card_text(settings, await keys_for(settings, db)), err=True)
        return True
    finally:
        await db.close()


async def _fill(settings: Settings, made: Made) -> None:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[day]}"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(f"Three months of «{CHAIN}»", total=made.days + 1, day="")
        sales = await fill(settings, made, lambda done, day: progress.update(bar, completed=done, day=day))
    console.print(f"{sales:,} sales are in the books.".replace(",", " "))
