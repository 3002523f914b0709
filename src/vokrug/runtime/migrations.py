"""Migrations: numbered plain SQL, each in a transaction of its own.

`NNNN_before_name.sql` runs before the code that needs it, `NNNN_after_name.sql` after the code that
forgot it. The job queue's tables come from its library, whose own numbered files run first.
"""

import asyncio
import hashlib
import importlib.resources
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from vokrug.kernel import Refusal, Text

FOLDER = Path(__file__).parent.parent / "migrations"
NAME = re.compile(r"\d{4}_(before|after)_[a-z0-9_]+")
ENDS_TRANSACTION = re.compile(r"^\s*(begin|start transaction|commit|rollback)\s*;", re.IGNORECASE | re.MULTILINE)
ADVISORY_LOCK = 0x766F6B72  # "vokr"
LOCK_TIMEOUT_MS = 2_000
# A busy table is left alone between tries: sales queue up behind a migration that waits for a lock.
BACKOFF_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)

CREATE_JOURNAL = """
    create table if not exists runtime_migration (
        name text constraint a_migration_is_applied_once primary key,
        checksum text not null,
        applied_at timestamptz not null default clock_timestamp()
    )
"""
LIST_APPLIED = "select name, checksum from runtime_migration"
NOTE_APPLIED = "insert into runtime_migration (name, checksum) values ($1, $2)"
LOCK = "select pg_advisory_lock($1)"
UNLOCK = "select pg_advisory_unlock($1)"

Sleep = Callable[[float], Awaitable[None]]


class MigrationMalformed(Refusal):
    """A migration file cannot be used"""

    code, status = "migration_malformed", 500
    cashier = Text(en="Migration {name}: {reason}.", ru="Миграция {name}: {reason}.")


class MigrationChanged(Refusal):
    """A migration was changed after it had been applied"""

    code, status = "migration_changed", 500
    cashier = Text(
        en="Migration {name} was changed after it had been applied. Restore it and write a new one.",
        ru="Миграция {name} изменена после применения. Верните её и напишите новую.",
    )


class MigrationFailed(Refusal):
    """A migration failed; the database is as it was before it"""

    code, status = "migration_failed", 500
    cashier = Text(
        en="Migration {name} failed and left nothing behind: {reason}.",
        ru="Миграция {name} не выполнена и ничего не изменила: {reason}.",
    )


@dataclass(frozen=True, slots=True)
class Migration:
    """One step. A library may mend a comment in its own, so only ours are held to their checksum."""

    name: str
    sql: str
    is_ours: bool = True

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """Ours, in order, after the job queue's."""
    ours: list[Migration] = []
    for file in sorted(folder.glob("*.sql")):
        migration = Migration(file.stem, file.read_text())
        if not NAME.fullmatch(migration.name):
            raise MigrationMalformed(name=file.name, reason="a name reads NNNN_before_word or NNNN_after_word")
        if ours and ours[-1].name[:4] == migration.name[:4]:
            raise MigrationMalformed(name=file.name, reason=f"its number is taken by {ours[-1].name}")
        if ENDS_TRANSACTION.search(migration.sql):
            raise MigrationMalformed(name=file.name, reason="it begins or ends a transaction of its own")
        ours.append(migration)
    return _queue_migrations() + ours


async def migrate(
    url: str,
    *,
    migrations: Sequence[Migration] | None = None,
    dry_run: bool = False,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
    sleep: Sleep = asyncio.sleep,
) -> list[str]:
    """Apply what is missing and return its names; `dry_run` only names it. Run as often as you like:
    of several processes at once one applies, the others wait and find nothing to do."""
    migrations = read_migrations() if migrations is None else migrations
    connection = await asyncpg.connect(url, server_settings={"application_name": "vokrug migrate"})
    try:
        if dry_run:
            return [migration.name for migration in await _missing(connection, migrations)]
        await connection.fetchval(LOCK, ADVISORY_LOCK)
        await connection.execute(CREATE_JOURNAL)
        missing = await _missing(connection, migrations)
        for migration in missing:
            await _apply_patiently(connection, migration, lock_timeout_ms, sleep)
        await connection.fetchval(UNLOCK, ADVISORY_LOCK)
        return [migration.name for migration in missing]
    finally:
        await connection.close()  # gives the advisory lock back, too


async def _missing(
    connection: "asyncpg.Connection[asyncpg.Record]", migrations: Sequence[Migration]
) -> list[Migration]:
    if await connection.fetchval("select to_regclass('runtime_migration')") is None:
        return list(migrations)
    applied = {row["name"]: row["checksum"] for row in await connection.fetch(LIST_APPLIED)}
    for migration in migrations:
        if migration.is_ours and applied.get(migration.name, migration.checksum) != migration.checksum:
            raise MigrationChanged(name=migration.name)
    return [migration for migration in migrations if migration.name not in applied]


async def _apply_patiently(
    connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration, lock_timeout_ms: int, sleep: Sleep
) -> None:
    for pause_s in (*BACKOFF_S, None):
        try:
            await _apply(connection, migration, lock_timeout_ms)
            break
        except asyncpg.LockNotAvailableError as error:
            if pause_s is None:
                raise MigrationFailed(name=migration.name, reason="a table stayed locked by others") from error
            await sleep(pause_s)
        except asyncpg.PostgresError as error:
            raise MigrationFailed(name=migration.name, reason=str(error)) from error


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration, lock_timeout_ms: int) -> None:
    async with connection.transaction():
        await connection.execute(f"set local lock_timeout = {lock_timeout_ms}")
        await connection.execute(migration.sql)
        await connection.execute(NOTE_APPLIED, migration.name, migration.checksum)


def _queue_migrations() -> list[Migration]:
    """The queue library's own steps. A newer release brings more of them, and they are applied then."""
    folder = importlib.resources.files("procrastinate.sql") / "migrations"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    return [Migration("procrastinate/" + f.name.removesuffix(".sql"), f.read_text(), is_ours=False) for f in files]
