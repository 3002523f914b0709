"""The engine under small and large checks and sets of offers, and a set published while checks are priced."""

import asyncio
import gc
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from vokrug import promotions
from vokrug.app.bench.sale import machine
from vokrug.promotions import Basket, CompiledOffers, Line, OfferVersion, Shopper

Say = Callable[[str], None]

ARTICLES, SHELVES, DEPARTMENTS = 20_000, 500, 25
LINES, OFFERS = (8, 30, 100), (50, 500, 2_000, 10_000)
TROLLEYS = 100  # different ones, each priced a few times
SHOPPER = Shopper(tier="gold", segments=frozenset({"s1"}), available_minor=500_00, visits=7, birthday=(5, 17))
NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
# lines, live offers, the median and the 99th percentile that they may cost: milliseconds of one core
GOALS: dict[tuple[int, int], tuple[float, float | None]] = {(8, 50): (0.3, None), (100, 2_000): (10.0, 50.0)}
PUBLISH_GOAL_S, SLOWER_GOAL_MS = 2.0, 50.0


class Cost(msgspec.Struct, frozen=True):
    """Processor time of one call of the engine, one core."""

    lines: int
    live_offers: int
    met: float  # offers that could apply to a check: those with a verdict, on average
    median_ms: float
    p99_ms: float
    proven: float  # share of the checks whose answer is proven to be the best


class Published(msgspec.Struct, frozen=True):
    """A set compiled in the process that goes on answering."""

    live_offers: int
    seconds: float
    calls_meanwhile: int
    slowest_ms: float  # of those calls, from when each was due
    slowest_alone_ms: float  # of as many with nothing to disturb them


class Report(msgspec.Struct, frozen=True):
    machine: str
    growth: list[Cost]
    aimed_elsewhere: list[Cost]  # the same checks, and offers that are about goods in none of them
    published: Published
    goal_met: bool


def measure(repeats: int, say: Say) -> Report:
    """The growth table, cell by cell; then the publication."""
    growth = []
    gc.freeze()  # as a serving process does
    for live in OFFERS:
        compiled = compile_set(bodies(live))
        for lines in LINES:
            growth.append(cost_of(compiled, live, lines, repeats))
            say(told(growth[-1]))
    elsewhere = [cost_of(compile_set([*bodies(50), *strangers(live - 50)]), live, LINES[0], repeats) for live in OFFERS]
    published = asyncio.run(publish(2_000))
    by_size = {(cost.lines, cost.live_offers): cost for cost in growth}
    goal_met = published.seconds <= PUBLISH_GOAL_S and published.slowest_ms <= SLOWER_GOAL_MS
    for size, (median_ms, p99_ms) in GOALS.items():
        cost = by_size[size]
        goal_met &= cost.median_ms <= median_ms and (p99_ms is None or cost.p99_ms <= p99_ms)
    return Report(machine(), growth, elsewhere, published, goal_met)


