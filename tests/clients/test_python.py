"""The Python client against a live centre, through a line that breaks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.conftest import Centre
from vokrug.app.till_check.exchanges import read_log
from vokrug.app.till_check.line import LOSE_ANSWER, LOSE_REQUEST, NONE, Accident, Line, instead, slow
from vokrug.runtime.signing import authorization
from vokrug_till import Refused, Till
from vokrug_till.contract import Fiscal

PHONE = "+79160001122"


def fiscal(number: int) -> Fiscal:
    return {"fn": "9999078900005488", "fd": str(number), "fp": "1"}


def opened_till(centre: Centre, url: str, folder: Path) -> Till:
    key = centre.key
    return Till(url, key.key_id, key.secret, shop="S1", till="T1", folder=folder, log=folder / "till.jsonl")


@pytest.fixture
def till(centre: Centre, line: Line, tmp_path: Path) -> Iterator[Till]:
    centre.registers(PHONE)
    till = opened_till(centre, line.url, tmp_path)
    yield till
    till.close()


def test_it_signs_as_the_centre_does() -> None:
    from vokrug_till import authorization as theirs

    for body in (b"", '{"name":"Торт"}'.encode()):
        told = theirs("k1", "vks_s", "POST", "/pos/v1/identify?a=1", 1767225600, body)
        assert told == authorization(
            "k1", "vks_s", method="POST", target="/pos/v1/identify?a=1", at_s=1767225600, body=body
        )


def sells(till: Till, number: int, burn: str = "none") -> tuple[bool, bool]:
    """Whether it was priced, and whether the centre has it."""
    check = till.new_check()
    till.identify(check, "phone", PHONE)
    check.add("coffee", "1", "100.00")
    check.add("cake", "3", "133.33", vat="20")
    priced = till.calculate(check, burn)
    done = till.commit(check, [{"type": "card", "amount": check.to_pay}], fiscal(number))
    return priced is not None, done is not None


def test_a_sale_with_three_calls(till: Till, centre: Centre, line: Line) -> None:
    check = till.new_check()
    assert till.identify(check, "phone", PHONE) is not None
    check.add("coffee", "1", "100.00")
    check.add("cake", "3", "133.33")
    till.calculate(check, "max")
    assert check.to_pay == "460.00"
    assert sum(float(row[3]) for row in check.print_rows()) == 460
    done = till.commit(check, [{"type": "card", "amount": check.to_pay}], fiscal(1))
    assert done is not None
    assert (done["status"], done["earned"], len(till.queue)) == ("committed", "23.00", 0)
    assert [one.verb for one in line.heard] == ["identify", "calculate", "commit"]
    assert centre.points(PHONE) == "23.00"


def test_the_next_sale_pays_with_points_and_a_return_brings_them_back(till: Till, centre: Centre) -> None:
    sells(till, 1)
    check = till.new_check()
    till.identify(check, "phone", PHONE)
    check.add("coffee", "2", "100.00")
    till.calculate(check, "10")
    assert check.to_pay == "190.00"
    till.commit(check, [{"type": "card", "amount": check.to_pay}], fiscal(2))
    before = centre.points(PHONE)
    body = till.return_body({"check_uid": check.uid}, [{"n": 1, "qty": "1"}], "не подошло")
    told = till.price_return("0d9b6a5e-7f0c-4a51-9d3e-2b6c1f4e8a90", body)
    back = till.take_back(body)
    assert told is not None
    assert back is not None
    assert (told["refund"], back["refund"], back["points_restored"]) == ("95.00", "95.00", "5.00")
    assert centre.points(PHONE) != before


@pytest.mark.parametrize(
    "accident", [LOSE_ANSWER, LOSE_REQUEST, instead(503), instead(429)], ids=lambda one: f"{one.kind}{one.status}"
)
def test_whatever_befalls_a_commit_it_counts_once(till: Till, centre: Centre, line: Line, accident: Accident) -> None:
    line.suffers(NONE, NONE, accident)
    sells(till, 1)
    till.send_queue(now=True)
    (sale,) = centre.sales()
    assert sale == ("committed", 46000, 2300)
    assert len(till.queue) == 0
    bodies = {str(one.body) for one in line.heard if one.verb == "commit"}
    assert len(bodies) == 1, "the same body, however often"


def test_without_a_line_the_till_sells_on_and_the_points_come_later(till: Till, centre: Centre, line: Line) -> None:
    line.choose = lambda method, path, body: LOSE_REQUEST
    assert sells(till, 1) == (False, False)
    assert sells(till, 2) == (False, False)
    assert (len(till.queue), centre.sales()) == (2, [])
    line.suffers()
    assert till.send_queue() == 2, "not yet due"
    assert till.send_queue(now=True) == 0
    assert [sale[:2] for sale in centre.sales()] == [("late", 49999), ("late", 49999)]
    assert centre.points(PHONE) == "46.00"


def test_a_slow_answer_is_no_answer(till: Till, centre: Centre, line: Line) -> None:
    till.line.timeouts_s = {"pos_post_calculate": 0.05}
    line.suffers(NONE, slow(0.5))
    priced, done = sells(till, 1)
    assert (priced, done) == (False, True), "priced too late: the check went whole"
    assert len(centre.sales()) == 1


def where_we_are() -> dict[str, str]:
    """A process of its own finds what we find."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path or "." for path in sys.path)}


