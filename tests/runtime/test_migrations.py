"""Migrations: twice, at once, broken, changed, and before a locked door."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from vokrug.kernel import new_id
from vokrug.runtime.migrations import (
    Migration,
    MigrationChanged,
    MigrationFailed,
    MigrationMalformed,
    migrate,
    read_migrations,
)
from vokrug.runtime.postgres import create_database, drop_database

SHELF = Migration("0001_before_shelf", "create table shelf (id int); insert into shelf values (1);")
LABEL = Migration("0002_before_label", "alter table shelf add label text;")


@pytest.fixture
def empty_url(postgres_base: str) -> Iterator[str]:
    """A database without a table."""
    name = f"empty_{new_id().hex}"
    create_database(f"{postgres_base}/postgres", name)
    yield f"{postgres_base}/{name}"
    drop_database(f"{postgres_base}/postgres", name)


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def test_a_second_run_does_nothing(empty_url: str) -> None:
    assert await migrate(empty_url, migrations=[SHELF, LABEL]) == [SHELF.name, LABEL.name]
    assert await migrate(empty_url, migrations=[SHELF, LABEL]) == []
    assert await ask(empty_url, "select count(*) from shelf") == 1


async def test_two_processes_at_once_apply_each_step_once(empty_url: str) -> None:
    runs = await asyncio.gather(*(migrate(empty_url, migrations=[SHELF, LABEL]) for _ in range(4)))
    assert sorted(name for run in runs for name in run) == [SHELF.name, LABEL.name]
    assert await ask(empty_url, "select count(*) from shelf") == 1


async def test_a_dry_run_names_what_is_missing_and_changes_nothing(empty_url: str) -> None:
    assert await migrate(empty_url, migrations=[SHELF], dry_run=True) == [SHELF.name]
    assert await ask(empty_url, "select count(*) from pg_tables where schemaname = 'public'") == 0


async def test_broken_sql_leaves_nothing_half_done(empty_url: str) -> None:
    broken = Migration("0002_before_broken", "create table half (id int); select no_such_function();")
    with pytest.raises(MigrationFailed, match="0002_before_broken"):
        await migrate(empty_url, migrations=[SHELF, broken, LABEL])
    assert await ask(empty_url, "select to_regclass('half') is null and to_regclass('shelf') is not null")
    assert await migrate(empty_url, migrations=[SHELF, LABEL]) == [LABEL.name]


async def test_a_changed_step_is_refused_by_name_and_nothing_else_runs(empty_url: str) -> None:
    await migrate(empty_url, migrations=[SHELF])
    changed = Migration(SHELF.name, SHELF.sql + " -- changed")
    with pytest.raises(MigrationChanged, match=SHELF.name):
        await migrate(empty_url, migrations=[changed, LABEL])
    assert await migrate(empty_url, migrations=[SHELF, LABEL], dry_run=True) == [LABEL.name]


async def test_a_locked_table_is_given_way_to_and_tried_again(empty_url: str) -> None:
    await migrate(empty_url, migrations=[SHELF])
    seller = await asyncpg.connect(empty_url)
    sale = seller.transaction()
    await sale.start()
    await seller.execute("update shelf set id = 2")
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        """The sale goes on while the migration stands aside, and ends before its second try."""
        pauses.append(seconds)
        assert await ask(empty_url, "select count(*) from shelf") == 1
        await sale.commit()

    assert await migrate(empty_url, migrations=[SHELF, LABEL], lock_timeout_ms=20, sleep=pause) == [LABEL.name]
    assert len(pauses) == 1
    await seller.close()


async def test_a_table_locked_for_good_is_refused_by_name(empty_url: str) -> None:
    await migrate(empty_url, migrations=[SHELF])
    seller = await asyncpg.connect(empty_url)

    async def pause(seconds: float) -> None:
        pass

    async with seller.transaction():
        await seller.execute("update shelf set id = 2")
        with pytest.raises(MigrationFailed, match="stayed locked"):
            await migrate(empty_url, migrations=[SHELF, LABEL], lock_timeout_ms=5, sleep=pause)
    await seller.close()
    assert await migrate(empty_url, migrations=[SHELF, LABEL], dry_run=True) == [LABEL.name]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"1_before_x": "select 1"}, "a name reads"),
        ({"0001_during_x": "select 1"}, "a name reads"),
        ({"0001_before_x": "select 1", "0001_before_y": "select 1"}, "taken by 0001_before_x"),
        ({"0001_before_x": "select 1;\ncommit;"}, "transaction of its own"),
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, files: dict[str, str], reason: str) -> None:
    for name, sql in files.items():
        (tmp_path / f"{name}.sql").write_text(sql)
    with pytest.raises(MigrationMalformed, match=reason):
        read_migrations(tmp_path)


def test_bodies_of_functions_may_say_begin(tmp_path: Path) -> None:
    body = "create function f() returns int language plpgsql as $$\nbegin\n  return 1;\nend $$;"
    (tmp_path / "0001_before_x.sql").write_text(body)
    assert read_migrations(tmp_path)[-1].sql == body
