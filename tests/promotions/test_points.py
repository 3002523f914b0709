"""What points pay and what is earned: totals, lines, units."""

from datetime import UTC, datetime

import pytest

from tests.promotions.shop import (
    PROGRAMME,
    basket,
    line,
    price,
    rate,
    verdict,
    weighed,
    with_points,
)
from vokrug.kernel import Rounding
from vokrug.promotions import Burn, active_from, expires_at
from vokrug.promotions.engine import OfferBody
from vokrug.promotions.engine.offers import (
    Activation,
    AmountOff,
    BasketDiscount,
    BurnCap,
    ByRate,
    EarnMultiplier,
    EarnRule,
    ExpireAfterDays,
    ExpireAtEndOfMonth,
    ExpireAtEndOfYear,
    ExpireNever,
    Expiry,
    FixedPoints,
    Goods,
    PercentOff,
    PerStep,
    PointProgramme,
    RateFrom,
    Who,
)

SHOPPER = with_points(0)
MAX = Burn("max")


# Earning


@pytest.mark.parametrize(("total", "points"), [(55499, 277), (55500, 555), (55501, 555), (100, 0), (200, 1), (0, 0)])
def test_the_rate_steps_up_with_the_check(total: int, points: int) -> None:
    """0.5 % below 555.00, 1 % of everything from 555.00 up."""
    priced = price(basket(line(1, total)), rate((0, 50), (55500, 100)), shopper=SHOPPER)
    assert priced.totals.earn_minor == points


@pytest.mark.parametrize(
    ("rounding", "step", "points"),
    [
        (Rounding.DOWN, 1, 333), (Rounding.DOWN, 10, 330), (Rounding.HALF_UP, 10, 330),
        (Rounding.UP, 10, 340), (Rounding.DOWN, 100, 300), (Rounding.HALF_EVEN, 1, 333),
    ],
)  # fmt: skip
def test_each_rule_names_its_rounding(rounding: Rounding, step: int, points: int) -> None:
    """1 % of 333.33 is 3.3333 points."""
    reward = ByRate(steps=(RateFrom(from_minor=0, rate_bp=100),), rounding=rounding, step_minor=step)
    priced = price(basket(line(1, 33333)), EarnRule(reward=reward), shopper=SHOPPER)
    assert priced.totals.earn_minor == points


@pytest.mark.parametrize(("total", "points"), [(999, 0), (1000, 100), (1999, 100), (12345, 1200)])
def test_a_point_for_every_ten(total: int, points: int) -> None:
    rule = EarnRule(reward=PerStep(step_minor=1000, points_minor=100))
    assert price(basket(line(1, total)), rule, shopper=SHOPPER).totals.earn_minor == points


@pytest.mark.parametrize(("base", "points"), [("gross", 1000), ("net_of_discounts", 800), ("net_of_points", 600)])
def test_what_a_rule_counts(base: str, points: int) -> None:
    """1000.00, less 200.00 of discount, less 200.00 paid by points; one point for each 1.00 × 1 %."""
    priced = price(
        basket(line(1, 100000), burn=20000),
        BasketDiscount(benefit=AmountOff(amount_minor=20000)),
        rate((0, 100), base=base),
        PROGRAMME,
        shopper=with_points(20000),
    )
    assert priced.totals.net_minor == 60000
    assert priced.totals.earn_minor == points


def test_points_are_counted_once_for_the_check_and_shared_to_lines_and_units() -> None:
    """1 % of 100.00 is one point: 0.34 + 0.33 + 0.33, though each line alone would earn 0.33."""
    priced = price(basket(line(1, 3334), line(2, 3333), line(3, 3333)), rate((0, 100)), shopper=SHOPPER)
    assert [sum(e.points_minor for e in each.earn) for each in priced.lines] == [34, 33, 33]
    one = price(basket(line(1, 1000, 3)), rate((0, 100)), shopper=SHOPPER).lines[0]
    assert [(run.units, run.earn_minor) for run in one.units] == [(3, 10)]
    odd = price(basket(line(1, 1034, 3)), rate((0, 100)), shopper=SHOPPER).lines[0]
    assert [(run.units, run.earn_minor, run.earn_by_rule) for run in odd.units] == [(1, 11, (11,)), (2, 10, (10,))]


