"""A good till is ready; each way of being wrong is named, in a log and on the line."""

import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner

from tests.clients.conftest import Centre
from tests.clients.conftest import centre as centre
from tests.clients.conftest import opened as opened
from vokrug.app.cli import cli
from vokrug.app.till_check.exchanges import Exchange, read_log, write_log
from vokrug.app.till_check.findings import KINDS
from vokrug.app.till_check.judging import judge
from vokrug.app.till_check.kit import Act, put_through
from vokrug.app.till_check.line import Line
from vokrug.app.till_check.plays import PLAYS, Play
from vokrug.app.till_check.report import Report
from vokrug_till import Check, Refused, Till, Unreachable

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
UID, OTHER = str(uuid4()), str(uuid4())
LINES = [{"n": 1, "sku": "coffee", "qty": "1", "price": "100.00"}]
PRICED = {"totals": {"to_pay": "90.00"}, "lines": [{"n": 1, "split": [{"qty": "1", "price": "90.00", "sum": "90.00"}]}]}


def calc(at_s: float = 0, uid: str = UID, /, **more: Any) -> Exchange:
    body = {"shop": "S1", "till": "T1", "rev": 1, "lines": LINES, "hold": True, **more.pop("body", {})}
    return told(f"/pos/v1/checks/{uid}:calculate", at_s, body, **{"answer": PRICED, **more})


def commit(at_s: float = 1, uid: str = UID, /, **more: Any) -> Exchange:
    body = {"shop": "S1", "till": "T1", "rev": 1, "claimed": {"to_pay": "90.00"}, "fiscal": {"fd": "1"}}
    body |= more.pop("body", {})
    return told(f"/pos/v1/checks/{uid}:commit", at_s, body, **more)


def back(at_s: float = 2, /, **more: Any) -> Exchange:
    body = {"original": {"check_uid": UID}, "lines": [{"n": 1}], **more.pop("body", {})}
    return told(f"/pos/v1/returns/{uuid4()}:commit", at_s, body, **more)


def told(path: str, at_s: float, body: Any, **more: Any) -> Exchange:
    given = {"status": 200, "answer": {}, "ms": 90, **more}
    return Exchange(sent_at=NOON + timedelta(seconds=at_s), method="POST", path=path, body=body, **given)


def beat(at_s: float) -> Exchange:
    return told("/pos/v1/heartbeat", at_s, {"shop": "S1"})


def refused(code: str, status: int = 409, retry: str = "never", **more: Any) -> dict[str, Any]:
    return {"status": status, "answer": {"code": code, "retry": retry, **more}}


NO_ANSWER: dict[str, Any] = {"status": None, "answer": None}

GOOD: list[Exchange] = [calc(), commit(1, **NO_ANSWER), commit(7, headers={"idempotent-replay": "true"}), back(9)]

CASES: list[tuple[str, list[Exchange]]] = [
    ("repeat_with_another_id", [commit(1, **NO_ANSWER), commit(7, OTHER)]),
    ("body_changed", [commit(1, **NO_ANSWER), commit(7, body={"claimed": {"to_pay": "91.00"}})]),
    ("body_changed", [commit(1, **refused("document_conflict"))]),
    (
        "rev_not_raised",
        [calc(), calc(1, body={"lines": [*LINES, {**LINES[0], "n": 2}]}, **refused("document_conflict"))],
    ),
    ("price_changed_ignored", [calc(), commit(1, **refused("price_changed", retry="later")), commit(2)]),
    ("rounding", [calc(), commit(body={"claimed": {"to_pay": "90.01"}})]),
    ("rounding", [calc(), commit(body={"claimed": {"to_pay": "90.00", "lines": [{"n": 1, "sum": "89.99"}]}})]),
    ("sum_differs", [calc(), commit(body={"claimed": {"to_pay": "100.00"}})]),
    ("never_sent_again", [commit(1, **NO_ANSWER), beat(1000)]),
    ("never_sent_again", [back(1, **refused("overloaded", 503, "same")), beat(1000)]),
    ("return_without_original", [back(body={"original": {}})]),
    ("signature", [calc(**refused("signature_wrong", 401))]),
    ("stale_signatures", [calc(at_s, **refused("stale_signature", 401)) for at_s in range(3)]),
    ("wrong_place", [calc(**refused("foreign_shop", 403))]),
    ("request_malformed", [calc(**refused("body_invalid", 422))]),
    ("personal_data", [told("/pos/v1/identify", 0, {"identifier": {"type": "card", "value": "7700123"}})]),
    ("personal_data", [calc(body={"note": "звонить +79161234567"})]),
    ("calculate_after_commit", [calc(), commit(), calc(2, **refused("already_committed"))]),
    ("commit_without_hold", [calc(body={"hold": False}), commit(body={"fiscal": None})]),
    ("clock_skew", [calc(headers={"x-clock-skew-s": "-90"})]),
    ("too_many_calls", [calc(n, body={"rev": n}) for n in range(6)]),
    ("timeout_too_long", [calc(timeout_ms=30_000)]),
    ("timeout_too_long", [calc(status=None, ms=12_000)]),
    ("timeout_too_short", [calc(timeout_ms=100)]),
    ("never_means_never", [calc(**refused("card_blocked", 403)), calc(5, **refused("card_blocked", 403))]),
    ("hammering", [commit(n / 10, **NO_ANSWER) for n in range(4)]),
    ("hold_kept", [calc(), beat(4000)]),
    ("no_heartbeat", [calc(), commit(), calc(4000, OTHER), commit(4001, OTHER)]),
]


