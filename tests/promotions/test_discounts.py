"""Item and basket discounts, to the kopeck."""

import pytest

from tests.promotions.shop import (
    NOON,
    basket,
    discounts,
    line,
    offers,
    price,
    verdict,
    weighed,
    with_points,
)
from vokrug.promotions import price as price_basket
from vokrug.promotions.engine import OfferBody
from vokrug.promotions.engine.allocate import split_weighed, times
from vokrug.promotions.engine.offers import (
    AmountOff,
    BasketDiscount,
    FixedPrice,
    Goods,
    ItemDiscount,
    PercentOff,
    Where,
    Who,
)
from vokrug.promotions.engine.priced import Split, Verdict

TEN = PercentOff(percent_bp=1000)


@pytest.mark.parametrize(
    ("per", "each", "total"),
    [("unit", [11, 21, 31, 41], 104), ("total", [11, 21, 30, 40], 102)],
)
def test_a_percentage_is_rounded_for_each_unit_or_once(per: str, each: list[int], total: int) -> None:
    """1.06, 2.06, 3.06, 4.06: ten per cent of 10.24 is 1.02, though of each piece it makes 1.04."""
    benefit = PercentOff(percent_bp=1000, per=per)  # type: ignore[arg-type]
    bought = basket(line(1, 106), line(2, 206), line(3, 306), line(4, 406))
    priced = price(bought, ItemDiscount(benefit=benefit))
    assert (sum(discounts(priced)), priced.totals.discount_minor) == (total, total)
    assert discounts(priced) == each


@pytest.mark.parametrize(
    ("amount", "shares"), [(299, [161, 52, 86]), (300, [161, 53, 86]), (1, [1, 0, 0]), (8000, [4300, 1400, 2300])]
)
def test_an_amount_is_shared_by_largest_remainder(amount: int, shares: list[int]) -> None:
    bought = basket(line(1, 4300), line(2, 1400), line(3, 2300))
    assert discounts(price(bought, BasketDiscount(benefit=AmountOff(amount_minor=amount)))) == shares


def test_what_a_floor_keeps_back_moves_to_the_others() -> None:
    """12.00 over a cup 10, a keyboard 20 (floor 19), a mouse 50 (floor 50), headphones 30 (floor 26)."""
    bought = basket(
        line(1, 1000),
        line(2, 2000, min_price_minor=1900),
        line(3, 5000, min_price_minor=5000),
        line(4, 3000, min_price_minor=2600),
    )
    assert discounts(price(bought, BasketDiscount(benefit=AmountOff(amount_minor=1200)))) == [700, 100, 0, 400]
    more = price(bought, BasketDiscount(benefit=AmountOff(amount_minor=99999)))
    assert discounts(more) == [1000, 100, 0, 400], "never below a floor, never below zero"


@pytest.mark.parametrize(
    ("benefit", "off"),
    [
        (PercentOff(percent_bp=1000), 3 * 333),  # 10 % of 33.33 is 3.33
        (AmountOff(amount_minor=500, per="unit"), 1500),
        (AmountOff(amount_minor=500, per="total"), 500),
        (FixedPrice(price_minor=3000), 999),
        (FixedPrice(price_minor=4000), 0),
        (PercentOff(percent_bp=10_000), 9999),
    ],
)
def test_kinds_of_benefit_on_three_pieces(benefit: PercentOff | AmountOff | FixedPrice, off: int) -> None:
    priced = price(basket(line(1, 3333, 3)), ItemDiscount(goods=Goods(articles=(1,)), benefit=benefit))
    assert priced.totals.discount_minor == off
    assert priced.totals.net_minor == 9999 - off


@pytest.mark.parametrize(
    ("benefit", "net"),
    [
        (PercentOff(percent_bp=1000), 4455),  # 49.50 less 4.95
        (AmountOff(amount_minor=1000, per="unit"), 4450),  # ten off a kilogram, half a kilogram
        (FixedPrice(price_minor=8000), 4000),
    ],
)
def test_kinds_of_benefit_on_half_a_kilogram(benefit: PercentOff | AmountOff | FixedPrice, net: int) -> None:
    priced = price(basket(weighed(1, 9900, 500)), ItemDiscount(goods=Goods(skus=("s1",)), benefit=benefit))
    assert priced.totals.net_minor == net


