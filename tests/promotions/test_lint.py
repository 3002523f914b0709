"""What the lint says: one row, one sentence. Every code is stable; each row names the field."""

from datetime import date
from typing import Any

import msgspec
import pytest

from vokrug.promotions import OfferVersion
from vokrug.promotions.engine.lint import Known, lint, lint_set, lint_steps
from vokrug.promotions.engine.policy import PRESETS, Floors, Group, Policy
from vokrug.promotions.rules import read_body

TEN: dict[str, Any] = {"kind": "percent", "percent_bp": 1000}
HUNDRED: dict[str, Any] = {"kind": "amount", "amount_minor": 100_00}
ITEM: dict[str, Any] = {"kind": "item_discount", "benefit": TEN}
BASKET: dict[str, Any] = {"kind": "basket_discount", "benefit": TEN}
ANY: dict[str, Any] = {"kind": "discount", "benefit": TEN}
CAP: dict[str, Any] = {"kind": "burn_cap"}
FIXED_POINTS: dict[str, Any] = {"kind": "earn", "reward": {"kind": "fixed", "points_minor": 100}}

TIGHT = Policy(layers=PRESETS["default"].layers, floors=Floors(min_price_bp=8_000))
KNOWN = Known(
    groups={"south": frozenset({1, 2}), "none": frozenset()},
    tiers=frozenset({"gold"}),
    series=frozenset({"next"}),
    calendars={"holidays": frozenset({date(2026, 1, 1)})},
    today=date(2026, 5, 5),
)


def steps(*rates: tuple[int, int], **more: Any) -> dict[str, Any]:
    reward = {"kind": "rate", "steps": [{"from_minor": start, "rate_bp": rate} for start, rate in rates]}
    return {"kind": "earn", "reward": reward, **more}


