"""Every fact has its effect once, in order, whoever fails or dies on the way."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.events.conftest import NOON, Returned, Sold, StoppedClock, sell, tell
from vokrug.events import Envelope, Lag, Reaction, ReactionRunner, give_up, lag, reaction, redrive
from vokrug.events.errors import ReactionUnknown
from vokrug.runtime.database import Database, Tx

HANDLED = """
    create table handled (place bigserial, reaction text, key bigint, number integer, is_replay boolean)
"""


@pytest.fixture
async def shop(log: Database) -> Database:
    """A log, and a table in which reactions leave their effect."""
    async with log.transaction() as tx:
        await tx.run(HANDLED)
    return log


class Shop:
    """A handler that notes what it saw, and fails for the sales it is told to."""

    def __init__(self) -> None:
        self.broken: set[int] = set()
        self.after: Callable[[Tx, int], Any] | None = None

    async def handle(self, tx: Tx, told: Envelope, now: datetime) -> None:
        number = told.read(Sold).number
        note = "insert into handled (reaction, key, number, is_replay) values ('shop.note', $1, $2, $3)"
        await tx.run(note, told.key, number, told.is_replay)
        if self.after:
            await self.after(tx, number)
        if number in self.broken:
            raise ValueError(f"cannot handle sale {number}")

    def reaction(self, **options: Any) -> Reaction:
        return reaction("shop.note", on=[Sold], **options)(self.handle)


async def handled(db: Database) -> list[tuple[int, int]]:
    async with db.transaction() as tx:
        return [(row["key"], row["number"]) for row in await tx.rows("select * from handled order by place")]


async def parked(db: Database) -> list[tuple[int, int]]:
    """(position, tries) of everything parked."""
    async with db.transaction() as tx:
        rows = await tx.rows("select position, tries from events_parked order by partition, position")
    return [(row["position"], row["tries"]) for row in rows]


async def lag_of(db: Database, partition: int = 0) -> Lag:
    async with db.transaction() as tx:
        (found,) = [one for one in await lag(tx) if one.partition == partition]
    return found


async def test_each_fact_is_seen_once_and_in_order(shop: Database, clock: StoppedClock) -> None:
    runner = ReactionRunner(shop, clock, [Shop().reaction(batch=2)])
    await sell(shop, (0, 1), (0, 2), (8, 3), (0, 4), (0, 5))
    await runner.run_once()
    await runner.run_once()
    assert await handled(shop) == [(0, 1), (0, 2), (8, 3), (0, 4), (0, 5)]
    await sell(shop, (0, 6))
    await ReactionRunner(shop, clock, [Shop().reaction()]).run_once()
    assert (await handled(shop))[5:] == [(0, 6)], "another process goes on where the first one stopped"


async def test_facts_of_other_types_are_passed_by(shop: Database, clock: StoppedClock) -> None:
    async with shop.transaction() as tx:
        for number in range(5):
            await tell(tx, Returned(number), key=0)
        await tell(tx, Sold(5), key=0)
        await tell(tx, Returned(6), key=0)
    await ReactionRunner(shop, clock, [Shop().reaction(batch=1)]).run_once()
    assert await handled(shop) == [(0, 5)]
    assert (await lag_of(shop)).behind == 0


async def test_a_reaction_without_history_starts_with_its_enrolment(shop: Database, clock: StoppedClock) -> None:
    await sell(shop, (0, 1))
    runner = ReactionRunner(shop, clock, [Shop().reaction(with_history=False)])
    await runner.enrol()
    await sell(shop, (0, 2))
    await runner.run_once()
    assert await handled(shop) == [(0, 2)]


async def test_a_reaction_may_tell_facts_and_others_react_to_them(shop: Database, clock: StoppedClock) -> None:
    @reaction("shop.refund", on=[Sold])
    async def refund(tx: Tx, told: Envelope, now: datetime) -> None:
        await tell(tx, Returned(told.read(Sold).number), key=told.key)

    @reaction("shop.note_returns", on=[Returned])
    async def note(tx: Tx, told: Envelope, now: datetime) -> None:
        await tx.run("insert into handled (key, number) values ($1, $2)", told.key, told.read(Returned).number)

    await sell(shop, (3, 1), (4, 2))
    await ReactionRunner(shop, clock, [refund, note]).run_once()
    assert sorted(await handled(shop)) == [(3, 1), (4, 2)]


async def test_a_process_killed_in_the_middle_of_a_batch_leaves_no_half(
    shop: Database, database_url: str, clock: StoppedClock
) -> None:
    """The server ends its connection after two of five effects; another process does all five, once."""
    await sell(shop, *((0, number) for number in range(1, 6)))

    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await run_and_die(shop, database_url, clock, at=2)
    assert await handled(shop) == []
    assert await parked(shop) == [], "a lost connection says nothing against the fact"

    await ReactionRunner(shop, clock, [Shop().reaction()]).run_once()
    assert await handled(shop) == [(0, number) for number in range(1, 6)]


async def test_a_process_killed_while_it_looks_for_a_failing_fact_blames_no_other(
    shop: Database, database_url: str, clock: StoppedClock
) -> None:
    """Sale 1 fails, so facts are taken one by one; the connection ends at sale 2, later at sale 1."""
    await sell(shop, (8, 1), (0, 2), (0, 3))
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await run_and_die(shop, database_url, clock, at=2, broken={1})
    assert await parked(shop) == [(1, 1)]
    await ReactionRunner(shop, clock, [Shop().reaction()]).run_once()
    assert await handled(shop) == [(0, 2), (0, 3)]

    clock.moment += timedelta(seconds=2)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await run_and_die(shop, database_url, clock, at=1)
    assert await parked(shop) == [(1, 1)], "dying was not a try"
    await ReactionRunner(shop, clock, [Shop().reaction()]).run_once()
    assert await handled(shop) == [(0, 2), (0, 3), (8, 1)]


async def run_and_die(shop: Database, url: str, clock: StoppedClock, *, at: int, broken: Iterable[int] = ()) -> None:
    """A process of its own, whose connection the server ends while it handles sale `at`."""

    async def kill(tx: Tx, number: int) -> None:
        if number == at:
            pid = await tx.value("select pg_backend_pid()")
            async with shop.transaction() as other:
                await other.run("select pg_terminate_backend($1, 5000)", pid)
            await tx.run("select 1")

    dying = Shop()
    dying.after, dying.broken = kill, set(broken)
    doomed = await Database.connect(url)
    try:
        await ReactionRunner(doomed, clock, [dying.reaction()]).run_once()
    finally:
        await doomed.close()


async def test_several_processes_share_the_partitions(shop: Database, database_url: str, clock: StoppedClock) -> None:
    """Three runners at once over every partition, while sales go on: each seen once, each key in order."""
    others = [await Database.connect(database_url, max_size=3) for _ in range(3)]
    runners = [ReactionRunner(other, clock, [Shop().reaction(batch=3)]) for other in others]
    sales = [(key, number) for number in range(12) for key in range(10)]
    selling = asyncio.create_task(sell(shop, *sales))
    while not selling.done():
        await asyncio.gather(*(runner.run_once() for runner in runners))
    await asyncio.gather(*(runner.run_once() for runner in runners))
    for other in others:
        await other.close()
    seen = await handled(shop)
    assert sorted(seen) == sorted(sales)
    for key in range(10):
        numbers = [number for its, number in seen if its == key]
        assert numbers == sorted(numbers), f"customer {key} out of order"


async def test_who_holds_a_partition_is_left_alone(shop: Database, clock: StoppedClock) -> None:
    runner = ReactionRunner(shop, clock, [Shop().reaction()])
    await runner.enrol()
    await sell(shop, (0, 1), (1, 2))
    async with shop.transaction() as busy:
        await busy.run("select from events_offset where partition = 0 for update")
        async with asyncio.timeout(10):
            await runner._pass()
        assert await handled(shop) == [(1, 2)], "the other partition went on, nobody waited"
    await runner.run_once()
    assert await handled(shop) == [(1, 2), (0, 1)]


async def test_a_failing_fact_waits_with_its_key_and_everything_else_flows(shop: Database, clock: StoppedClock) -> None:
    """Keys 0 and 8 share a partition. The second sale of key 0 fails."""
    notes = Shop()
    notes.broken = {2}
    runner = ReactionRunner(shop, clock, [notes.reaction()])
    await sell(shop, (0, 1), (0, 2), (8, 3), (0, 4), (8, 5))
    await runner.run_once()
    assert await handled(shop) == [(0, 1), (8, 3), (8, 5)]
    assert await parked(shop) == [(2, 1), (4, 0)]
    await sell(shop, (0, 6), (8, 7))
    await runner.run_once()
    assert await handled(shop) == [(0, 1), (8, 3), (8, 5), (8, 7)], "not yet time to try again"
    notes.broken = set()
    clock.moment += timedelta(seconds=2)
    await runner.run_once()
    assert (await handled(shop))[4:] == [(0, 2), (0, 4), (0, 6)], "and then in order"
    assert await parked(shop) == []


async def test_after_enough_tries_a_fact_waits_for_a_person(shop: Database, clock: StoppedClock) -> None:
    notes = Shop()
    notes.broken = {1}
    runner = ReactionRunner(shop, clock, [notes.reaction(tries=3)])
    await sell(shop, (0, 1), (0, 2))
    await runner.run_once()
    async with shop.transaction() as tx:
        assert await redrive(tx, "shop.note", clock.now()) == 0, "it still tries by itself"
    for _ in range(5):
        await runner.run_once()
        clock.moment += timedelta(hours=2)
    assert await parked(shop) == [(1, 3), (2, 0)]
    found = await lag_of(shop)
    assert (found.behind, found.parked, found.stuck) == (0, 2, 1)
    async with shop.transaction() as tx:
        error = await tx.value("select error from events_parked where position = 1")
    assert error == "ValueError: cannot handle sale 1"


async def test_redrive_goes_in_order_and_only_where_asked(shop: Database, clock: StoppedClock) -> None:
    notes = Shop()
    notes.broken = {1, 2}
    runner = ReactionRunner(shop, clock, [notes.reaction(tries=1)])
    await sell(shop, (0, 1), (8, 2), (0, 3), (8, 4))
    await runner.run_once()
    assert await handled(shop) == []
    notes.broken = set()
    async with shop.transaction() as tx:
        assert await redrive(tx, "shop.note", clock.now(), key=8) == 1
    await runner.run_once()
    assert await handled(shop) == [(8, 2), (8, 4)]
    async with shop.transaction() as tx:
        assert await redrive(tx, "shop.note", clock.now()) == 1
    await runner.run_once()
    assert (await handled(shop))[2:] == [(0, 1), (0, 3)]


async def test_giving_a_fact_up_frees_its_key(shop: Database, clock: StoppedClock) -> None:
    notes = Shop()
    notes.broken = {1}
    runner = ReactionRunner(shop, clock, [notes.reaction(tries=1)])
    await sell(shop, (0, 1), (0, 2))
    await runner.run_once()
    async with shop.transaction() as tx:
        assert await give_up(tx, "shop.note", 0, 1)
        assert not await give_up(tx, "shop.note", 0, 1)
    await runner.run_once()
    assert await handled(shop) == [(0, 2)]


async def test_a_reaction_nobody_knows_is_not_redriven(shop: Database) -> None:
    with pytest.raises(ReactionUnknown):
        async with shop.transaction() as tx:
            await redrive(tx, "shop.nothing", NOON)


async def test_facts_told_by_a_handler_that_failed_were_never_told(shop: Database, clock: StoppedClock) -> None:
    @reaction("shop.refund", on=[Sold])
    async def refund(tx: Tx, told: Envelope, now: datetime) -> None:
        await tell(tx, Returned(told.read(Sold).number), key=told.key)
        if told.read(Sold).number == 2:
            raise ValueError

    await sell(shop, (0, 1), (0, 2), (8, 3))
    await ReactionRunner(shop, clock, [refund]).run_once()
    async with shop.transaction() as tx:
        rows = await tx.rows("select key from events_envelope where type = 'shop.returned.v1'")
    assert [row["key"] for row in rows] == [0, 8]


async def test_the_lag_names_how_much_and_since_when(shop: Database, clock: StoppedClock) -> None:
    runner = ReactionRunner(shop, clock, [Shop().reaction()])
    await sell(shop, (0, 1))
    await runner.run_once()
    assert (await lag_of(shop)).waiting_since is None
    await sell(shop, (0, 2), (0, 3))
    found = await lag_of(shop)
    async with shop.transaction() as tx:
        since = await tx.value("select recorded_at from events_log where position = 2")
    assert (found.reaction, found.position, found.behind) == ("shop.note", 1, 2)
    assert found.waiting_since == since


async def test_run_reacts_until_it_is_stopped(shop: Database, clock: StoppedClock) -> None:
    stop, seen = asyncio.Event(), asyncio.Event()

    async def tell_seen(tx: Tx, number: int) -> None:
        seen.set()

    notes = Shop()
    notes.after = tell_seen
    runner = ReactionRunner(shop, clock, [notes.reaction()])
    running = asyncio.create_task(runner.run(stop))
    await sell(shop, (0, 1))
    runner.nudge()
    async with asyncio.timeout(10):
        await seen.wait()
        stop.set()
        await running
    assert await handled(shop) == [(0, 1)]


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sales=st.lists(st.sampled_from([0, 1, 8, 16]), min_size=1, max_size=15),
    failures=st.dictionaries(st.integers(0, 14), st.integers(1, 4), max_size=5),
    batch=st.integers(1, 6),
)
def test_whatever_fails_however_often_each_fact_has_its_effect_once_and_in_order(
    url_of_shop: str, sales: list[int], failures: dict[int, int], batch: int
) -> None:
    """A law over random histories: every sale fails as often as the example says, then succeeds."""
    left = dict(failures)

    async def story() -> None:
        db = await Database.connect(url_of_shop, max_size=3)
        clock = StoppedClock()
        async with db.transaction() as tx:
            await tx.run("truncate events_log, events_offset, events_parked, handled")
            await tx.run("update events_head set next_position = 1")

        async def fail(tx: Tx, number: int) -> None:
            # Counted outside the transaction, as a broken neighbour would.
            if left.get(number, 0):
                left[number] -= 1
                raise OSError

        notes = Shop()
        notes.after = fail
        runner = ReactionRunner(db, clock, [notes.reaction(batch=batch, tries=20)])
        numbered = [(key, number) for number, key in enumerate(sales)]
        await sell(db, *numbered)
        for _ in range(sum(failures.values()) + 1):
            await runner.run_once()
            clock.moment += timedelta(hours=1)
        seen = await handled(db)
        await db.close()
        assert sorted(seen) == sorted(numbered)
        for key in set(sales):
            assert [s for s in seen if s[0] == key] == [s for s in numbered if s[0] == key]

    asyncio.run(story())


@pytest.fixture
def url_of_shop(shop: Database, database_url: str) -> str:
    return database_url
