"""A directory with a secret of its own, a collector of facts, and a picture of all our tables."""

from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from vokrug.customers import Directory, Vault
from vokrug.runtime.database import Database, Tx

from .till import Picture, Shop


@pytest.fixture
async def directory(db: Database) -> Directory:
    async with db.transaction() as tx:
        return await Directory.load(tx, Vault(b"a secret only for these tests..." * 2))


@pytest.fixture
def facts(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the stories published, in order."""
    told: list[Any] = []

    async def publish(tx: Tx, fact: object, *, key: int, subject: str, at: datetime, id: UUID | None = None) -> None:
        told.append(fact)

    monkeypatch.setattr("vokrug.events.publish", publish)
    return told


OUR_TABLES = "select tablename from pg_tables where tablename like 'customers\\_%' order by 1"


@pytest.fixture
def picture(db: Database) -> Picture:
    """Every row of every table of ours, as text: two equal pictures mean that nothing changed."""

    async def take() -> dict[str, list[str]]:
        async with db.transaction() as tx:
            names = [row["tablename"] for row in await tx.rows(OUR_TABLES)]
            return {
                name: [row["line"] for row in await tx.rows(f"select t::text as line from {name} t order by 1")]
                for name in names
            }

    return take


@pytest.fixture
def shop(db: Database, directory: Directory) -> Shop:
    return Shop(db, directory)
