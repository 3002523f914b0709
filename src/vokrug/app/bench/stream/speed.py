"""How fast the stream is, each number beside its limit in the same run."""

import asyncio
import contextlib
import signal
import statistics
import subprocess
import time
from collections.abc import AsyncIterator, Callable
from uuid import uuid4

import asyncpg
import msgspec

from vokrug.app.bench.stream.facts import PAD, Bought
from vokrug.app.bench.stream.roles import KEYS, SUBJECT, tell
from vokrug.app.bench.stream.site import Child, Site, a_folder
from vokrug.app.brokers import LocalKafka, kafka_missing
from vokrug.app.brokers.kafka import java
from vokrug.events import append, read, row_of
from vokrug.kernel import Clock
from vokrug.runtime.database import Database

WRITERS = 8
PLAIN = "create table bench_plain (like events_log including all)"
THROUGH_LOG = "select events_append($1, $2, $3, $4, $5, $6)"
WITHOUT_LOG = """
    insert into bench_plain (position, key, time, recorded_at, type, partition, id, subject, data)
    select nextval('bench_effect_place_seq'), f.key, f.time, clock_timestamp(), f.type, 0, f.id, f.subject, f.data
      from unnest($1::bigint[], $2::integer[], $3::uuid[], $4::timestamptz[], $5::text[], $6::bytea[])
           as f (key, type, id, time, subject, data)
"""


class Speed(msgspec.Struct, frozen=True):
    """Rates are events a second; the limit was measured in the same run, between our rounds."""

    write_through_log: float
    write_without_log: float
    write_ratio: float
    relay_to_kafka: float | None
    kafka_perf_test: float | None
    relay_ratio: float | None
    read_rate: float
    read_rate_per_core: float
    half_load: float
    log_p50_ms: float
    log_p99_ms: float
    kafka_p50_ms: float | None
    kafka_p99_ms: float | None
    skipped: str | None


def measure(*, seconds: float, rounds: int, events: int, say: Callable[[str], None]) -> Speed:
    skipped = kafka_missing()
    with a_folder() as folder:
        servers = {} if skipped else {"kafka": LocalKafka(folder / "kafka", is_light=False)}
        site = Site(folder, dict(servers))
        try:
            return asyncio.run(_measure(site, seconds, rounds, events, skipped, say))
        finally:
            site.close()


async def _measure(
    site: Site, seconds: float, rounds: int, events: int, skipped: str | None, say: Callable[[str], None]
) -> Speed:
    await site.open()
    async with _database(site) as db:
        async with db.transaction() as tx:
            await tx.run(PLAIN)
        say("writing")
        through, without = await _write_rates(db, seconds, rounds)
        kafka = site.servers.get("kafka")
        relayed, perf = None, None
        await _fill(db, events)
        say("reading")
        wall, core = await _read_rates(db)
        if isinstance(kafka, LocalKafka):
            say("relaying")
            relayed, perf = await _relay_rates(site, db, kafka, events)
        say("latency")
        half = through / 2
        latencies = await _latencies(site, db, half, seconds * 2)
    log, far = latencies.get("bench.log", []), latencies.get("bench.kafka", [])
    return Speed(
        write_through_log=round(through),
        write_without_log=round(without),
        write_ratio=round(through / without, 2),
        relay_to_kafka=relayed and round(relayed),
        kafka_perf_test=perf and round(perf),
        relay_ratio=round(relayed / perf, 2) if relayed and perf else None,
        read_rate=round(wall),
        read_rate_per_core=round(core),
        half_load=round(half),
        log_p50_ms=_percentile(log, 50),
        log_p99_ms=_percentile(log, 99),
        kafka_p50_ms=_percentile(far, 50) if far else None,
        kafka_p99_ms=_percentile(far, 99) if far else None,
        skipped=skipped,
    )


@contextlib.asynccontextmanager
async def _database(site: Site) -> AsyncIterator[Database]:
    db = await Database.connect(site.url, max_size=WRITERS + 2)
    try:
        yield db
    finally:
        await db.close()


async def _write_rates(db: Database, seconds: float, rounds: int) -> tuple[float, float]:
    """Eight writers, an event and a commit each time; the two kinds take turns, and the better halves count."""
    rates: dict[str, list[float]] = {THROUGH_LOG: [], WITHOUT_LOG: []}
    for _ in range(rounds):
        for sql, found in rates.items():
            found.append(await _write_rate(db, sql, seconds / rounds))
    return statistics.median(rates[THROUGH_LOG]), statistics.median(rates[WITHOUT_LOG])