def test_a_price_that_does_not_divide_is_split_for_the_receipt() -> None:
    """Three pieces at 40.00 with 20.00 off the check: 2 × 33.33 + 1 × 33.34."""
    [row] = price(basket(line(1, 4000, 3)), BasketDiscount(benefit=AmountOff(amount_minor=2000))).lines
    assert row.split == (Split(2000, 3333, 6666), Split(1000, 3334, 3334))
    assert [(run.units, run.net_minor) for run in row.units] == [(2, 3333), (1, 3334)]


def test_a_weighed_sum_no_price_can_give_is_split_in_two() -> None:
    """7.777 kg for 100.03: 12.86 gives 100.01, 12.87 gives 100.09."""
    bought = basket(weighed(1, 1300, 7777))
    off = 10110 - 10003
    [row] = price(bought, BasketDiscount(benefit=AmountOff(amount_minor=off))).lines
    assert row.net_minor == 10003
    assert len(row.split) == 2
    assert sum(split.qty_milli for split in row.split) == 7777
    assert sum((split.price_minor * split.qty_milli + 500) // 1000 for split in row.split) == 10003


def test_both_halves_of_a_weighed_split_may_round_up() -> None:
    """6.525 kg for 329.14: 1.900 kg at 50.45 would leave half a kopeck on both rows, so one gram moves."""
    rows = split_weighed(6525, 6000, 32914)
    assert len(rows) == 2
    assert [times(row.price_minor, row.qty_milli) for row in rows] == [row.sum_minor for row in rows]
    assert sum(row.sum_minor for row in rows) == 32914


def test_an_amount_off_each_unit_takes_the_odd_kopeck_too() -> None:
    """2.99 over three pieces are 0.99, 1.00 and 1.00: a rouble off each leaves nothing."""
    offer = ItemDiscount(benefit=AmountOff(amount_minor=100, per="unit"))
    assert price(basket(line(1, 100, 3, manual_discount_minor=1)), offer).totals.net_minor == 0


def test_a_line_takes_the_best_offer_and_the_loser_says_by_how_much() -> None:
    dairy = ItemDiscount(goods=Goods(categories=(7,)), benefit=PercentOff(percent_bp=1000))
    milk = ItemDiscount(goods=Goods(articles=(1,)), benefit=AmountOff(amount_minor=1500, per="unit"))
    priced = price(basket(line(1, 10000, category_ids=(3, 7))), dairy, milk)
    assert discounts(priced) == [1500]
    assert verdict(priced, 2) == ("applied", 1500)
    [beaten] = [each for each in priced.verdicts if each.offer_id == 1]
    assert beaten == Verdict(1, 1, "beaten", amount_minor=500, by=2)


@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ({}, {}, 1),
        ({}, {"priority": 1}, 2),
        ({"priority": 1}, {"funder": "brand"}, 2),
        ({"funder": "brand"}, {"funder": "brand", "priority": 1}, 2),
    ],
)
@pytest.mark.parametrize("kind", [ItemDiscount, BasketDiscount])
def test_equal_money_goes_by_who_pays_then_priority_then_number(
    kind: type[ItemDiscount | BasketDiscount], first: dict[str, int], second: dict[str, int], winner: int
) -> None:
    priced = price(basket(line(1, 1000)), kind(benefit=TEN, **first), kind(benefit=TEN, **second))  # type: ignore[arg-type]
    assert verdict(priced, winner) == ("applied", 100)
    assert verdict(priced, 3 - winner) == ("beaten", 0)


def test_a_forced_price_is_no_matter_of_choice() -> None:
    """A legal price stands though another offer would be better for the customer."""
    legal = ItemDiscount(goods=Goods(articles=(1,)), benefit=FixedPrice(price_minor=900), force=True)
    half = ItemDiscount(benefit=PercentOff(percent_bp=5000))
    priced = price(basket(line(1, 1000), line(2, 1000)), legal, half)
    assert discounts(priced) == [100, 500]


