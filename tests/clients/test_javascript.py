"""The JavaScript client against a live centre, through a line that breaks."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.clients.conftest import Centre
from vokrug.app.till_check.exchanges import read_log
from vokrug.app.till_check.line import LOSE_ANSWER, LOSE_REQUEST, NONE, Accident, Line, instead, slow
from vokrug.runtime.signing import authorization

NODE = shutil.which("node") or ""
CLIENT = Path(__file__).parents[2] / "clients" / "js"
PHONE = "+79160001122"

pytestmark = pytest.mark.skipif(not NODE, reason="Node is not here")

SELL = """
const check = new Check();
await till.identify(check, "phone", PHONE);
check.add("coffee", "1", "100.00");
check.add("cake", "3", "133.33", { vat: "20" });
const priced = await till.calculate(check);
const fiscal = { fn: "9999", fd: String(FD++), fp: "1" };
const done = await till.commit(check, [{ type: "card", amount: check.toPay }], fiscal);
"""
TOLD = "say({ priced: priced !== null, done: done?.status ?? null, toPay: check.toPay, queue: till.queue.length });\n"


class Script:
    def __init__(self, centre: Centre, url: str, folder: Path) -> None:
        self.folder = folder
        self.begins = f"""
import {{ Check, Till, Refused, authorization }} from {json.dumps(str(CLIENT / "till.js"))};
const say = (told) => console.log(JSON.stringify(told));
const PHONE = {json.dumps(PHONE)};
let FD = 1;
const folder = {json.dumps(str(folder))};
const options = {{ shop: "S1", till: "T1", folder, log: folder + "/till.jsonl" }};
const till = new Till({json.dumps(url)}, {json.dumps(centre.key.key_id)}, {json.dumps(centre.key.secret)}, options);
"""

    def runs(self, body: str, ends_with: int = 0) -> list[Any]:
        path = self.folder / "script.mjs"
        path.write_text(f"{self.begins}{body}\ntill.close();\n")
        ended = subprocess.run([NODE, str(path)], capture_output=True, text=True, timeout=60)
        assert ended.returncode == ends_with, ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines()]


@pytest.fixture
def script(centre: Centre, line: Line, tmp_path: Path) -> Script:
    centre.registers(PHONE)
    return Script(centre, line.url, tmp_path)


def test_it_signs_as_the_centre_does(script: Script) -> None:
    (told,) = script.runs(
        'say(authorization("k1", "vks_s", "POST", "/pos/v1/identify?a=1", 1767225600, "{\\"n\\":\\"Торт\\"}"));'
    )
    body = '{"n":"Торт"}'.encode()
    assert told == authorization(
        "k1", "vks_s", method="POST", target="/pos/v1/identify?a=1", at_s=1767225600, body=body
    )


def test_a_sale_with_three_calls(script: Script, centre: Centre, line: Line) -> None:
    (told,) = script.runs(SELL + TOLD)
    assert told == {"priced": True, "done": "committed", "toPay": "460.00", "queue": 0}
    assert [one.verb for one in line.heard] == ["identify", "calculate", "commit"]
    assert (centre.points(PHONE), centre.sales()) == ("23.00", [("committed", 46000, 2300)])


def test_points_pay_and_a_return_brings_them_back(script: Script, centre: Centre) -> None:
    (told,) = script.runs(
        SELL
        + """
