"""A peak hour of a chain whose lines are bad: calls get lost, two shops have no line and send their queues later.

Every sale that a till was told of, or printed by itself, must be in the books once: counted here by the tills, there
by the database. What the losses cost is said beside the same hour without them, in turns.
"""

import asyncio
import random
import threading
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import msgspec

from vokrug.app.bench import chain, seeding, tpcb
from vokrug.app.bench.load import Plan, orders_of, warm_up
from vokrug.app.bench.numbers import quantile
from vokrug.app.bench.results import Latency, latency_of
from vokrug.app.bench.sale import Say, books_of, machine, seeded
from vokrug.app.bench.seeding import Seed
from vokrug.app.bench.stage import Stage, staged
from vokrug.app.bench.tills import CALLS, Outcome
from vokrug.kernel import parse_minor
from vokrug.pos.offline.bundle import Bundle, verify_taken
from vokrug.pos.offline.ed25519 import verify
from vokrug.pos.schemas import Calculate

QUEUE_PART = 500
RETURN_EVERY = 20  # one queued sale in so many comes back before the line does


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Ten times the average of 900,000 sales a day, over as many shops as the franchise has."""

    seconds: float = 60.0
    rounds: int = 3  # with and without losses, in turns
    rate: float = 104.0
    loss: float = 0.05
    patience_s: float = 2.5
    shops: int = 300
    customers: int = 100_000
    queued: int = 1_000  # documents of each shop without a line

    def quickened(self) -> "Peak":
        return replace(self, seconds=2.0, rounds=1, rate=40.0, patience_s=0.1, shops=10, customers=500, queued=60)


class Hour(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch. Calls count as often as they were answered."""

    loss: float
    sales_s: float
    latency: dict[str, Latency]
    calls_cpu_s: float  # calls a second of our processors, program and database together
    lost: int
    repeats: int
    other_cores: float
    unexpected: dict[str, int]


class Queues(msgspec.Struct, frozen=True, kw_only=True):
    """What the shops without a line sent afterwards: each part twice, shuffled, while the others went on selling."""

    documents: int
    statuses: dict[str, int]  # first time
    repeats: int  # second time: all of them
    part_p50_ms: float
    part_p99_ms: float
    bundle_bytes: int
    bundle_gzip_bytes: int
    deviations: int


class Day(msgspec.Struct, kw_only=True):
    """What `--json` prints."""

    machine: str
    plan: Peak
    hours: list[Hour]  # the first one with the queues
    queues: Queues
    told: dict[str, int]  # by the tills
    found: dict[str, int]  # in the database
    lost: int
    doubled: int
    balanced: bool
    cost_ratio: float  # calls a processor second with losses, of those without


def measure(peak: Peak, say: Say) -> Day:
    plan = Plan(customers=peak.customers, history=0, shops=peak.shops, clients=peak.shops, seconds=peak.seconds)
    with staged(say) as stage:
        seed = asyncio.run(seeded(stage.database.url, stage.secret, plan, say))
        tpcb.prepare(stage.database, 1)
        asyncio.run(seeding.settle_down(seed))
        with stage.serving(seed.url, plan.processes):
            warm_up(stage, seed, plan)
            before = asyncio.run(counted(seed.url))
            online, offline = seed.keys[:-2], seed.keys[-2:]
            shops = [Shop(stage, key, seed, peak.queued, number) for number, key in enumerate(offline)]
            senders = [threading.Thread(target=shop.send) for shop in shops]
            for sender in senders:
                sender.start()
            trade = [one_hour(stage, seed, plan, peak, online, peak.loss)]
            say(f"with the queues: {line_of(trade[0][0])}")
            for sender in senders:
                sender.join()
            for loss in (peak.loss, 0.0) * peak.rounds:
                trade.append(one_hour(stage, seed, plan, peak, online, loss))
                say(f"loss {loss:.0%}: {line_of(trade[-1][0])}")
            after = asyncio.run(counted(seed.url))
        books = books_of(seed, say)
    hours, outcomes = [hour for hour, _ in trade], [outcome for _, outcome in trade]
    return day_of(peak, hours, outcomes, shops, before, after, books.balanced)


