"""Connections go back to the pool as they are: what one user did must not reach the next."""

import pytest
from asyncpg.exceptions import DivisionByZeroError

from vokrug.runtime.database import Database


async def test_a_transaction_that_somebody_left_open_ends_when_its_connection_comes_back(database_url: str) -> None:
    db = await Database.connect(database_url, max_size=1)
    try:
        connection = await db.pool.acquire()
        await connection.execute("create table left_behind (id int)")
        await connection.execute("begin")
        await connection.execute("insert into left_behind values (1)")
        await db.pool.release(connection)
        async with db.one_read() as tx:
            assert await tx.value("select count(*) from left_behind") == 0
            assert not tx.connection.is_in_transaction()
    finally:
        await db.close()


async def test_a_story_that_fails_leaves_a_connection_that_can_be_used(database_url: str) -> None:
    db = await Database.connect(database_url, max_size=1)
    try:
        with pytest.raises(DivisionByZeroError):
            await fails(db)
        async with db.one_read() as tx:
            assert await tx.value("show lock_timeout") == "0"
    finally:
        await db.close()


async def fails(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.run("set local lock_timeout = 77")
        await tx.value("select 1 / 0")
