"""The one way to PostgreSQL: a pool, a transaction, and rows turned into types.

Operations receive a `Tx`. What must be the last thing of a transaction (the event log's head rows)
is registered with `tx.before_commit`; it runs once, right before COMMIT.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, TypeVar

import asyncpg

T = TypeVar("T")
Row = asyncpg.Record
Conn: TypeAlias = "asyncpg.Connection[Row]"

CLASHES = (
    asyncpg.exceptions.DeadlockDetectedError,
    asyncpg.exceptions.SerializationError,
    asyncpg.exceptions.LockNotAvailableError,
)


class Overtaken(Exception):
    """A story noticed that what it had read has changed since: told again, it sees what is there now."""


# A key lost to a faster writer is worth another try too: the story, told again, finds what he wrote.
REPLAYED = (*CLASHES, asyncpg.exceptions.UniqueViolationError, Overtaken)


class Tx:
    """One transaction. All SQL goes through the six verbs below."""

    def __init__(self, connection: Conn, shared: Mapping[Any, Any] | None = None) -> None:
        self.connection = connection
        self.shared = shared or {}  # what the database's owner lets every transaction use
        self.attachments: dict[Any, Any] = {}
        self._before_commit: list[Callable[[], Awaitable[None]]] = []

    async def all(self, kind: type[T], sql: str, *args: object) -> list[T]:
        """Rows as `kind`, whose fields bear the columns' names."""
        return [kind(**row) for row in await self.connection.fetch(sql, *args)]

    async def one(self, kind: type[T], sql: str, *args: object) -> T:
        found = await self.maybe(kind, sql, *args)
        assert found is not None, "a row that must exist is missing"
        return found

    async def maybe(self, kind: type[T], sql: str, *args: object) -> T | None:
        row = await self.connection.fetchrow(sql, *args)
        return None if row is None else kind(**row)

    async def rows(self, sql: str, *args: object) -> Sequence[Row]:
        return await self.connection.fetch(sql, *args)

    async def value(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        return await self.connection.fetchval(sql, *args)

    async def run(self, sql: str, *args: object) -> int:
        """Execute, and say how many rows were touched."""
        status = await self.connection.execute(sql, *args)
        count = status.rpartition(" ")[2]
        return int(count) if count.isdigit() else 0

    async def run_many(self, sql: str, rows: Iterable[Sequence[object]]) -> None:
        await self.connection.executemany(sql, rows)

    def before_commit(self, work: Callable[[], Awaitable[None]]) -> None:
        self._before_commit.append(work)

    async def finish(self) -> None:
        while self._before_commit:
            await self._before_commit.pop(0)()


CONNECT_WITHIN_S = 5.0


async def connect(*where: Any, **how: Any) -> Any:
    """A connection. A database that is starting has no socket file yet, and one out of reach never answers:
    both have refused us.
    """
    try:
        return await asyncpg.connect(*where, **{"timeout": CONNECT_WITHIN_S, **how})
    except (FileNotFoundError, TimeoutError) as error:
        raise ConnectionRefusedError(f"no database: {type(error).__name__}") from error


async def _as_it_is(connection: Any) -> None:
    """How a connection comes back: a session sets nothing beyond its transaction, so there is nothing to reset, which
    would be a round trip. A transaction that somebody left open the pool has ended before it asks us.
    """


class Database:
    """A pool of connections to one PostgreSQL."""

    def __init__(self, pool: "asyncpg.Pool[Row]") -> None:
        self.pool = pool
        self.shared: dict[Any, Any] = {}

    @classmethod
    async def connect(cls, url: str, *, min_size: int = 1, max_size: int = 10, **server_settings: str) -> "Database":
        """`server_settings` are PostgreSQL settings of each session, such as `plan_cache_mode`."""
        pool = await asyncpg.create_pool(
            url,
            connect=connect,
            reset=_as_it_is,
            min_size=min_size,
            max_size=max_size,
            server_settings={
                "application_name": "vokrug",
                "timezone": "UTC",
                "jit": "off",
                **server_settings,
            },
        )
        return cls(pool)

    async def close(self) -> None:
        await self.pool.close()

    @asynccontextmanager
    async def transaction(self, *, isolation: str = "read_committed", readonly: bool = False) -> AsyncIterator[Tx]:
        async with (
            self.pool.acquire() as connection,
            connection.transaction(isolation=isolation, readonly=readonly),  # type: ignore[arg-type]
        ):
            tx = Tx(connection, self.shared)  # type: ignore[arg-type]
            yield tx
            await tx.finish()

    @asynccontextmanager
    async def one_read(self) -> AsyncIterator[Tx]:
        """For a story of one statement that reads: PostgreSQL needs no word before and after it."""
        async with self.pool.acquire() as connection:
            yield Tx(connection, self.shared)  # type: ignore[arg-type]

    async def replayed(self, story: Callable[[Tx], Awaitable[T]], *, tries: int = 5) -> T:
        """Run a story in a transaction; on a clash with others run it again from its start."""
        for attempt in range(tries):
            try:
                async with self.transaction() as tx:
                    return await story(tx)
            except REPLAYED:
                if attempt == tries - 1:
                    raise
                await asyncio.sleep(random.uniform(0.002, 0.02) * 2**attempt)
        raise AssertionError("unreachable")

    async def ping(self, *, within_s: float = 2) -> None:
        async with asyncio.timeout(within_s):
            await self.pool.fetchval("select 1")
