"""The benchmark keeps running: all of its machinery in tiny sizes. Nothing here is said about speed."""

import json

import pytest
from click.testing import CliRunner

from vokrug.app.bench import chain, numbers
from vokrug.app.bench import day as day_bench
from vokrug.app.bench.goals import at_least, at_most
from vokrug.app.bench.load import Plan
from vokrug.app.bench.page import page
from vokrug.app.bench.sale import measure
from vokrug.app.commands.bench import command


def test_a_quick_run_sells_without_a_refusal_and_leaves_balanced_books() -> None:
    said: list[str] = []
    report = measure(Plan(seconds=1, is_open_loop=True, is_signed=True, processes=1).quickened(), said.append)

    (only,) = report.rounds
    assert only.load.sales_s > 0, "tills sold"
    assert only.before.tps > 0, "TPC-B ran before"
    assert only.after.tps > 0, "TPC-B ran after"
    assert only.load.program_us > 0, "the server's time was read"
    assert only.load.database_us > 0, "the database's time was read"
    assert set(only.load.latency) == {"identify", "calculate", "commit", "sale"}
    assert [load.share_of_best for load in report.open_loop] == [None, 0.3]
    assert report.unexpected == {}
    assert report.books is not None
    assert report.books.differences == []
    assert report.books.journals > 1_000, "a thousand were seeded, and some were sold"
    assert "Unexpected answers: none." in page(report)


def test_a_quick_day_on_bad_lines_loses_nothing() -> None:
    day = day_bench.measure(day_bench.Peak().quickened(), lambda line: None)
    assert (day.lost, day.doubled, day.balanced) == (0, 0, True)
    assert day.hours[0].lost > 0, "calls were lost"
    assert sum(hour.repeats for hour in day.hours) > 0, "and asked again"
    assert set(day.queues.statuses) <= {"posted", "parked"}
    assert day.queues.repeats == day.queues.documents > 120, "all of it a second time"
    assert "lost 0, doubled 0, books balance" in day_bench.page(day)


def test_the_command_prints_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Plan] = []

    def instead(plan: Plan, say: object) -> dict[str, int]:
        asked.append(plan)
        return {"rounds": plan.rounds}

    monkeypatch.setattr("vokrug.app.bench.sale.measure", instead)
    ran = CliRunner().invoke(command, ["sale", "--json", "--quick", "--customers", "2000"])
    assert json.loads(ran.stdout) == {"rounds": 1}
    assert (asked[0].customers, asked[0].is_quick) == (500, True)


@pytest.mark.parametrize(
    ("measured", "verdict"), [(None, "not measured"), (0.2, "MISSED"), (0.3, "floor met"), (0.5, "target met")]
)
def test_more_is_better_for_rates(measured: float | None, verdict: str) -> None:
    assert at_least("P1", "rate", 0.3, 0.4, measured).verdict == verdict


@pytest.mark.parametrize(
    ("measured", "verdict"), [(None, "not measured"), (3.1, "MISSED"), (3.0, "floor met"), (1.5, "target met")]
)
def test_less_is_better_for_costs(measured: float | None, verdict: str) -> None:
    assert at_most("P2", "cost", 3.0, 2.0, measured).verdict == verdict


@pytest.mark.parametrize(("share", "expected"), [(0.5, 6.0), (0.99, 10.0), (0.0, 1.0)])
def test_a_quantile_is_one_of_the_values(share: float, expected: float) -> None:
    assert numbers.quantile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == expected


def test_the_chain_has_fifty_offers_with_keys_of_their_own() -> None:
    assert len({offer["key"] for offer in chain.offers()}) == 50