@pytest.mark.parametrize(
    ("qty", "missing_qty", "missing", "status"),
    [(1, 2000, 2000, "not_met"), (2, 1000, 1000, "not_met"), (3, 0, 0, "applied")],
)
def test_a_threshold_says_what_is_missing(qty: int, missing_qty: int, missing: int, status: str) -> None:
    offer = ItemDiscount(goods=Goods(brands=("Ромашка",)), benefit=TEN, min_qty_milli=3000, min_minor=3000)
    priced = price(basket(line(1, 1000, qty, brand="Ромашка"), line(2, 99999)), offer)
    [said] = priced.verdicts
    assert (said.status, said.missing_qty_milli, said.missing_minor) == (status, missing_qty, missing)


def test_a_threshold_counts_over_all_lines_of_the_goods() -> None:
    """The same article scanned twice is two lines, and still three pieces."""
    offer = ItemDiscount(goods=Goods(categories=(7,)), benefit=TEN, min_qty_milli=3000)
    bought = basket(line(1, 1000, 1, category_ids=(7,)), line(2, 1000, 2, category_ids=(7,)))
    assert discounts(price(bought, offer)) == [100, 200]


def test_only_the_best_basket_offer_is_given() -> None:
    five = BasketDiscount(benefit=PercentOff(percent_bp=500, per="total"))
    from_100 = BasketDiscount(benefit=PercentOff(percent_bp=2000, per="total"), min_minor=10000)
    from_200 = BasketDiscount(benefit=PercentOff(percent_bp=3000, per="total"), min_minor=20000)
    priced = price(basket(line(1, 10500)), five, from_100, from_200)
    assert priced.totals.net_minor == 8400
    assert [verdict(priced, n) for n in (1, 2, 3)] == [("beaten", 1575), ("applied", 2100), ("not_met", 0)]


def test_a_basket_offer_may_be_limited() -> None:
    offer = BasketDiscount(benefit=PercentOff(percent_bp=2000, per="total"), max_minor=1000)
    assert price(basket(line(1, 10000), line(2, 10000)), offer).totals.discount_minor == 1000


def test_an_item_discount_is_withheld_when_it_would_cost_the_customer_a_better_one() -> None:
    """1 % off would bring the check below the 1000.00 that 100.00 off begins at."""
    one = ItemDiscount(goods=Goods(articles=(1,)), benefit=PercentOff(percent_bp=100))
    hundred = BasketDiscount(benefit=AmountOff(amount_minor=10000), min_minor=100000)
    bought = basket(line(1, 60000), line(2, 40000))
    priced = price(bought, one, hundred)
    assert (priced.totals.net_minor, priced.optimality) == (90000, "proven")
    at_original = BasketDiscount(benefit=AmountOff(amount_minor=10000), min_minor=100000, threshold_on="original")
    assert price(bought, one, at_original).totals.net_minor == 89400


def test_withholding_is_found_among_many_lines() -> None:
    """Twelve lines could each have 1 %; any of it would bring the check below what 100.00 off begins at."""
    one = ItemDiscount(benefit=PercentOff(percent_bp=100))
    hundred = BasketDiscount(benefit=AmountOff(amount_minor=10000), min_minor=120000)
    priced = price(basket(*(line(n, 10000) for n in range(1, 13))), one, hundred)
    assert (priced.totals.net_minor, priced.optimality) == (110000, "proven")


def test_the_cashiers_discount_comes_first_and_stops_at_the_floor() -> None:
    bought = basket(
        line(1, 1000, manual_discount_minor=200), line(2, 1000, min_price_minor=950, manual_discount_minor=200)
    )
    priced = price(bought, ItemDiscount(benefit=TEN))
    assert [line.net_minor for line in priced.lines] == [720, 950]
    assert [each.layer for each in priced.lines[0].discounts] == ["manual", "item"]


