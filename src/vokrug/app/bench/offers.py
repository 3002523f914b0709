"""What pricing costs as trolleys and offers grow: the engine alone, on one core."""

import gc
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from vokrug import promotions
from vokrug.app.bench import chain
from vokrug.app.bench.engine import SHOPPER, versions
from vokrug.app.bench.numbers import quantile
from vokrug.app.serve import THRESHOLDS
from vokrug.promotions import Basket, CompiledOffers, Line

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


class Report(msgspec.Struct):
    compile_2000_ms: float
    rows: list[Row]


def measure(say: Callable[[str], None]) -> Report:
    began = time.process_time()
    promotions.compile_offers(versions(list(bodies(2_000))), {})
    report = Report((time.process_time() - began) * 1000, [])
    made: dict[int, CompiledOffers] = {}
    for lines, offers in SIZES:
        if offers not in made:
            made = {offers: promotions.compile_offers(versions(list(bodies(offers))), {})}
        report.rows.append(row(lines, offers, made[offers]))
        say(f"{lines} lines, {offers} offers: {report.rows[-1].median_ms:.2f} ms")
    return report


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
    told = [
        f"2,000 offers are compiled in {report.compile_2000_ms:.0f} ms",
        "",
        "lines  offers  may apply  median ms  p99 ms  proven",
    ]
    told += [
        f"{one.lines:5}  {one.offers:6,}  {one.may_apply:9.1f}  {one.median_ms:9.2f}  {one.p99_ms:6.2f}  "
        f"{one.proven:6.0%}"
        for one in report.rows
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
