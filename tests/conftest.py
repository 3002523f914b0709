"""Every test gets a real PostgreSQL with a database of its own, cloned from a migrated template.

One throw-away server serves the whole run, all workers together. `VOKRUG_TEST_DATABASE_URL` names
another to use instead, such as `postgresql://me@127.0.0.1:5432`.
"""

import asyncio
import fcntl
import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

from vokrug import events
from vokrug.kernel import new_id
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate, read_migrations
from vokrug.runtime.postgres import EmbeddedPostgres, create_database, drop_database
from vokrug.runtime.postgres_home import throwaway_folder

# How long an example takes says something of the machine, never of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# Nothing here outlives the run, so nothing is waited for.
THROW_AWAY = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
}


@pytest.fixture(scope="session")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all workers of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres_base(run_folder: Path) -> Iterator[str]:
    """The address of a server without a database's name. The last worker to leave stops it."""
    if given := os.environ.get("VOKRUG_TEST_DATABASE_URL"):
        yield given.rstrip("/")
        return
    with _one_worker_at_a_time(run_folder):
        noted = run_folder / "postgres_folder"
        if not noted.exists():
            # Not below pytest's folder: that one is closed to the account which runs PostgreSQL for root.
            noted.write_text(str(throwaway_folder("vokrug-test-")))
        folder = Path(noted.read_text())
        server = EmbeddedPostgres(folder, _overrides=THROW_AWAY)
        base = server.start().rpartition("/")[0]
    yield base
    with _one_worker_at_a_time(run_folder):
        server.stop()
        if server.pid is None:
            noted.unlink(missing_ok=True)
            shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template(postgres_base: str, run_folder: Path) -> Iterator[str]:
    """The name of a migrated database to copy. Its name tells its migrations."""
    marks = "".join(migration.name + migration.checksum for migration in read_migrations())
    name = f"template_{hashlib.sha256((marks + str(run_folder)).encode()).hexdigest()[:16]}"
    admin = f"{postgres_base}/postgres"
    with _one_worker_at_a_time(run_folder):
        if not _exists(admin, name):
            create_database(admin, f"{name}_draft")
            asyncio.run(migrate(f"{postgres_base}/{name}_draft"))
            with psycopg.connect(admin, autocommit=True) as connection:
                connection.execute(f"alter database {name}_draft rename to {name}")
    yield name
    if "PYTEST_XDIST_WORKER" not in os.environ:
        drop_database(admin, name)


@pytest.fixture
def database_url(postgres_base: str, template: str) -> Iterator[str]:
    """The address of a fresh, migrated database."""
    name = f"test_{new_id().hex}"
    admin = f"{postgres_base}/postgres"
    create_database(admin, name, template)
    yield f"{postgres_base}/{name}"
    drop_database(admin, name)


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    database = await Database.connect(database_url)
    async with database.transaction() as tx:
        await events.synchronise(tx, datetime.now(UTC))
    yield database
    await database.close()


def _exists(admin_url: str, name: str) -> bool:
    with psycopg.connect(admin_url) as connection:
        return connection.execute("select from pg_database where datname = %s", [name]).fetchone() is not None


class _one_worker_at_a_time:  # noqa: N801 - reads as the sentence it is
    def __init__(self, folder: Path) -> None:
        self.path = folder / "postgres.lock"

    def __enter__(self) -> None:
        self.file = self.path.open("w")
        fcntl.flock(self.file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self.file.close()
