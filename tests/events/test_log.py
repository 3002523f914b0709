"""Nothing is lost, nothing is out of order, and a reader who polls misses nothing."""

import asyncio
import random
from collections import defaultdict
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from tests.events.conftest import NOON, SHOP, Returned, Sold, sell, tell
from vokrug.events import Envelope, append, publish, read, row_of, type_id
from vokrug.kernel import new_id
from vokrug.runtime.database import CLASHES, Database, Tx
from vokrug.runtime.migrations import read_migrations

PARTITIONS = 8


async def whole_log(db: Database) -> list[Envelope]:
    async with db.transaction() as tx:
        return [told for partition in range(PARTITIONS) for told in await read(tx, partition, 0, 10_000)]


async def test_what_is_told_is_read_back(log: Database) -> None:
    id = new_id()
    async with log.transaction() as tx:
        await publish(tx, Sold(7, 400_00), key=11, subject="somebody", at=NOON, id=id)
    (told,) = await whole_log(log)
    assert told.read(Sold) == Sold(7, 400_00)
    assert (told.partition, told.position, told.type, told.id) == (3, 1, "shop.sold.v1", id)
    assert (told.key, told.subject, told.time, told.is_replay) == (11, "somebody", NOON, False)


async def test_facts_of_one_transaction_keep_their_order_across_types(log: Database) -> None:
    async with log.transaction() as tx:
        for number in range(5):
            await tell(tx, Sold(number), key=8)
            await tell(tx, Returned(number), key=16)
    told = await whole_log(log)
    assert [one.position for one in told] == list(range(1, 11)), "keys 8 and 16 share a partition"
    assert [one.type for one in told] == ["shop.sold.v1", "shop.returned.v1"] * 5


async def test_a_fact_of_a_change_that_failed_was_never_told(log: Database) -> None:
    async def fail(tx: Tx) -> None:
        await tell(tx, Sold(1))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await log.replayed(fail)
    await sell(log, (1, 2))
    (told,) = await whole_log(log)
    assert (told.read(Sold).number, told.position) == (2, 1), "and it left no hole"


async def test_telling_locks_no_head_until_the_commit(log: Database) -> None:
    """Two stories tell about one customer; the first to be told is the last to commit."""
    async with log.transaction() as slow:
        await tell(slow, Sold(1))
        await sell(log, (1, 2))
    assert [told.read(Sold).number for told in await whole_log(log)] == [2, 1]


async def test_what_is_told_while_committing_is_written_too(log: Database) -> None:
    async with log.transaction() as tx:
        await tell(tx, Sold(1))
        tx.before_commit(lambda: tell(tx, Sold(2)))
    assert [told.read(Sold).number for told in await whole_log(log)] == [1, 2]


async def test_a_hot_path_appends_its_own_arrays(log: Database) -> None:
    rows = [row_of(Sold(n), key=n % 3, subject="s", at=NOON) for n in range(6)]
    async with log.transaction() as tx:
        await append(tx, rows)
        await append(tx, [])
        await tx.run("select events_append('{}', '{}', '{}', '{}', '{}', '{}')")
    assert sorted((t.key, t.position, t.read(Sold).number) for t in await whole_log(log)) == [
        (0, 1, 0),
        (0, 2, 3),
        (1, 1, 1),
        (1, 2, 4),
        (2, 1, 2),
        (2, 2, 5),
    ]


async def test_plpgsql_can_tell_too(log: Database) -> None:
    async with log.transaction() as tx:
        await tx.run("""
            do $$ begin
                perform events_append(array[5]::bigint[], array[events_type_id('shop.sold.v1')],
                    array['01900000-0000-7000-8000-000000000009'::uuid], array[now()], array['s'],
                    array[convert_to('{"number":3}', 'UTF8')]);
            end $$""")
    (told,) = await whole_log(log)
    assert told.read(Sold) == Sold(3)


@pytest.mark.parametrize(
    "spoil",
    [
        {"type": 12345},  # nobody registered it
        {"key": None},
        {"subject": None},
        {"data": None},
        {"time": None},
    ],
)
async def test_a_fact_with_a_hole_is_refused_whole(log: Database, spoil: dict[str, Any]) -> None:
    good = row_of(Sold(1), key=1, subject="s", at=NOON)
    with pytest.raises(asyncpg.NotNullViolationError):
        async with log.transaction() as tx:
            await append(tx, [good, good._replace(**spoil)])
    assert await whole_log(log) == []
    await sell(log, (1, 2))
    assert [told.position for told in await whole_log(log)] == [1]


async def write_histories(db: Database, writer: int, rng: random.Random, kept: list[tuple[int, int]]) -> None:
    """Transactions over several keys, a third of them rolled back; what stayed is noted in `kept`.

    The number of a fact is taken from the customer's own row, which is locked as a wallet would be: it
    says in which order changes of a customer really happened.
    """
    for _ in range(25):
        keys = sorted(rng.sample(range(12), rng.randint(1, 4)))
        told: list[tuple[int, int]] = []
        try:
            async with db.transaction() as tx:
                for key in keys:
                    number = await tx.value("update counter set n = n + 1 where key = $1 returning n", key)
                    await tell(tx, Sold(number), key=key)
                    told.append((key, number))
                rng.shuffle(told)
                if rng.random() < 0.3:
                    raise InterruptedError
        except InterruptedError:
            continue
        kept += told


