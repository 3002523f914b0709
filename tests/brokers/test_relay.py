"""What is told reaches the broker in the log's order, each fact once, whoever fails or sleeps on the way."""

import asyncio
from collections.abc import Callable

import pytest

from tests.brokers.conftest import Relaying, Server, expected, numbers_by_key, sells, told_by, until
from tests.events.conftest import Sold, StoppedClock
from vokrug.events import Envelope, ReactionRunner, reaction, read
from vokrug.events.brokers import Broker, BrokerFeed, Fenced
from vokrug.events.brokers.types import Told
from vokrug.events.workers import Leases
from vokrug.runtime.database import Database, Tx

Opens = Callable[[], Broker]


async def whole_log(db: Database) -> list[Envelope]:
    async with db.transaction() as tx:
        return [told for partition in range(8) for told in await read(tx, partition, 0, 10_000)]


async def test_the_broker_tells_what_the_log_tells(log: Database, opens: Opens) -> None:
    await sells(log, 200)
    async with Relaying(log, opens()) as relaying:
        await relaying.until_through()
        await sells(log, 200, first=201)
        await relaying.until_through()
        assert await told_by(opens(), 400) == await whole_log(log), "partition by partition, fact by fact"


async def test_a_relay_goes_on_where_another_stopped_and_sends_nothing_again(log: Database, opens: Opens) -> None:
    """Also when its note of the place was lost: the broker's own end is what counts."""
    await sells(log, 100)
    async with Relaying(log, opens()) as first:
        await first.until_through()
    async with log.transaction() as tx:
        await tx.run("update events_offset set position = 0")
    await sells(log, 100, first=101)
    async with Relaying(log, opens()) as second:
        await second.until_through()
        assert numbers_by_key(await told_by(opens(), 200)) == expected(200)


async def test_two_relays_share_the_partitions_and_double_nothing(log: Database, opens: Opens) -> None:
    await sells(log, 200)
    async with Relaying(log, opens()) as one, Relaying(log, opens()) as other:
        for first in range(201, 1001, 200):
            await sells(log, 200, first=first)
            await asyncio.sleep(0)
        await until(lambda: both_work(one, other), "each relay has a share")
        await one.until_through()
        assert numbers_by_key(await told_by(opens(), 1000)) == expected(1000)


async def both_work(one: Relaying, other: Relaying) -> bool:
    shares = [len(each.leases.of(each.relay.name)) for each in (one, other)]
    return shares == [4, 4]


async def test_a_second_relay_without_a_lease_is_fenced_by_the_broker(log: Database, opens: Opens) -> None:
    """Two processes that both believe they hold the partition: the later opener writes, the earlier cannot."""
    await sells(log, 16, keys=8)
    first, second = (
        Told(one.position, "3", str(one.id), one.type, one.subject, one.time, one.recorded_at, one.data)
        for one in await whole_log(log)
        if one.partition == 3
    )
    broker = opens()
    await broker.prepare(8)
    zombie, heir = broker.lane(3, 1), broker.lane(3, 2)
    try:
        assert await zombie.open() is None
        assert await heir.open() is None
        await heir.send([first], 0)
        with pytest.raises(Fenced):
            await zombie.send([first], 0)
        await heir.send([second], 1)
        assert [one.position for one in await told_by(opens(), 2)] == [1, 2]
        again = broker.lane(3, 3)
        assert (await again.open()) == (2, second.id)
        await again.close()
    finally:
        await zombie.close()
        await heir.close()
        await broker.close()


async def test_a_broker_that_was_away_gets_everything_when_it_is_back(
    log: Database, opens: Opens, server: Server
) -> None:
    """The log holds what is told meanwhile, and the backlog is one number."""
    async with Relaying(log, opens()) as relaying:
        await sells(log, 100)
        await relaying.until_through()
        server.kill()
        await sells(log, 300, first=101)
        assert await relaying.relay.backlog() == 300
        server.start()
        await relaying.until_through()
        assert numbers_by_key(await told_by(opens(), 400)) == expected(400)


async def test_a_topic_of_another_log_is_left_alone(
    log: Database, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    await sells(log, 50)
    async with Relaying(log, opens()) as relaying:
        await relaying.until_through()
    async with log.transaction() as tx:
        await tx.run("delete from events_log")
        await tx.run("update events_head set next_position = 1")
        await tx.run("update events_offset set position = 0")
    await sells(log, 60)
    before = len(await told_by(opens(), 50))
    async with Relaying(log, opens()):
        await until(lambda: said(caplog, "belongs to another installation"), "the relay says what is wrong")
    assert len(await told_by(opens(), 50)) == before


async def said(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return any(words in record.getMessage() for record in caplog.records)


async def test_reactions_from_the_broker_have_their_effect_once(
    log: Database, opens: Opens, clock: StoppedClock
) -> None:
    """Two runners listen to the broker under leases; the third restarts where they stopped."""
    async with log.transaction() as tx:
        await tx.run("create table handled (place bigserial, key bigint, number integer)")

    @reaction("shop.note", on=[Sold])
    async def note(tx: Tx, told: Envelope, now: object) -> None:
        await tx.run("insert into handled (key, number) values ($1, $2)", told.key, told.read(Sold).number)

    async def handled() -> int:
        async with log.transaction() as tx:
            return int(await tx.value("select count(*) from handled"))

    async def listens(until_count: int, runners: int) -> None:
        stop = asyncio.Event()
        tasks = []
        for _ in range(runners):
            leases = Leases(log, ["shop.note"], beat_s=0.1)
            runner = ReactionRunner(log, clock, [note], leases=leases, feed=BrokerFeed(opens()))
            tasks += [asyncio.create_task(one.run(stop)) for one in (leases, runner)]

        async def is_so() -> bool:
            return await handled() >= until_count

        await until(is_so, f"{until_count} effects")
        stop.set()
        await asyncio.gather(*tasks)

    await sells(log, 300)
    async with Relaying(log, opens()) as relaying:
        await relaying.until_through()
        await listens(300, runners=2)
        await sells(log, 200, first=301)
        await listens(500, runners=1)
    async with log.transaction() as tx:
        rows = await tx.rows("select key, number from handled order by place")
    effects: dict[int, list[int]] = {}
    for row in rows:
        effects.setdefault(row["key"], []).append(row["number"])
    assert effects == expected(500)


async def test_what_the_topic_has_lost_is_read_from_the_log(log: Database, opens: Opens, clock: StoppedClock) -> None:
    """A relay that began late, as a topic with a short retention would look: reactions miss nothing."""
    seen: list[int] = []

    @reaction("shop.note", on=[Sold])
    async def note(tx: Tx, told: Envelope, now: object) -> None:
        seen.append(told.read(Sold).number)

    await sells(log, 40, keys=1)
    broker = opens()
    async with log.transaction() as tx:
        await tx.run(
            "insert into events_offset select $1, n, 30 * (n = 0)::int from generate_series(0, 7) n", broker.name
        )
    async with Relaying(log, broker) as relaying:
        await relaying.until_through()
        stop = asyncio.Event()
        task = asyncio.create_task(ReactionRunner(log, clock, [note], feed=BrokerFeed(opens())).run(stop))
        await until(lambda: has(seen, 40), "all effects")
        stop.set()
        await task
    assert seen == list(range(1, 41))


async def has(seen: list[int], count: int) -> bool:
    return len(seen) >= count
