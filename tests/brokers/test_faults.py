"""A process that wakes up late, a disk that is full, a consumer that always fails, and everything at random."""

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest

from tests.brokers.conftest import Relaying, Server, expected, numbers_by_key, sells, told_by, until, url_of
from tests.events.conftest import Sold, StoppedClock, sell
from vokrug.app.bench.stream.roles import Role
from vokrug.app.bench.stream.site import Child
from vokrug.app.bench.stream.torment import torment
from vokrug.app.brokers import kafka_missing, nats_missing
from vokrug.events import Envelope, ReactionRunner, lag, reaction
from vokrug.events.brokers import Broker, BrokerFeed
from vokrug.runtime.database import Database, Tx

Opens = Callable[[], Broker]
EVENTS = int(os.environ.get("TORMENT_EVENTS", "2000"))

# PostgreSQL's own answer to ENOSPC is an error of class 53100; here a trigger gives it, so no disk has to be filled.
DISK_FULL = """
    create function disk_is_full() returns trigger language plpgsql as $$
    begin
        raise exception 'could not extend file: No space left on device' using errcode = 'disk_full';
    end $$;
"""


async def test_a_relay_that_was_paused_wakes_up_late_and_doubles_nothing(
    log: Database, database_url: str, opens: Opens, server: Server, tmp_path: Path
) -> None:
    """Stopped in the middle of its work (SIGSTOP); another takes over; then it goes on (SIGCONT)."""
    broker = opens()
    topic = broker.name.split(".", 2)[2]
    sleeper = Child(Role("relay", database_url, url_of(server), topic=topic), tmp_path)
    await sells(log, 200)
    sleeper.start()
    try:
        await until(lambda: has_begun(log), "the first relay works")
        sleeper.signal(signal.SIGSTOP)
        await sells(log, 200, first=201)
        async with Relaying(log, broker) as heir:
            await heir.until_through()
            assert len(heir.leases.of(broker.name)) == 8, "the heir holds everything"
            sleeper.signal(signal.SIGCONT)
            await sells(log, 200, first=401)
            await until(lambda: shares(heir, 4), "the sleeper is a worker like any other again")
            await heir.until_through()
            assert numbers_by_key(await told_by(opens(), 600)) == expected(600)
    finally:
        sleeper.kill()
    said = (tmp_path / "relay.log").read_text()
    assert "Traceback" not in said, said


async def has_begun(db: Database) -> bool:
    async with db.transaction(readonly=True) as tx:
        return bool(await tx.value("select sum(position) > 0 from events_offset"))


async def shares(relaying: Relaying, count: int) -> bool:
    return len(relaying.leases.of(relaying.relay.name)) == count


async def test_a_full_disk_stops_the_telling_and_loses_nothing(
    log: Database, opens: Opens, caplog: pytest.LogCaptureFixture
) -> None:
    """PostgreSQL cannot extend the log, nor note the relay's place: both wait, and go on without a double."""
    caplog.set_level(logging.WARNING, "vokrug")
    await sells(log, 100)
    async with log.transaction() as tx:
        await tx.run(DISK_FULL)
        await tx.run("create trigger full_log before insert on events_log execute function disk_is_full()")
        await tx.run("create trigger full_place before update on events_offset execute function disk_is_full()")
    with pytest.raises(asyncpg.DiskFullError, match="No space left"):
        await sell(log, (1, 101))
    async with Relaying(log, opens()) as relaying:
        await until(lambda: said(caplog, "waits for the database (DiskFullError)"), "the relay says what is wrong")
        assert await relaying.relay.backlog() == 100
        async with log.transaction() as tx:
            await tx.run("drop trigger full_log on events_log")
            await tx.run("drop trigger full_place on events_offset")
        await sells(log, 100, first=101)
        await relaying.until_through()
        assert numbers_by_key(await told_by(opens(), 200)) == expected(200)


async def said(caplog: pytest.LogCaptureFixture, words: str) -> bool:
    return any(words in record.getMessage() for record in caplog.records)


async def test_a_consumer_that_always_fails_holds_up_nobody_but_its_key(
    log: Database, opens: Opens, clock: StoppedClock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "vokrug")
    seen: list[tuple[int, int]] = []

    @reaction("shop.note", on=[Sold], tries=1)
    async def note(tx: Tx, told: Envelope, now: object) -> None:
        if told.key == 3:
            raise ValueError("this customer again")
        seen.append((told.key, told.read(Sold).number))

    await sells(log, 160)
    async with Relaying(log, opens()) as relaying:
        await relaying.until_through()
        stop = asyncio.Event()
        task = asyncio.create_task(ReactionRunner(log, clock, [note], feed=BrokerFeed(opens())).run(stop))
        await until(lambda: nothing_behind(log), "everybody else is served")
        stop.set()
        await task
    assert {key for key, _ in seen} == set(range(16)) - {3}
    async with log.transaction() as tx:
        stuck = [(one.partition, one.parked, one.stuck) for one in await lag(tx) if one.parked]
    assert stuck == [(3, 10, 1)], "ten facts of one key wait, the first of them for a person"
    assert await said(caplog, "reaction shop.note failed at 3:")


async def nothing_behind(db: Database) -> bool:
    async with db.transaction(readonly=True) as tx:
        mine = [one for one in await lag(tx) if one.reaction == "shop.note"]
    return bool(mine) and all(one.behind == 0 for one in mine)


def test_nothing_is_lost_doubled_or_out_of_order_whatever_is_killed() -> None:
    """Writers, relays, readers, brokers and PostgreSQL, at random; TORMENT_EVENTS=1000000 for the long run."""
    if reason := kafka_missing() or nats_missing():
        pytest.skip(reason)
    came = torment(EVENTS, per_commit=10, kill_every_s=1.5, kills_most=8)
    assert came.is_whole, came
    assert came.acknowledged == EVENTS, came
    unheard = came.kills.get("writer", 0) * 10  # killed after its commit and before it wrote down the answer
    assert EVENTS <= came.events <= EVENTS + unheard, came
    assert len(came.verdicts) == 4, came