@pytest.mark.parametrize("flag", ["no_discount", "gift_card_sale"])
@pytest.mark.parametrize("kind", [ItemDiscount, BasketDiscount])
def test_flagged_lines_are_left_alone(kind: type[ItemDiscount | BasketDiscount], flag: str) -> None:
    priced = price(basket(line(1, 1000, **{flag: True}), line(2, 1000)), kind(benefit=TEN))
    assert discounts(priced) == [0, 100]


def test_the_sale_of_a_gift_card_does_not_help_to_a_threshold() -> None:
    offer = BasketDiscount(benefit=TEN, min_minor=1500)
    priced = price(basket(line(1, 1000, gift_card_sale=True), line(2, 1000)), offer)
    [said] = priced.verdicts
    assert (said.status, said.missing_minor) == ("not_met", 500)


def test_goods_that_are_left_out() -> None:
    offer = ItemDiscount(goods=Goods(categories=(7,), except_articles=(2,), except_brands=("Б",)), benefit=TEN)
    bought = basket(
        line(1, 1000, category_ids=(7,)), line(2, 1000, category_ids=(7,)), line(3, 1000, category_ids=(7,), brand="Б")
    )
    assert discounts(price(bought, offer)) == [100, 0, 0]


@pytest.mark.parametrize(
    ("offer", "outcome"),
    [
        (ItemDiscount(benefit=TEN, who=Who(members_only=True)), "members_only"),
        (ItemDiscount(benefit=TEN, who=Who(tiers=("gold",))), "tier"),
        (ItemDiscount(benefit=TEN, who=Who(segments=("students",)), goods=Goods(articles=(1,))), "segment"),
    ],
)
def test_who_an_offer_is_for(offer: OfferBody, outcome: str) -> None:
    bought = basket(line(1, 1000))
    [said] = price(bought, offer).verdicts
    assert (said.status, said.reason) == ("excluded", outcome)
    shopper = with_points(0, tier="gold", segments=frozenset({"students", "mothers"}))
    assert price(bought, offer, shopper=shopper).totals.net_minor == 900


def test_where_an_offer_runs() -> None:
    """Groups become shops when compiled; a group nobody knows is nowhere."""
    here = offers(
        ItemDiscount(benefit=TEN, where=Where(shops=(2,), shop_groups=("south", "lost"))),
        ItemDiscount(benefit=PercentOff(percent_bp=500), where=Where(channels=("web",))),
        ItemDiscount(benefit=PercentOff(percent_bp=9000), where=Where(shop_groups=("lost",))),
        south=frozenset({5, 6}),
    )

    def net(shop_id: int, channel: str = "pos") -> int:
        bought = basket(line(1, 1000), shop_id=shop_id, channel=channel)
        return price_basket(bought, None, here, NOON).totals.net_minor

    assert [net(shop) for shop in (1, 2, 5, 6, 7)] == [1000, 900, 900, 900, 1000]
    assert (net(1, "web"), net(2, "web")) == (950, 900)


def test_a_code_opens_its_offer_and_is_not_given_away_otherwise() -> None:
    offer = ItemDiscount(benefit=TEN, code="SPRING")
    assert price(basket(line(1, 1000)), offer).verdicts == ()
    assert price(basket(line(1, 1000), codes=("SPRING",)), offer).totals.net_minor == 900


def test_the_fingerprint_is_of_what_the_set_says() -> None:
    ten, five = ItemDiscount(benefit=TEN), ItemDiscount(benefit=PercentOff(percent_bp=500))
    assert offers(ten).version == offers(ten).version
    assert len({offers(ten).version, offers(five).version, offers(ten, five).version, offers().version}) == 4
    grouped = ItemDiscount(benefit=TEN, where=Where(shop_groups=("south",)))
    assert offers(grouped, south=frozenset({1})).version != offers(grouped, south=frozenset({2})).version


def test_an_offer_on_other_goods_is_not_looked_at() -> None:
    other = ItemDiscount(goods=Goods(articles=(99,), categories=(98,)), benefit=TEN)
    assert price(basket(line(1, 1000)), other).verdicts == ()