def cost_of(live: CompiledOffers, offers: int, lines: int, repeats: int) -> Cost:
    times, met, proven = [], 0, 0
    trolleys = [trolley(random.Random(n), lines) for n in range(TROLLEYS)]
    for basket in trolleys:  # what a process learns of a shop and a day it learns once
        priced = promotions.price(basket, SHOPPER, live, NOW)
        met += len(priced.verdicts)
        proven += priced.optimality == "proven"
    for _ in range(repeats):
        for basket in trolleys:
            began = time.process_time_ns()
            promotions.price(basket, SHOPPER, live, NOW)
            times.append((time.process_time_ns() - began) / 1e6)
    times.sort()
    return Cost(lines, offers, met / TROLLEYS, times[len(times) // 2], times[len(times) * 99 // 100], proven / TROLLEYS)


async def publish(count: int) -> Published:
    """Rows are read and compiled as `load_published` does it, while a check is priced whenever the loop is free."""
    serving = compile_set(bodies(50))
    raw = [msgspec.json.encode(row) for row in rows(bodies(count))]
    done = asyncio.Event()
    basket = trolley(random.Random(1), 8)

    async def answers(calls: int | None) -> list[float]:
        waits: list[float] = []
        while (calls is None and not done.is_set()) or (calls is not None and len(waits) < calls):
            due = time.perf_counter()
            await asyncio.sleep(0)
            promotions.price(basket, SHOPPER, serving, NOW)
            waits.append((time.perf_counter() - due) * 1e3)
        return waits

    async def compiles() -> float:
        began = time.perf_counter()
        read, versions = msgspec.json.Decoder(OfferVersion).decode, []
        for at, row in enumerate(raw, 1):
            versions.append(read(row))
            if at % 20 == 0:
                await asyncio.sleep(0)
        steps = promotions.compile_in_steps(versions, {}, days=[NOW.toordinal()])
        for _ in steps:
            await asyncio.sleep(0)
        done.set()
        return time.perf_counter() - began

    waits, seconds = await asyncio.gather(answers(None), compiles())
    alone = await answers(len(waits))
    return Published(count, seconds, len(waits), max(waits), max(alone))


# The chain


def categories_of(article: int) -> tuple[int, int]:
    shelf = article % SHELVES
    return 1 + shelf % DEPARTMENTS, 100 + shelf


def trolley(dice: random.Random, lines: int) -> Basket:
    found = []
    for n in range(1, lines + 1):
        article = dice.randrange(ARTICLES)
        found.append(
            Line(
                n=n,
                sku=f"A{article:05d}",
                qty_milli=dice.choice((1, 1, 1, 2, 3)) * 1000,
                price_minor=20_00 + article * 7919 % 280_00,
                article_id=article + 1,
                category_ids=categories_of(article),
                brand=f"b{article % 300}",
            )
        )
    return Basket(shop_id=1, zone="Europe/Moscow", lines=tuple(found), codes=("CODE-7",))


def bodies(count: int) -> list[dict[str, Any]]:
    """A chain's offers: nine tenths about goods, the others about a whole check by code or for a segment."""
    made = made_of(random.Random(20260520))
    fixed: list[dict[str, Any]] = [
        {"kind": "earn", "reward": {"kind": "rate", "steps": [{"from_minor": 0, "rate_bp": 500}]}},
        {"kind": "point_programme"},
        {"kind": "burn_cap", "share_bp": 5_000},
    ]
    return [*fixed, *(next(made) for _ in range(count - len(fixed)))]


def made_of(dice: random.Random) -> Iterator[dict[str, Any]]:
    n = 0
    while True:
        n += 1
        share = {"kind": "percent", "percent_bp": dice.randrange(3, 30) * 100}
        articles = {"articles": sorted(dice.randrange(1, ARTICLES) for _ in range(20))}
        kind = n % 20
        if kind < 9:
            yield {"kind": "item_discount", "goods": articles, "benefit": share}
        elif kind < 12:
            yield {"kind": "item_discount", "goods": {"categories": [100 + n % SHELVES]}, "benefit": share}
        elif kind < 14:
            yield {"kind": "item_discount", "goods": {"brands": [f"b{n % 300}"]}, "benefit": share}
        elif kind < 16:
            buy_get = {"kind": "buy_get", "buy_units": 2, "get_units": 1, "buy": articles, "get": articles}
            yield {"kind": "discount", "layer": "item", "benefit": buy_get | {"percent_bp": 10_000}}
        elif kind == 16:
            asks = [{"kind": "units", "at_least_milli": 3_000, "goods": articles}]
            yield {"kind": "discount", "layer": "item", "goods": articles, "benefit": share, "conditions": asks}
        elif kind == 17:
            reward = {"kind": "per_step", "step_minor": 100_00, "points_minor": 5_00}
            yield {"kind": "earn", "reward": reward, "goods": articles}
        elif kind == 18:
            yield {"kind": "basket_discount", "benefit": share, "code": f"CODE-{n}"}
        else:
            who = {"segments": [f"s{n}"]}
            yield {"kind": "basket_discount", "benefit": share, "min_minor": 1_000_00, "who": who}


def strangers(count: int) -> list[dict[str, Any]]:
    benefit = {"kind": "percent", "percent_bp": 1000}
    return [{"kind": "item_discount", "goods": {"articles": [1_000_000 + i]}, "benefit": benefit} for i in range(count)]


def rows(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{"offer_id": n, "version": 1, "key": f"o{n}", "body": body} for n, body in enumerate(given, 1)]


def compile_set(given: list[dict[str, Any]]) -> CompiledOffers:
    return promotions.compile_offers(msgspec.convert(rows(given), list[OfferVersion]), {})


# The page


def told(cost: Cost) -> str:
    return (
        f"{cost.lines:>5} {cost.live_offers:>8,} {cost.met:>7.1f} {cost.median_ms:>10.3f} {cost.p99_ms:>9.3f} "
        f"{cost.proven:>7.0%}"
    )


def page(report: Report) -> str:
    head = f"{'lines':>5} {'offers':>8} {'met':>7} {'median ms':>10} {'p99 ms':>9} {'proven':>7}"
    done = report.published
    return "\n".join(
        [
            report.machine,
            "",
            head,
            *map(told, report.growth),
            "",
            "The same fifty, and the others about goods in no trolley:",
            head,
            *map(told, report.aimed_elsewhere),
            "",
            f"{done.live_offers:,} offers compiled in {done.seconds:.2f} s beside {done.calls_meanwhile:,} calls, the "
            f"slowest of them {done.slowest_ms:.1f} ms (undisturbed {done.slowest_alone_ms:.1f} ms)",
            f"goals {'met' if report.goal_met else 'MISSED'}",
        ]
    )
