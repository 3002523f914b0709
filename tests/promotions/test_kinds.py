"""Conditions, benefits, limits, codes and shares: each kind with its numbers, and what it says when it is not met."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from tests.promotions.shop import NOON, PROGRAMME, basket, line, offers, price
from vokrug.promotions import (
    Burn,
    CodeState,
    Left,
    OfferVersion,
    Personal,
    Policy,
    Priced,
    Shopper,
    Tender,
    compile_offers,
)
from vokrug.promotions import price as price_basket
from vokrug.promotions.engine import Known, OfferBody, lint
from vokrug.promotions.engine.policy import PRESETS

PERCENT = {"kind": "percent", "percent_bp": 1000}
MEMBER = Shopper(number=7)


def read(**body: Any) -> OfferBody:
    made: OfferBody = msgspec.convert({"kind": "discount", "benefit": PERCENT, **body}, OfferBody)
    return made


def under(policy: Policy, bought: Any, *bodies: OfferBody) -> Priced:
    versions = [OfferVersion(offer_id=n, version=1, key=f"o{n}", body=body) for n, body in enumerate(bodies, 1)]
    return price_basket(bought, None, compile_offers(versions, policy=policy), NOON)


# Conditions


@pytest.mark.parametrize(
    ("condition", "shopper", "more", "missing"),
    [
        ({"kind": "units", "at_least_milli": 3000}, None, {}, {"what": "units", "qty_milli": 1000}),
        ({"kind": "units", "at_least_milli": 2000}, None, {}, None),
        ({"kind": "units", "over_milli": 2000}, None, {}, {"what": "units", "qty_milli": 1}),
        ({"kind": "amount", "at_least_minor": 2000}, None, {}, None),
        ({"kind": "amount", "over_minor": 2000}, None, {}, {"what": "amount", "minor": 1}),
        ({"kind": "amount", "at_least_minor": 5000, "goods": {"skus": ["s9"]}}, None, {}, {"what": "amount", "minor": 5000}),
        ({"kind": "together", "parts": [{"goods": {"skus": ["s1"]}, "units": 3}]}, None, {}, {"what": "together", "qty_milli": 1000}),
        ({"kind": "visit", "every": 5}, Shopper(visits=4), {}, None),
        ({"kind": "visit", "every": 5}, Shopper(visits=6), {}, {"what": "visits", "count": 3}),
        ({"kind": "visit", "numbers": [2, 3]}, Shopper(visits=0), {}, {"what": "visits", "count": 1}),
        ({"kind": "visit", "numbers": [2]}, Shopper(visits=5), {}, {"what": "visits"}),
        ({"kind": "first_purchase"}, Shopper(), {}, None),
        ({"kind": "first_purchase"}, Shopper(visits=1), {}, {"what": "first_purchase"}),
        ({"kind": "first_purchase"}, None, {}, {"what": "card"}),
        ({"kind": "tender", "types": ["sbp"]}, None, {"tenders": (Tender("card", 1), Tender("sbp", 1))}, None),
        ({"kind": "tender", "types": ["sbp"], "whole": True}, None, {"tenders": (Tender("card", 1), Tender("sbp", 1))}, {"what": "tender"}),
        ({"kind": "tender", "types": ["sbp"]}, None, {}, {"what": "tender"}),
        ({"kind": "birthday", "days_before": 3}, Shopper(birthday=(5, 8)), {}, None),
        ({"kind": "birthday", "days_before": 2}, Shopper(birthday=(5, 8)), {}, {"what": "birthday", "days": 1}),
        ({"kind": "birthday", "days_after": 5}, Shopper(birthday=(4, 30)), {}, None),
        ({"kind": "birthday"}, Shopper(), {}, {"what": "birthday"}),
        ({"kind": "since_last", "at_least_days": 30}, Shopper(last_purchase_at=NOON - timedelta(days=30)), {}, None),
        ({"kind": "since_last", "at_least_days": 30}, Shopper(last_purchase_at=NOON - timedelta(days=20)), {}, {"what": "since_last", "days": 10}),
        ({"kind": "since_last", "at_most_days": 3}, Shopper(last_purchase_at=NOON - timedelta(days=4)), {}, {"what": "since_last"}),
        ({"kind": "since_last", "at_most_days": 3}, Shopper(), {}, {"what": "since_last"}),
        ({"kind": "attribute", "name": "children", "at_least": 2}, Shopper(attributes={"children": 2}), {}, None),
        ({"kind": "attribute", "name": "children", "at_least": 2}, Shopper(attributes={"children": True}), {}, {"what": "attribute"}),
        ({"kind": "attribute", "of": "basket", "name": "gate", "any_of": ["A"]}, None, {"attributes": {"gate": "A"}}, None),
        ({"kind": "points_balance", "at_least_minor": 500}, Shopper(available_minor=300), {}, {"what": "points", "points_minor": 200}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("layer", ["item", "basket"])
def test_a_condition_holds_or_says_what_is_missing(
    layer: str, condition: dict[str, Any], shopper: Shopper | None, more: dict[str, Any], missing: dict[str, Any] | None
) -> None:
    """Two pieces at 10.00 on a Tuesday, 5 May."""
    priced = price(basket(line(1, 1000, 2), **more), read(layer=layer, conditions=[condition]), shopper=shopper)
    [said] = priced.verdicts
    if missing is None:
        assert (said.status, priced.totals.net_minor) == ("applied", 1800)
    else:
        assert (said.status, priced.totals.net_minor) == ("not_met", 2000)
        assert (said.missing_qty_milli, said.missing_minor) == (missing.get("qty_milli", 0), missing.get("minor", 0))
        if said.missing is not None:
            assert msgspec.to_builtins(said.missing).items() >= missing.items()


@pytest.mark.parametrize(("birthday", "today", "ahead"), [((2, 29), 28, 1), ((2, 29), 29, 0)])
def test_a_birthday_on_29_february_is_the_1_march_of_other_years(
    birthday: tuple[int, int], today: int, ahead: int
) -> None:
    now = datetime(2027, 2, 28, 9, tzinfo=UTC) + timedelta(days=today - 28)
    body = read(conditions=[{"kind": "birthday", "days_before": ahead}])
    assert price(basket(line(1, 1000)), body, shopper=Shopper(birthday=birthday), now=now).totals.net_minor == 900


def test_attributes_of_articles_are_goods_too() -> None:
    body = read(goods={"attributes": ["colour=red"], "except_attributes": ["size=xl"]})
    bought = basket(
        line(1, 1000, attributes=("colour=red",)),
        line(2, 1000, attributes=("colour=red", "size=xl")),
        line(3, 1000, attributes=("colour=blue",)),
    )
    assert [row.net_minor for row in price(bought, body).lines] == [900, 1000, 1000]


# Benefits


@pytest.mark.parametrize(
    ("offer", "quantities", "off"),
    [
        ({"benefit": {"kind": "buy_get", "buy_units": 2}}, (3, 0), [1000, 0]),
        ({"benefit": {"kind": "buy_get", "buy_units": 2}}, (5, 1), [1000, 300]),
        ({"benefit": {"kind": "buy_get", "buy_units": 2, "percent_bp": 5000}}, (3, 0), [500, 0]),
        ({"benefit": {"kind": "buy_get", "buy_units": 2, "most_sets": 1}}, (9, 0), [1000, 0]),
        ({"benefit": {"kind": "buy_get", "buy_units": 2, "get_units": 2, "partial": True}}, (3, 0), [1000, 0]),
        ({"benefit": {"kind": "buy_get", "buy_units": 2, "pick": "dearest"}}, (1, 2), [1000, 0]),
        ({"benefit": {"kind": "buy_get", "buy_units": 2}}, (1, 2), [0, 300]),
        ({"benefit": {"kind": "buy_get", "buy_units": 1, "buy": {"skus": ["s1"]}, "get": {"skus": ["s2"]}}}, (2, 1), [0, 300]),
        ({"benefit": {"kind": "set", "price_minor": 1000, "parts": [{"goods": {"skus": ["s1"]}}, {"goods": {"skus": ["s2"]}}]}}, (2, 1), [231, 69]),
        ({"benefit": {"kind": "set", "percent_bp": 1000, "parts": [{"goods": {"skus": ["s1"]}, "units": 2}]}}, (5, 0), [400, 0]),
        ({"benefit": {"kind": "set", "amount_minor": 130, "parts": [{"goods": {"skus": ["s1"]}}, {"goods": {"skus": ["s2"]}}]}}, (1, 1), [100, 30]),
        ({"benefit": {"kind": "set", "price_minor": 9000, "parts": [{"goods": {"skus": ["s1"]}}]}}, (1, 0), [0, 0]),
        ({"units": {"which": "cheapest"}}, (2, 2), [0, 30]),
        ({"units": {"which": "dearest", "units": 3}}, (2, 2), [200, 30]),
        ({"units": {"which": "nth", "nth": 2}}, (3, 3), [100, 60]),
        ({"units": {"max_per_line": 1}}, (3, 3), [100, 30]),
        ({"max_per_unit_minor": 50}, (2, 2), [100, 60]),
        ({"max_per_line_minor": 70}, (2, 2), [70, 60]),
        ({"max_minor": 130}, (2, 2), [100, 30]),
        ({"benefit": {"kind": "fixed_price", "price_minor": 1000, "per": "total"}}, (1, 1), [231, 69]),
    ],
)  # fmt: skip
def test_what_a_benefit_takes(offer: dict[str, Any], quantities: tuple[int, int], off: list[int]) -> None:
    """Article 1 at 10.00, article 2 at 3.00."""
    rows = [line(n, cost, qty) for n, cost, qty in ((1, 1000, quantities[0]), (2, 300, quantities[1])) if qty]
    priced = price(basket(*rows), read(**offer))
    assert [sum(each.amount_minor for each in row.discounts) for row in priced.lines] == off[: len(rows)]
    assert priced.optimality == "proven"


def test_the_free_unit_is_a_unit_of_its_own() -> None:
    """Of three the third is free: the units, the fiscal rows and a return see it."""
    [row] = price(basket(line(1, 1000, 3)), read(benefit={"kind": "buy_get", "buy_units": 2})).lines
    assert [(run.units, run.net_minor) for run in row.units] == [(2, 1000), (1, 0)]
    assert [(split.qty_milli, split.sum_minor) for split in row.split] == [(2000, 2000), (1000, 0)]


def test_a_unit_serves_one_set_only() -> None:
    """Two offers "buy two, get one" over five units: one set, whichever of them makes it."""
    first, second = (read(benefit={"kind": "buy_get", "buy_units": 2}) for _ in range(2))
    assert price(basket(line(1, 1000, 5)), first, second).totals.discount_minor == 1000


def test_gifts_coupons_tiers_and_delivery_are_given_beside_the_discounts() -> None:
    gift = {"kind": "gift", "choices": [{"sku": "cup"}, {"sku": "pen", "units": 2}], "per_units": 3}
    priced = price(
        basket(line(1, 1000, 7), delivery_minor=30000),
        read(),
        read(benefit=gift),
        read(benefit={"kind": "coupon", "series": "next"}, layer="basket"),
        read(benefit={"kind": "tier", "tier": "gold", "days": 30}, layer="basket"),
        read(benefit={"kind": "delivery"}, layer="delivery", conditions=[{"kind": "amount", "at_least_minor": 6000}]),
        shopper=MEMBER,
    )
    assert priced.totals.net_minor == 6300
    assert [(each.times, [choice.sku for choice in each.choices]) for each in priced.gifts] == [(2, ["cup", "pen"])]
    assert [(each.series, each.count) for each in priced.coupons_to_issue] == [("next", 1)]
    assert [(each.tier, each.days) for each in priced.tier_grants] == [("gold", 30)]
    assert priced.delivery is not None
    assert (priced.delivery.before_minor, priced.delivery.net_minor) == (30000, 0)
    assert [said.status for said in priced.verdicts] == ["applied"] * 5


def test_delivery_that_stays_is_to_be_paid() -> None:
    priced = price(
        basket(line(1, 1000), delivery_minor=300),
        read(benefit={"kind": "delivery", "price_minor": 99}, layer="delivery"),
    )
    assert (priced.totals.net_minor, priced.totals.delivery_minor) == (1099, 99)


# Points


@pytest.mark.parametrize(
    ("rule", "tenders", "points"),
    [
        ({"reward": {"kind": "per_unit", "points_minor": 500}}, (), 1500),
        ({"reward": {"kind": "per_amount", "per_minor": 300, "points_minor": 100}}, (), 1000),
        ({"reward": {"kind": "per_amount", "per_minor": 3000, "points_minor": 1000}, "paid_by": ["sbp"]}, (Tender("sbp", 1500), Tender("card", 1500)), 500),
        ({"reward": {"kind": "per_amount", "per_minor": 3000, "points_minor": 1000}, "paid_by": ["sbp"]}, (), 0),
        ({"reward": {"kind": "fixed", "points_minor": 700}, "conditions": [{"kind": "amount", "at_least_minor": 3001}]}, (), 0),
    ],
)  # fmt: skip
def test_what_a_rule_earns(rule: dict[str, Any], tenders: tuple[Tender, ...], points: int) -> None:
    body = msgspec.convert({"kind": "earn", **rule}, OfferBody)
    priced = price(basket(line(1, 1000, 3), tenders=tenders), body, PROGRAMME, shopper=MEMBER)
    assert priced.totals.earn_minor == points


def test_a_reward_is_bought_with_points_even_of_this_very_sale() -> None:
    """115.00 earn 575 points; 500 of them buy 20 % off at once."""
    earn = {
        "kind": "earn",
        "base": "before_own_reward",
        "reward": {"kind": "per_amount", "per_minor": 100, "points_minor": 500},
    }
    reward = {
        "kind": "points_reward",
        "points_minor": 50000,
        "benefit": {**PERCENT, "percent_bp": 2000, "per": "total"},
    }
    bought = basket(line(1, 11500), burn=Burn("reward"))
    for same_sale, expected in ((True, (57500, 50000, 9200)), (False, (57500, 0, 11500))):
        bodies = [msgspec.convert(body, OfferBody) for body in (earn, {**reward, "same_sale": same_sale})]
        totals = price(bought, *bodies, shopper=MEMBER).totals
        assert (totals.earn_minor, totals.points_burn_minor, totals.net_minor) == expected


# Limits, codes, somebody's own


@pytest.mark.parametrize(
    ("left", "off", "status"),
    [
        (Left(), 300, "applied"),
        (Left(uses=1), 300, "applied"),
        (Left(uses=0), 0, "limit"),
        (Left(units=2), 200, "applied"),
        (Left(units=0), 0, "limit"),
        (Left(amount_minor=120), 120, "applied"),
    ],
)
@pytest.mark.parametrize("layer", ["item", "basket"])
def test_what_limits_leave_is_kept_to(layer: str, left: Left, off: int, status: str) -> None:
    body = read(layer=layer, limits=[{"subject": "customer", "measure": "uses", "most": 5}])
    told = {1: left}
    for shopper, bought in (
        (Shopper(left=told), basket(line(1, 1000, 3))),
        (None, basket(line(1, 1000, 3), left=told)),
    ):
        priced = price(bought, body, shopper=shopper)
        assert priced.totals.discount_minor == off
        assert [said.status for said in priced.verdicts] == [status]
        assert [(taking.uses, taking.units, taking.amount_minor) for taking in priced.takings] == (
            [(1, left.units or 3, off)] if off else []
        )


def test_points_are_limited_too() -> None:
    body = msgspec.convert(
        {
            "kind": "earn",
            "reward": {"kind": "fixed", "points_minor": 700},
            "limits": [{"subject": "customer", "measure": "points", "most": 1000, "period": "month"}],
        },
        OfferBody,
    )
    priced = price(basket(line(1, 1000)), body, shopper=Shopper(left={1: Left(points_minor=250)}))
    assert priced.totals.earn_minor == 250
    assert [taking.points_minor for taking in priced.takings] == [250]


@pytest.mark.parametrize(
    ("codes", "coupons", "said", "net"),
    [
        (("MAY",), {}, [("applied", "MAY")], 900),
        (("may",), {}, [("unknown", "may")], 1000),
        ((), {}, [], 1000),
        (("C-1",), {"C-1": CodeState(2)}, [("applied", "C-1")], 500),
        (("C-1",), {"C-1": CodeState(2, "used")}, [("used", "C-1")], 1000),
        (("C-1",), {"C-1": CodeState(2, "expired")}, [("expired", "C-1")], 1000),
        (("C-1",), {"C-1": CodeState(None, "unknown")}, [("unknown", "C-1")], 1000),
        (("C-1", "C-2"), {"C-1": CodeState(2, "limit"), "C-2": CodeState(2)}, [("limit", "C-1"), ("applied", "C-2")], 500),
        (("MAY", "C-1"), {"C-1": CodeState(2)}, [("beaten", "MAY"), ("applied", "C-1")], 500),
    ],
)  # fmt: skip
def test_a_bad_code_gets_its_verdict_and_spoils_nothing(
    codes: tuple[str, ...], coupons: dict[str, CodeState], said: list[tuple[str, str]], net: int
) -> None:
    shared, own = read(code="MAY"), read(coupon=True, benefit={"kind": "percent", "percent_bp": 5000})
    priced = price(basket(line(1, 1000), codes=codes, coupons=coupons), shared, own)
    assert priced.totals.net_minor == net
    assert [(verdict.status, verdict.code) for verdict in priced.verdicts] == said
    assert [taking.code for taking in priced.takings] == [code for status, code in said if status == "applied"]


@pytest.mark.parametrize(
    ("personal", "net"),
    [
        ({}, 1000),
        ({1: Personal()}, 900),
        ({1: Personal(value=2500)}, 750),
        ({1: Personal(value=2500, until=NOON)}, 750),
        ({1: Personal(value=2500, until=NOON - timedelta(seconds=1))}, 1000),
        ({2: Personal()}, 1000),
    ],
)
def test_a_personal_offer_comes_on_its_own_terms(personal: dict[int, Personal], net: int) -> None:
    body = read(who={"personal": True})
    assert price(basket(line(1, 1000)), body, shopper=Shopper(personal=personal)).totals.net_minor == net


def test_an_offer_for_named_customers() -> None:
    body = read(who={"customers": [7, 8]})
    pays = [
        price(basket(line(1, 1000)), body, shopper=who).totals.net_minor for who in (MEMBER, Shopper(number=9), None)
    ]
    assert pays == [900, 1000, 1000]


# Who pays


def test_shares_of_funders_are_carried_to_the_last_kopeck() -> None:
    shares = [
        {"funder": "brand", "share_bp": 3333},
        {"funder": "franchisee", "share_bp": 3333},
        {"funder": "merchant", "share_bp": 3334},
    ]
    earn = msgspec.convert(
        {"kind": "earn", "reward": {"kind": "fixed", "points_minor": 100}, "funding": shares}, OfferBody
    )
    priced = price(basket(line(1, 1000), line(2, 990)), read(funding=shares), earn, shopper=MEMBER)
    for row in priced.lines:
        [discount] = row.discounts
        assert discount.funder == "merchant"
        assert sum(amount for _, amount in discount.shares) == discount.amount_minor
    assert dict(priced.earn[0].shares) == {"brand": 33, "franchisee": 33, "merchant": 34}


# Policies


@pytest.mark.parametrize(
    ("mode", "net"),
    [
        ({"mode": "all"}, 76500),
        ({"mode": "all", "base": "original"}, 75000),
        ({"mode": "highest"}, 85000),
        ({"mode": "lowest"}, 90000),
        ({"mode": "first"}, 90000),
        ({"mode": "priority"}, 76500),
        ({"mode": "all", "max_promotions": 1}, 90000),
        ({"mode": "best_for_customer"}, 76500),
        ({"mode": "best_for_customer", "max_promotions": 1}, 85000),
        ({"mode": "best_for_customer", "max_per_unit": 1}, 85000),
    ],
)
def test_ten_and_fifteen_per_cent_by_the_mode_of_their_group(mode: dict[str, Any], net: int) -> None:
    policy = msgspec.convert({"layers": [{"key": "item", **mode}]}, Policy)
    ten, fifteen = (read(benefit={"kind": "percent", "percent_bp": bp, "per": "total"}) for bp in (1000, 1500))
    assert under(policy, basket(line(1, 100000)), ten, fifteen).totals.net_minor == net


def test_the_order_that_is_best_for_the_customer_is_found() -> None:
    """105.00: 10 % and then "20 % above 100" is 94.50; the other way round it is 75.60."""
    policy = msgspec.convert({"layers": [{"key": "basket"}]}, Policy)
    ten = read(layer="basket", benefit={**PERCENT, "per": "total"})
    twenty = read(
        layer="basket",
        benefit={"kind": "percent", "percent_bp": 2000, "per": "total"},
        conditions=[{"kind": "amount", "over_minor": 10000}],
    )
    priced = under(policy, basket(line(1, 10500)), ten, twenty)
    assert (priced.totals.net_minor, priced.optimality) == (7560, "proven")


def test_groups_that_shut_each_other_out() -> None:
    """The loyalty group and the sale group do not meet: the better one stays."""
    groups = [{"key": "sale", "mode": "all", "exclusive_with": ["club"]}, {"key": "club", "mode": "all"}]
    policy = msgspec.convert({"layers": [{"key": "item", "groups": groups}]}, Policy)
    sale, club, more = read(group="sale"), read(group="club"), read(group="club")
    priced = under(policy, basket(line(1, 1000)), sale, club, more)
    assert priced.totals.net_minor == 810
    assert [(said.offer_id, said.status, said.reason) for said in priced.verdicts if said.status != "applied"] == [
        (1, "excluded", "group")
    ]


def test_the_merchants_floors_bound_what_offers_take() -> None:
    half = read(benefit={"kind": "percent", "percent_bp": 5000})
    bought = basket(line(1, 1000, cost_minor=700), line(2, 1000))
    for floors, off in (
        ({"min_price_bp": 8000}, [200, 200]),
        ({"min_margin_bp": 2000}, [125, 500]),
        ({"max_discount_bp": 1000}, [100, 100]),
        ({"max_discount_minor": 55}, [28, 27]),
    ):
        policy = msgspec.convert({"layers": [{"key": "item", "max_per_unit": 1}], "floors": floors}, Policy)
        rows = under(policy, bought, half).lines
        assert [sum(each.amount_minor for each in row.discounts) for row in rows] == off


def test_an_exclusive_offer_shuts_the_others_out_of_its_group() -> None:
    ten = read(layer="basket", priority=5, benefit={**PERCENT, "per": "total"})
    alone = read(
        layer="basket", priority=1, exclusive=True, benefit={"kind": "percent", "percent_bp": 500, "per": "total"}
    )
    priced = under(PRESETS["sylius"], basket(line(1, 1000)), ten, alone)
    assert priced.totals.net_minor == 950
    assert [(said.status, said.reason, said.by) for said in priced.verdicts] == [
        ("excluded", "exclusive", 2),
        ("applied", "", None),
    ]


# Explanations


def test_hints_name_the_most_for_the_least() -> None:
    """3.00 more bring 10 % of the check, 40.00 more bring 20 %, one more piece brings a free one."""
    bodies = [
        read(layer="basket", benefit={**PERCENT, "per": "total"}, conditions=[{"kind": "amount", "at_least_minor": 10300}]),
        read(layer="basket", benefit={"kind": "percent", "percent_bp": 2000, "per": "total"}, conditions=[{"kind": "amount", "at_least_minor": 14000}]),
    ]  # fmt: skip
    hints = price(basket(line(1, 5000, 2)), *bodies).hints
    assert [(hint.offer_id, hint.gain_minor, hint.missing.minor) for hint in hints] == [(1, 1000, 300), (2, 2000, 4000)]
    [hint] = price(basket(line(1, 5000, 2)), read(benefit={"kind": "buy_get", "buy_units": 2})).hints
    assert (hint.gain_minor, hint.missing.qty_milli) == (5000, 1000)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"layer": "moon"}, "layer"),
        ({"group": "moon"}, "group"),
        ({"funding": [{"funder": "brand", "share_bp": 9000}]}, "funding"),
        ({"when": {"on_calendar": "x"}}, "when.on_calendar"),
        ({"conditions": [{"kind": "units"}]}, "conditions[0]"),
        ({"conditions": [{"kind": "visit"}]}, "conditions[0]"),
        ({"benefit": {"kind": "set", "parts": [{"goods": {"skus": ["a"]}}]}}, "benefit"),
        ({"benefit": {"kind": "fixed_price", "price_minor": 1}}, "goods"),
        ({"limits": [{"subject": "customer", "measure": "uses", "most": 1, "period": "rolling"}]}, "limits[0].days"),
        ({"where": {"except_shop_groups": ["x"]}}, "where.shop_groups"),
    ],
)  # fmt: skip
def test_nonsense_is_named_by_its_field(body: dict[str, Any], field: str) -> None:
    known = Known(groups={}, calendars={})
    assert [finding.field for finding in lint(read(**body), known) if finding.severity == "refuse"] == [field]


def test_offers_for_other_days_goods_and_people_are_not_even_looked_at() -> None:
    """Who is not asked gets no verdict: a code nobody showed, a segment one is not in, a day that is over."""
    compiled = offers(
        read(code="SECRET"),
        read(who={"segments": ["list:vip"]}),
        read(when={"until_date": "2026-05-01"}),
        read(goods={"skus": ["other"]}),
        read(who={"personal": True}),
    )
    assert price_basket(basket(line(1, 1000)), MEMBER, compiled, NOON).verdicts == ()
    insider = Shopper(segments=frozenset({"list:vip"}))
    assert price_basket(basket(line(1, 1000)), insider, compiled, NOON).totals.net_minor == 900