def test_rules_add_up_and_multipliers_come_on_top() -> None:
    """1 % of all, 2 % more of dairy, all of it doubled on dairy."""
    priced = price(
        basket(line(1, 10000, category_ids=(7,)), line(2, 10000)),
        rate((0, 100)),
        rate((0, 200), goods=Goods(categories=(7,)), funder="brand"),
        EarnMultiplier(factor_bp=20000, goods=Goods(categories=(7,))),
        shopper=SHOPPER,
    )
    assert [(grant.offer_id, grant.points_minor, grant.funder) for grant in priced.earn] == [
        (1, 200, "merchant"),
        (2, 200, "brand"),
        (3, 300, "merchant"),
    ]
    assert [sum(e.points_minor for e in each.earn) for each in priced.lines] == [600, 100]


def test_a_multiplier_may_name_its_rules() -> None:
    priced = price(
        basket(line(1, 10000)),
        rate((0, 100)),
        rate((0, 200)),
        EarnMultiplier(factor_bp=100_000, of_rules=("o1",)),
        shopper=SHOPPER,
    )
    assert [grant.points_minor for grant in priced.earn] == [100, 200, 900]


def test_of_an_exclusive_group_only_the_best_counts() -> None:
    priced = price(
        basket(line(1, 10000)),
        rate((0, 100), stack="best", group="g"),
        rate((0, 300), stack="best", group="g"),
        rate((0, 200), stack="best", group="other"),
        rate((0, 50)),
        shopper=SHOPPER,
    )
    assert sorted(grant.offer_id for grant in priced.earn) == [2, 3, 4]
    assert verdict(priced, 1) == ("beaten", 200)


@pytest.mark.parametrize("flag", ["no_earn", "gift_card_sale"])
def test_flagged_lines_earn_nothing(flag: str) -> None:
    priced = price(basket(line(1, 10000, **{flag: True}), line(2, 10000)), rate((0, 100)), shopper=SHOPPER)
    assert [sum(e.points_minor for e in each.earn) for each in priced.lines] == [0, 100]


def test_without_a_card_nothing_is_earned() -> None:
    assert price(basket(line(1, 10000)), rate((0, 100))).totals.earn_minor == 0


def test_fixed_points_once_a_check() -> None:
    rule = EarnRule(reward=FixedPoints(points_minor=5000), min_minor=10000)
    assert price(basket(line(1, 5000, 2)), rule, shopper=SHOPPER).totals.earn_minor == 5000
    short = price(basket(line(1, 9999)), rule, shopper=SHOPPER)
    assert (short.totals.earn_minor, short.verdicts[0].missing_minor) == (0, 1)


def test_whole_points_when_the_programme_has_no_fractions() -> None:
    priced = price(basket(line(1, 15000)), rate((0, 100)), PointProgramme(scale=0), shopper=SHOPPER)
    assert priced.totals.earn_minor == 1


def test_terms_are_pinned_on_the_grant() -> None:
    expires, active = ExpireAfterDays(days=30), Activation(day_starts=14)
    [grant] = price(basket(line(1, 10000)), rate((0, 100), expires=expires, active_from=active), shopper=SHOPPER).earn
    assert (grant.expires, grant.active_from, grant.base_minor) == (expires, active, 10000)


SOLD = datetime(2026, 12, 31, 15, 30, tzinfo=UTC)  # 03:30 on 1 January in Kamchatka, 17:30 in Kaliningrad


