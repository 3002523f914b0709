"""Subscriptions with a topic of their own: what they may see, once, in order, whatever dies in between."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from tests.brokers.conftest import Server, expected, numbers_by_key, sells, told_by, until, url_of
from tests.events.conftest import NOON, StoppedClock
from vokrug.events import Installation
from vokrug.events.brokers import Broker, open_broker, parse_address
from vokrug.events.subscriptions import Lenses, TopicCarriers, lifecycle, store
from vokrug.events.subscriptions.topics import WORK
from vokrug.events.subscriptions.types import Delivery, State, Subscription
from vokrug.events.workers import Leases
from vokrug.kernel import new_id
from vokrug.runtime.database import Database

HERE = Installation("local")


def opening(server: Server, topic: str, keep: timedelta | None = None) -> Broker:
    return open_broker(parse_address(url_of(server)), topic=topic, installation=HERE, keep=keep)


async def subscribes(db: Database, topic: str, filter: str = "") -> Subscription:
    """Asked for, approved and active, from the beginning."""
    wish = Subscription(
        name=topic,
        owner_key="partner-1",
        words="counts what was sold",
        types=["shop.sold.v1"],
        filter=filter,
        delivery=Delivery.BROKER,
        start_from="beginning",
        start_time=None,
        start_cursor=None,
        purposes=[],
        keeps_days=30,
        lag_limit_days=None,
        max_per_s=None,
        max_in_flight=1000,
        topic=topic,
        state=State.REQUESTED,
        reason="",
        replays=None,
        skipped=0,
        requested_by="partner-1",
        requested_at=NOON,
        approved_by=None,
        changed_at=NOON,
    )
    async with db.transaction() as tx:
        await lifecycle.request(tx, wish, None, HERE, NOON)
        await lifecycle.approve(tx, topic, "staff", NOON)
        await lifecycle.activate(tx, topic, "partner-1", NOON)
    return wish


@asynccontextmanager
async def carrying(db: Database, server: Server) -> AsyncIterator[None]:
    """A process that carries topics, until it is killed."""
    leases = Leases(db, [WORK], beat_s=0.1)
    carriers = TopicCarriers(db, StoppedClock(), leases, Lenses(HERE), lambda topic, keep: opening(server, topic, keep))
    stop = asyncio.Event()
    tasks = [asyncio.create_task(one.run(stop)) for one in (leases, carriers)]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def through(db: Database, name: str) -> bool:
    async with db.transaction(readonly=True) as tx:
        (lag,) = await store.lag(tx, [name])
    return lag.behind == 0


async def test_a_topic_gets_what_the_subscription_sees_each_once(log: Database, server: Server) -> None:
    """The carrier is started anew in the middle, and its last notes are forgotten: the topic's end knows better."""
    topic = f"s{new_id().hex}"
    await subscribes(log, topic, filter="partitionkey <> '3'")
    await sells(log, 40, keys=8)
    async with carrying(log, server):
        await until(lambda: through(log, topic), "the first forty carried")
    async with log.transaction() as tx:
        await tx.run(
            "update events_offset set position = greatest(0, position - 3) where reaction = $1", f"subscription/{topic}"
        )
    await sells(log, 40, keys=8, first=41)
    async with carrying(log, server):
        await until(lambda: through(log, topic), "all eighty carried")
    wanted = {key: numbers for key, numbers in expected(80, keys=8).items() if key != 3}
    assert numbers_by_key(await told_by(opening(server, topic), 70)) == wanted


async def test_who_is_paused_gets_nothing_until_it_goes_on(log: Database, server: Server) -> None:
    topic = f"s{new_id().hex}"
    await subscribes(log, topic)
    async with log.transaction() as tx:
        await lifecycle.pause(tx, topic, "staff", NOON)
    await sells(log, 16)
    async with carrying(log, server):
        async with log.transaction() as tx:
            assert {one.position for one in await store.reaches(tx, topic)} == {0}
            await lifecycle.resume(tx, topic, "staff", NOON)
        await until(lambda: through(log, topic), "everything carried")
    assert numbers_by_key(await told_by(opening(server, topic), 16)) == expected(16)


@pytest.mark.parametrize("max_per_s", [5])
async def test_a_limit_holds_for_a_topic_too(log: Database, server: Server, max_per_s: int) -> None:
    """A stopped clock fills no bucket: what it held goes, and no more."""
    topic = f"s{new_id().hex}"
    await subscribes(log, topic)
    async with log.transaction() as tx:
        await tx.run("update events_subscription set max_per_s = $2 where name = $1", topic, max_per_s)
    await sells(log, 64)

    async def has_spent() -> bool:
        async with log.transaction() as tx:
            tokens = await store.lock_tokens(tx, topic)
        return tokens is not None and tokens[0] < 1

    async with carrying(log, server):
        await until(has_spent, "the bucket is empty")
    async with log.transaction() as tx:
        carried = sum(one.position for one in await store.reaches(tx, topic))
    assert 0 < carried < 64
