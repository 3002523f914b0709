"""The benchmark of a sale: identify, calculate with a hold, commit; all durable, all in the books."""

import asyncio
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from vokrug.app.bench import commits, engine, growth, raw, seeding, tpcb
from vokrug.app.bench.goals import goals_of
from vokrug.app.bench.load import Plan, arriving, one_round, warm_up
from vokrug.app.bench.page import costs
from vokrug.app.bench.results import Books, Report, Round, medians_of
from vokrug.app.bench.seeding import Seed
from vokrug.app.bench.stage import Stage, staged
from vokrug.runtime.migrations import migrate

Say = Callable[[str], None]


def measure(plan: Plan, say: Say) -> Report:
    """The whole run. Whatever happens, what was started is stopped."""
    report = Report(machine=machine(), plan=asdict(plan))
    with staged(say) as stage:
        seed = prepare(stage, plan, say)
        with stage.serving(seed.url, plan.processes):
            measure_rounds(report, stage, seed, plan, say)
        if not plan.is_quick:
            report.engine = engine.measure() | {"raw_answer_us": raw.measure(stage)} | commits.measure(stage, seed)
        report.books = books_of(seed, say)
        if plan.is_growth:
            measure_growth(report, stage, plan, say)
    if not plan.is_quick:
        report.goals = goals_of(report)
    return report


def prepare(stage: Stage, plan: Plan, say: Say) -> Seed:
    """Seed the chain, its customers and their past; make the tables of TPC-B beside it."""
    began_s = time.monotonic()
    seed = asyncio.run(seeded(stage.database.url, stage.secret, plan, say))
    tpcb.prepare(stage.database, plan.tpcb_scale)
    asyncio.run(seeding.settle_down(seed))
    say(f"ready after {time.monotonic() - began_s:.0f} s")
    return seed


async def seeded(url: str, secret: str, plan: Plan, say: Say) -> Seed:
    await migrate(url)
    seed = await seeding.seed_chain(url, secret, datetime.now(UTC), shops=plan.shops, say=say)
    numbers = await seeding.add_customers(seed, plan.customers, lots=3, say=say)
    if plan.history:
        await seeding.add_history(seed, plan.history, numbers, say=say)
    return seed


def measure_rounds(report: Report, stage: Stage, seed: Seed, plan: Plan, say: Say) -> None:
    warm_up(stage, seed, plan)
    for number in range(1, plan.rounds + 1):
        report.rounds.append(one_round(stage, seed, plan))
        say(f"round {number}: {line_of(report.rounds[-1])}")
    report.medians = medians_of(report.rounds)
    if plan.is_open_loop:
        best = report.medians.sales_s
        offered = [(rate, None) for rate in plan.rates] + [(share * best, share) for share in plan.shares_of_best]
        for rate, share in offered:
            report.open_loop.append(arriving(stage, seed, plan, max(1.0, rate), share))
            say(f"at {rate:.0f} sales/s: p99 {report.open_loop[-1].latency['sale'].p99_ms:.1f} ms a sale")


def measure_growth(report: Report, stage: Stage, plan: Plan, say: Say) -> None:
    """In a database of its own, which starts small."""
    url = stage.database.create_database("growth")

    async def small() -> Seed:
        await migrate(url)
        return await seeding.seed_chain(url, stage.secret, datetime.now(UTC), shops=plan.shops, say=say)

    seed = asyncio.run(small())
    report.growth, report.hot_card = growth.measure(stage, plan, seed, say, shrink=500 if plan.is_quick else 1)
    checked = books_of(seed, say)
    if report.books is not None and (report.books.balanced or not checked.balanced):
        report.books = checked  # the larger books, unless the smaller ones have something to say


def books_of(seed: Seed, say: Say) -> Books:
    began_s = time.monotonic()
    found = asyncio.run(seeding.check_books(seed.url))
    say(f"the books {'balance' if found.balanced else 'DO NOT BALANCE'}: {found.movements:,} movements")
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
    return (
        f"{done.load.sales_s:.0f} sales/s = {done.ratio:.2f} of TPC-B's {done.tps:.0f} tps; "
        f"{done.cpu_ratio:.2f} of its {(done.before.cpu_us + done.after.cpu_us) / 2:.0f} µs; {costs(done.load)}"
        + (f"; UNEXPECTED {done.load.unexpected}" if done.load.unexpected else "")
    )


def machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Linux {platform.release()}, Python {platform.python_version()}"
    )
