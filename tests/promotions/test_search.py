"""The search against the longest way round: whatever it calls proven is the best there is."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.promotions.brute import most_given
from tests.promotions.shop import NOON, basket
from vokrug.promotions import Basket, Line, OfferVersion, Policy, compile_offers, price
from vokrug.promotions.engine.offers import (
    AmountOff,
    AtLeastAmount,
    AtLeastUnits,
    BuyGet,
    Discount,
    FixedPrice,
    Goods,
    PercentOff,
    Pick,
    SetPart,
    SetPrice,
)
from vokrug.promotions.engine.policy import Group

# A machine with time to spare tries more and larger: VOKRUG_SEARCH_EXAMPLES=5000 VOKRUG_SEARCH_UNITS=6
EXAMPLES = int(os.environ.get("VOKRUG_SEARCH_EXAMPLES", "60"))
UNITS = int(os.environ.get("VOKRUG_SEARCH_UNITS", "4"))
OFFERS = int(os.environ.get("VOKRUG_SEARCH_OFFERS", "4"))

prices = st.sampled_from([100, 101, 250, 333, 1000, 1999])
goods = st.sampled_from(
    [Goods(), Goods(articles=(1,)), Goods(articles=(2,)), Goods(articles=(1, 2)), Goods(articles=(3,))]
)
percents = st.sampled_from([1000, 1500, 3333, 5000, 10_000])
of_units = st.one_of(
    st.builds(PercentOff, percent_bp=percents),
    st.builds(AmountOff, amount_minor=st.sampled_from([30, 99, 400]), per=st.just("unit")),
    st.builds(FixedPrice, price_minor=st.sampled_from([50, 240, 900])),
)
of_totals = st.one_of(
    st.builds(PercentOff, percent_bp=percents, per=st.just("total")),
    st.builds(AmountOff, amount_minor=st.sampled_from([75, 300, 1500])),
)
bundles = st.one_of(
    st.builds(
        BuyGet,
        buy_units=st.integers(1, 2),
        get_units=st.integers(1, 2),
        percent_bp=st.sampled_from([5000, 10_000]),
        partial=st.booleans(),
        most_sets=st.sampled_from([None, 1]),
    ),
    st.builds(
        SetPrice,
        parts=st.sampled_from(
            [
                (SetPart(goods=Goods(articles=(1,))), SetPart(goods=Goods(articles=(2,)))),
                (SetPart(goods=Goods(articles=(1,)), units=2),),
            ]
        ),
        price_minor=st.sampled_from([150, 700]),
    ),
)
conditions = st.lists(
    st.one_of(
        st.builds(AtLeastUnits, at_least_milli=st.sampled_from([1000, 2000, 3000])),
        st.builds(
            AtLeastAmount,
            at_least_minor=st.sampled_from([200, 500, 1500]),
            of=st.sampled_from(["policy", "remaining", "original"]),
        ),
    ),
    max_size=1,
).map(tuple)


@st.composite
def discounts(draw: st.DrawFn) -> Discount:
    benefit = draw(st.one_of(of_units, of_units, of_totals, bundles))
    plain = not isinstance(benefit, (BuyGet, SetPrice))
    return Discount(
        benefit=benefit,
        layer=draw(st.sampled_from(["price", "item", "item", "basket"])),
        goods=draw(goods) if not isinstance(benefit, SetPrice) else Goods(),
        conditions=draw(conditions),
        priority=draw(st.integers(0, 2)),
        order=draw(st.integers(0, 2)),
        exclusive=draw(st.integers(0, 5)) == 0,
        max_minor=draw(st.sampled_from([None, None, 60, 350])) if plain else None,
        units=draw(st.sampled_from([Pick(), Pick(), Pick(which="cheapest")])) if plain else Pick(),
    )


def groups(key: str) -> st.SearchStrategy[Group]:
    searched = st.builds(
        Group,
        key=st.just(key),
        mode=st.just("best_for_customer"),
        max_per_unit=st.sampled_from([1, 1, None]),
        max_promotions=st.sampled_from([None, None, 1, 2]),
    )
    others = st.builds(
        Group,
        key=st.just(key),
        mode=st.sampled_from(["all", "first", "priority", "highest", "lowest"]),
        base=st.sampled_from(["remaining", "original"]),
        max_per_unit=st.sampled_from([None, 1]),
        max_promotions=st.sampled_from([None, 2]),
    )
    return st.one_of(searched, searched, others)


policies = st.builds(
    lambda item, whole, threshold_on: Policy(
        layers=(Group(key="price", mode="highest", per="article"), item, whole), threshold_on=threshold_on
    ),
    groups("item"),
    groups("basket"),
    st.sampled_from(["remaining", "original"]),
)


@st.composite
def baskets(draw: st.DrawFn) -> Basket:
    lines: list[Line] = []
    left = UNITS
    while left and len(lines) < 4:
        units = draw(st.integers(1, min(left, 3)))
        article = draw(st.integers(1, 3))
        row = Line(
            n=len(lines) + 1,
            sku=f"a{article}",
            article_id=article,
            price_minor=draw(prices),
            qty_milli=units * 1000,
            min_price_minor=draw(st.sampled_from([0, 0, 0, 90])),
        )
        lines.append(row)
        left -= units
        if draw(st.booleans()):
            break
    return basket(*lines)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(baskets(), st.lists(discounts(), max_size=OFFERS), policies)
def test_what_is_proven_is_the_best_of_all_choices(bought: Basket, bodies: list[Discount], policy: Policy) -> None:
    versions = [OfferVersion(offer_id=n, version=1, key=f"o{n}", body=body) for n, body in enumerate(bodies, 1)]
    priced = price(bought, None, compile_offers(versions, policy=policy), NOON)
    best = most_given(bought, bodies, policy)
    given_off = priced.totals.discount_minor
    if priced.optimality == "proven":
        assert given_off == best
    else:
        assert given_off <= best <= given_off + priced.gap_minor
