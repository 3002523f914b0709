"""What a sale costs when there is a thousand times more of everything. Only processor time is compared: it
stays what it is when a neighbour comes and the rates go down.

Every step gets the same sales a second, offered and not as many as there can be: then batches are alike, and few
shoppers do not meet themselves at another till, which would be measured as if size had cost it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import msgspec

from vokrug.app.bench import seeding
from vokrug.app.bench.load import Plan, orders_of, trade, warm_up
from vokrug.app.bench.results import Load, Step
from vokrug.app.bench.seeding import Seed
from vokrug.app.bench.stage import Stage

Say = Callable[[str], None]

CUSTOMERS = (1_000, 100_000, 1_000_000)
LOTS = (3, 300, 3_000)
LOT_OWNERS = 300  # customers with that many lots each
PAST = 20_000  # sales before anything grows
HISTORY = 3_000_000
HOT_TILLS = 100
RATE = 150.0  # sales a second
TILLS = 64
STEP_S = 8.0


def measure(stage: Stage, plan: Plan, seed: Seed, say: Say, *, shrink: int = 1) -> tuple[list[Step], Load]:
    """Customers, lots, history, in one database that grows. `shrink` divides the sizes, for a try."""
    steps: list[Step] = []

    def grown(work: object) -> None:
        assert asyncio.iscoroutine(work), "growing is asynchronous"
        asyncio.run(work)
        asyncio.run(seeding.settle_down(seed))

    def look(of: Literal["customers", "lots", "history"], size: int, numbers: range) -> None:
        with stage.serving(seed.url, plan.processes):  # a fresh server: none profits from an earlier step
            warm_up(stage, seed, plan)
            orders = orders_of(stage, seed, plan)
            paced = msgspec.structs.replace(
                orders, rate=min(RATE, plan.rates[0]), clients=TILLS, seconds=plan.seconds if plan.is_quick else STEP_S
            )
            load = trade(stage, msgspec.structs.replace(paced, first_customer=numbers.start, customers=len(numbers)))
        steps.append(Step(of=of, size=size, load=load))
        say(f"{of} {size:,}: {load.program_us:.0f} + {load.database_us:.0f} µs a sale")

    for count in CUSTOMERS:
        missing = count // shrink - seed.customers
        if missing > 0:
            grown(seeding.add_customers(seed, missing, lots=3, say=say))
        if seed.stretches == 0:
            # No table is empty: PostgreSQL's first plans for an empty table are those of a new shop's first minute.
            grown(seeding.add_history(seed, PAST // shrink, range(1, seed.customers + 1), say=say))
        look("customers", seed.customers, range(1, seed.customers + 1))
    many = range(1, seed.customers + 1)
    owners = max(LOT_OWNERS // shrink, 2 * plan.clients)
    for lots in LOTS:
        numbers = range(seed.customers + 1, seed.customers + 1 + owners)
        lots = max(3, lots // shrink)
        grown(seeding.add_customers(seed, owners, lots=lots, say=say))
        look("lots", lots, numbers)
    look("history", 0, many)
    grown(seeding.add_history(seed, HISTORY // shrink, many, say=say))
    look("history", HISTORY // shrink, many)
    return steps, hot_card(stage, plan, seed, say)


def hot_card(stage: Stage, plan: Plan, seed: Seed, say: Say) -> Load:
    """A hundred tills, one card, points burned in every sale: right in the books, whatever the rate."""
    with stage.serving(seed.url, plan.processes):
        orders = orders_of(stage, seed, replace(plan, clients=HOT_TILLS))
        load = trade(stage, msgspec.structs.replace(orders, first_customer=1, customers=1, burn_every=1))
    say(f"{HOT_TILLS} tills on one card: {load.sales_s:.0f} sales/s, p99 {load.latency['sale'].p99_ms:.0f} ms")
    return load