@pytest.mark.parametrize(("code", "log"), CASES, ids=[f"{n}-{code}" for n, (code, _) in enumerate(CASES)])
def test_a_log_with_one_slip_names_it(code: str, log: list[Exchange]) -> None:
    found = {one.code for one in judge(log)}
    assert code in found
    assert found <= {code, "body_changed", "sum_differs", "never_means_never", "clock_skew"}, "and hardly anything else"


def test_every_kind_of_trouble_has_a_case_and_words() -> None:
    assert {code for code, _ in CASES} == set(KINDS)
    for kind in KINDS.values():
        for text in (kind.what, kind.do):
            assert text.en.endswith(".")
            assert text.ru.endswith(".")


def test_a_good_log_has_nothing_wrong(tmp_path: Path) -> None:
    """Repeats of the same, the check that goes whole, prices agreed anew."""
    whole = commit(31, OTHER, body={"check": {"rev": 1, "lines": LINES}})
    anew = str(uuid4())
    open_commit = {"fiscal": None}
    log = [
        *GOOD,
        calc(30, OTHER),
        commit(30.5, OTHER, **refused("check_unknown", 404, "later")),
        whole,
        calc(40, anew),
        commit(41, anew, body=open_commit, **refused("price_changed", retry="later")),
        calc(42, anew, body={"rev": 2}, answer={**PRICED, "totals": {"to_pay": "95.00"}}),
        commit(43, anew, body={"rev": 2, "claimed": {"to_pay": "95.00"}, **open_commit}),
        told("/pos/v1/identify", 50, {"identifier": {"type": "phone", "value": "***22"}}),
        beat(60),
    ]
    assert judge(log) == []
    path = tmp_path / "till.jsonl"
    write_log(path, log)
    assert judge(read_log(path)) == []


def test_the_command_reads_a_log_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "till.jsonl"
    write_log(path, [commit(1, **NO_ANSWER), commit(7, OTHER), calc(8, headers={"x-clock-skew-s": "-90"})])
    for language, words in (("ru", "Пока нет."), ("en", "Not yet.")):
        told = CliRunner().invoke(cli, ["till-check", "log", str(path), "--language", language])
        assert (told.exit_code, told.output.splitlines()[-1]) == (1, words)
        assert "[repeat_with_another_id]" in told.output
    found = json.loads(CliRunner().invoke(cli, ["till-check", "log", str(path), "--json"]).output)
    assert [(one["code"], one["severity"]) for one in found["findings"]] == [
        ("repeat_with_another_id", "blocker"),
        ("clock_skew", "warning"),
    ]
    write_log(path, [calc(8, headers={"x-clock-skew-s": "-90"}), commit(9)])
    assert CliRunner().invoke(cli, ["till-check", "log", str(path)]).exit_code == 0, "a warning stops nobody"


@pytest.mark.parametrize("line", ["{", '{"sent_at": "2026-01-01T00:00:00", "method": "POST", "path": "/"}', "[]"])
def test_a_line_that_is_no_exchange_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "till.jsonl"
    path.write_text(f"\n{line}\n")
    told = CliRunner().invoke(cli, ["till-check", "log", str(path)])
    assert told.exit_code == 1
    assert getattr(told.exception, "code", "") == "till_log_unreadable"
    assert getattr(told.exception, "facts", {})["line"] == 2


# On the line


PHONE = "+79160001122"