@pytest.mark.parametrize(
    ("spec", "kaliningrad", "kamchatka"),
    [
        (ExpireAfterDays(days=1), "2027-01-01T22:00", "2027-01-02T12:00"),
        (ExpireAtEndOfMonth(), "2026-12-31T22:00", "2027-01-31T12:00"),
        (ExpireAtEndOfMonth(months=1), "2027-01-31T22:00", "2027-02-28T12:00"),
        (ExpireAtEndOfYear(), "2026-12-31T22:00", "2027-12-31T12:00"),
        (ExpireNever(), None, None),
    ],
)
def test_points_lapse_at_the_shops_midnight(spec: Expiry, kaliningrad: str | None, kamchatka: str | None) -> None:
    for zone, at in (("Europe/Kaliningrad", kaliningrad), ("Asia/Kamchatka", kamchatka)):
        assert expires_at(spec, SOLD, zone) == (at and datetime.fromisoformat(at + "+00:00"))


def test_points_become_active_after_a_while_or_with_a_day() -> None:
    assert active_from(Activation(), SOLD, "Asia/Kamchatka") == SOLD
    assert active_from(Activation(delay_s=60), SOLD, "Asia/Kamchatka").minute == 31
    assert active_from(Activation(day_starts=1), SOLD, "Asia/Kamchatka") == datetime(2027, 1, 1, 12, tzinfo=UTC)


# Paying


@pytest.mark.parametrize(
    ("wish", "applied"), [(0, 0), (1, 1), (49999, 49999), (50000, 50000), (50001, 50000), (99999, 50000)]
)
def test_a_cap_of_half_the_check(wish: int, applied: int) -> None:
    """A kopeck above the cap is limited to it, and the answer says by what."""
    priced = price(basket(line(1, 100000), burn=wish), BurnCap(share_bp=5000), PROGRAMME, shopper=with_points(80000))
    assert (priced.burn.max_minor, priced.burn.reasons) == (50000, ("share",))
    assert (priced.burn.applied_minor, priced.totals.net_minor) == (applied, 100000 - applied)


@pytest.mark.parametrize(
    ("cap", "most", "reason"),
    [
        (BurnCap(), 20000, "goods"),
        (BurnCap(closed=Goods(categories=(9,))), 10000, "goods"),
        (BurnCap(share_bp=3000), 6000, "share"),
        (BurnCap(share_bp=3000, share_of="eligible", closed=Goods(categories=(9,))), 3000, "share"),
        (BurnCap(line_share_bp=2500), 5000, "goods"),
        (BurnCap(keep_minor=100), 19800, "goods"),
        (BurnCap(min_check_minor=20001), 0, "min_check"),
        (BurnCap(min_check_minor=20000), 20000, "goods"),
        (BurnCap(share_bp=3333, step_minor=100), 6600, "step"),
        (BurnCap(share_bp=3333, min_minor=6666), 6666, "share"),
        (BurnCap(share_bp=3333, min_minor=6667), 0, "minimum"),
        (BurnCap(share_bp=0), 0, "share"),
    ],
)
def test_what_bounds_the_points(cap: BurnCap, most: int, reason: str) -> None:
    bought = basket(line(1, 10000), line(2, 10000, category_ids=(9,)), burn=MAX)
    priced = price(bought, cap, PROGRAMME, shopper=with_points(50000))
    assert (priced.burn.max_minor, priced.burn.applied_minor) == (most, most)
    assert priced.burn.reasons[-1] == reason
    assert priced.totals.points_off_minor == most


def test_no_more_than_there_is() -> None:
    priced = price(basket(line(1, 100000), burn=MAX), PROGRAMME, shopper=with_points(777))
    assert (priced.burn.applied_minor, priced.burn.reasons) == (777, ("available",)), "to exactly zero"


