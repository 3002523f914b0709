"""Scenarios in the neutral format: read, played through the public doors, compared.

The small ones of our own are in `data/scenarios.json` and `data/corners.json`; a run plays a handful of them, and
all with `VOKRUG_TEST_SCENARIOS=all`. A path there names another file of the same kind, played beside them.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vokrug.app.scenarios import play_all, read_cases
from vokrug.app.scenarios.fields import NotUnderstood
from vokrug.app.scenarios.instance import Instances
from vokrug.app.scenarios.neutral.cases import runs
from vokrug.app.scenarios.neutral.comparing import agrees
from vokrug.app.scenarios.neutral.points import activation_of, duration, share_bp

DATA = Path(__file__).parent / "data"
OWN = DATA / "scenarios.json"
HANDFUL = {"best-order", "delivery", "two-burns", "several-cards", "card-states", "full-return-only", "tolerance"}
HANDFUL |= {"exclude-discounted", "five-at-once", "odd-cents", "burn-two-lots", "same-hold-twice"}

Case = dict[str, Any]


def ours() -> list[Case]:
    return [*read_cases(OWN), *read_cases(DATA / "corners.json")]


def cases() -> list[Any]:
    asked = os.environ.get("VOKRUG_TEST_SCENARIOS", "")
    found = [case for case in ours() if asked == "all" or case["id"] in HANDFUL]
    if asked and asked != "all":
        found += read_cases(Path(asked))
    return [pytest.param(case, id=case["id"]) for case in found]


@pytest.fixture(scope="module")
def instances(postgres_base: str) -> Iterator[Instances]:
    with Instances(f"{postgres_base}/postgres") as made:
        yield made


def played(instances: Instances, case: Case, manner: str = "plain") -> Any:
    report = play_all([case], [manner], instances.fresh, lambda what: None)
    return report.cases[0].failures.get(manner, report.cases[0].status)


@pytest.mark.parametrize("case", cases())
def test_a_scenario_passes(instances: Instances, case: Case) -> None:
    assert played(instances, case) == "passed"


@pytest.mark.parametrize("manner", ["twice", "killed"])
def test_everything_sent_twice_or_a_server_killed_between_steps_changes_nothing(
    instances: Instances, manner: str
) -> None:
    (case,) = [case for case in read_cases(OWN) if case["id"] == "burned-back"]
    assert played(instances, case, manner) == "passed"


def small(**more: Any) -> Case:
    given = {
        "currency": "USD",
        "catalogue": [{"sku": "A", "price": "10.00"}],
        "policy": {"layers": [{"name": "basket", "resolve": "stack"}]},
        "promotions": [],
    }
    step = {"step": "x", "op": "calculate", "lines": [{"line": "1", "sku": "A", "qty": 1}]}
    case = {"id": "small", "given": given, "when": [step], "expect": [{"step": "x", "total": "10.00"}]}
    for name, value in more.items():
        case[name] = value(case[name])
    return case


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (small(expect=lambda _: [{"step": "x", "total": "9.99"}]), "x: total: expected '9.99', got '10.00'"),
        (small(expect=lambda _: [{"step": "x", "mood": "good"}]), "nothing called mood was seen"),
        (small(expect=lambda _: [{"step": "x", "errors": [{"code": "limit_total"}]}]), "errors: expected"),
        (small(when=lambda steps: [steps[0] | {"op": "sing"}]), "there is no operation 'sing'"),
        (small(when=lambda steps: [steps[0] | {"weather": "bad"}]), "fields not understood: weather"),
        (small(given=lambda given: given | {"moon": "full"}), "the case gives moon"),
    ],
)
def test_a_wrong_number_or_an_unknown_word_fails_and_says_why(instances: Instances, case: Case, said: str) -> None:
    assert said in played(instances, case)


def test_a_case_is_run_once_for_each_value_of_its_parameters() -> None:
    case = small(
        given=lambda given: given | {"parameters": {"qty": [1, 2], "channel": ["a", "b"]}},
        when=lambda steps: [steps[0] | {"channel": "<param>"}],
        expect=lambda _: [{"step": "x", "when": {"qty": 2}, "total": "20.00"}],
    )
    found = [(run.name, run.steps[0]["channel"], len(run.expect)) for run in runs(case)]
    assert found == [
        ("qty=1, channel=a", "a", 0),
        ("qty=1, channel=b", "b", 0),
        ("qty=2, channel=a", "a", 1),
        ("qty=2, channel=b", "b", 1),
    ]


def test_an_expectation_for_no_parameter_is_a_slip() -> None:
    case = small(expect=lambda _: [{"step": "x", "when": {"moon": "full"}, "total": "20.00"}])
    with pytest.raises(NotUnderstood, match="moon, which is no parameter"):
        list(runs(case))


@pytest.mark.parametrize(
    ("name", "expected", "got", "is_same"),
    [
        ("points_earned", "90", "90.00", True),
        ("discounts", {"a": "1.00"}, {"a": "1.00", "b": "0.00"}, True),
        ("discounts", {"a": "1.00"}, {"a": "1.00", "b": "0.01"}, False),
        ("lines", {"1": "0.00"}, {"2": "1.00"}, True),
        ("status", "ok", "committed", True),
        ("status", "refused", "committed", False),
        ("errors", [{"code": "x"}], [{"code": "x", "ref": "A"}], True),
        ("errors", [{"code": "x", "ref": "B"}], [{"code": "x", "ref": "A"}], False),
        ("errors", [], [{"code": "x", "ref": "A"}], False),
        ("not_applied", {"a": "condition_not_met"}, [{"id": "a", "reason": "not_met"}], True),
        ("not_applied", ["a"], [{"id": "b", "reason": "not_met"}], False),
        ("active_from", "2026-10-13T00:00:00Z", "2026-10-13T03:00:00+03:00", True),
    ],
)
def test_comparing(name: str, expected: Any, got: Any, is_same: bool) -> None:
    assert agrees(name, expected, got) is is_same


@pytest.mark.parametrize(("text", "bp"), [("0.3", 3000), ("30", 3000), ("30%", 3000), ("1", 10_000), ("0.999", 9990)])
def test_shares_as_people_write_them(text: str, bp: int) -> None:
    assert share_bp(text) == bp


def test_spans_as_people_write_them() -> None:
    assert [duration(text) for text in ("1d", "P1D", "PT12H", "36h", "90", "1 day")] == [
        86_400,
        86_400,
        43_200,
        129_600,
        90,
        86_400,
    ]
    assert activation_of({"after_days": 1, "round": "down"}) == {"delay_s": 86_400, "round_to": "day_start"}
    assert activation_of("1D_U") == {"delay_s": 86_400, "round_to": "day_end"}
    with pytest.raises(NotUnderstood):
        activation_of({"after_days": 1, "round": "sideways"})


def test_our_own_scenarios_have_names_of_their_own() -> None:
    names = [case["id"] for case in ours()]
    assert len(set(names)) == len(names)
    assert set(names) >= HANDFUL
