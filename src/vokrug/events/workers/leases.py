"""The leases of one process.

Each second it says that it lives, takes what is free up to its fair share, and lets go of what is above it.
What it believes to hold between two beats is only a hint where to try: every effect names its lease's
epoch in its own transaction, so a process that was paused for an hour does nothing twice.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from vokrug.events.workers import rules, store
from vokrug.events.workers.types import Hold, Share
from vokrug.kernel import new_id
from vokrug.runtime.database import Database

logger = logging.getLogger(__name__)

BEAT_S = 1.0
LIVES = timedelta(seconds=6)


class Leases:
    """What one worker holds."""

    def __init__(self, db: Database, works: Sequence[str], *, lives: timedelta = LIVES, beat_s: float = BEAT_S) -> None:
        self.worker: UUID = new_id()
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self._db = db
        self._works = sorted(works)
        self._lives = lives
        self._beat_s = beat_s
        self._held: dict[Share, Hold] = {}
        self._has_offered = False

    def of(self, work: str) -> Mapping[int, Hold]:
        """The partitions of a work that are ours, as far as we know."""
        return {share.partition: hold for share, hold in self._held.items() if share.work == work}

    async def run(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.beat()
            except Exception as error:
                logger.warning("leases: the database does not answer (%s)", type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), self._beat_s)
        with contextlib.suppress(Exception):
            await self.leave()

    async def beat(self) -> None:
        """Live on, and hold a fair share."""
        async with self._db.transaction() as tx:
            await store.beat(tx, self.worker, self.name, self._works, self._lives)
            await store.one_at_a_time(tx)
            if not self._has_offered:
                await store.offer(tx, self._works)
                await store.forget(tx, None)
            living = await store.living(tx) | {self.worker: self._works}
            leases = await store.leases(tx, self._works, self.worker)
            lets_go, takes = rules.plan(self.worker, living, leases)
            if lets_go:
                await store.free(tx, self.worker, lets_go)
            if takes:
                await store.take(tx, self.worker, takes)
            held = await store.held(tx, self.worker)
        self._has_offered = True
        self._held = held

    async def leave(self) -> None:
        """Let go of everything at once, so that nobody has to wait until we are given up."""
        self._held = {}
        async with self._db.transaction() as tx:
            await store.leave(tx, self.worker)
