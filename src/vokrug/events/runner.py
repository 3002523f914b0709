"""Runs reactions: finds who has something to read, and lets each read in its own transaction.

Any number of processes may run the same reactions. The row of a reaction's offset in a partition is the
lock on that partition; who does not get it goes on to the next. With leases each process tries only what it
holds, and proves it in the transaction of the effect. A batch is tried as a whole; when it
fails, its facts are taken one by one, the one that fails is parked, and later facts of its key are parked
behind it untried. Parked facts are tried again in order while everything else flows past them.
"""

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

import asyncpg

from vokrug.events import places, rules
from vokrug.events.feeds import Feed, LogFeed
from vokrug.events.places import Work
from vokrug.events.reactions import Reaction
from vokrug.events.types import Envelope
from vokrug.events.workers.leases import Leases
from vokrug.kernel import Clock
from vokrug.runtime.database import Database, Tx

logger = logging.getLogger(__name__)

PAUSE_SHORTEST_S, PAUSE_LONGEST_S = 0.05, 1.0

LOST_CONNECTION = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
)


class ReactionRunner:
    """The reactions of one process."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        reactions: Iterable[Reaction],
        *,
        width: int = 4,
        leases: Leases | None = None,
        feed: Feed | None = None,
    ) -> None:
        """`width` reactions work at the same time, each on a connection of its own.

        Facts come from the log, or from another `feed`, which is closed at the end of `run`.
        """
        self._db = db
        self._clock = clock
        self._reactions = {reaction.name: reaction for reaction in reactions}
        self._width = asyncio.Semaphore(width)
        self._nudged = asyncio.Event()
        self._is_enrolled = False
        self._leases = leases
        self._feed = feed or LogFeed()
        self._feed.on_news(self.nudge)

    async def enrol(self) -> None:
        """Give every reaction a place in each partition. Done by both runs; earlier if history matters."""
        async with self._db.transaction() as tx:
            for reaction in self._reactions.values():
                await places.enrol(tx, reaction.name, with_history=reaction.with_history)
        self._is_enrolled = True

    def nudge(self) -> None:
        """A hint from this process that something was told: look now, do not sleep on."""
        self._nudged.set()

    async def run(self, stop: asyncio.Event) -> None:
        """React until told to stop, looking more often while there is something to see."""
        pause_s = PAUSE_SHORTEST_S
        while not stop.is_set():
            moved = False
            try:
                moved = await self._pass()
            except Exception as error:
                logger.warning("reactions: the log cannot be read now (%s)", type(error).__name__)
            pause_s = PAUSE_SHORTEST_S if moved else min(pause_s * 2, PAUSE_LONGEST_S)
            if not moved:
                await self._sleep(stop, pause_s)
        await self._feed.close()

    async def run_once(self) -> None:
        """React to everything told so far, also to what the reactions themselves tell."""
        while await self._pass():
            pass

    async def _sleep(self, stop: asyncio.Event, pause_s: float) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (stop, self._nudged)]
        with contextlib.suppress(TimeoutError):
            await asyncio.wait(waits, timeout=pause_s, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        self._nudged.clear()

    async def _pass(self) -> bool:
        """One turn for everybody who has something to do; did anything move?"""
        if not self._is_enrolled:
            await self.enrol()
        async with self._db.transaction(readonly=True) as tx:
            work = await places.find_work(tx, list(self._reactions), self._clock.now())
        by_name: dict[str, list[Work]] = {}
        for one in self._ours(work):
            by_name.setdefault(one.name, []).append(one)
        moved = await asyncio.gather(*map(self._turns, by_name.values()), return_exceptions=True)
        for outcome in moved:
            if isinstance(outcome, BaseException):
                raise outcome
        return any(moved)

    def _ours(self, work: Iterable[Work]) -> Iterable[Work]:
        if self._leases is None:
            return work
        held = {name: self._leases.of(name) for name in self._reactions}
        return [replace(one, hold=hold) for one in work if (hold := held[one.handler].get(one.partition)) is not None]

    async def _turns(self, work: Sequence[Work]) -> bool:
        async with self._width:
            return any([await self._turn(one) for one in work])

    async def _turn(self, work: Work) -> bool:
        reaction = self._reactions[work.handler]
        moved = False
        while await self._try_parked(work, reaction):
            moved = True
        try:
            return await self._take(work, reaction, reaction.batch, []) or moved
        except Exception as error:
            if _is_lost(error):
                raise
        return await self._take_one_by_one(work, reaction) or moved

    async def _take(self, work: Work, reaction: Reaction, limit: int, trail: list[Envelope]) -> bool:
        """Handle the next facts and move the place past them, in one transaction; did it move?

        `trail` receives each fact before it is handled, so that the caller knows which one failed.
        """
        now = self._clock.now()
        async with self._db.transaction() as tx:
            place = await places.lock_place(tx, work)
            if place is None or place.position >= place.horizon:
                return False
            batch, until = await self._feed.read(tx, work, reaction.types, place, limit)
            if until <= place.position:
                return False
            parked = await places.parked_keys(tx, work)
            for told in batch:
                trail.append(told)
                if told.key in parked:
                    await places.park(tx, work, told, tries=0, retry_at=now, error="waits for an earlier fact", now=now)
                else:
                    await reaction.handle(tx, told, now)
            await places.move_place(tx, work, until)
        return True

    async def _take_one_by_one(self, work: Work, reaction: Reaction) -> bool:
        moved = False
        for _ in range(reaction.batch):
            trail: list[Envelope] = []
            try:
                if not await self._take(work, reaction, 1, trail):
                    return moved
            except Exception as error:
                if _is_lost(error) or not trail:
                    raise
                await self._park_failed(work, reaction, trail[-1], error)
            moved = True
        return moved

    async def _park_failed(self, work: Work, reaction: Reaction, told: Envelope, error: Exception) -> None:
        """Step over a fact that failed. Another process may have taken the place meanwhile: then it knows."""
        now = self._clock.now()
        async with self._db.transaction() as tx:
            place = await places.lock_place(tx, work)
            if place is None or place.position >= told.position:
                return
            retry_at = now + rules.retry_after(1) if reaction.tries > 1 else None
            await places.park(tx, work, told, tries=1, retry_at=retry_at, error=_words(error), now=now)
            await places.move_place(tx, work, told.position)
        _log_failure(work, told, error)

    async def _try_parked(self, work: Work, reaction: Reaction) -> bool:
        """Try the next parked fact whose time has come; was there one?"""
        now = self._clock.now()
        told: Envelope | None = None
        try:
            async with self._db.transaction() as tx:
                if await places.lock_place(tx, work) is None:
                    return False
                if (told := await places.next_due(tx, work, now)) is None:
                    return False
                await reaction.handle(tx, told, now)
                await places.unpark(tx, work.name, work.partition, told.position)
        except Exception as error:
            if _is_lost(error) or told is None:
                raise
            async with self._db.transaction() as tx:
                await self._note_another_failure(tx, work, reaction, told, error, now)
        return True

    async def _note_another_failure(
        self, tx: Tx, work: Work, reaction: Reaction, told: Envelope, error: Exception, now: datetime
    ) -> None:
        if await places.lock_place(tx, work) is None:
            return
        tries = await places.tries(tx, work, told.position) + 1
        await places.tried_again(
            tx,
            work,
            told.position,
            error=_words(error),
            most_tries=reaction.tries,
            retry_at=now + rules.retry_after(tries),
        )
        _log_failure(work, told, error)


def _is_lost(error: Exception) -> bool:
    """Is it the connection that failed, and not the handler? Then nothing is known about the fact."""
    return isinstance(error, LOST_CONNECTION) or (type(error) is asyncpg.InterfaceError and "closed" in str(error))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:500]


def _log_failure(work: Work, told: Envelope, error: Exception) -> None:
    # The error's text may quote a person's data, so it stays in the database.
    logger.warning(
        "reaction %s failed at %s:%s with %s", work.name, work.partition, told.position, type(error).__name__
    )
