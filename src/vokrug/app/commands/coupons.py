"""`vokrug coupons`: codes by the million, into a file."""

import asyncio
import hashlib
import sys
from datetime import datetime
from pathlib import Path
from uuid import UUID, uuid4

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from vokrug import promotions
from vokrug.app.floor import running_database
from vokrug.kernel import Clock
from vokrug.promotions.coupons import errors, issuing, store
from vokrug.runtime.database import Database
from vokrug.runtime.settings import Settings, load_settings


@click.group()
def command() -> None:
    """Make coupon codes."""


@command.command()
@click.argument("pool")
@click.option("--count", type=click.IntRange(1, 100_000_000), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="A code a line.")
@click.option("--id", "issue_id", type=click.UUID, help="Of an issue that broke off: the same codes, then the rest.")
def issue(pool: str, count: int, out: Path, issue_id: UUID | None) -> None:
    """Issue codes of POOL (its key) into a file. What is in the file is in the database."""
    issue_id = issue_id or uuid4()
    click.echo(f"issue {issue_id}", err=True)
    with running_database(load_settings()) as settings:
        asyncio.run(_issue(settings, pool, issue_id, count, out, Clock().now()))


async def _issue(settings: Settings, key: str, issue_id: UUID, count: int, out: Path, now: datetime) -> None:
    assert settings.database_url, "the floor fills in the address"
    assert settings.secret, "the floor fills in the secret"
    keys = promotions.CouponKeys(hashlib.sha256(settings.secret.encode()).digest(), settings.coupon_codes)
    db = await Database.connect(settings.database_url, max_size=2)
    columns = (TextColumn(key), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    try:
        async with db.transaction() as tx:
            found = {pool.key: pool for pool in await store.list_pools(tx)}.get(key)
            if found is None:
                raise errors.PoolUnknown(pool=key)
            pool, begun = await issuing.begin_issue(tx, found.id, issue_id, count, by="command", now=now)
        with out.open("w") as file, Progress(*columns, console=Console(file=sys.stderr)) as bar:
            task = bar.add_task(key, total=count)
            async for codes in issuing.issued(db, keys, pool, begun):
                file.write("\n".join(codes) + "\n")
                bar.advance(task, len(codes))
    finally:
        await db.close()