const next = new Check();
await till.identify(next, "phone", PHONE);
next.add("coffee", "2", "100.00");
await till.calculate(next, "10");
await till.commit(next, [{ type: "card", amount: next.toPay }], { fn: "9999", fd: "2", fp: "1" });
const body = till.returnBody({ check_uid: next.uid }, [{ n: 1, qty: "1" }], "не подошло");
const back = await till.takeBack(body);
say({ toPay: next.toPay, rows: next.printRows.length, refund: back.refund, restored: back.points_restored });
"""
    )
    assert told == {"toPay": "190.00", "rows": 1, "refund": "95.00", "restored": "5.00"}


@pytest.mark.parametrize(
    "accident", [LOSE_ANSWER, LOSE_REQUEST, instead(503), instead(429)], ids=lambda one: f"{one.kind}{one.status}"
)
def test_whatever_befalls_a_commit_it_counts_once(
    script: Script, centre: Centre, line: Line, accident: Accident
) -> None:
    line.suffers(NONE, NONE, accident)
    script.runs(SELL + "await till.sendQueue({ now: true });" + TOLD)
    assert centre.sales() == [("committed", 46000, 2300)]
    assert len({str(one.body) for one in line.heard if one.verb == "commit"}) == 1, "the same body, however often"


def test_without_a_line_it_sells_on_and_another_process_sends(script: Script, centre: Centre, line: Line) -> None:
    line.choose = lambda method, path, body: LOSE_REQUEST
    (told,) = script.runs(SELL + TOLD)
    assert told == {"priced": False, "done": None, "toPay": "499.99", "queue": 1}
    line.suffers()
    assert script.runs("say(await till.sendQueue()); say(await till.sendQueue({ now: true }));") == [1, 0]
    assert [sale[:2] for sale in centre.sales()] == [("late", 49999)]
    assert centre.points(PHONE) == "23.00"


def test_a_power_cut_after_the_receipt_loses_nothing(script: Script, centre: Centre, line: Line) -> None:
    line.choose = lambda method, path, body: slow(60) if path.endswith(":commit") else NONE
    script.runs("setTimeout(() => process.exit(9), 400);" + SELL, ends_with=9)
    line.suffers()
    # A line cut short at the end of the file is what a power cut leaves.
    with (script.folder / "vokrug-queue.jsonl").open("a") as queue:
        queue.write('{"id":"commit:x","oper')
    assert script.runs("say(till.queue.length); say(await till.sendQueue({ now: true }));") == [1, 0]
    assert len(centre.sales()) == 1


def test_clocks_refusals_and_the_whole_check(script: Script, centre: Centre, line: Line) -> None:
    script.runs("till.line.nowMs = () => 1_700_000_000_000;" + SELL)
    assert [one.status for one in line.heard] == [401, 200, 200, 200]
    line.suffers(NONE, NONE, instead(404, code="check_unknown", retry="later"))
    (told,) = script.runs("FD = 5;" + SELL + TOLD)
    assert (told["done"], line.heard[-1].of_body("check", "rev")) == ("committed", 1)
    line.suffers(NONE, NONE, instead(409, code="document_conflict", retry="never"))
    (told,) = script.runs("FD = 6;" + SELL + "say(till.queue.waiting({ declined: true }).map((one) => one.trouble));")
    assert told == ["409 document_conflict"]


def test_a_heartbeat_sends_the_queue_when_told(script: Script, centre: Centre, line: Line) -> None:
    line.suffers(NONE, NONE, LOSE_REQUEST, LOSE_REQUEST)
    (told,) = script.runs(SELL + "const heard = await till.heartbeat(); say([heard.commands, till.queue.length]);")
    assert told == [["send_queue"], 0]
    assert len(centre.sales()) == 1


def test_the_log_tells_no_person(script: Script) -> None:
    script.runs(SELL)
    path = script.folder / "till.jsonl"
    for personal in (PHONE, "Анна", "vks_"):
        assert personal not in path.read_text()
    assert [one.verb for one in read_log(path)] == ["identify", "calculate", "commit"]


def test_it_changes_its_key_when_told(script: Script, centre: Centre, line: Line) -> None:
    centre.rotates("at_first_use")
    (told,) = script.runs("await till.heartbeat();" + SELL + "say(till.line.keyId);")
    assert told != centre.key.key_id
    assert [one.kind for one in line.heard][:3] == ["heartbeat", "keys:claim", "heartbeat"]
    (again,) = script.runs("await till.heartbeat(); say(till.line.keyId);")
    assert again == told