ALONE: list[tuple[dict[str, Any], str, str, str]] = [
    (
        {**ITEM, "when": {"from_date": "2026-05-02", "until_date": "2026-05-01"}},
        "window_reversed", "refuse", "when.until_date",
    ),
    ({**ITEM, "when": {"hours": [{"start": "10:00", "end": "10:00"}]}}, "hours_empty", "refuse", "when.hours[0]"),
    ({**ITEM, "when": {"until_date": "2026-05-04"}}, "window_past", "warn", "when.until_date"),
    (
        {**ITEM, "when": {"from_date": "2026-06-01", "until_date": "2026-06-03", "weekdays": [6, 7]}},
        "window_never_opens", "refuse", "when.weekdays",
    ),
    (
        {**ITEM, "when": {"from_date": "2026-06-01", "on_calendar": "holidays"}},
        "window_never_opens", "refuse", "when.on_calendar",
    ),
    ({**ITEM, "when": {"on_calendar": "eve"}}, "calendar_unknown", "refuse", "when.on_calendar"),
    ({**ITEM, "where": {"shop_groups": ["north"]}}, "shop_group_unknown", "refuse", "where.shop_groups"),
    ({**ITEM, "where": {"shops": [5], "except_shops": [5]}}, "shops_empty", "refuse", "where.shops"),
    ({**ITEM, "where": {"shop_groups": ["none"]}}, "shops_empty", "refuse", "where.shops"),
    ({**ITEM, "who": {"tiers": ["platinum"]}}, "tier_unknown", "refuse", "who.tiers"),
    ({**ITEM, "goods": {"skus": ["a"], "except_skus": ["a", "b"]}}, "goods_all_excepted", "refuse", "goods"),
    ({**ITEM, "code": "  "}, "code_empty", "refuse", "code"),
    ({**ITEM, "code": "MAY", "coupon": True}, "code_and_coupon", "warn", "code"),
    ({**ITEM, "force": True, "min_minor": 100}, "force_with_threshold", "refuse", "force"),
    ({**ITEM, "conditions": [{"kind": "units"}]}, "condition_empty", "refuse", "conditions[0]"),
    ({**ITEM, "conditions": [{"kind": "since_last"}]}, "condition_empty", "refuse", "conditions[0]"),
    ({**ITEM, "conditions": [{"kind": "attribute", "name": "x"}]}, "condition_empty", "refuse", "conditions[0]"),
    ({**ITEM, "conditions": [{"kind": "visit"}]}, "visit_never", "refuse", "conditions[0]"),
    (
        {**ITEM, "conditions": [{"kind": "since_last", "at_least_days": 30, "at_most_days": 10}]},
        "bounds_crossed", "refuse", "conditions[0]",
    ),
    (
        {**ITEM, "conditions": [{"kind": "together", "parts": [{"goods": {"skus": ["x"], "except_skus": ["x"]}}]}]},
        "goods_all_excepted", "refuse", "conditions[0].parts[0]",
    ),
    (
        {
            **ANY,
            "goods": {"except_skus": ["x"]},
            "benefit": {"kind": "set", "price_minor": 1, "parts": [{"goods": {"skus": ["x"]}}]},
        },
        "set_needs_excepted_goods", "refuse", "benefit.parts[0].goods",
    ),
    (
        {**ANY, "benefit": {"kind": "set", "parts": [{"goods": {"skus": ["x"]}}]}},
        "set_gives_one_thing", "refuse", "benefit",
    ),
    ({**ITEM, "benefit": {"kind": "fixed_price", "price_minor": 1}}, "one_price_for_all", "refuse", "goods"),
    (
        {**ITEM, "goods": {"skus": ["x"]}, "benefit": {"kind": "fixed_price", "price_minor": 1, "per": "total"}},
        "price_for_all_together", "refuse", "benefit.per",
    ),
    (
        {**ANY, "benefit": {"kind": "set", "price_minor": 1, "parts": [{"goods": {}}]}},
        "set_of_anything", "refuse", "benefit.parts[0].goods",
    ),
    (
        {"kind": "points_reward", "points_minor": 1, "benefit": {"kind": "percent", "percent_bp": 100, "per": "unit"}},
        "reward_per_unit", "refuse", "benefit.per",
    ),
    ({**BASKET, "benefit": HUNDRED, "min_minor": 50_00}, "gives_more_than_it_asks", "refuse", "min_minor"),
    ({**BASKET, "benefit": HUNDRED}, "amount_without_threshold", "warn", "benefit"),
    (
        {**BASKET, "benefit": HUNDRED, "min_minor": 200_00, "max_minor": 10_00},
        "amount_is_its_own_limit", "refuse", "max_minor",
    ),
    ({**ANY, "benefit": {"kind": "coupon", "series": "lost"}}, "series_unknown", "refuse", "benefit.series"),
    ({**ANY, "benefit": {"kind": "tier", "tier": "iron", "days": 1}}, "tier_unknown", "refuse", "benefit.tier"),
    ({**ANY, "layer": "attic"}, "layer_unknown", "refuse", "layer"),
    ({**ANY, "group": "attic"}, "group_unknown", "refuse", "group"),
    (
        {**ITEM, "limits": [{"subject": "offer", "measure": "amount", "most": 1}]},
        "budget_for_one_check", "warn", "limits[0]",
    ),
    (
        {**BASKET, "max_minor": 100, "limits": [{"subject": "offer", "measure": "amount", "most": 100}]},
        "budget_for_one_check", "warn", "limits[0]",
    ),
    (
        {**FIXED_POINTS, "limits": [{"subject": "offer", "measure": "points", "most": 100}]},
        "budget_for_one_check", "warn", "limits[0]",
    ),
    (
        {**ITEM, "limits": [{"subject": "customer", "measure": "uses", "most": 1, "period": "rolling"}]},
        "limit_period", "refuse", "limits[0].days",
    ),
    (
        {**ITEM, "limits": [{"subject": "customer", "measure": "uses", "most": 1}] * 2},
        "limit_twice", "warn", "limits[1]",
    ),
    (
        {**ITEM, "limits": [
            {"subject": "customer", "measure": "uses", "most": 9, "period": "day"},
            {"subject": "customer", "measure": "uses", "most": 3, "period": "month"},
        ]},
        "limit_unreachable", "warn", "limits[1]",
    ),
    ({**ITEM, "funder": " "}, "funder_missing", "refuse", "funder"),
    ({**ITEM, "funding": [{"funder": "brand", "share_bp": 4_000}]}, "funding_shares", "refuse", "funding"),
    ({**ITEM, "funding": [{"funder": "brand", "share_bp": 5_000}] * 2}, "funder_twice", "refuse", "funding"),
    (steps(), "steps_missing", "refuse", "reward.steps"),
    (steps((100, 500)), "steps_start", "refuse", "reward.steps"),
    (steps((0, 500), (500, 600), (100, 700)), "steps_order", "refuse", "reward.steps"),
    (steps((0, 0)), "steps_zero", "refuse", "reward.steps"),
    (steps((0, 100), (500, 200), min_minor=900), "step_unreachable", "warn", "reward.steps[0]"),
    (steps((0, 100), (500, 100)), "step_same", "warn", "reward.steps[1]"),
    (steps((0, 200), (500, 100)), "step_down", "warn", "reward.steps[1]"),
    ({**FIXED_POINTS, "stack": "best"}, "best_of_no_group", "refuse", "group"),
    (
        {**FIXED_POINTS, "expires": {"kind": "days", "days": 3}, "active_from": {"day_starts": 7}},
        "expires_before_active", "refuse", "expires",
    ),
    (
        {**FIXED_POINTS, "expires": {"kind": "end_of_month"}, "active_from": {"day_starts": 1}},
        "may_expire_before_active", "warn", "expires",
    ),
    ({**CAP, "closed": {"except_skus": ["x"]}}, "closed_by_exception", "refuse", "closed"),
    ({**CAP, "min_minor": 15, "step_minor": 10}, "burn_minimum_off_step", "refuse", "min_minor"),
    ({**CAP, "min_minor": 10, "share_bp": 0}, "burn_minimum_above_share", "refuse", "min_minor"),
    ({"kind": "point_programme", "currency": "rub"}, "currency_malformed", "refuse", "currency"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "code", "severity", "field"), ALONE, ids=[f"{row[1]}-{i}" for i, row in enumerate(ALONE)]
)
def test_an_offer_by_itself(body: dict[str, Any], code: str, severity: str, field: str) -> None:
    found = lint(read_body(body), KNOWN)
    assert (code, severity, field) in [(one.code, one.severity, one.field) for one in found], found
    assert found[0].severity == "refuse" or all(one.severity == "warn" for one in found), "refusals come first"
    for one in found:
        assert any("а" <= letter <= "я" for letter in one.ru.lower()), "said in Russian too"


