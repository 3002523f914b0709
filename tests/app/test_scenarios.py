"""Conformance cases as the command plays them: small ones of our own, in every manner that a test may afford."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from vokrug.app.cli import cli
from vokrug.app.scenarios import play_all
from vokrug.app.scenarios.fields import Fields, NotUnderstood
from vokrug.app.scenarios.instance import Instances

FREE, CARD = {"asset": "RUB", "guard": "none"}, {"asset": "RUB", "guard": "debits_le_credits"}


def move(op: str, id: str, amount: int | str, expect: str = "ok", **more: Any) -> dict[str, Any]:
    return {"op": op, "id": id, "debit": "W", "credit": "S", "amount": amount, "expect": expect, **more}


def sums(dp: int, d: int, cp: int, c: int) -> dict[str, int]:
    return {"dp": dp, "d": d, "cp": cp, "c": c}


Case = dict[str, Any]

CARD_CASE: Case = {
    "id": "card",
    "accounts": {"W": CARD | {"opening": sums(0, 70, 0, 100)}, "S": FREE},
    "steps": [
        move("hold", "h", 30, timeout_s=60),
        move("transfer", "t", 1, "insufficient_funds"),
        {"op": "check", "balances": {"W": sums(30, 70, 0, 100)}},
        {"op": "tick", "seconds": 60},
        {"op": "capture", "id": "c", "hold": "h", "amount": 10, "expect": "hold_expired"},
        {
            "op": "chain",
            "steps": [move("transfer", "t2", 5, "chain_failed"), move("transfer", "t3", 26, "insufficient_funds")],
        },
        move("transfer", "t4", "all", up_to="debit"),
        {"op": "check", "moved": {"t4": 30}, "balances": {"W": sums(0, 100, 0, 100)}, "movement_count": 2},
        {"op": "check_recorded", "account": "W", "after": "h", **sums(30, 70, 0, 100)},
    ],
}
FACTS_CASE: Case = {
    "id": "facts",
    "steps": [
        {"op": "post", "id": "m1", "effective_at": 3, "postings": [["world", "a", 100]]},
        {"op": "post", "id": "m2", "effective_at": 1, "postings": [["a", "b", 40]]},
        {"op": "check_effective", "account": "a", "at": 2, "in": 0, "out": 40},
        {"op": "check_as_recorded_before", "account": "a", "before": "m2", "at": 9, "in": 100, "out": 0},
        {"op": "check_first_used", "account": "a", "expect": 1},
        {"op": "revert", "id": "r1", "of": "m1", "force": False, "expect": "insufficient_funds"},
        {"op": "revert", "id": "r2", "of": "m1", "force": True},
        {"op": "revert", "id": "r3", "of": "m1", "force": True, "expect": "already_reverted"},
    ],
}
POINTS_CASE: Case = {
    "id": "points",
    "steps": [
        {
            "op": "points",
            "events": [
                ["grant", {"lot": "A", "qty": 10, "at": 1, "expires": 9}],
                ["grant", {"lot": "B", "qty": 10, "at": 2, "expires": 20}],
                ["use", {"id": "u1", "qty": 12, "at": 5}],
                ["undo", {"id": "x1", "of": "u1", "at": 6}],
            ],
            "expect": {
                "taken": {"u1": [["A", 10], ["B", 2]]},
                "balance_at": {"4": 20, "5": 8, "6": 20, "9": 10, "20": 0},
                "expired": {"A": 10, "B": 10},
            },
        }
    ],
}
SALES_CASE: Case = {
    "id": "sales",
    "steps": [
        {
            "op": "orders",
            "events": [
                ["return", {"id": "r1", "of": "s1", "amount": 30000}],
                ["sale", {"id": "s1", "amount": 90000, "earn_rate": "2%"}],
                ["sale", {"id": "s2", "amount": 5000, "redeem": 1000}],
            ],
            "expect": {
                "points": 200,
                "debt": 0,
                "open_returns": 0,
                "net_sales": 65000,
                "after_each": [{"open_returns": 1, "points": 0}, {"open_returns": 0, "points": 1200}, {"points": 200}],
            },
        }
    ],
}
STORM_CASE: Case = {
    "id": "storm",
    "accounts": {"W": CARD | {"opening": sums(0, 0, 0, 20)}, "S": FREE},
    "steps": [
        {
            "op": "storm",
            "workers": 6,
            "each": 2,
            "step": {"op": "transfer", "debit": "W", "credit": "S", "amount": 3},
            "expect": {"ok": 6, "insufficient_funds": 6},
        },
        {"op": "check", "balances": {"S": sums(0, 0, 0, 18)}, "asset_totals": {"RUB": 0}},
    ],
}


@pytest.fixture(scope="module")
def instances(postgres_base: str) -> Iterator[Instances]:
    with Instances(f"{postgres_base}/postgres") as made:
        yield made


def played(instances: Instances, cases: list[dict[str, Any]], *manners: str) -> dict[str, Any]:
    report = play_all(cases, list(manners), instances.fresh, lambda what: None)
    return {case.id: case.failures or case.status for case in report.cases}


@pytest.mark.parametrize("manner", ["plain", "twice", "batch"])
def test_cases_pass_in_every_manner(instances: Instances, manner: str) -> None:
    cases = [CARD_CASE, FACTS_CASE, POINTS_CASE]
    assert played(instances, cases, manner) == {case["id"]: "passed" for case in cases}


def test_a_server_killed_between_steps_remembers_everything_and_the_hour(instances: Instances) -> None:
    assert played(instances, [CARD_CASE], "killed") == {"card": "passed"}


def test_tills_and_storms_are_played_too(instances: Instances) -> None:
    assert played(instances, [SALES_CASE, STORM_CASE], "plain") == {"sales": "passed", "storm": "passed"}


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"op": "sum", "values": ["0.1", "0.2"], "expect": "0.4"}, "expected Decimal('0.4'), got Decimal('0.3')"),
        ({"op": "split", "amount": 10, "parts": ["50%"], "expect": [10]}, "invalid_split"),
        ({"op": "dance", "id": "d"}, "there is no operation 'dance'"),
        ({"op": "fee", "amount": 10, "rate": "10%", "tip": 1, "expect": {"fee": 1}}, "fields not understood: tip"),
        ({"op": "storm", "weather": "bad"}, "names neither operations nor accounts"),
    ],
)
def test_a_wrong_number_or_an_unknown_word_fails_and_says_why(
    instances: Instances, step: dict[str, Any], said: str
) -> None:
    assert said in played(instances, [{"id": "x", "steps": [step]}], "plain")["x"]["plain"]


def test_a_field_nobody_asked_for_is_not_passed_over() -> None:
    fields = Fields({"op": "x", "a": 1, "b": 2, "note": "said aside"}, "x")
    assert fields.take("other name", "a") == 1
    with pytest.raises(NotUnderstood, match="not understood: b"):
        fields.done()


def test_the_command_ends_with_its_count_and_its_status(
    postgres_base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VOKRUG_DATABASE_URL", f"{postgres_base}/postgres")
    file = tmp_path / "cases.json"
    good: dict[str, Any] = {"op": "sum", "values": ["0.1", "0.2"], "expect": "0.3"}
    cases = [
        {"id": "good", "title": "Adds up", "steps": [good]},
        {"id": "bad", "steps": [good | {"expect": "0.4"}]},
        {"id": "later", "steps": [{"op": "rate"}]},
    ]
    file.write_text(json.dumps({"cases": cases}))
    answer = CliRunner().invoke(cli, ["scenarios", str(file)])
    assert answer.exit_code == 1, answer.output
    assert answer.stdout.splitlines()[-1] == "1 passed, 1 failed, 1 skipped"
    assert "rate: until billing exists" in answer.stdout
    alone = CliRunner().invoke(cli, ["scenarios", str(file), "--case", "good", "--json"])
    assert (alone.exit_code, json.loads(alone.stdout)["passed"]) == (0, 1)
