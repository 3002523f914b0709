"""Connections of the hot path: held for good, one statement at a time, each statement its own transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from vokrug.runtime.database import Conn, Tx, connect


class Lanes:
    """A few connections; a broken one is replaced when it is needed next."""

    # A plan made once is right for every batch; planning anew costs more than running.
    SETTINGS = {  # noqa: RUF012
        "application_name": "vokrug-hot",
        "timezone": "UTC",
        "jit": "off",
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        # An index that is in order already makes a wallet of thousands of lots as cheap as one of three.
        "enable_bitmapscan": "off",
        "enable_sort": "off",
        "enable_incremental_sort": "off",
        "statement_timeout": "15000",
    }

    def __init__(self, url: str, count: int) -> None:
        self._url, self._count = url, count
        self._free: list[Any] = [None] * count

    @asynccontextmanager
    async def statement(self) -> AsyncIterator[Tx]:
        """A lane for one statement. There are as many lanes as workers, so one is always free."""
        connection: Any = self._free.pop()
        try:
            if connection is None or connection.is_closed():
                connection = await connect(self._url, server_settings=self.SETTINGS)
            yield Tx(connection)
        finally:
            self._free.append(connection)

    async def close(self) -> None:
        for connection in self._free:
            if connection is not None:
                lane: Conn = connection
                await lane.close(timeout=5)
        self._free = [None] * self._count
