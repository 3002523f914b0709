"""Laws of the engine, tried on random baskets and offers."""

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.promotions.shop import NOON, basket, offers
from vokrug.promotions import Basket, Burn, Line, Priced, Shopper, price
from vokrug.promotions.engine import OfferBody
from vokrug.promotions.engine.allocate import deal, share_with_room, split_weighed, times
from vokrug.promotions.engine.offers import (
    AmountOff,
    BasketDiscount,
    BurnCap,
    ByRate,
    EarnMultiplier,
    EarnRule,
    FixedPoints,
    FixedPrice,
    Goods,
    ItemDiscount,
    PercentOff,
    PerStep,
    PointProgramme,
    RateFrom,
)

small = st.integers(0, 30_000)
goods = st.builds(
    Goods,
    articles=st.sets(st.integers(1, 4), max_size=2).map(tuple),
    categories=st.sets(st.integers(1, 3), max_size=2).map(tuple),
)
per = st.sampled_from(["unit", "total"])
benefits = st.one_of(
    st.builds(PercentOff, percent_bp=st.integers(1, 10_000), per=per),
    st.builds(AmountOff, amount_minor=st.integers(1, 20_000), per=per),
)
item_offers = st.builds(
    ItemDiscount,
    goods=goods,
    benefit=st.one_of(benefits, st.builds(FixedPrice, price_minor=small)),
    min_qty_milli=st.sampled_from([0, 0, 2000]),
    priority=st.integers(0, 2),
)
basket_offers = st.builds(
    BasketDiscount,
    goods=goods,
    benefit=benefits,
    min_minor=st.sampled_from([0, 5_000, 20_000]),
    threshold_on=st.sampled_from(["remaining", "original"]),
    max_minor=st.none() | st.integers(1, 9_000),
)
earn_rules = st.builds(
    EarnRule,
    goods=goods,
    reward=st.one_of(
        st.builds(
            ByRate,
            steps=st.integers(1, 5_000).map(lambda bp: (RateFrom(from_minor=0, rate_bp=bp),)),
            step_minor=st.sampled_from([1, 10]),
        ),
        st.builds(PerStep, step_minor=st.integers(1, 5_000), points_minor=st.integers(1, 500)),
        st.builds(FixedPoints, points_minor=st.integers(1, 500)),
    ),
    base=st.sampled_from(["gross", "net_of_discounts", "net_of_points"]),
    stack=st.sampled_from(["add", "best"]),
)
multipliers = st.builds(EarnMultiplier, goods=goods, factor_bp=st.integers(10_001, 100_000))
caps = st.builds(
    BurnCap,
    closed=st.builds(Goods, categories=st.sets(st.integers(1, 3), max_size=1).map(tuple)),
    share_bp=st.integers(0, 10_000),
    line_share_bp=st.integers(0, 10_000),
    keep_minor=st.sampled_from([0, 1, 100]),
    step_minor=st.sampled_from([1, 10, 100]),
)
programmes = st.builds(PointProgramme, value_num=st.integers(1, 3), value_den=st.integers(1, 10))
any_offers = st.lists(st.one_of(item_offers, basket_offers, earn_rules, multipliers, caps, programmes), max_size=6)


@st.composite
def baskets(draw: st.DrawFn, most_lines: int = 5) -> Basket:
    lines = []
    for n in range(1, draw(st.integers(1, most_lines)) + 1):
        is_weighed = draw(st.booleans())
        price_minor = draw(small)
        lines.append(
            Line(
                n=n,
                sku=f"s{n}",
                article_id=draw(st.integers(1, 4)),
                category_ids=tuple(draw(st.sets(st.integers(1, 3), max_size=2))),
                qty_milli=draw(st.integers(1, 5_000)) if is_weighed else draw(st.integers(1, 5)) * 1000,
                is_weighed=is_weighed,
                price_minor=price_minor,
                min_price_minor=draw(st.one_of(st.just(0), st.integers(0, price_minor))),
                manual_discount_minor=draw(st.one_of(st.just(0), small)),
                no_discount=draw(st.integers(0, 9)) == 0,
                no_burn=draw(st.integers(0, 9)) == 0,
                no_earn=draw(st.integers(0, 9)) == 0,
                gift_card_sale=draw(st.integers(0, 9)) == 0,
            )
        )
    wish = draw(st.sampled_from([Burn(), Burn("max"), Burn("amount", 1234)]))
    return basket(*lines, burn=wish)


shoppers = st.none() | st.builds(Shopper, available_minor=st.integers(0, 100_000))


def after_discounts(priced: Priced) -> int:
    """What the customer owes before points: the sum the offers compete for."""
    return priced.totals.gross_minor - priced.totals.discount_minor


