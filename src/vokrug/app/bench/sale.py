"""The benchmark of a sale: identify, calculate with a hold, commit; all durable, all in the books."""

import asyncio
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from vokrug.app.bench import seeding, tpcb
from vokrug.app.bench.results import Books, Load, Report, Round, load_of, medians_of
from vokrug.app.bench.seeding import Seed
from vokrug.app.bench.stage import Stage, staged
from vokrug.app.bench.tills import Orders
from vokrug.runtime.migrations import migrate

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to measure."""

    rounds: int = 3
    seconds: float = 5.0
    clients: int = 64
    processes: int = 2
    customers: int = 100_000
    lots: int = 3
    history: int = 100_000
    shops: int = 300
    is_signed: bool = False
    is_open_loop: bool = False
    is_growth: bool = False
    warm_s: float = 2.0
    tpcb_scale: int = 50
    tpcb_clients: int = 16
    rates: tuple[float, ...] = (200.0, 500.0)
    rates_of_best: tuple[float, ...] = (0.3, 0.6)

    def quickened(self) -> "Plan":
        """The same machinery in a few seconds: it measures nothing worth quoting."""
        return Plan(
            rounds=1,
            seconds=min(self.seconds, 1.0),
            clients=min(self.clients, 8),
            processes=self.processes,
            customers=min(self.customers, 500),
            history=500,
            shops=10,
            is_signed=self.is_signed,
            is_open_loop=self.is_open_loop,
            is_growth=self.is_growth,
            warm_s=0.2,
            tpcb_scale=1,
            tpcb_clients=4,
            rates=(50.0,),
        )


def measure(plan: Plan, say: Say) -> Report:
    """The whole run. Whatever happens, what was started is stopped."""
    report = Report(machine=machine(), plan={name: getattr(plan, name) for name in ("rounds",)})
    with staged(say) as stage:
        seed = prepare(stage, plan, say)
        with stage.serving(seed.url, plan.processes):
            for number in range(1, plan.rounds + 1):
                report.rounds.append(one_round(stage, seed, plan))
                say(f"round {number}: {line_of(report.rounds[-1])}")
            report.medians = medians_of(report.rounds)
        report.books = books_of(seed)
    return report


def prepare(stage: Stage, plan: Plan, say: Say) -> Seed:
    """Seed the chain, its customers and their past; make the tables of TPC-B beside it."""
    began_s = time.monotonic()
    url = stage.database.url
    asyncio.run(migrate(url))
    seed = asyncio.run(seeded(url, stage.secret, plan, say))
    tpcb.prepare(stage.database, plan.tpcb_scale)
    asyncio.run(seeding.settle_down(seed))
    say(f"ready after {time.monotonic() - began_s:.0f} s")
    return seed


async def seeded(url: str, secret: str, plan: Plan, say: Say) -> Seed:
    seed = await seeding.seed_chain(url, secret, datetime.now(UTC), shops=plan.shops, say=say)
    numbers = await seeding.add_customers(seed, plan.customers, lots=plan.lots, say=say)
    if plan.history:
        await seeding.add_history(seed, plan.history, numbers, say=say)
    return seed


def one_round(stage: Stage, seed: Seed, plan: Plan) -> Round:
    def run_tpcb() -> tpcb.Tpcb:
        return tpcb.run(stage.database, clients=plan.tpcb_clients, seconds=plan.seconds, folder=stage.folder)

    before = run_tpcb()
    load = closed_loop(stage, seed, plan)
    memory = stage.memory_mib()
    return Round(before=before, load=load, after=run_tpcb(), memory_mib=memory)


def closed_loop(stage: Stage, seed: Seed, plan: Plan) -> Load:
    """As many sales as these tills can make."""
    return trade(stage, orders_of(stage, seed, plan))


def orders_of(stage: Stage, seed: Seed, plan: Plan) -> Orders:
    return Orders(
        port=stage.port,
        keys=seed.keys,
        clients=plan.clients,
        first_customer=1,
        customers=seed.customers,
        seconds=plan.seconds,
        warm_s=plan.warm_s,
        is_signed=plan.is_signed,
        seed=time.monotonic_ns() & 0xFFFFFF,
    )


def trade(stage: Stage, orders: Orders) -> Load:
    outcome, used = stage.trade(orders)
    return load_of(outcome, used, orders.rate)


def books_of(seed: Seed) -> Books:
    began_s = time.monotonic()
    found = asyncio.run(seeding.check_books(seed.url))
    return Books(
        balanced=found.balanced,
        wallets=found.wallets,
        journals=found.journals,
        movements=found.movements,
        lots=found.lots,
        differences=[f"{one.rule}: {one.what} {one.by}" for one in found.differences],
        seconds=time.monotonic() - began_s,
    )


def line_of(done: Round) -> str:
    load = done.load
    return (
        f"{load.sales_s:.0f} sales/s = {done.ratio:.2f} of TPC-B's {done.tps:.0f} tps; "
        f"{load.program_us:.0f} + {load.database_us:.0f} µs a sale = {done.cpu_ratio:.2f} of its "
        f"{(done.before.cpu_us + done.after.cpu_us) / 2:.0f}; other {done.other_cores:.2f} cores"
        + (f"; UNEXPECTED {load.unexpected}" if load.unexpected else "")
    )


def machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}"
    )
