"""Short words for tests of the engine: lines, baskets, offers."""

from datetime import UTC, datetime

from vokrug.promotions import Basket, Burn, CompiledOffers, Line, OfferVersion, Priced, Shopper
from vokrug.promotions import compile_offers as compile_all
from vokrug.promotions import price as price_basket
from vokrug.promotions.engine import OfferBody
from vokrug.promotions.engine.offers import ByRate, EarnRule, PointProgramme, RateFrom

NOON = datetime(2026, 5, 5, 9, 0, tzinfo=UTC)  # a Tuesday, 12:00 in Moscow


def line(n: int, price_minor: int, qty: int = 1, **more: object) -> Line:
    return Line(n=n, sku=f"s{n}", article_id=n, price_minor=price_minor, qty_milli=qty * 1000, **more)  # type: ignore[arg-type]


def weighed(n: int, price_minor: int, qty_milli: int, **more: object) -> Line:
    return Line(
        n=n,
        sku=f"s{n}",
        article_id=n,
        price_minor=price_minor,
        qty_milli=qty_milli,
        is_weighed=True,
        **more,  # type: ignore[arg-type]
    )


def basket(*lines: Line, burn: Burn | int | None = None, **more: object) -> Basket:
    wish = Burn("amount", burn) if isinstance(burn, int) else burn or Burn()
    return Basket(**{"shop_id": 1, "zone": "Europe/Moscow", "lines": lines, "burn": wish, **more})  # type: ignore[arg-type]


def offers(*bodies: OfferBody, **groups: frozenset[int]) -> CompiledOffers:
    """Numbered from 1 in the order given."""
    return compile_all(
        [OfferVersion(offer_id=i, version=1, key=f"o{i}", body=body) for i, body in enumerate(bodies, 1)],
        groups,
    )


def price(bought: Basket, *bodies: OfferBody, shopper: Shopper | None = None, now: datetime = NOON) -> Priced:
    return price_basket(bought, shopper, offers(*bodies), now)


def with_points(points_minor: int, **more: object) -> Shopper:
    return Shopper(available_minor=points_minor, **more)  # type: ignore[arg-type]


def rate(*steps: tuple[int, int], **more: object) -> EarnRule:
    """An earn rule by `(from, rate_bp)`."""
    reward = ByRate(steps=tuple(RateFrom(from_minor=start, rate_bp=bp) for start, bp in steps))
    return EarnRule(reward=reward, **more)  # type: ignore[arg-type]


def discounts(priced: Priced) -> list[int]:
    return [sum(each.amount_minor for each in line.discounts) for line in priced.lines]


def verdict(priced: Priced, offer_id: int) -> tuple[str, int]:
    [found] = [verdict for verdict in priced.verdicts if verdict.offer_id == offer_id]
    return found.status, found.amount_minor


PROGRAMME = PointProgramme()