async def _write_rate(db: Database, sql: str, seconds: float) -> float:
    until_s, begun_s = time.monotonic() + seconds, time.monotonic()

    async def writes(first: int) -> int:
        count = 0
        async with db.pool.acquire() as connection:
            statement = await connection.prepare(sql)
            while time.monotonic() < until_s:
                row = row_of(Bought(count, PAD), key=first + 8 * count, subject=SUBJECT, at=Clock().now(), id=uuid4())
                await statement.fetch(*([value] for value in row))
                count += 1
        return count

    counts = await asyncio.gather(*map(writes, range(WRITERS)))
    return sum(counts) / (time.monotonic() - begun_s)


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


async def _relay_rates(site: Site, db: Database, kafka: LocalKafka, events: int) -> tuple[float, float]:
    """What lies in the log, carried by one relay; beside it Kafka's own tool with records of the same size."""
    perf = [await asyncio.to_thread(_perf_test, kafka, events)]
    relay = site.add("relay", broker="kafka")
    relay.start()
    behind = "select coalesce(sum(position), 0), (select sum(next_position - 1) from events_head) from events_offset"
    begun: tuple[float, int] | None = None
    while True:
        await asyncio.sleep(0.02)
        async with db.transaction(readonly=True) as tx:
            (done, told) = tuple((await tx.rows(behind))[0])
        if begun is None and done:
            begun = (time.monotonic(), int(done))  # from the first batch on: a process's start is not its speed
        if done == told and begun is not None:
            rate = (int(told) - begun[1]) / (time.monotonic() - begun[0])
            break
    perf.append(await asyncio.to_thread(_perf_test, kafka, events))
    return rate, statistics.mean(perf)


RECORD_BYTES = 1_080  # headers, key and value of one of our facts


def _perf_test(kafka: LocalKafka, events: int) -> float:
    tool = java(kafka.home, is_light=False)
    where = ["--bootstrap-server", kafka.servers, "--create", "--if-not-exists", "--topic", "perf", "--partitions", "8"]
    quiet = subprocess.DEVNULL
    subprocess.run([*tool, "org.apache.kafka.tools.TopicCommand", *where], check=True, stdout=quiet, stderr=quiet)
    size = ["--topic", "perf", "--num-records", str(events), "--record-size", str(RECORD_BYTES), "--throughput", "-1"]
    same = [f"bootstrap.servers={kafka.servers}", "acks=all", "enable.idempotence=true"]
    main = "org.apache.kafka.tools.ProducerPerformance"
    said = subprocess.run([*tool, main, *size, "--producer-props", *same], check=True, capture_output=True, text=True)
    return float(said.stdout.strip().splitlines()[-1].split(" records/sec")[0].split(",")[-1])


async def _latencies(site: Site, db: Database, rate: float, seconds: float) -> dict[str, list[float]]:
    """At half load: from the moment a fact was recorded to the moment a reader's effect was written."""
    children: list[Child] = [site.add("log_reader")]
    if "kafka" in site.servers:
        children.append(site.add("broker_reader", broker="kafka"))
    for child in children:
        child.start()
    async with db.transaction() as tx:
        await tx.run("truncate bench_plain")
        await tx.run(
            "insert into events_offset select r, partition, next_position - 1 from events_head, "
            "unnest(array['bench.log', 'bench.kafka']) r"
        )
    await asyncio.sleep(5.0)  # processes start and lease their partitions
    begun_s, count = time.monotonic(), 0
    while time.monotonic() - begun_s < seconds:
        due = int((time.monotonic() - begun_s) * rate / 4)
        waits = [
            tell(db, [(4 * n + i) * 7919 % KEYS for i in range(4)]) for n in range(count, min(due, count + WRITERS))
        ]
        with contextlib.suppress(asyncpg.UniqueViolationError):
            await asyncio.gather(*waits)
        count += len(waits)
        await asyncio.sleep(0.002)
    await asyncio.sleep(2.0)
    for child in children:
        child.signal(signal.SIGTERM)
    async with db.transaction(readonly=True) as tx:
        rows = await tx.rows(
            "select reader, extract(epoch from seen_at - told_at)::float8 * 1000 as ms from bench_effect"
        )
    found: dict[str, list[float]] = {}
    for row in rows:
        found.setdefault(row["reader"], []).append(row["ms"])
    return found


def _percentile(values: list[float], percent: int) -> float:
    if not values:
        return float("nan")
    return round(sorted(values)[min(len(values) - 1, len(values) * percent // 100)], 1)
