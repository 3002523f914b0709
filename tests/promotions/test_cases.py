"""The pricing steps of the shared conformance cases, straight through the engine. Skipped where nobody put them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.promotions.neutral import PRICING, Case
from vokrug.kernel import parse_minor
from vokrug.promotions import Priced


def cases() -> list[Any]:
    for parent in Path(__file__).resolve().parents:
        if (found := parent / "shared" / "cases" / "loyalty.json").exists():
            read: list[dict[str, Any]] = json.loads(found.read_text())["cases"]
            usable = [case for case in read if "catalogue" in case["given"] and "parameters" not in case["given"]]
            return [pytest.param(case, id=case["id"]) for case in usable]
    return []


@pytest.mark.parametrize("case", cases())
def test_the_engine_gives_the_numbers_of_the_case(case: dict[str, Any]) -> None:
    """Holds, returns and lots are others' business: here each check is priced as it comes."""
    known = Case(case["given"])
    expected = {each["step"]: each for each in case["expect"] if "step" in each}
    balances: dict[str, int] = {}
    for customer in case["given"].get("customers", []):
        balances[customer["id"]] = sum(parse_minor(lot["points"]) for lot in customer.get("lots", []))
    for step in case["when"]:
        if step["op"] not in PRICING or "parallel" in step:
            continue
        who = step.get("customer", "")
        priced = known.run(step, balances.get(who, 0))
        compare(known, priced, expected.get(step["step"], {}), f"{case['id']} {step['step']}")
        if step["op"] == "commit" and who:
            balances[who] = balances.get(who, 0) + priced.totals.earn_minor - priced.totals.points_burn_minor


def compare(case: Case, priced: Priced, expected: dict[str, Any], where: str) -> None:
    """Only the fields that are there, and only those that pricing decides."""
    totals = priced.totals
    by_offer: dict[str, int] = {}
    discounts = [each for line in priced.lines for each in line.discounts]
    on_delivery = list(priced.delivery.discounts) if priced.delivery else []
    for each in discounts + on_delivery:
        name = case.names[each.offer_id]
        by_offer[name] = by_offer.get(name, 0) + each.amount_minor
    off = sum(by_offer.values())
    gross = totals.gross_minor + (priced.delivery.before_minor if priced.delivery else 0)
    got: dict[str, Any] = {
        "discounts": by_offer,
        "total": gross - off,
        "discount_total": off,
        "shipping_discount": sum(each.amount_minor for each in on_delivery),
        "lines": {str(line.n): sum(each.amount_minor for each in line.discounts) for line in priced.lines},
        "points_earned": totals.earn_minor,
        "points_burned": totals.points_burn_minor,
        "points_value": totals.points_off_minor,
    }
    for field in got.keys() & expected.keys():
        wanted = expected[field]
        if isinstance(wanted, dict):
            wanted = {key: parse_minor(value) for key, value in wanted.items()}
            known = {key: value for key, value in got[field].items() if value or key in wanted}
            if field == "lines":  # lines are named by the till
                known = dict(zip(wanted, got[field].values(), strict=True))
        else:
            wanted, known = parse_minor(wanted), got[field]
        assert known == wanted, f"{where}: {field}"
    if "gifts" in expected:
        gifts = {gift.choices[0].sku: gift.times * gift.choices[0].units for gift in priced.gifts}
        assert gifts == expected["gifts"], where
    if "to_pay" in expected and "gift_cards" not in case.given:
        assert totals.net_minor == parse_minor(expected["to_pay"]), where
    refused = dict.fromkeys(unmet(priced), "condition_not_met")
    for error in expected.get("errors", []):
        if error["code"] == "condition_not_met":
            assert error["ref"] in refused, where
    assert len(refused) == len([e for e in expected.get("errors", []) if e["code"] == "condition_not_met"]), where


def unmet(priced: Priced) -> list[str]:
    return [said.code for said in priced.verdicts if said.code is not None and said.status == "not_met"]