class Vendor:
    """A till that plays what it is told; each flaw is a way of being wrong."""

    def __init__(self, centre: Centre, line: Line, folder: Path, flaw: str = "") -> None:
        self.centre, self.line, self.folder, self.flaw = centre, line, folder, flaw
        self.first: str | None = None
        self.fiscal = 0

    def __call__(self, play: Play) -> None:
        key = self.centre.key
        folder = self.folder / play.code
        folder.mkdir()
        till = Till(self.line.url, key.key_id, key.secret, shop="S1", till="T1", folder=folder)
        if self.flaw == "waits":
            till.line.timeouts_s = {"pos_post_calculate": 20.0}
        check = till.new_check()
        try:
            if play.code == "return":
                self.returns(till)
            else:
                self.sells(till, check, play)
            if self.flaw != "forgets":
                till.send_queue(now=True)
                till.send_queue(now=True)
                till.send_queue(now=True)
                till.send_queue(now=True)
        except (Unreachable, Refused):
            pass
        till.close()

    def sells(self, till: Till, check: Check, play: Play) -> None:
        till.identify(check, "phone", PHONE)
        check.add("coffee", "1", "100.00")
        till.calculate(check)
        if play.code == "cancel":
            if self.flaw != "keeps":
                till.cancel(check)
            return
        if self.flaw in ("ignores", "prices") or play.code == "price_changed":
            self.commits_before_printing(till, check)
            return
        self.fiscal += 1
        fiscal = {"fn": "9999", "fd": str(self.fiscal), "fp": "1"}
        till.line.hang_up()  # or the client itself would ask again on a fresh connection
        done = till.commit(check, [{"type": "cash", "amount": check.to_pay}], fiscal)  # type: ignore[arg-type]
        self.first = self.first or check.uid
        if done is None and self.flaw == "renames":
            till.queue.sent(f"commit:{check.uid}")
            again = Check(rev=check.rev, lines=check.lines)
            till.commit(again, [{"type": "cash", "amount": check.to_pay}], fiscal)  # type: ignore[arg-type]
        if done is None and self.flaw == "changes":
            till.queue.sent(f"commit:{check.uid}")
            check.answer = None
            till.commit(check, [], fiscal)  # type: ignore[arg-type]
        if self.flaw == "insists" and done is not None and done["status"] == "accepted_late":
            till.calculate(check)

    def commits_before_printing(self, till: Till, check: Check) -> None:
        """The other order: the centre may say no, and is asked again."""
        body = {"rev": check.rev, "shop": "S1", "till": "T1", "claimed": {"to_pay": check.to_pay}}
        try:
            till.line.send("pos_post_commit", body, check_uid=check.uid)
        except Refused:
            if self.flaw != "ignores":
                till.calculate(check)
            till.line.send("pos_post_commit", {**body, "rev": check.rev}, check_uid=check.uid)

    def returns(self, till: Till) -> None:
        assert self.first is not None
        till.take_back(till.return_body({"check_uid": self.first}))


@pytest.fixture
def put(centre: Centre, tmp_path: Path) -> Callable[..., Report]:
    centre.registers(PHONE)

    def through(flaw: str = "", codes: Sequence[str] = ()) -> Report:
        with Line(centre.url) as line:
            vendor: Act = Vendor(centre, line, tmp_path, flaw)
            return put_through(line, vendor, [play for play in PLAYS if not codes or play.code in codes])

    return through


def test_our_own_client_is_ready(put: Callable[..., Report]) -> None:
    report = put()
    assert [(play.code, wrong) for play, wrong in report.plays] == [(play.code, None) for play in PLAYS]
    assert [one.code for one in report.findings if one.kind.severity == "blocker"] == []
    assert report.is_ready
    assert report.as_json()["verdict"] == "ready"


FLAWS = [
    ("renames", "lost_answer", "repeat_with_another_id"),
    ("changes", "lost_answer", "body_changed"),
    ("forgets", "busy", ""),
    ("ignores", "price_changed", "price_changed_ignored"),
    ("insists", "late", "calculate_after_commit"),
    ("waits", "slow", ""),
    ("keeps", "cancel", ""),
]


@pytest.mark.parametrize(("flaw", "code", "finding"), FLAWS, ids=[flaw for flaw, _, _ in FLAWS])
def test_a_flawed_till_is_not_ready(put: Callable[..., Report], flaw: str, code: str, finding: str) -> None:
    report = put(flaw, [code])
    assert not report.is_ready
    assert [play.code for play, wrong in report.plays if wrong is not None] == [code]
    assert not finding or finding in {one.code for one in report.findings}
    assert "FAIL" in report.as_text("ru")


def test_a_till_that_never_came_is_not_ready(centre: Centre) -> None:
    with Line(centre.url) as line:
        report = put_through(line, lambda play: None, PLAYS[:2])
    assert (report.left_out, report.is_ready) == (["plain", "lost_answer"], False)


def test_the_command_serves_a_centre_of_its_own(
    postgres_base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A vendor's program, told by its environment, plays two plays; the report can be uploaded."""
    monkeypatch.setenv("VOKRUG_DATABASE_URL", f"{postgres_base}/postgres")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path or "." for path in sys.path))
    program = tmp_path / "till.py"
    program.write_text(
        """
import os, tempfile
from vokrug_till import Till
said = {name: os.environ[f"VOKRUG_TILL_{name}"] for name in ("URL", "KEY", "SECRET", "SHOP", "CODE", "PHONE", "PLAY")}
folder = tempfile.mkdtemp()
till = Till(said["URL"], said["KEY"], said["SECRET"], shop=said["SHOP"], till=said["CODE"], folder=folder)
check = till.new_check()
till.identify(check, "phone", said["PHONE"])
check.add("coffee", "1", "100.00")
till.calculate(check)
fiscal = {"fn": "9999", "fd": str(len(said["PLAY"])), "fp": "1"}
till.commit(check, [{"type": "cash", "amount": check.to_pay}], fiscal)
till.send_queue(now=True)
"""
    )
    report = tmp_path / "report.json"
    command = [
        *("till-check", "serve", "--port", "0", "--play", "plain", "--play", "lost_answer"),
        *("--till-command", f"{sys.executable} {program}", "--report", str(report)),
    ]
    told = CliRunner().invoke(cli, command)
    assert told.exit_code == 0, told.output
    assert json.loads(report.read_text())["verdict"] == "ready"
