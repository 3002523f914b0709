"""Waiting for news: one question in a process, whoever waits and however many."""

import asyncio
import contextlib
from collections.abc import Mapping

from vokrug.events.subscriptions import store
from vokrug.runtime.database import Database

LOOK_EVERY_S = 0.1


class LogWatch:
    """Looks at the heads of the log while somebody waits, and wakes everybody when one has moved."""

    def __init__(self, db: Database, *, every_s: float = LOOK_EVERY_S) -> None:
        self._db = db
        self._every_s = every_s
        self._heads: dict[int, int] = {}
        self._moved = asyncio.Event()
        self._waiting = 0
        self._looking: asyncio.Task[None] | None = None

    async def wait(self, seen: Mapping[int, int], within_s: float) -> bool:
        """Until the log has gone past what was seen; False when it did not in time."""
        self._waiting += 1
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            async with asyncio.timeout(within_s):
                while not any(self._heads.get(partition, 0) > position for partition, position in seen.items()):
                    await self._moved.wait()
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def _look(self) -> None:
        while self._waiting:
            # Whoever waits hears of a database that is away from its own next question.
            with contextlib.suppress(Exception):
                async with self._db.transaction(readonly=True) as tx:
                    heads = await store.heads(tx)
                if heads != self._heads:
                    self._heads = heads
                    moved, self._moved = self._moved, asyncio.Event()
                    moved.set()
            await asyncio.sleep(self._every_s)
