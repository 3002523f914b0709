"""Carries facts to a broker: each partition to one of the broker's, in order, each fact once.

What is carried is a *source*: the whole log (`LogSource`), or what a subscription sees of it.

Three guards stand behind one another. A lease says who tries. The broker lets only the latest opener of a
lane write (Kafka by its transactional id, NATS by the expected sequence). And whoever opens a lane reads what
is its last fact there and goes on behind it, so a crash between "sent" and "noted" sends nothing again.
The place is noted in the log's database under the lease's epoch; it keeps the log from dropping what was
not sent, and says how far behind the relay is.

A batch is in the air at a time in each partition, and `width` batches in all: a slow broker slows us, and the
log holds what waits.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from vokrug.events.brokers import store
from vokrug.events.brokers.errors import TopicOfAnotherLog
from vokrug.events.brokers.sources import LogSource, Source
from vokrug.events.brokers.types import Broker, BrokerAway, Fenced, Lane
from vokrug.events.workers.leases import Leases
from vokrug.events.workers.types import Hold, Share
from vokrug.kernel import Refusal
from vokrug.runtime.database import Database

logger = logging.getLogger(__name__)

LOOK_SHORTEST_S, LOOK_LONGEST_S = 0.01, 0.1
AGAIN_SHORTEST_S, AGAIN_LONGEST_S = 0.1, 2.0


@dataclass(slots=True)
class _Carrier:
    """One partition at work."""

    hold: Hold
    task: "asyncio.Task[None]"
    has_news: asyncio.Event = field(default_factory=asyncio.Event)


class Relay:
    """The relay of one process."""

    def __init__(
        self,
        db: Database,
        broker: Broker,
        leases: Leases,
        source: Source | None = None,
        *,
        batch: int = 2_000,
        width: int = 8,
    ) -> None:
        """Without a `source` the log itself is carried."""
        self.name = broker.name
        self._db = db
        self._broker = broker
        self._source = source or LogSource(broker.name)
        self._leases = leases
        self._batch = batch
        self._width = asyncio.Semaphore(width)
        self._carriers: dict[int, _Carrier] = {}
        self._heads: dict[int, int] = {}
        self._nudged = asyncio.Event()
        self._is_away = False

    def nudge(self) -> None:
        """A hint from this process that something was told."""
        self._nudged.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Carry until told to stop. A broker or a database that is away is waited for."""
        try:
            await self._until(stop, self._prepare)
            pause_s = LOOK_SHORTEST_S
            while not stop.is_set():
                has_news = await self._until(stop, self._look)
                self._share_out()
                pause_s = LOOK_SHORTEST_S if has_news else min(pause_s * 2, LOOK_LONGEST_S)
                self._nudged.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._nudged.wait(), pause_s)
        finally:
            tasks = [carrier.task for carrier in self._carriers.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._broker.close()

    async def backlog(self) -> int:
        """How many facts the broker does not have yet."""
        async with self._db.transaction(readonly=True) as tx:
            return await store.backlog(tx, self._source.place)

    async def _prepare(self) -> bool:
        async with self._db.transaction() as tx:
            partitions = await self._source.enrol(tx)
        await self._broker.prepare(partitions)
        return True

    async def _look(self) -> bool:
        """Where the log ends now; is that further than before?"""
        async with self._db.transaction(readonly=True) as tx:
            heads = await store.heads(tx)
        news = [partition for partition, head in heads.items() if head != self._heads.get(partition)]
        self._heads = heads
        for partition in news:
            if carrier := self._carriers.get(partition):
                carrier.has_news.set()
        return bool(news)

    def _share_out(self) -> None:
        """A carrier for each partition that we hold."""
        held = self._leases.of(self._source.work)
        for partition, carrier in list(self._carriers.items()):
            if held.get(partition) != carrier.hold:
                carrier.task.cancel()
                del self._carriers[partition]
        for partition, hold in held.items():
            if partition not in self._carriers:
                task = asyncio.create_task(self._carry(Share(self._source.work, partition), hold))
                self._carriers[partition] = _Carrier(hold, task)

    async def _carry(self, share: Share, hold: Hold) -> None:
        """One partition, until the lease is somebody else's. Whatever breaks, the lane is opened anew."""
        pause_s = AGAIN_SHORTEST_S
        while True:
            lane = self._broker.lane(share.partition, hold.epoch)
            try:
                position = await self._open(lane, share, hold)
                self._is_back()
                pause_s = AGAIN_SHORTEST_S
                while True:
                    position = await self._carry_batch(lane, share, hold, position)
            except Overtaken:
                logger.warning(
                    "relay %s partition %s: another worker took over epoch %s; what it would have sent stays with it",
                    *share,
                    hold.epoch,
                )
                return
            except Fenced:
                # Somebody opened the lane after us. If the lease is ours we open it again; else that is the end.
                logger.warning("relay %s partition %s: fenced by the broker in epoch %s", *share, hold.epoch)
            except Refusal as refusal:
                logger.error("relay %s partition %s stands: %s", *share, refusal.cashier.say("en", **refusal.facts))
                pause_s = AGAIN_LONGEST_S
            except Exception as error:
                self._note_away(error)
            finally:
                await lane.close()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, AGAIN_LONGEST_S)

    async def _open(self, lane: Lane, share: Share, hold: Hold) -> int:
        """Become the lane's only writer, and find out how far it is."""
        await self._require_lease(share, hold)
        last = await lane.open()
        async with self._db.transaction() as tx:
            # After the opening: had we lost the lease before it, the new holder would have opened it again.
            noted = await store.position(tx, self._source.place, share.partition)
            if noted is None:
                raise Overtaken
            if last is None:
                return noted
            if not await store.is_ours(tx, share.partition, last):
                raise TopicOfAnotherLog(topic=self.name, **last._asdict(), partition=share.partition)
            if last.position < noted and self._source.is_whole:
                logger.error(
                    "relay %s partition %s: the broker lost facts %s to %s; they are sent again",
                    *share,
                    last.position + 1,
                    noted,
                )
            position = last.position if self._source.is_whole else max(noted, last.position)
            if not await self._source.move(tx, share.partition, hold, position):
                raise Overtaken
        return position

    async def _carry_batch(self, lane: Lane, share: Share, hold: Hold, position: int) -> int:
        carrier = self._carriers.get(share.partition)
        async with self._width:
            async with self._db.transaction() as tx:
                facts, until = await self._source.read(tx, share.partition, position, self._batch)
            if facts:
                await lane.send(facts, position)
            if until > position:
                async with self._db.transaction() as tx:
                    if not await self._source.move(tx, share.partition, hold, until, sent=len(facts)):
                        raise Overtaken
        if carrier is not None and self._heads.get(share.partition, 0) <= until:
            carrier.has_news.clear()
            await carrier.has_news.wait()
        elif until == position:
            await asyncio.sleep(LOOK_LONGEST_S)  # there is more, and it may not go yet
        return until

    async def _require_lease(self, share: Share, hold: Hold) -> None:
        if self._leases.of(share.work).get(share.partition) != hold:
            raise Overtaken

    async def _until(self, stop: asyncio.Event, work: Callable[[], Awaitable[bool]]) -> bool:
        """Try until it works; the answer of the try that did."""
        pause_s = AGAIN_SHORTEST_S
        while not stop.is_set():
            try:
                return await work()
            except Refusal as refusal:
                logger.error("relay %s stands: %s", self.name, refusal.cashier.say("en", **refusal.facts))
                pause_s = AGAIN_LONGEST_S
            except Exception as error:
                self._note_away(error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause_s)
            pause_s = min(pause_s * 2, AGAIN_LONGEST_S)
        return False

    def _note_away(self, error: Exception) -> None:
        if not self._is_away:
            self._is_away = True
            who = "broker" if isinstance(error, BrokerAway) else "database"
            what = str(error) if isinstance(error, BrokerAway) else type(error).__name__
            logger.warning("relay %s: waits for the %s (%s); the log holds what is told", self.name, who, what)

    def _is_back(self) -> None:
        if self._is_away:
            self._is_away = False
            logger.warning("relay %s: goes on", self.name)


class Overtaken(Exception):
    """The lease is another worker's by now."""
