"""How fast one relay carries the log to Kafka, beside Kafka's own tool with records of the same size and durability."""

import asyncio
import statistics
import subprocess
import time

from vokrug.app.bench.stream.site import Site
from vokrug.app.brokers import LocalKafka
from vokrug.app.brokers.kafka import java
from vokrug.runtime.database import Database

RECORD_BYTES = 1_080  # headers, key and value of one of our facts
TOOL_TIMES = 5  # Java is warm for most of its run
BEHIND = "select coalesce(sum(position), 0), (select sum(next_position - 1) from events_head) from events_offset"


async def relay_rates(site: Site, db: Database, kafka: LocalKafka, events: int) -> tuple[float, float]:
    """What lies in the log, carried by one relay, between two runs of the tool."""
    perf = [await asyncio.to_thread(_perf_test, kafka, events * TOOL_TIMES)]
    relay = site.add("relay", broker="kafka")
    relay.start()
    begun: tuple[float, int] | None = None
    while True:
        await asyncio.sleep(0.02)
        async with db.transaction(readonly=True) as tx:
            (done, told) = tuple((await tx.rows(BEHIND))[0])
        if begun is None and done:
            begun = (time.monotonic(), int(done))  # from the first batch on: a process's start is not its speed
        if done == told and begun is not None:
            rate = (int(told) - begun[1]) / (time.monotonic() - begun[0])
            break
    perf.append(await asyncio.to_thread(_perf_test, kafka, events * TOOL_TIMES))
    return rate, statistics.mean(perf)


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
