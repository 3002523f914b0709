"""Delivers webhooks. Any number of processes on any hosts may run one: rows in the database say whose turn
it is. Each partition of each subscription is a task of its own, so a receiver that hangs or fails holds up
nobody but itself.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable

from vokrug.events.subscriptions.reading import Lenses
from vokrug.events.subscriptions.rules import BREAKER_AFTER, Jitter
from vokrug.events.subscriptions.webhooks import rounds, store
from vokrug.events.subscriptions.webhooks.messages import Writer
from vokrug.events.subscriptions.webhooks.rounds import SENDING_S, Parcel, Round
from vokrug.events.subscriptions.webhooks.sender import Outcome, Sender
from vokrug.events.subscriptions.webhooks.settling import settle
from vokrug.events.types import Installation
from vokrug.kernel import Clock
from vokrug.runtime.database import Database
from vokrug.runtime.signing import Vault

logger = logging.getLogger(__name__)

PAUSE_SHORTEST_S, PAUSE_LONGEST_S = 0.05, 0.5
ERROR_LENGTH = 500


class WebhookDeliverer:
    """The webhooks of one process."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        sender: Sender,
        vault: Vault,
        installation: Installation,
        *,
        origin: str = "vokrug",
        jitter: Jitter = random.random,
        monotonic_s: Callable[[], float] = time.monotonic,
        db_width: int = 4,
    ) -> None:
        """`db_width` transactions at a time, whatever the number of requests under way."""
        self._db = db
        self._clock = clock
        self._sender = sender
        self._vault = vault
        self._lenses = Lenses(installation)
        self._installation = installation
        self._origin = origin
        self._jitter = jitter
        self._monotonic_s = monotonic_s
        self._turns = asyncio.Semaphore(db_width)
        self._running: dict[tuple[str, int], asyncio.Task[bool]] = {}
        self._one_at_a_time: dict[str, asyncio.Lock] = {}
        self._has_moved = False
        self._is_stopping = False

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until told to stop; requests under way are finished and settled then."""
        pause_s = PAUSE_SHORTEST_S
        while not stop.is_set():
            try:
                await self._start_what_waits()
            except Exception as error:
                logger.warning("webhooks: the log cannot be read now (%s)", type(error).__name__)
            pause_s = PAUSE_SHORTEST_S if self._has_moved else min(pause_s * 2, PAUSE_LONGEST_S)
            self._has_moved = False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)
        self._is_stopping = True
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def run_once(self) -> None:
        """Deliver everything that may go now."""
        moved = True
        while moved:
            await self._start_what_waits()
            moved = any(await asyncio.gather(*self._running.values()))

    async def _start_what_waits(self) -> None:
        async with self._turns, self._db.transaction(readonly=True) as tx:
            work = await store.find_work(tx, self._clock.now())
        for one in work:
            if one not in self._running:
                self._running[one] = asyncio.create_task(self._deliver(*one))

    async def _deliver(self, name: str, partition: int) -> bool:
        """Round after round while there is something to do; was there anything?"""
        moved = False
        try:
            while not self._is_stopping and await self._round(name, partition):
                self._has_moved = moved = True
        except Exception as error:
            # The lease runs out and the round is taken again, by us or by somebody else.
            logger.warning("webhook %s partition %s: %s", name, partition, type(error).__name__)
        finally:
            self._running.pop((name, partition), None)
        return moved

    async def _round(self, name: str, partition: int) -> bool:
        begun_s = self._monotonic_s()
        # Partitions of one subscription wait here for each other, and never in the database.
        alone = self._one_at_a_time.setdefault(name, asyncio.Lock())
        async with alone, self._turns, self._db.transaction() as tx:
            claimed = await rounds.claim(tx, name, partition, self._clock.now(), self._lenses)
        if isinstance(claimed, bool):
            return claimed
        await self._send(claimed, until_s=begun_s + SENDING_S)
        async with alone, self._turns, self._db.transaction() as tx:
            await settle(tx, claimed, self._clock.now(), self._jitter)
        if claimed.error:
            logger.warning(
                "webhook %s partition %s: %s delivered, then status %s",
                name,
                partition,
                claimed.delivered,
                claimed.status,
            )
        return claimed.delivered > 0 or any(fact.has_failed for fact in claimed.facts)

    async def _send(self, claimed: Round, *, until_s: float) -> None:
        """Every lane in order, as many at a time as the claim allows."""
        writer = Writer(claimed.endpoint, self._installation, self._vault, self._origin, self._clock.now())
        lanes = iter(claimed.lanes)

        async def walk() -> None:
            for lane in lanes:
                for parcel in lane:
                    if self._is_over(claimed) or self._monotonic_s() > until_s:
                        return
                    if not await self._post(claimed, writer, parcel):
                        break

        async with asyncio.TaskGroup() as group:
            for _ in range(claimed.width):
                group.create_task(walk())

    def _is_over(self, claimed: Round) -> bool:
        """A receiver that is down, asks to wait or has gone is left alone."""
        return (
            self._is_stopping
            or claimed.is_gone
            or claimed.wait_s is not None
            or (claimed.error != "" and claimed.streak >= BREAKER_AFTER)
        )

    async def _post(self, claimed: Round, writer: Writer, parcel: Parcel) -> bool:
        endpoint = claimed.endpoint
        message = writer.write([fact.envelope for fact in parcel], self._clock.now())
        outcome = await self._sender.send("POST", endpoint.url, message.headers, message.body, endpoint.timeout_s)
        if outcome.is_delivered:
            claimed.delivered += len(parcel)
            claimed.streak = 0
            for fact in parcel:
                fact.is_delivered = True
            return True
        claimed.status, claimed.error = outcome.status, _words(outcome)
        if outcome.asks_to_wait:
            claimed.wait_s = max(claimed.wait_s or 0.0, outcome.retry_after_s or 0.0)
        elif outcome.is_gone:
            claimed.is_gone = True
        else:
            claimed.streak += 1
            for fact in parcel:
                fact.error = claimed.error
        return False


def _words(outcome: Outcome) -> str:
    status = "no answer" if outcome.status is None else f"status {outcome.status}"
    return f"{status}: {outcome.error}"[:ERROR_LENGTH].replace("\0", "")
