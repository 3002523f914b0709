"""The search against the longest way round: whatever it calls proven is the best there is."""

import os
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.promotions import shop
from tests.promotions.brute import most_given
from tests.promotions.shop import NOON, basket, line
from vokrug.promotions import Basket, Line, OfferVersion, Policy, Priced, compile_offers, price
from vokrug.promotions.engine.offers import (
    AmountOff,
    AtLeastAmount,
    AtLeastUnits,
    BasketDiscount,
    BuyGet,
    Discount,
    FixedPrice,
    Funder,
    Goods,
    ItemDiscount,
    PercentOff,
    Pick,
    SetPart,
    SetPrice,
)
from vokrug.promotions.engine.policy import DEFAULT, Floors, Group

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


def plain(benefit: PercentOff, is_item: bool, aimed: Goods, least: int) -> Discount:
    threshold = (AtLeastAmount(at_least_minor=least),) if least else ()
    return Discount(benefit=benefit, layer="item" if is_item else "basket", goods=aimed, conditions=threshold)


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


bodies = st.lists(discounts(), max_size=OFFERS)
searched = st.builds(
    lambda item, whole: Policy(layers=(Group(key="price", mode="highest", per="article"), item, whole)),
    *(
        st.builds(
            Group,
            key=st.just(key),
            max_per_unit=st.sampled_from([1, None]),
            max_promotions=st.sampled_from([None, 1, 2]),
        )
        for key in ("item", "basket")
    ),
)


def priced_under(policy: Policy, bought: Basket, bodies: list[Discount], **more: object) -> Priced:
    shares = (Funder(funder="brand", share_bp=3333), Funder(funder="merchant", share_bp=6667))
    versions = [
        OfferVersion(offer_id=n, version=1, key=f"o{n}", body=replace(body, funding=shares))
        for n, body in enumerate(bodies, 1)
    ]
    return price(replace(bought, **more), None, compile_offers(versions, policy=policy), NOON)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(baskets(), bodies, searched, st.data())
def test_one_more_offer_never_raises_what_the_customer_pays(
    bought: Basket, bodies: list[Discount], policy: Policy, data: st.DataObject
) -> None:
    """As long as every group looks for the customer's best; the price layer, which does not, gets no newcomer."""
    more = replace(data.draw(discounts()), layer=data.draw(st.sampled_from(["item", "basket"])))
    with_more = priced_under(policy, bought, [*bodies, more])
    if with_more.optimality == "proven":
        assert with_more.totals.net_minor <= priced_under(policy, bought, bodies).totals.net_minor


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(baskets(), bodies, policies, st.randoms(use_true_random=False))
def test_the_order_in_which_lines_come_does_not_matter(
    bought: Basket, bodies: list[Discount], policy: Policy, random: Random
) -> None:
    """A line is known by its number, and the lower one is the earlier, wherever it stands in the list."""
    shuffled = list(bought.lines)
    random.shuffle(shuffled)
    first = priced_under(policy, bought, bodies)
    second = priced_under(policy, bought, bodies, lines=tuple(shuffled))
    assert sorted(second.lines, key=lambda row: row.n) == sorted(first.lines, key=lambda row: row.n)
    assert second.totals == first.totals


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(baskets(), bodies, policies, st.randoms(use_true_random=False))
def test_every_kopeck_is_somewhere_and_returns_come_to_what_was_paid(
    bought: Basket, bodies: list[Discount], policy: Policy, random: Random
) -> None:
    """Units make lines, lines make the check, shares make discounts; units brought back one by one, in any order,
    bring back what was paid; and no unit costs less than its floor."""
    priced = priced_under(policy, bought, bodies)
    paid: list[int] = []
    for asked, row in zip(bought.lines, priced.lines, strict=True):
        units = [run.net_minor for run in row.units for _ in range(run.units)]
        assert len(units) * 1000 == asked.qty_milli == sum(split.qty_milli for split in row.split)
        assert sum(units) == row.net_minor == sum(split.sum_minor for split in row.split)
        assert all(split.price_minor * split.qty_milli == split.sum_minor * 1000 for split in row.split)
        assert row.net_minor == row.gross_minor - sum(each.amount_minor for each in row.discounts)
        assert min(units) >= min(asked.min_price_minor, asked.price_minor)
        for each in row.discounts:
            assert sum(share for _, share in each.shares) == each.amount_minor > 0
        paid += units
    random.shuffle(paid)
    refunded = 0
    while paid:
        some = random.randint(1, len(paid))
        refunded += sum(paid[:some])
        del paid[:some]
    assert refunded == priced.totals.net_minor
    assert priced.totals.net_minor == priced.totals.gross_minor - priced.totals.discount_minor


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    baskets(), st.lists(st.builds(plain, of_units, st.booleans(), goods, st.sampled_from([0, 300, 900])), max_size=5)
)
def test_the_short_way_gives_what_the_search_gives(bought: Basket, bodies: list[Discount]) -> None:
    """The usual policy under its own name, and the same one that is not recognised as the usual."""
    short = priced_under(DEFAULT, bought, bodies)
    asked = priced_under(replace(DEFAULT, floors=Floors(max_discount_minor=10**12)), bought, bodies)
    assert (short.totals, short.optimality) == (asked.totals, asked.optimality)
    assert [row.units for row in short.lines] == [row.units for row in asked.lines]
    assert sorted((said.offer_id, said.status) for said in short.verdicts) == sorted(
        (said.offer_id, said.status) for said in asked.verdicts
    )


def test_a_unit_at_its_floor_counts_in_the_sum_of_a_percentage() -> None:
    """0.57 % of 0.88 is a kopeck; the 0.87 may not take it, so the other does, whatever else was looked at."""
    bought = basket(line(1, 87, min_price_minor=87), line(2, 1))
    percent = BasketDiscount(benefit=PercentOff(percent_bp=57, per="total"))
    other = ItemDiscount(benefit=PercentOff(percent_bp=1, per="total"))
    for bodies in ((percent,), (percent, other), (other, percent)):
        assert shop.price(bought, *bodies).totals.net_minor == 87, bodies