def test_all_caps_hold_unless_one_replaces_the_lower() -> None:
    gold = BurnCap(share_bp=9000, who=Who(tiers=("gold",)), priority=5, replaces=True)
    bought = basket(line(1, 100000), burn=MAX)
    caps = (BurnCap(share_bp=5000), BurnCap(share_bp=7000), gold, PROGRAMME)
    assert price(bought, *caps, shopper=with_points(10**6)).burn.applied_minor == 50000
    assert price(bought, *caps, shopper=with_points(10**6, tier="gold")).burn.applied_minor == 90000


def test_points_are_a_discount_shared_over_lines_and_units() -> None:
    """100.00 over 3 × 50.00 and 1 × 150.00; flagged lines stay out of it."""
    bought = basket(
        line(1, 5000, 3), line(2, 15000), line(3, 9900, no_burn=True), line(4, 9900, gift_card_sale=True), burn=10000
    )
    priced = price(bought, PROGRAMME, shopper=with_points(10000))
    assert [each.points_burn_minor for each in priced.lines] == [5000, 5000, 0, 0]
    first = priced.lines[0]
    assert [(run.units, run.points_burn_minor, run.net_minor) for run in first.units] == [
        (2, 1667, 3333),
        (1, 1666, 3334),
    ]
    assert [(row.qty_milli, row.price_minor) for row in first.split] == [(2000, 3333), (1000, 3334)]


def test_points_stop_at_the_minimum_price_of_every_unit() -> None:
    bought = basket(line(1, 5000, 3, min_price_minor=4500), weighed(2, 1000, 500), burn=MAX)
    priced = price(bought, PROGRAMME, shopper=with_points(10**6))
    assert [each.net_minor for each in priced.lines] == [13500, 0]


def test_points_stop_at_the_floor_of_units_that_differ_by_a_kopeck() -> None:
    """Two units at 9999.99 and one at 10000.00, none below 9999.98: 1 + 1 + 2 kopecks and no other way."""
    dear = line(1, 1000000, 3, min_price_minor=999998, manual_discount_minor=2)
    [row] = price(basket(dear, burn=MAX), PROGRAMME, shopper=with_points(10**6)).lines
    assert [(run.units, run.points_off_minor, run.net_minor) for run in row.units] == [
        (2, 1, 999998),
        (1, 2, 999998),
    ]


@pytest.mark.parametrize(
    ("num", "den", "wish", "points", "off"),
    [
        (1, 10, 1000, 1000, 100),  # ten points a rouble
        (1, 10, 1009, 1000, 100),  # a fraction of a kopeck buys nothing and stays on the card
        (2, 1, 1000, 1000, 2000),  # two roubles a point
        (2, 1, 99999, 5000, 10000),  # never more than the goods cost
        (3, 7, 1000, 999, 428),
    ],
)
def test_what_a_point_is_worth(num: int, den: int, wish: int, points: int, off: int) -> None:
    programme = PointProgramme(value_num=num, value_den=den)
    priced = price(basket(line(1, 2500, 3), line(2, 2500), burn=wish), programme, shopper=with_points(10**6))
    assert (priced.burn.applied_minor, priced.totals.points_off_minor) == (points, off)
    assert sum(each.points_burn_minor for each in priced.lines) == points


def test_without_card_or_programme_nothing_is_paid() -> None:
    bought = basket(line(1, 1000), burn=MAX)
    assert price(bought, PROGRAMME).burn.reasons == ("no_card",)
    assert price(bought, shopper=with_points(1000)).burn.reasons == ("no_programme",)


def test_points_come_after_the_discounts() -> None:
    """100 less 10 % less half of it by points: 45, whatever order the offers are written in."""
    bodies: list[OfferBody] = [BurnCap(share_bp=5000), BasketDiscount(benefit=PercentOff(percent_bp=1000)), PROGRAMME]
    for ordered in (bodies, bodies[::-1]):
        priced = price(basket(line(1, 10000), burn=MAX), *ordered, shopper=with_points(10**6))
        assert priced.totals.net_minor == 4500