async def poll(db: Database, seen: list[Envelope], done: asyncio.Event) -> None:
    """A reader that never looks back, as every reaction and every subscriber does."""
    after = dict.fromkeys(range(PARTITIONS), 0)
    while True:
        is_last = done.is_set()
        for partition in after:
            async with db.transaction() as tx:
                for told in await read(tx, partition, after[partition], 7 if not is_last else 10_000):
                    after[partition] = told.position
                    seen.append(told)
        if is_last:
            return
        await asyncio.sleep(0)


@pytest.mark.parametrize("seed", [1, 2])
async def test_eight_writers_lose_nothing_and_keep_each_customers_order(
    log: Database, database_url: str, seed: int
) -> None:
    many = await Database.connect(database_url, min_size=8, max_size=8)
    async with log.transaction() as tx:
        await tx.run("create table counter (key bigint primary key, n integer not null)")
        await tx.run("insert into counter select k, 0 from generate_series(0, 11) as k")
    kept: list[tuple[int, int]] = []
    seen: list[Envelope] = []
    done = asyncio.Event()
    reader = asyncio.create_task(poll(log, seen, done))
    await asyncio.gather(*(write_histories(many, w, random.Random(seed * 100 + w), kept) for w in range(8)))
    done.set()
    await reader
    await many.close()

    assert sorted((told.key, told.read(Sold).number) for told in seen) == sorted(kept), "lost or invented"
    assert len(kept) > 100, "the writers wrote"
    positions, numbers = defaultdict(list), defaultdict(list)
    for told in seen:
        positions[told.partition].append(told.position)
        numbers[told.key].append(told.read(Sold).number)
    for partition, taken in positions.items():
        assert taken == list(range(1, len(taken) + 1)), f"partition {partition} is not dense"
    for key, told_numbers in numbers.items():
        assert told_numbers == sorted(told_numbers), f"customer {key} out of order"
    recorded = [(told.partition, told.recorded_at) for told in await whole_log(log)]
    assert recorded == sorted(recorded), "recorded times grow with positions"


async def test_transactions_over_the_same_partitions_never_deadlock(log: Database, database_url: str) -> None:
    """The same keys in opposite orders: a lock taken as they come would soon close a ring."""
    many = await Database.connect(database_url, min_size=8, max_size=8)
    clashes = 0

    async def write(keys: list[int]) -> None:
        nonlocal clashes
        for number in range(25):
            if clashes:
                return
            try:
                async with many.transaction() as tx:
                    for key in keys:
                        await tell(tx, Sold(number), key=key)
            except CLASHES:
                clashes += 1

    forwards, backwards = list(range(8)), list(reversed(range(8)))
    await asyncio.gather(*(write(forwards if w % 2 else backwards) for w in range(8)))
    await many.close()
    assert clashes == 0
    assert len(await whole_log(log)) == 8 * 25 * 8


async def test_the_number_of_partitions_is_chosen_at_creation(database_url: str) -> None:

    connection = await asyncpg.connect(database_url)
    await connection.execute("drop schema public cascade; create schema public")
    await connection.execute("set vokrug.event_partitions = '3'")
    for migration in read_migrations():
        await connection.execute(migration.sql)
    assert await connection.fetchval("select array_agg(partition) from events_head") == [0, 1, 2]
    assert await connection.fetchval("select events_partition(-1)") == 2
    await connection.close()


async def test_the_outbox_view_has_the_columns_a_router_expects(log: Database) -> None:
    await sell(log, (5, 1))
    async with log.transaction() as tx:
        (row,) = await tx.rows("select id, aggregatetype, aggregateid, type, payload from events_outbox")
    assert (row["aggregatetype"], row["aggregateid"], row["type"]) == ("shop", "5", "shop.sold.v1")
    assert row["payload"] == '{"number": 1, "total_minor": 0}'


async def test_a_moment_is_found_by_bisection(log: Database) -> None:
    await sell(log, *((0, n) for n in range(1, 12)))
    async with log.transaction() as tx:
        await space_out(tx)
        await tx.run("delete from events_log where position in (1, 2, 6)")  # the past has holes

        async def before(minutes: float) -> int:
            moment = NOON + timedelta(minutes=minutes)
            found: int = await tx.value("select events_position_before(0::smallint, $1)", moment)
            return found

        table = [(0, 0), (3, 0), (3.5, 3), (5.5, 5), (6.5, 5), (7.5, 7), (11.5, 11), (60, 11)]
        assert [(minutes, await before(minutes)) for minutes, _ in table] == table


async def space_out(tx: Tx) -> None:
    """Let every fact of partition 0 be recorded at noon and as many minutes as its position."""
    await tx.run("update events_log set recorded_at = $1::timestamptz + position * interval '1 minute'", NOON)


def test_a_type_has_the_same_small_number_everywhere() -> None:
    assert {one.id for one in SHOP} == {type_id(Sold), type_id(Returned)}