def one_hour(
    stage: Stage, seed: Seed, plan: Plan, peak: Peak, keys: list[chain.Key], loss: float
) -> tuple[Hour, Outcome]:
    orders = msgspec.structs.replace(
        orders_of(stage, seed, plan), keys=keys, rate=peak.rate, loss=loss, patience_s=peak.patience_s
    )
    outcome, used = stage.trade(orders)
    ours_s = used.by_group["program"] + used.by_group["database"]
    latencies = {**outcome.latencies_us, "sale": outcome.sale_us}
    hour = Hour(
        loss=loss,
        sales_s=outcome.sales / outcome.elapsed_s,
        latency={name: latency_of(values) for name, values in latencies.items()},
        calls_cpu_s=outcome.calls / ours_s,
        lost=outcome.lost,
        repeats=outcome.repeats,
        other_cores=used.other_cores,
        unexpected=outcome.unexpected,
    )
    return hour, outcome


class Shop:
    """A shop without a line: it sold by its bundle all day, and sends its queue while the others are at their peak."""

    def __init__(self, stage: Stage, key: chain.Key, seed: Seed, queued: int, number: int) -> None:
        self.key, self.dice = key, random.Random(number)
        self.http = httpx.Client(
            base_url=f"http://127.0.0.1:{stage.port}", headers={"authorization": f"Bearer {key.token}"}, timeout=120
        )
        self.place = {"shop": key.shop, "till": key.till}
        self.statuses: dict[str, int] = {}
        self.repeats = self.sold = self.sold_minor = self.returned = 0
        self.parts_ms: list[float] = []
        self.bundle = self.take_along()
        self.documents = [document for n in range(queued) for document in self.one(n, seed.customers)]
        for seq, document in enumerate(self.documents, 1):
            document["seq"] = seq

    def take_along(self) -> Bundle:
        key = self.http.get("/pos/v1/bundle-key").raise_for_status().json()
        where = {"shop": self.key.shop, "till": self.key.till}
        answer = self.http.get("/pos/v1/bundle", params=where).raise_for_status()
        self.bundle_bytes, self.gzip_bytes = len(answer.content), int(answer.headers["content-length"])
        public = urlsafe_b64decode(key["x"] + "=")
        return Bundle(verify_taken(answer.content, answer.headers["bundle-signature"], public, verify))

    def one(self, n: int, customers: int) -> list[dict[str, Any]]:
        """A sale as it was printed; of some, the return as well."""
        at = datetime.now(UTC) - timedelta(seconds=10 + n)
        check: dict[str, Any] = {"rev": 1, **self.place, "at": at.isoformat(), "lines": chain.basket(self.dice)}
        if n % 4:
            customer = 1 + self.dice.randrange(customers)
            check["identifier"] = {"type": "phone", "value": chain.phone_of(customer)}
        priced = self.bundle.price(msgspec.convert(check, Calculate), at)
        uid = str(uuid4())
        commit = {
            **self.place,
            "rev": 1,
            "check": check,
            "bundle": priced.bundle,
            "claimed": {"to_pay": priced.to_pay, "lines": [{"n": one.n, "sum": one.net} for one in priced.lines]},
            "fiscal": {"fn": self.key.shop, "fd": str(n), "fp": "1"},
        }
        self.sold += 1
        self.sold_minor += parse_minor(priced.to_pay)
        documents: list[dict[str, Any]] = [{"kind": "sale", "uid": uid, "commit": commit}]
        if n % RETURN_EVERY == 0:
            self.returned += 1
            goods = {**self.place, "original": {"check_uid": uid}, "lines": [{"n": 1}]}
            documents.append({"kind": "return", "uid": str(uuid4()), "goods": goods})
        return documents

    def send(self) -> None:
        """Shuffled, in parts; all of it, and then all of it again in another order."""
        for is_again in (False, True):
            self.dice.shuffle(self.documents)
            for at in range(0, len(self.documents), QUEUE_PART):
                body = {**self.place, "documents": self.documents[at : at + QUEUE_PART]}
                began_s = time.perf_counter()
                told = self.http.post("/pos/v1/replay", json=body).raise_for_status().json()
                self.parts_ms.append((time.perf_counter() - began_s) * 1000)
                for one in told["documents"]:
                    if is_again:
                        self.repeats += one["is_repeat"]
                    else:
                        self.statuses[one["status"]] = self.statuses.get(one["status"], 0) + 1