@pytest.mark.parametrize("body", [ITEM, BASKET, ANY, CAP, FIXED_POINTS, steps((0, 100), (1_000, 200))])
def test_a_good_offer_has_nothing_said_of_it(body: dict[str, Any]) -> None:
    assert lint(read_body(body), KNOWN) == []


def test_a_promise_below_the_floors_of_the_policy() -> None:
    known = Known(policy=TIGHT)
    (found,) = lint(read_body({**ITEM, "benefit": {"kind": "percent", "percent_bp": 2_500}}), known)
    assert (found.code, found.severity) == ("benefit_below_floor", "refuse")
    assert "25 %" in found.en
    assert "20 %" in found.en
    assert lint(read_body({**ITEM, "benefit": {"kind": "percent", "percent_bp": 2_000}}), known) == []


# Beside each other


def said(*bodies: dict[str, Any], known: Known | None = None, about: int = 1) -> list[tuple[str, tuple[str, ...]]]:
    """Codes and other offers, of the offer numbered `about`."""
    offers = [
        OfferVersion(offer_id=n, version=1, key=f"o{n}", body=read_body(body)) for n, body in enumerate(bodies, 1)
    ]
    found = lint_set(offers, known, about=[f"o{about}"]).get(f"o{about}", [])
    return [(one.code, one.others) for one in found]


def off(percent: int, **more: Any) -> dict[str, Any]:
    return {**ITEM, "benefit": {"kind": "percent", "percent_bp": percent * 100}, **more}


def check_off(percent: int, **more: Any) -> dict[str, Any]:
    return {**BASKET, "benefit": {"kind": "percent", "percent_bp": percent * 100}, **more}


STACKED = Known(policy=Policy(layers=(Group(key="item", mode="all"), Group(key="basket", mode="all"))))
SUMMED = Known(policy=Policy(layers=(Group(key="item", mode="all", base="original"),)))
FOES = Known(policy=Policy(layers=(Group(key="item", exclusive_with=("basket",)), Group(key="basket"))))
MARS, VENUS = {"goods": {"skus": ["mars"]}}, {"goods": {"skus": ["venus"]}}


