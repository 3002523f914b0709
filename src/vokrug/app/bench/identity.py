"""How fast the directory answers who somebody is, and that it stays so as it fills."""

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import msgspec

from vokrug import customers, events
from vokrug.app.bench import chain
from vokrug.app.bench.numbers import quantile, ratio
from vokrug.app.bench.seeding import CHUNK, MOVE_SEQUENCES, Seed, copy_people, writer
from vokrug.app.bench.stage import staged
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate

LANES = 8  # resolves at a time, on one core of the program
BARE = "select customer_number from customers_identifier where type_id = $1 and hash = $2"

Say = Callable[[str], None]
Work = Callable[[int], Awaitable[None]]


class Size(msgspec.Struct):
    """Of one directory. A core-second is a second of this process's own processor time."""

    identifiers: int
    resolved_s: float
    resolved_core_s: float
    bare_core_s: float  # the same row by its primary key, with nothing around it
    ratio: float  # of the two: how much of a bare read the answer costs
    asked_s: float  # half of what it can
    p50_ms: float
    p99_ms: float


class Report(msgspec.Struct):
    sizes: list[Size]
    flatness: float  # the slowest size beside the fastest, by core-seconds


def measure(sizes: tuple[int, ...], seconds: float, say: Say) -> Report:
    with staged(say) as stage:
        url = stage.database.url
        asyncio.run(migrate(url))
        return asyncio.run(_measure(Seed(url, stage.secret, datetime.now(UTC), shops=1), sizes, seconds, say))


async def _measure(seed: Seed, sizes: tuple[int, ...], seconds: float, say: Say) -> Report:
    db = await Database.connect(seed.url, min_size=LANES, max_size=LANES)
    pool = await asyncpg.create_pool(seed.url, min_size=LANES, max_size=LANES)
    vault = customers.Vault(hashlib.sha256(seed.secret.encode()).digest())
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, seed.now)
            directory = await customers.Directory.load(tx, vault)
        found = []
        for size in sorted(sizes):
            await _fill(seed, vault, size // 2)
            say(f"{size:,} identifiers")
            found.append(await _at(db, pool, directory, size, seconds))
        rates = [one.resolved_core_s for one in found]
        return Report(found, ratio(min(rates), max(rates)))
    finally:
        await pool.close()
        await db.close()


async def _fill(seed: Seed, vault: customers.Vault, people: int) -> None:
    """Each has a phone and a card."""
    connection = await writer(seed)
    try:
        while seed.customers < people:
            part = range(seed.customers + 1, min(seed.customers + CHUNK, people) + 1)
            async with connection.transaction():
                await copy_people(connection, vault, part, seed.now)
            seed.customers = part.stop - 1
        await connection.execute(MOVE_SEQUENCES)
        await connection.execute("vacuum (analyze) customers_identifier, customers_customer, customers_key")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


async def _at(db: Database, pool: "asyncpg.Pool", directory: customers.Directory, size: int, seconds: float) -> Size:
    async def resolve(number: int) -> None:
        async with db.one_read() as tx:
            (found,) = await customers.resolve(tx, directory, [("phone", chain.phone_of(number))])
        assert found is not None, "everybody was written down"
        assert found.number == number, "and is who they are"

    hashes = [directory.identify("phone", chain.phone_of(_anybody(size))) for _ in range(1_000)]

    async def bare(number: int) -> None:
        one = hashes[number % len(hashes)]
        async with pool.acquire() as connection:
            await connection.fetchrow(BARE, one.type.id, one.hash)

    await _rate(resolve, size, seconds / 4)
    rate, of_core = await _rate(resolve, size, seconds)
    _, of_bare = await _rate(bare, size, seconds)
    delays = await _delays(resolve, size, rate / 2, seconds)
    return Size(
        size,
        rate,
        of_core,
        of_bare,
        ratio(of_core, of_bare),
        rate / 2,
        quantile(delays, 0.5) * 1_000,
        quantile(delays, 0.99) * 1_000,
    )


def _anybody(size: int) -> int:
    return random.randint(1, size // 2)


async def _rate(work: Work, size: int, seconds: float) -> tuple[float, float]:
    """As fast as it goes: a second, and a second of this process's core."""
    done, until = 0, time.perf_counter() + seconds

    async def lane() -> None:
        nonlocal done
        while time.perf_counter() < until:
            await work(_anybody(size))
            done += 1

    began, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*(lane() for _ in range(LANES)))
    return done / (time.perf_counter() - began), done / (time.process_time() - cpu)


async def _delays(work: Work, size: int, rate: float, seconds: float) -> list[float]:
    """Seconds from the moment each was due, at so many a second that come at random."""
    delays: list[float] = []
    running: set[asyncio.Task[None]] = set()

    async def one(due: float) -> None:
        await work(_anybody(size))
        delays.append(time.perf_counter() - due)

    due = time.perf_counter()
    until = due + seconds
    while (due := due + random.expovariate(rate)) < until:
        if (ahead := due - time.perf_counter()) > 0:
            await asyncio.sleep(ahead)
        task = asyncio.create_task(one(due))
        running.add(task)
        task.add_done_callback(running.discard)
    await asyncio.gather(*running)
    return delays


def page(report: Report) -> str:
    lines = [
        f"{one.identifiers:>10,} identifiers: {one.resolved_s:,.0f} a second, {one.resolved_core_s:,.0f} a second of a "
        f"core ({one.ratio:.2f} of a bare read, {one.bare_core_s:,.0f}); at {one.asked_s:,.0f} a second "
        f"p50 {one.p50_ms:.2f} ms, p99 {one.p99_ms:.2f} ms"
        for one in report.sizes
    ]
    return "\n".join([*lines, f"slowest size beside the fastest: {report.flatness:.2f}"])
