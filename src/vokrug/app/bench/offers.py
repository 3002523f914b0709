"""What pricing costs as trolleys and offers grow: the engine alone, on one core."""

import asyncio
import gc
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from vokrug import events, promotions
from vokrug.app.bench import chain
from vokrug.app.bench.engine import SHOPPER, versions
from vokrug.app.bench.numbers import quantile
from vokrug.app.bench.stage import staged
from vokrug.app.serve import THRESHOLDS
from vokrug.kernel import new_id
from vokrug.promotions import Basket, CompiledOffers, Line
from vokrug.promotions.engine import OfferBody
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate

SIZES = [(8, 50), (8, 500), (8, 2_000), (8, 10_000), (30, 2_000), (100, 50), (100, 500), (100, 2_000), (100, 10_000)]
TROLLEYS = 200


class Row(msgspec.Struct):
    """Milliseconds of processor time a trolley; how many offers could apply to one, and which share was proven best."""

    lines: int
    offers: int
    may_apply: float
    median_ms: float
    p99_ms: float
    proven: float


class Launch(msgspec.Struct):
    """Offers that go live at once: seconds until they are published, until a process prices by them, and the longest
    that anybody else in that process waited meanwhile, beside the same in a quiet second.
    """

    offers: int
    publish_s: float
    load_s: float
    longest_wait_ms: float
    quiet_wait_ms: float


class Report(msgspec.Struct):
    launch: Launch
    rows: list[Row]


def measure(say: Callable[[str], None]) -> Report:
    report = Report(launch(2_000, say), [])
    made: dict[int, CompiledOffers] = {}
    for lines, offers in SIZES:
        if offers not in made:
            made = {offers: promotions.compile_offers(versions(list(bodies(offers))), {})}
        report.rows.append(row(lines, offers, made[offers]))
        say(f"{lines} lines, {offers} offers: {report.rows[-1].median_ms:.2f} ms")
    return report


def launch(count: int, say: Callable[[str], None]) -> Launch:
    with staged(say) as stage:
        asyncio.run(migrate(stage.database.url))
        return asyncio.run(_launch(stage.database.url, count, say))


async def _launch(url: str, count: int, say: Callable[[str], None]) -> Launch:
    db = await Database.connect(url, max_size=4)
    now = datetime.now(UTC)
    live = promotions.LiveOffers()
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, now)
        say(f"writing {count} drafts…")
        ids = []
        async with db.transaction() as tx:
            for number, body in enumerate(bodies(count)):
                ids.append(new_id())
                words = msgspec.convert(body, OfferBody)
                named: dict[str, Any] = {"key": f"offer-{number}", "name": f"offer {number}", "owner": "bench"}
                await promotions.create_offer(tx, ids[-1], **named, body=words, by="bench", now=now)
            await live.refresh(tx)
        quiet = asyncio.create_task(longest_wait(live))
        await asyncio.sleep(1)
        quiet.cancel()
        watch = asyncio.create_task(longest_wait(live))
        await asyncio.sleep(0.05)
        began = time.perf_counter()
        async with db.transaction() as tx:
            await promotions.publish_offers(tx, ids, by="bench", now=now)
        published = time.perf_counter()
        async with db.transaction() as tx:
            await live.refresh(tx)
        loaded = time.perf_counter()
        watch.cancel()
        return Launch(count, published - began, loaded - published, await watch, await quiet)
    finally:
        await db.close()


async def longest_wait(live: promotions.LiveOffers) -> float:
    """Somebody who prices a trolley every millisecond, until cancelled: the longest turn in milliseconds."""
    basket, longest = trolley(random.Random(1), 8), 0.0
    try:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.001)
            promotions.price(basket, SHOPPER, live.current, datetime.now(UTC))
            longest = max(longest, time.perf_counter() - began)
    except asyncio.CancelledError:
        return longest * 1000


