"""A disk that is really full: PostgreSQL on a small file system of its own."""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from tests.events.conftest import NOON, SHOP, SHOPPER, Sold
from vokrug.events import publish, synchronise
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate
from vokrug.runtime.postgres import EmbeddedPostgres

SIZE_MB, LEAVE_BYTES = 320, 3 * 2**20
SMALL = {"shared_buffers": "32MB", "wal_recycle": "off", "max_wal_size": "48MB", "min_wal_size": "32MB"}
AT_ONCE, MOST = 100, 100_000


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system in memory. Only root may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="vokrug-disk-", dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_MB}m,mode=0711", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        folder.rmdir()
        pytest.skip("only root may mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)
    folder.rmdir()


def fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - LEAVE_BYTES)
    return filler


async def tells(db: Database, first: int) -> list[int]:
    """A hundred facts in a transaction."""
    told = list(range(first, first + AT_ONCE))
    async with db.transaction() as tx:
        for number in told:
            await publish(tx, Sold(number), key=number % 8, subject=str(SHOPPER), at=NOON)
    return told


async def numbers(url: str) -> list[int]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(
        "select (convert_from(data, 'UTF8')::jsonb ->> 'number')::int as n from events_log order by 1"
    )
    await connection.close()
    return [row["n"] for row in rows]


def test_what_was_acknowledged_before_the_disk_was_full_is_there_and_telling_goes_on(small_disk: Path) -> None:
    """Telling fails loudly, PostgreSQL even gives up; with room again all that was acknowledged is there, once."""
    server = EmbeddedPostgres(small_disk, note=lambda _: None, _overrides=SMALL)
    url = server.start()

    async def until_full() -> list[int]:
        await migrate(url)
        db = await Database.connect(url, max_size=2)
        async with db.transaction() as tx:
            await synchronise(tx, NOON, SHOP)
        told: list[int] = []
        try:
            told += await tells(db, 1)
            fill(small_disk)
            for first in range(1 + AT_ONCE, MOST, AT_ONCE):
                told += await tells(db, first)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            return told
        finally:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(db.close(), 5)
        raise AssertionError("the disk was never full")

    async def with_room_again(told: list[int]) -> None:
        assert (await numbers(url))[: len(told)] == told
        db = await Database.connect(url, max_size=2)
        before = await numbers(url)
        more = await tells(db, MOST)
        assert await numbers(url) == [*before, *more]
        assert len(before) - len(told) in (0, AT_ONCE), "one commit was in doubt when it failed"
        await db.close()

    try:
        told = asyncio.run(until_full())
        assert len(told) >= AT_ONCE
        (small_disk / "filler").unlink()
        server.kill()
        url = server.start()
        asyncio.run(with_room_again(told))
    finally:
        server.stop()
