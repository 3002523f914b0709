"""How long a fact takes to a reader's effect, when all of it runs at half of what this machine can carry through.

Writer, PostgreSQL, relay, broker and both readers share the machine, as they would on a small server. First the
writer pours as fast as the slowest reader follows; half of that rate, in even steps, is the half load.
"""

import asyncio
import contextlib
import itertools
import signal
import time
from collections.abc import Iterator

import msgspec

from vokrug.app.bench.stream.facts import KEYS
from vokrug.app.bench.stream.roles import tell
from vokrug.app.bench.stream.site import Child, Site
from vokrug.runtime.database import Database

PER_COMMIT = 4
MOST_BEHIND = 2_000  # the writer pours no further ahead of the readers
WARM_S = 3.0

AT_THE_END = """
    insert into events_offset
    select r, partition, next_position - 1 from events_head, unnest($1::text[]) r
    on conflict (reaction, partition) do update set position = excluded.position
"""
BEHIND = """
    select coalesce(max(behind), 0) from (
        select sum(h.next_position - 1 - o.position) as behind
          from events_offset o join events_head h using (partition) where o.reaction = any($1) group by o.reaction) b
"""
TAKEN = """
    select reader, extract(epoch from seen_at - told_at)::float8 * 1000 as ms from bench_effect
     where told_at >= $1::timestamptz
"""


class Latency(msgspec.Struct, frozen=True):
    """Facts a second, and milliseconds from the recording of a fact to an effect of a reader."""

    most_through: float
    half_load: float
    log_p50_ms: float
    log_p99_ms: float
    kafka_p50_ms: float | None
    kafka_p99_ms: float | None


async def latency(site: Site, db: Database, seconds: float) -> Latency:
    readers = ["bench.log"]
    children: list[Child] = [site.add("log_reader")]
    if "kafka" in site.servers:
        readers.append("bench.kafka")
        children.append(site.add("broker_reader", broker="kafka"))
        if not any(child.role.role == "relay" and child.is_running for child in site.children):
            children.append(site.add("relay", broker="kafka"))
    async with db.transaction() as tx:
        await tx.run(AT_THE_END, readers)
    for child in children:
        child.start()
    keys = _keys()
    try:
        await _pour(db, readers, keys, WARM_S)  # processes start, lease their partitions and warm up
        most = await _pour(db, readers, keys, seconds)
        await _caught_up(db, readers)
        half = most / 2
        begun_at = await _step(db, keys, half, seconds * 2)
        await _caught_up(db, readers)
    finally:
        for child in children:
            child.signal(signal.SIGTERM)
    async with db.transaction(readonly=True) as tx:
        found: dict[str, list[float]] = {}
        for row in await tx.rows(TAKEN, begun_at):
            found.setdefault(row["reader"], []).append(row["ms"])
    log, far = found.get("bench.log", []), found.get("bench.kafka")
    return Latency(
        round(most),
        round(half),
        _percentile(log, 50),
        _percentile(log, 99),
        _percentile(far, 50) if far else None,
        _percentile(far, 99) if far else None,
    )


def _keys() -> Iterator[list[int]]:
    for n in itertools.count():
        yield sorted({(PER_COMMIT * n + i) * 7919 % KEYS for i in range(PER_COMMIT)})


async def _pour(db: Database, readers: list[str], keys: Iterator[list[int]], seconds: float) -> float:
    """As fast as the slowest reader follows; the rate."""
    begun_s, count = time.monotonic(), 0
    while time.monotonic() - begun_s < seconds:
        for _ in range(25):
            batch = [next(keys) for _ in range(4)]
            await asyncio.gather(*(tell(db, one) for one in batch))
            count += sum(map(len, batch))
        while await _behind(db, readers) > MOST_BEHIND:  # noqa: ASYNC110  what we wait for is in the database
            await asyncio.sleep(0.01)
    behind = await _behind(db, readers)
    return (count - behind) / (time.monotonic() - begun_s)


async def _step(db: Database, keys: Iterator[list[int]], rate: float, seconds: float) -> object:
    """At an even rate; the database's clock at the beginning."""
    async with db.transaction(readonly=True) as tx:
        begun_at = await tx.value("select clock_timestamp()")
    begun_s, told = time.monotonic(), 0
    while (elapsed_s := time.monotonic() - begun_s) < seconds:
        waiting = int(elapsed_s * rate / PER_COMMIT) - told
        batch = [next(keys) for _ in range(min(waiting, 8))]
        await asyncio.gather(*(tell(db, one) for one in batch))
        told += len(batch)
        await asyncio.sleep(0.002)
    return begun_at


async def _caught_up(db: Database, readers: list[str]) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(60):
            while await _behind(db, readers):  # noqa: ASYNC110
                await asyncio.sleep(0.05)


async def _behind(db: Database, readers: list[str]) -> int:
    async with db.transaction(readonly=True) as tx:
        return int(await tx.value(BEHIND, readers))


def _percentile(values: list[float], percent: int) -> float:
    if not values:
        return float("nan")
    return round(sorted(values)[min(len(values) - 1, len(values) * percent // 100)], 1)