@pytest.mark.parametrize(
    ("bodies", "known", "expected"),
    [
        # 30 % of the article, then 30 % of the check: 51 % together.
        ((off(30), check_off(30)), Known(), [("together_over_limit", ("o2",))]),
        ((off(30), check_off(28)), Known(), []),
        ((off(60),), Known(), [("alone_over_limit", ())]),
        # One offer of a layer is taken by default, all of them by another policy: 1 - 0.8 ** 4 = 59 %.
        ((off(20), off(20), off(20), off(20)), Known(), [("never_wins", (f"o{n}",)) for n in (2, 3, 4)]),
        ((off(20), off(20), off(20), off(20)), STACKED, [("together_over_limit", ("o2", "o3", "o4"))]),
        # Three times 20 % of the first price are 60 %; two are not more than half.
        ((off(20), off(20), off(20)), SUMMED, [("together_over_limit", ("o2", "o3"))]),
        ((off(20), off(20)), SUMMED, []),
        # They never meet: other goods, days, hours, shops, channels, tiers.
        ((off(30, **MARS), check_off(30, **VENUS)), Known(), []),
        ((off(30, **MARS), check_off(30)), Known(), [("together_over_limit", ("o2",))]),
        ((off(30, when={"until_date": "2026-05-31"}), check_off(30, when={"from_date": "2026-06-01"})), Known(), []),
        ((off(30, when={"weekdays": [1, 2]}), check_off(30, when={"weekdays": [6]})), Known(), []),
        (
            (
                off(30, when={"hours": [{"start": "22:00", "end": "02:00"}]}),
                check_off(30, when={"hours": [{"start": "02:00", "end": "22:00"}]}),
            ),
            Known(), [],
        ),
        ((off(30, where={"shops": [1]}), check_off(30, where={"shops": [2]})), Known(), []),
        ((off(30, where={"channels": ["pos"]}), check_off(30, where={"channels": ["web"]})), Known(), []),
        ((off(30, who={"tiers": ["gold"]}), check_off(30, who={"tiers": ["silver"]})), Known(), []),
        ((off(30), check_off(30)), FOES, []),
        # A threshold tells how much an amount can be of a check.
        ((off(40), {**BASKET, "benefit": HUNDRED, "min_minor": 400_00}), Known(), [("together_over_limit", ("o2",))]),
        ((off(40), {**BASKET, "benefit": HUNDRED, "min_minor": 2_000_00}), Known(), []),
    ],
)  # fmt: skip
def test_how_much_offers_can_take_together(
    bodies: tuple[dict[str, Any], ...], known: Known, expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert said(*bodies, known=known) == expected


def test_the_limit_is_declared() -> None:
    assert said(off(30), check_off(30), known=Known(most_bp=6_000)) == []
    assert said(off(10), check_off(10), known=Known(most_bp=1_500)) == [("together_over_limit", ("o2",))]


def test_an_article_belongs_to_its_category_and_brand() -> None:
    """Who knows the catalogue sees that the two offers meet; who does not, says nothing."""
    article, category = off(30, goods={"articles": [7]}), check_off(30, goods={"categories": [3]})
    known = Known(implied={("article", 7): frozenset({("category", 3), ("sku", "A7")})})
    assert said(article, category) == []
    assert said(article, category, known=known) == [("together_over_limit", ("o2",))]
    excepted = check_off(30, goods={"categories": [3], "except_skus": ["A7"]})
    assert said(article, excepted, known=known) == []


@pytest.mark.parametrize(
    ("bodies", "expected"),
    [
        ((off(10, code="May"), off(10, **MARS, code="MAY ")), [("code_taken", ("o2",))]),
        ((off(10, code="MAY", who={"tiers": ["a"]}), off(10, code="may", who={"tiers": ["b"]})), []),
        ((off(10, **MARS), off(15)), [("never_wins", ("o2",))]),
        ((off(10, **MARS), off(15, limits=[{"subject": "customer", "measure": "uses", "most": 1}])), []),
        ((off(10, **MARS), off(15, code="X")), []),
        ((off(10, **MARS), off(15, min_minor=100_00)), []),
        ((off(10, **MARS), off(15, who={"members_only": True})), []),
        ((off(20, **MARS), off(15)), []),
        (
            (off(10, exclusive=True), off(12, exclusive=True, who={"members_only": True})),
            [("exclusives_overlap", ("o2",))],
        ),
        ((off(10, exclusive=True), off(12, exclusive=True, priority=5, who={"members_only": True})), []),
        (({**CAP, "min_minor": 100}, {**CAP, "share_bp": 0}), [("burn_never", ("o2",))]),
        (({**CAP, "step_minor": 7}, {**CAP, "step_minor": 10}), [("burn_steps_clash", ("o2",))]),
        (({**CAP, "step_minor": 5}, {**CAP, "step_minor": 10}), []),
        (({**CAP, "step_minor": 7, "replaces": True}, {**CAP, "step_minor": 10}), []),
        (({**CAP, **MARS}, {**CAP, "closed": {"skus": ["mars"]}}), [("burn_never", ("o2",))]),
        (({"kind": "earn_multiplier", "factor_bp": 20_000, "of_rules": ["lost"]},), [("rule_unknown", ())]),
    ],
)  # fmt: skip
def test_offers_that_cannot_live_together(
    bodies: tuple[dict[str, Any], ...], expected: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert said(*bodies) == expected


def test_findings_are_values_for_machines() -> None:
    (found,) = lint(read_body({**ITEM, "code": " "}))
    assert msgspec.to_builtins(found) == {
        "code": "code_empty", "severity": "refuse", "field": "code", "en": "an empty code", "ru": "пустой код",
    }  # fmt: skip


def test_an_offer_for_much_of_the_chain_is_looked_at_in_parts_and_found_the_same() -> None:
    """Others may be served between the parts; the last word on an offer is what all at once would have said."""
    offers = [
        OfferVersion(offer_id=n, version=1, key=f"o{n}", body=read_body(off(40, goods={"articles": [n]})))
        for n in range(1, 250)
    ]
    offers.append(OfferVersion(offer_id=999, version=1, key="all", body=read_body(off(45))))
    told = list(lint_steps(offers))
    assert len(told) > len(offers), "in parts"
    assert {key: found for key, found in dict(told).items() if found} == lint_set(offers)