def test_a_power_cut_after_the_receipt_loses_nothing(centre: Centre, line: Line, tmp_path: Path) -> None:
    """The till's process ends between the queue and the answer; another opens the same folder."""
    line.choose = lambda method, path, body: slow(60) if path.endswith(":commit") else NONE
    script = f"""
import os, threading
from tests.clients.test_python import *
till = Till({line.url!r}, {centre.key.key_id!r}, {centre.key.secret!r}, shop="S1", till="T1", folder={str(tmp_path)!r})
check = till.new_check()
check.add("coffee", "1", "100.00")
till.calculate(check)
threading.Timer(0.3, lambda: os._exit(9)).start()
till.commit(check, [{{"type": "cash", "amount": check.to_pay}}], fiscal(7))
"""
    assert subprocess.run([sys.executable, "-c", script], timeout=60, env=where_we_are()).returncode == 9
    line.suffers()
    till = opened_till(centre, line.url, tmp_path)
    assert len(till.queue) == 1
    assert till.send_queue(now=True) == 0
    assert len(centre.sales()) == 1
    till.close()


def test_a_wrong_clock_is_set_by_the_centres(till: Till, centre: Centre, line: Line) -> None:
    till.line.now_s = lambda: 1_700_000_000.0
    assert sells(till, 1) == (True, True)
    assert [one.status for one in line.heard][:2] == [401, 200]
    assert till.line.shift_s > 0


def test_what_is_never_taken_waits_for_a_person(till: Till, line: Line) -> None:
    never = instead(409, code="document_conflict", retry="never", cashier_text="нет")
    line.choose = lambda method, path, body: never if path.endswith(":commit") else NONE
    told: list[str] = []
    till.on_declined = lambda id, refused: told.append(refused.code)
    assert sells(till, 1) == (True, False)
    (kept,) = till.queue.waiting(declined=True)
    assert (len(till.queue), told, kept.trouble) == (0, ["document_conflict"], "409 document_conflict")


def test_a_check_the_centre_never_saw_goes_whole(till: Till, centre: Centre, line: Line) -> None:
    line.suffers(NONE, NONE, instead(404, code="check_unknown", retry="later", cashier_text="?"))
    assert sells(till, 1) == (True, True)
    assert line.heard[-1].of_body("check", "rev") == 1
    assert len(centre.sales()) == 1


def test_a_price_refused_is_told_to_the_cashier(till: Till, line: Line) -> None:
    check = till.new_check()
    check.add("coffee", "0", "100.00")
    with pytest.raises(Refused) as refused:
        till.calculate(check)
    assert refused.value.status == 422
    assert check.cashier_text
    assert not check.is_offline


def test_a_heartbeat_sends_the_queue_when_told(till: Till, centre: Centre, line: Line) -> None:
    line.suffers(NONE, NONE, LOSE_REQUEST, LOSE_REQUEST)
    sells(till, 1)
    heard = till.heartbeat()
    assert heard is not None
    assert heard["commands"] == ["send_queue"]
    assert (len(till.queue), len(centre.sales())) == (0, 1)


def test_the_log_tells_no_person(till: Till, tmp_path: Path) -> None:
    sells(till, 1)
    text = (tmp_path / "till.jsonl").read_text()
    for personal in (PHONE, "Анна", "vks_"):
        assert personal not in text
    assert [one.verb for one in read_log(tmp_path / "till.jsonl")] == ["identify", "calculate", "commit"]


def test_it_changes_its_key_when_told(till: Till, centre: Centre, line: Line, tmp_path: Path) -> None:
    """The old key ends with the first use of the new one; the next start works with what was kept."""
    given = till.line.key_id
    centre.rotates("at_first_use")
    assert till.heartbeat() is not None
    assert till.line.key_id != given
    assert [one.kind for one in line.heard] == ["heartbeat", "keys:claim", "heartbeat"]
    assert sells(till, 1) == (True, True)
    again = opened_till(centre, line.url, tmp_path)
    assert again.line.key_id == till.line.key_id
    assert again.heartbeat() is not None
    again.close()
