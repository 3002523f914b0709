"""Real brokers, started once a run, and a log whose facts go there."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from itertools import chain

import pytest

from tests.events.conftest import NOON, SHOP, Sold, StoppedClock, tell
from vokrug.app.brokers import LocalKafka, LocalNats, kafka_missing, nats_missing
from vokrug.events import Envelope, Installation, synchronise
from vokrug.events.brokers import Broker, Relay, open_broker, parse_address
from vokrug.events.workers import Leases
from vokrug.kernel import new_id
from vokrug.runtime.database import Database

WITHIN_S = 60.0
Server = LocalKafka | LocalNats


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock()


@pytest.fixture
async def log(db: Database) -> Database:
    async with db.transaction() as tx:
        await synchronise(tx, NOON, SHOP)
    return db


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    if reason := kafka_missing():
        pytest.skip(reason)
    server = LocalKafka(tmp_path_factory.mktemp("kafka"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNats]:
    if reason := nats_missing():
        pytest.skip(reason)
    server = LocalNats(tmp_path_factory.mktemp("nats"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(params=["kafka", "nats"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each story is told on both brokers."""
    found: Server = request.getfixturevalue(request.param)
    if not found.is_running:
        found.start()
    return found


def url_of(server: Server) -> str:
    return f"{'kafka' if isinstance(server, LocalKafka) else 'nats'}://127.0.0.1:{server.port}"


@pytest.fixture
def opens(server: Server) -> Callable[[], Broker]:
    """A client of the broker; all those of a test have one topic."""
    topic = f"t{new_id().hex}.events"
    return lambda: open_broker(parse_address(url_of(server)), topic=topic, installation=Installation("local"))


class Relaying:
    """A relay of one process at work."""

    def __init__(self, db: Database, broker: Broker) -> None:
        self.leases = Leases(db, [broker.name], beat_s=0.1)
        self.relay = Relay(db, broker, self.leases)
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Relaying":
        self._tasks = [asyncio.create_task(one.run(self._stop)) for one in (self.leases, self.relay)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def until_through(self) -> None:
        await until(self._is_through, "the relay carried everything")

    async def _is_through(self) -> bool:
        return bool(self.relay._heads) and await self.relay.backlog() == 0


async def until(is_so: Callable[[], Awaitable[bool]], what: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not await is_so():  # noqa: ASYNC110  what we wait for is in a database or at a broker
            await asyncio.sleep(0.02)


async def sells(db: Database, count: int, *, keys: int = 16, first: int = 1) -> None:
    """Numbered sales of some customers, several in a transaction."""
    for start in range(first, first + count, 25):
        async with db.transaction() as tx:
            for number in range(start, min(start + 25, first + count)):
                await tell(tx, Sold(number), key=number % keys)


async def told_by(broker: Broker, count: int) -> list[Envelope]:
    """What a broker tells, partition by partition, as it came: at least so many facts, and what follows them."""
    found: dict[int, list[Envelope]] = {partition: [] for partition in range(8)}

    async def listen(partition: int) -> None:
        async with contextlib.aclosing(broker.facts(partition, 0, None)) as stretches:
            async for facts in stretches:
                found[partition] += [fact.envelope for fact in facts if fact.envelope]
                if not facts and sum(map(len, found.values())) >= count:
                    break

    try:
        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*map(listen, found))
    finally:
        await broker.close()
    return list(chain.from_iterable(found.values()))


def numbers_by_key(told: list[Envelope]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for one in told:
        found.setdefault(one.key, []).append(one.read(Sold).number)
    return found


def expected(count: int, *, keys: int = 16) -> dict[int, list[int]]:
    return {key: [n for n in range(1, count + 1) if n % keys == key] for key in range(keys)}