COUNTED = """
    select (select count(*) from pos_sale where status <> 'awaited') as sales,
           (select coalesce(sum(paid_minor), 0)::bigint from pos_sale) as sold_minor,
           (select count(*) from pos_return where status = 'posted') as returns,
           (select count(*) from pos_deviation) as deviations,
           (select count(*) from ledger_journal where kind = 'sale') as journals,
           (select count(*) - count(distinct document) from ledger_journal where kind in ('sale', 'return')) as twice
"""


async def counted(url: str) -> dict[str, int]:
    connection = await asyncpg.connect(url)
    try:
        row = await connection.fetchrow(COUNTED)
        return {} if row is None else dict(row)
    finally:
        await connection.close()


def day_of(
    peak: Peak,
    hours: list[Hour],
    outcomes: list[Outcome],
    shops: list[Shop],
    before: dict[str, int],
    after: dict[str, int],
    is_balanced: bool,
) -> Day:
    told = {
        "sales": sum(one.sold for one in outcomes) + sum(shop.sold for shop in shops),
        "sold_minor": sum(one.sold_minor for one in outcomes) + sum(shop.sold_minor for shop in shops),
        "returns": sum(shop.returned for shop in shops),
    }
    found = {name: after[name] - before[name] for name in after}
    parts = [part for shop in shops for part in shop.parts_ms]
    statuses: dict[str, int] = {}
    for shop in shops:
        for status, count in shop.statuses.items():
            statuses[status] = statuses.get(status, 0) + count
    lossy = median(hour.calls_cpu_s for hour in hours[1:] if hour.loss)
    whole = median(hour.calls_cpu_s for hour in hours[1:] if not hour.loss)
    missing = sum(max(0, told[name] - found[name]) for name in ("sales", "returns"))
    extra = sum(max(0, found[name] - told[name]) for name in ("sales", "returns"))
    return Day(
        machine=machine(),
        plan=peak,
        hours=hours,
        queues=Queues(
            documents=sum(len(shop.documents) for shop in shops),
            statuses=statuses,
            repeats=sum(shop.repeats for shop in shops),
            part_p50_ms=quantile(parts, 0.5),
            part_p99_ms=quantile(parts, 0.99),
            bundle_bytes=shops[0].bundle_bytes,
            bundle_gzip_bytes=shops[0].gzip_bytes,
            deviations=found["deviations"],
        ),
        told=told,
        found=found,
        lost=missing,
        doubled=extra + found["twice"] + abs(told["sold_minor"] - found["sold_minor"]),
        balanced=is_balanced,
        cost_ratio=lossy / whole,
    )


def line_of(hour: Hour) -> str:
    said = ", ".join(f"{name} {hour.latency[name].p50_ms:.1f}/{hour.latency[name].p99_ms:.1f}" for name in CALLS)
    return (
        f"{hour.sales_s:.0f} sales/s, p50/p99 ms {said}; {hour.calls_cpu_s:.0f} calls a processor second; "
        f"{hour.lost} lost, {hour.repeats} answered as repeats; others {hour.other_cores:.2f} cores"
        + (f"; UNEXPECTED {hour.unexpected}" if hour.unexpected else "")
    )


def page(day: Day) -> str:
    queues = day.queues
    return "\n".join(
        [
            day.machine,
            f"with the queues: {line_of(day.hours[0])}",
            *(f"loss {hour.loss:.0%}: {line_of(hour)}" for hour in day.hours[1:]),
            f"queues: {queues.documents} documents {queues.statuses}, sent again {queues.repeats} repeats, "
            f"{queues.deviations} deviations; a part of {QUEUE_PART} takes {queues.part_p50_ms:.0f} ms "
            f"(p99 {queues.part_p99_ms:.0f}); bundle {queues.bundle_bytes:,} bytes, {queues.bundle_gzip_bytes:,} sent",
            f"told by tills {day.told}, found {day.found}: lost {day.lost}, doubled {day.doubled}, "
            f"books {'balance' if day.balanced else 'DO NOT BALANCE'}",
            f"calls a processor second with losses, of those without: {day.cost_ratio:.2f}",
        ]
    )