def row(lines: int, offers: int, live: CompiledOffers) -> Row:
    now = datetime.now(UTC)
    dice = random.Random(lines)
    trolleys = [trolley(dice, lines) for _ in range(TROLLEYS)]
    promotions.price(trolleys[0], SHOPPER, live, now)
    gc.collect()
    gc.freeze()  # as a server's: what lives for good is not walked through
    gc.set_threshold(*THRESHOLDS)
    times, considered, proven = [], 0, 0
    for basket in trolleys:
        began = time.process_time()
        priced = promotions.price(basket, SHOPPER, live, now)
        times.append((time.process_time() - began) * 1000)
        considered += len(priced.verdicts)
        proven += priced.optimality == "proven"
    return Row(lines, offers, considered / TROLLEYS, quantile(times, 0.5), quantile(times, 0.99), proven / TROLLEYS)


def page(report: Report) -> str:
    one = report.launch
    told = [
        f"{one.offers:,} offers are published in {one.publish_s:.2f} s and priced by {one.load_s:.2f} s later. "
        f"Meanwhile a trolley waits {one.longest_wait_ms:.0f} ms at most ({one.quiet_wait_ms:.0f} in a quiet second).",
        "",
        "lines  offers  may apply  median ms  p99 ms  proven",
    ]
    told += [
        f"{row.lines:5}  {row.offers:6,}  {row.may_apply:9.1f}  {row.median_ms:9.2f}  {row.p99_ms:6.2f}  "
        f"{row.proven:6.0%}"
        for row in report.rows
    ]
    return "\n".join(told)


def bodies(count: int) -> Iterator[dict[str, Any]]:
    """Offers as a chain of many shops has them: shelves, articles, sets, thresholds, points."""
    dice = random.Random(1)
    year = {"kind": "days", "days": 365}
    yield {"kind": "earn", "reward": {"kind": "rate", "steps": [{"from_minor": 0, "rate_bp": 500}]}, "expires": year}
    yield {"kind": "burn_cap", "share_bp": 5_000}
    yield {"kind": "point_programme"}
    for i in range(count - 3):
        shelf = {"categories": [chain.DEPARTMENTS + 1 + dice.randrange(chain.SHELVES)]}
        articles = {"articles": [1 + dice.randrange(chain.ARTICLES) for _ in range(5)]}
        match i % 20:
            case 0:
                yield {
                    "kind": "item_discount",
                    "goods": shelf,
                    "benefit": {"kind": "percent", "percent_bp": 500 + i % 16 * 100},
                }
            case 1:
                yield {
                    "kind": "item_discount",
                    "goods": shelf,
                    "benefit": {"kind": "amount", "amount_minor": 10_00, "per": "unit"},
                }
            case 2:
                yield {
                    "kind": "discount",
                    "goods": shelf,
                    "benefit": {"kind": "buy_get", "buy_units": 2, "get_units": 1},
                }
            case 3:
                yield {
                    "kind": "discount",
                    "goods": articles,
                    "benefit": {"kind": "buy_get", "buy_units": 1, "percent_bp": 5_000},
                }
            case 4:
                reward = {"kind": "per_step", "step_minor": 100_00, "points_minor": 5_00}
                yield {"kind": "earn", "reward": reward, "goods": shelf, "expires": year}
            case 5:
                benefit = {"kind": "percent", "percent_bp": 100 + i % 7 * 50, "per": "total"}
                yield {
                    "kind": "basket_discount",
                    "benefit": benefit,
                    "min_minor": 1_000_00 + i * 37_00,
                    "where": {"shops": [1 + i]},
                }
            case _:
                yield {
                    "kind": "item_discount",
                    "goods": articles,
                    "benefit": {"kind": "percent", "percent_bp": 500 + i % 26 * 100},
                }


def trolley(dice: random.Random, lines: int) -> Basket:
    made = []
    for asked in chain.basket(dice, lines):
        article = int(asked["sku"][1:])
        made.append(
            Line(
                n=asked["n"],
                sku=asked["sku"],
                qty_milli=round(float(asked["qty"]) * 1000),
                price_minor=chain.price_minor_of(article),
                article_id=article,
                category_ids=chain.categories_of(article),
                is_weighed=chain.is_weighed(article),
            )
        )
    return Basket(shop_id=1, zone="Europe/Moscow", lines=tuple(made))
