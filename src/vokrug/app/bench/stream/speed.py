"""How fast the stream is, each number beside its limit in the same run."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import msgspec

from vokrug.app.bench.stream.facts import KEYS, PAD, SUBJECT, Bought
from vokrug.app.bench.stream.latency import Latency, latency
from vokrug.app.bench.stream.relaying import relay_rates
from vokrug.app.bench.stream.site import Site, a_folder
from vokrug.app.bench.stream.writing import Written, write_rates
from vokrug.app.brokers import LocalKafka, kafka_missing
from vokrug.events import append, read, row_of
from vokrug.kernel import Clock
from vokrug.runtime.database import Database


class Speed(msgspec.Struct, frozen=True):
    """Rates are events a second; the limit was measured in the same run, between our rounds."""

    writing: list[Written]
    write_ratio: float  # of the first kind: a business change and its fact in one commit
    relay_to_kafka: float | None
    kafka_perf_test: float | None
    relay_ratio: float | None
    read_rate: float
    read_rate_per_core: float
    latency: Latency
    skipped: str | None


def measure(*, seconds: float, rounds: int, events: int, say: Callable[[str], None]) -> Speed:
    skipped = kafka_missing()
    with a_folder() as folder:
        servers = {} if skipped else {"kafka": LocalKafka(folder / "kafka", is_light=False)}
        site = Site(folder, dict(servers))
        try:
            asyncio.run(site.open())
            say("writing")
            writing = write_rates(site.url, seconds * 2, rounds)
            return asyncio.run(_measure(site, writing, seconds, events, skipped, say))
        finally:
            site.close()


async def _measure(
    site: Site, writing: list[Written], seconds: float, events: int, skipped: str | None, say: Callable[[str], None]
) -> Speed:
    async with _database(site) as db:
        async with db.transaction() as tx:
            await tx.run("truncate events_log")
            await tx.run("update events_head set next_position = 1")
        await _fill(db, events)
        say("reading")
        wall, core = await _read_rates(db)
        kafka = site.servers.get("kafka")
        relayed, perf = None, None
        if isinstance(kafka, LocalKafka):
            say("relaying")
            relayed, perf = await relay_rates(site, db, kafka, events)
        say("latency")
        delays = await latency(site, db, seconds)
    return Speed(
        writing=writing,
        write_ratio=writing[0].ratio,
        relay_to_kafka=relayed and round(relayed),
        kafka_perf_test=perf and round(perf),
        relay_ratio=round(relayed / perf, 2) if relayed and perf else None,
        read_rate=round(wall),
        read_rate_per_core=round(core),
        latency=delays,
        skipped=skipped,
    )


@contextlib.asynccontextmanager
async def _database(site: Site) -> AsyncIterator[Database]:
    db = await Database.connect(site.url, max_size=10)
    try:
        yield db
    finally:
        await db.close()


async def _fill(db: Database, events: int) -> None:
    for first in range(0, events, 1_000):
        rows = [
            row_of(Bought(n, PAD), key=n % KEYS, subject=SUBJECT, at=Clock().now()) for n in range(first, first + 1_000)
        ]
        async with db.transaction() as tx:
            await append(tx, rows)


async def _read_rates(db: Database) -> tuple[float, float]:
    """One reader decodes everything: a second of the wall, and a second of this process's own core."""
    begun_s, cpu_s, count = time.monotonic(), time.process_time(), 0
    for partition in range(8):
        position = 0
        while True:
            async with db.transaction(readonly=True) as tx:
                told = await read(tx, partition, position, 1_000)
            if not told:
                break
            count += len([one.read(Bought) for one in told])
            position = told[-1].position
    return count / (time.monotonic() - begun_s), count / (time.process_time() - cpu_s)
