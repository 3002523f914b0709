"""A set that is made ready for a day prices as one that makes its index when it is asked."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from vokrug import promotions
from vokrug.promotions import Basket, CompiledOffers, Line, OfferVersion

NOW = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)
SHARE = {"kind": "percent", "percent_bp": 1_000}
BODIES: list[dict[str, Any]] = [
    {"kind": "item_discount", "goods": {"skus": ["A"]}, "benefit": SHARE},
    {"kind": "basket_discount", "benefit": SHARE, "code": "TEN"},
    {"kind": "basket_discount", "benefit": SHARE, "when": {"from_date": "2026-05-20", "until_date": "2026-05-20"}},
]


def prepared(bodies: list[dict[str, Any]], days: list[int]) -> CompiledOffers:
    rows = [{"offer_id": n, "version": 1, "key": f"o{n}", "body": body} for n, body in enumerate(bodies, 1)]
    steps = promotions.compile_in_steps(msgspec.convert(rows, list[OfferVersion]), {}, days=days)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            compiled: CompiledOffers = done.value
            return compiled


@pytest.mark.parametrize("bodies", [BODIES, BODIES[:2]], ids=["with dates", "without dates"])
@pytest.mark.parametrize("day", [19, 20, 21])
def test_a_set_made_ready_prices_alike(bodies: list[dict[str, Any]], day: int) -> None:
    at = NOW.replace(day=day)
    lines = (
        Line(n=1, sku="A", qty_milli=1_000, price_minor=100_00),
        Line(n=2, sku="B", qty_milli=1_000, price_minor=9_00),
    )
    basket = Basket(shop_id=1, zone="UTC", lines=lines, codes=("TEN",))
    ready, lazy = prepared(bodies, [NOW.toordinal()]), prepared(bodies, [])
    assert promotions.price(basket, None, ready, at) == promotions.price(basket, None, lazy, at)


def test_a_set_knows_the_days_it_was_asked_about() -> None:
    basket = Basket(shop_id=1, zone="UTC", lines=(Line(n=1, sku="A", qty_milli=1_000, price_minor=100_00),))
    dated, undated = prepared(BODIES, []), prepared(BODIES[:2], [])
    for compiled in (dated, undated):
        promotions.price(basket, None, compiled, NOW)
    assert (dated.days, undated.days) == (frozenset({NOW.toordinal()}), frozenset())
