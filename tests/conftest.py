"""Every test gets a real PostgreSQL with a database of its own, cloned from a migrated template."""

import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

import vokrug
from vokrug import events
from vokrug.kernel import new_id
from vokrug.runtime.database import Database

MIGRATIONS = Path(vokrug.__file__).parent / "migrations"


@pytest.fixture
async def database_url() -> AsyncIterator[str]:
    """The address of a fresh, migrated database."""
    base = os.environ["VOKRUG_TEST_DATABASE_URL"]
    name = f"test_{new_id().hex}"
    admin = await asyncpg.connect(base + "/postgres")
    await admin.execute(f"create database {name}")
    connection = await asyncpg.connect(f"{base}/{name}")
    for file in sorted(MIGRATIONS.glob("*.sql")):
        await connection.execute(file.read_text())
    await connection.close()
    yield f"{base}/{name}"
    await admin.execute(f"drop database {name} with (force)")
    await admin.close()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(database_url)
    async with database.transaction() as tx:
        await events.synchronise(tx, datetime.now(UTC))
    yield database
    await database.close()
