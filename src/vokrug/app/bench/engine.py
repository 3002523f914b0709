"""The engine alone: what pricing a trolley costs, without a server and without a database."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from typing import Any

import msgspec

from vokrug import promotions
from vokrug.app.bench import chain
from vokrug.promotions import Basket, CompiledOffers, Line, OfferVersion, Shopper

REPEATS = 5
RUN_S = 0.15
SHOPPER = Shopper(tier="base", available_minor=300_00)


class LineAsBody(msgspec.Struct):
    n: int
    sku: str
    qty: str
    price: str
    barcode: str


class Body(msgspec.Struct):
    """The trolley as a till sends it, for the price of reading it."""

    rev: int
    shop: str
    till: str
    customer_token: str
    lines: list[LineAsBody]
    hold: bool


def measure() -> dict[str, float]:
    """Microseconds of processor time, medians of a few short runs."""
    now = datetime.now(UTC)
    trolley = basket()
    raw = body()
    read = msgspec.json.Decoder(Body)
    found = {"parse_us": cost_us(lambda: read.decode(raw)), "parse_and_answer_us": cost_us(lambda: answer(read, raw))}
    for others in (0, 4_950, 9_950):
        live = compiled(others)
        found[f"price_{50 + others}_us"] = cost_us(lambda live=live: promotions.price(trolley, SHOPPER, live, now))  # type: ignore[misc]
    for aimed in (50, 500, 5_000):
        live = same_goods(aimed)
        found[f"price_{aimed}_same_us"] = cost_us(
            lambda live=live: promotions.price(trolley, SHOPPER, live, now)  # type: ignore[misc]
        )
    return found


def answer(read: "msgspec.json.Decoder[Body]", raw: bytes) -> bytes:
    return msgspec.json.encode(read.decode(raw))


def cost_us(work: Callable[[], object]) -> float:
    work()
    runs = []
    for _ in range(REPEATS):
        times, began_s = 0, time.process_time()
        until_s = began_s + RUN_S
        while (now_s := time.process_time()) < until_s:
            work()
            times += 1
        runs.append((now_s - began_s) / times * 1e6)
    return median(runs)


def body() -> bytes:
    return msgspec.json.encode(
        {
            "rev": 1,
            "shop": chain.shop_code(1),
            "till": chain.TILL,
            "customer_token": "x" * 55,
            "lines": chain.basket(random.Random(7)),
            "hold": True,
        }
    )


def basket() -> Basket:
    lines = []
    for row in chain.basket(random.Random(7)):
        article = int(row["sku"][1:])
        lines.append(
            Line(
                n=row["n"],
                sku=row["sku"],
                qty_milli=round(float(row["qty"]) * 1000),
                price_minor=chain.price_minor_of(article),
                article_id=article,
                category_ids=chain.categories_of(article),
                is_weighed=chain.is_weighed(article),
            )
        )
    return Basket(shop_id=1, zone="Europe/Moscow", lines=tuple(lines))


def compiled(others: int) -> CompiledOffers:
    """The fifty offers, and as many again on goods that are in no trolley."""
    bodies = [offer["body"] for offer in chain.offers()]
    for i in range(others):
        benefit = {"kind": "percent", "percent_bp": 1000}
        bodies.append({"kind": "item_discount", "goods": {"articles": [1_000_000 + i]}, "benefit": benefit})
    return promotions.compile_offers(versions(bodies), {})


def same_goods(count: int) -> CompiledOffers:
    """So many offers that all aim at one department, and so compete for the same lines."""
    goods = {"categories": [chain.categories_of(int(chain.basket(random.Random(7))[0]["sku"][1:]))[0]]}
    bodies: list[dict[str, Any]] = [
        {"kind": "item_discount", "goods": goods, "benefit": {"kind": "percent", "percent_bp": 100 + i % 2000}}
        for i in range(count)
    ]
    return promotions.compile_offers(versions(bodies), {})


def versions(bodies: list[dict[str, Any]]) -> list[OfferVersion]:
    rows = [{"offer_id": n, "version": 1, "key": f"o{n}", "body": body} for n, body in enumerate(bodies, 1)]
    return msgspec.convert(rows, list[OfferVersion])
