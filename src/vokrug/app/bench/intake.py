"""What it costs to take other systems' facts: whole batches through the intake, beside the same rows appended bare."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from vokrug import events
from vokrug.app.bench import meter
from vokrug.app.bench.stage import Stage, staged
from vokrug.events.intake.arrivals import Arrival, arrivals
from vokrug.events.intake.publishing import Publisher, publish_arrivals
from vokrug.events.registry.declaring import declare_type
from vokrug.events.registry.schemas import PutEventType
from vokrug.events.rules import type_id_of
from vokrug.kernel import new_id
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TYPE = "bench.looked.v1"
SCHEMA = {
    "type": "object",
    "required": ["page"],
    "properties": {
        "page": {"type": "string", "maxLength": 200},
        "seconds": {"type": "integer", "minimum": 0},
        "referrer": {"type": "string"},
        "channel": {"enum": ["site", "app"]},
    },
}
BATCHED = "application/cloudevents-batch+json"


class Report(msgspec.Struct):
    """Events a second and microseconds of processor time an event, by way and round."""

    batch: int
    rounds: list[dict[str, dict[str, float]]]


@dataclass(frozen=True, slots=True)
class Plan:
    rounds: int
    batches: int
    batch: int


def measure(plan: Plan, say: Callable[[str], None]) -> Report:
    with staged(say) as stage:
        asyncio.run(migrate(stage.database.url))
        return asyncio.run(_measure(plan, stage))


async def _measure(plan: Plan, stage: Stage) -> Report:
    db = await Database.connect(stage.database.url)
    publisher = Publisher("bench", "staff", is_staff=True)
    try:
        card = PutEventType(owner="bench", words="A page was looked at.", schema=SCHEMA, key="visitor").to_card(
            TYPE, NOW
        )
        async with db.transaction() as tx:
            await declare_type(tx, card, by="bench", is_staff=True, now=NOW)
        rounds = []
        for _ in range(plan.rounds):
            bodies = [_body(plan.batch) for _ in range(plan.batches)]

            async def taken(body: bytes) -> None:
                given, _ = arrivals(BATCHED, {}, body)
                async with db.transaction() as tx:
                    outcomes = await publish_arrivals(tx, given, publisher, NOW)
                assert all(each.refusal is None for each in outcomes), "every event is taken"

            async def bare(body: bytes) -> None:
                async with db.transaction() as tx:
                    await events.append(tx, [_row(each) for each in arrivals(BATCHED, {}, body)[0]])

            rounds.append(
                {
                    "intake": await _timed(stage, plan, bodies, taken),
                    "bare_append": await _timed(stage, plan, bodies, bare),
                }
            )
        return Report(plan.batch, rounds)
    finally:
        await db.close()


def _body(batch: int) -> bytes:
    return msgspec.json.encode(
        [
            {
                "specversion": "1.0",
                "id": str(uuid4()),
                "source": "/bench",
                "type": TYPE,
                "subject": f"visitor {n}",
                "time": "2026-11-23T12:00:00Z",
                "data": {"page": f"/cakes/{n}", "seconds": n, "referrer": "/", "channel": "site"},
            }
            for n in range(batch)
        ]
    )


def _row(arrival: Arrival) -> events.Row:
    id: UUID = new_id()
    data = msgspec.json.encode(arrival.data)
    return events.Row(hash(arrival.subject) >> 1, type_id_of(TYPE), id, NOW, "visitor", data)


async def _timed(
    stage: Stage, plan: Plan, bodies: list[bytes], work: Callable[[bytes], Awaitable[None]]
) -> dict[str, float]:
    groups = {"database": stage.groups["database"]}
    before, cpu_s, began_s = meter.read(groups), time.process_time(), time.perf_counter()
    for body in bodies:
        await work(body)
    took_s, program_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    used = meter.between(before, meter.read(groups))
    count = plan.batch * len(bodies)
    return {
        "events_per_s": round(count / took_s),
        "program_us": round(program_s / count * 1e6, 1),
        "database_us": round(used.by_group["database"] / count * 1e6, 1),
    }