@settings(max_examples=300, deadline=None)
@given(baskets(), shoppers, any_offers)
def test_every_sum_agrees_to_the_kopeck(bought: Basket, shopper: Shopper | None, bodies: list[OfferBody]) -> None:
    priced = price(bought, shopper, offers(*bodies), NOON)
    totals = priced.totals
    for line, said in zip(bought.lines, priced.lines, strict=True):
        off = sum(each.amount_minor for each in said.discounts)
        assert said.gross_minor == times(line.price_minor, line.qty_milli)
        assert said.net_minor == said.gross_minor - off - said.points_off_minor
        assert sum(run.units * run.unit_qty_milli for run in said.units) == line.qty_milli
        assert sum(run.units * run.net_minor for run in said.units) == said.net_minor
        assert sum(run.units * run.points_off_minor for run in said.units) == said.points_off_minor
        assert sum(run.units * run.points_burn_minor for run in said.units) == said.points_burn_minor
        for at, earn in enumerate(said.earn):
            assert sum(run.units * run.earn_by_rule[at] for run in said.units) == earn.points_minor
        assert all(run.earn_minor == sum(run.earn_by_rule) for run in said.units)
        assert sum(row.sum_minor for row in said.split) == said.net_minor
        assert sum(row.qty_milli for row in said.split) == line.qty_milli
        assert len(said.units) <= 2 + 2 + len(said.earn), "few runs, however many units"
    assert totals.net_minor == sum(line.net_minor for line in priced.lines)
    assert totals.net_minor == totals.gross_minor - totals.discount_minor - totals.points_off_minor
    assert totals.points_burn_minor == sum(line.points_burn_minor for line in priced.lines)
    assert totals.points_burn_minor == priced.burn.applied_minor <= priced.burn.max_minor
    assert totals.points_burn_minor <= (shopper.available_minor if shopper else 0)
    assert totals.earn_minor == sum(grant.points_minor for grant in priced.earn)
    assert totals.earn_minor == sum(earn.points_minor for line in priced.lines for earn in line.earn)


@settings(max_examples=300, deadline=None)
@given(baskets(), shoppers, any_offers)
def test_nothing_is_negative_and_no_unit_goes_below_its_floor(
    bought: Basket, shopper: Shopper | None, bodies: list[OfferBody]
) -> None:
    priced = price(bought, shopper, offers(*bodies), NOON)
    for line, said in zip(bought.lines, priced.lines, strict=True):
        assert all(each.amount_minor >= 0 for each in said.discounts)
        for run in said.units:
            pays = run.net_minor
            assert min(pays, run.points_off_minor, run.points_burn_minor, run.earn_minor, run.units - 1) >= 0
            qty = run.unit_qty_milli
            assert pays >= min(times(line.min_price_minor, qty), times(line.price_minor, qty))


@settings(max_examples=200, deadline=None)
@given(baskets(), shoppers, any_offers, st.randoms(use_true_random=False))
def test_the_order_of_lines_and_offers_does_not_matter(
    bought: Basket, shopper: Shopper | None, bodies: list[OfferBody], random: object
) -> None:
    lines = list(bought.lines)
    random.shuffle(lines)  # type: ignore[attr-defined]
    first = price(bought, shopper, offers(*bodies), NOON)
    second = price(msgspec.structs.replace(bought, lines=tuple(lines)), shopper, offers(*bodies), NOON)
    assert after_discounts(first) == after_discounts(second)
    assert first.totals.gross_minor == second.totals.gross_minor
    assert first.burn.max_minor == second.burn.max_minor


@settings(max_examples=200, deadline=None)
@given(baskets(), shoppers, any_offers)
def test_the_same_input_gets_the_same_answer_and_stays_as_it_was(
    bought: Basket, shopper: Shopper | None, bodies: list[OfferBody]
) -> None:
    compiled = offers(*bodies)
    before = msgspec.json.encode((bought, shopper, bodies))
    first = price(bought, shopper, compiled, NOON)
    assert price(bought, shopper, compiled, NOON) == first
    assert price(bought, shopper, offers(*bodies), NOON) == first
    assert msgspec.json.encode((bought, shopper, bodies)) == before


discount_offers = st.lists(st.one_of(item_offers, basket_offers), max_size=4)


@settings(max_examples=300, deadline=None)
@given(baskets(), discount_offers, st.one_of(item_offers, basket_offers))
def test_one_more_offer_never_raises_what_the_customer_pays(
    bought: Basket, bodies: list[OfferBody], more: OfferBody
) -> None:
    fewer = price(bought, None, offers(*bodies), NOON)
    with_more = price(bought, None, offers(*bodies, more), NOON)
    if with_more.optimality == "proven":
        assert after_discounts(with_more) <= after_discounts(fewer)


@given(st.integers(0, 10_000), st.lists(st.tuples(st.integers(0, 900), st.integers(0, 900)), min_size=1, max_size=6))
def test_water_finds_its_level(total: int, parts: list[tuple[int, int]]) -> None:
    weights, rooms = [max(pair) for pair in parts], [min(pair) for pair in parts]
    shares = share_with_room(total, weights, rooms)
    assert sum(shares) == min(total, sum(rooms))
    assert all(0 <= share <= room for share, room in zip(shares, rooms, strict=True))


@given(st.integers(0, 10_000), st.lists(st.tuples(st.integers(1, 9), st.integers(0, 900)), min_size=1, max_size=5))
def test_dealing_to_runs_is_dealing_to_units(total: int, runs: list[tuple[int, int]]) -> None:
    """Compressed or written out, every unit gets the same."""
    dealt = deal(total, runs)
    written_out = [(1, weight) for units, weight in runs for _ in range(units)]
    singly = [share for _, _, share in deal(total, written_out)]
    assert [share for _, units, share in dealt for _ in range(units)] == singly
    assert sum(singly) == total


@given(st.integers(1, 30_000), st.integers(0, 50_000), st.data())
def test_a_weighed_line_always_fits_the_receipt(qty_milli: int, price_minor: int, data: st.DataObject) -> None:
    wanted = data.draw(st.integers(0, times(price_minor, qty_milli)))
    rows = split_weighed(qty_milli, price_minor, wanted)
    assert sum(row.qty_milli for row in rows) == qty_milli
    assert [times(row.price_minor, row.qty_milli) for row in rows] == [row.sum_minor for row in rows]
    assert sum(row.sum_minor for row in rows) == wanted
    assert len(rows) <= 2
