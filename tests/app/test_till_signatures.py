"""What is wrong with a signature is said in plain words; keys are taken and reports sent from the command line."""

import base64
import hashlib
import hmac
import json
import threading
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from click.testing import CliRunner, Result

from tests.clients.conftest import Centre
from tests.clients.conftest import centre as centre
from tests.clients.conftest import opened as opened
from tests.pos.test_onboarding import PASSED
from vokrug.app.cli import cli
from vokrug.app.till_check.kit import by_hand, put_through
from vokrug.app.till_check.line import Line
from vokrug.app.till_check.plays import PLAYS
from vokrug.app.till_check.signatures import MISTAKES, explain, is_right
from vokrug.runtime.signing import sign

SECRET = "vks_" + base64.urlsafe_b64encode(b"thirty-two bytes of some secret!").decode().rstrip("=")
TARGET, TS = "/pos/v1/bundle?shop=S%201", 1_767_225_600
BODY = '{"shop": "М1", "a": 1}'.encode()
HASH = hashlib.sha256(BODY).hexdigest()


def mac(text: str, secret: bytes = SECRET.encode()) -> str:
    return hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()


def of_body(body: bytes) -> str:
    return sign(SECRET, method="POST", target=TARGET, at_s=TS, body=body)


LINES = f"POST\n{TARGET}\n{TS}\n{HASH}"
WRONG = [
    ("body_bom", of_body(b"\xef\xbb\xbf" + BODY)),
    ("body_newline", of_body(BODY + b"\r\n")),
    ("body_reencoded", of_body(b'{"shop":"\\u041c1","a":1}')),
    ("body_cp1251", of_body(BODY.decode().encode("cp1251"))),
    ("body_empty", of_body(b"")),
    ("hash_upper", mac(f"POST\n{TARGET}\n{TS}\n{HASH.upper()}")),
    ("hash_base64", mac(f"POST\n{TARGET}\n{TS}\n{base64.b64encode(bytes.fromhex(HASH)).decode()}")),
    ("body_itself", mac(f"POST\n{TARGET}\n{TS}\n{BODY.decode()}")),
    ("line_feed", mac(LINES.replace("\n", "\r\n"))),
    ("line_feed", mac(LINES.replace("\n", ""))),
    ("target", mac(LINES.replace("?shop=S%201", ""))),
    ("target", mac(LINES.replace("%20", " "))),
    ("method", mac(LINES.replace("POST", "post"))),
    ("time", mac(LINES.replace(str(TS), f"{TS}000"))),
    ("time", mac(LINES.replace(str(TS), str(TS + 1)))),
    ("secret", mac(LINES, SECRET.removeprefix("vks_").encode())),
    ("secret", mac(LINES, base64.urlsafe_b64decode(SECRET.removeprefix("vks_") + "="))),
    ("no_hmac", hashlib.sha256(LINES.encode()).hexdigest()),
    ("no_hmac", hashlib.sha256((SECRET + LINES).encode()).hexdigest()),
]


@pytest.mark.parametrize(("code", "signature"), WRONG, ids=[f"{n}-{code}" for n, (code, _) in enumerate(WRONG)])
def test_a_usual_mistake_is_named(code: str, signature: str) -> None:
    found = explain(SECRET, method="POST", target=TARGET, ts=TS, body=BODY, signature=signature)
    assert found is not None
    assert found.code == code


def test_every_mistake_has_a_case_and_a_right_signature_has_none() -> None:
    assert {code for code, _ in WRONG} == {mistake.code for mistake in MISTAKES}
    right = of_body(BODY)
    assert is_right(SECRET, method="POST", target=TARGET, ts=TS, body=BODY, signature=right.upper())
    assert explain(SECRET, method="POST", target=TARGET, ts=TS, body=b"\xff\xfe", signature="0" * 64) is None


def says(tmp_path: Path, signature: str, language: str = "en") -> Result:
    body = tmp_path / "body.json"
    body.write_bytes(BODY)
    words = ["till-check", "sign", "POST", TARGET, "--key", "k1", "--ts", str(TS), "--body", str(body)]
    return CliRunner(env={"VOKRUG_TILL_SECRET": SECRET}).invoke(
        cli, [*words, "--signature", signature, "--language", language]
    )


def test_the_command_shows_the_lines_and_the_mistake(tmp_path: Path) -> None:
    right = says(tmp_path, of_body(BODY))
    assert right.exit_code == 0
    assert right.output.startswith(LINES)
    assert f"signature={of_body(BODY)}" in right.output
    wrong = says(tmp_path, of_body(b""), "ru")
    assert (wrong.exit_code, wrong.output.splitlines()[-1]) == (1, "Подписано пустое тело.")
    assert says(tmp_path, "0" * 64).output.splitlines()[-1].startswith("None of the usual")


def test_on_our_line_a_wrong_signature_is_explained(centre: Centre) -> None:
    with Line(centre.url) as line:
        line.secrets[centre.key.key_id] = centre.key.secret
        body = b'{"shop":"S1"}'
        wrong = sign(centre.key.secret, method="POST", target="/pos/v1/identify", at_s=TS, body=b"")
        told = f"VOKRUG-HMAC-SHA256 key={centre.key.key_id}, ts={TS}, signature={wrong}"
        answer = httpx.post(f"{line.url}/pos/v1/identify", content=body, headers={"authorization": told})
        assert answer.status_code == 401
        line.quiet()
        assert line.heard[0].error.startswith("Подписано пустое тело.")
        assert wrong not in str(line.heard[0]), "the line keeps no signature"


def test_a_till_worked_by_hand_is_watched_until_it_is_done(centre: Centre) -> None:
    """A person hears the order, sells, and the next play begins."""
    ordered: list[str] = []
    with Line(centre.url) as line:

        def sells(code: str) -> None:
            token = {"authorization": f"Bearer {centre.key.token}"}
            place, check = {"shop": "S1", "till": "T1"}, uuid4()
            asked = {**place, "rev": 1, "hold": True, "lines": [{"n": 1, "sku": "coffee", "qty": "1", "price": "100"}]}
            at = f"{line.url}/pos/v1/checks/{check}"
            httpx.post(f"{at}:calculate", json=asked, headers=token)
            httpx.post(f"{at}:commit", json={**place, "rev": 1, "claimed": {"to_pay": "100.00"}}, headers=token)

        def tell(play: object) -> None:
            ordered.append(getattr(play, "code", ""))
            threading.Thread(target=sells, args=(ordered[-1],)).start()

        report = put_through(line, by_hand(line, tell, patience_s=30), PLAYS[:1])
    assert ordered == ["plain"]
    assert report.is_ready


def test_keys_are_taken_and_a_report_is_sent_from_the_command_line(centre: Centre, tmp_path: Path) -> None:
    id, file, report = str(uuid4()), tmp_path / "keys.json", tmp_path / "report.json"
    invited = centre.staff(
        "POST",
        "/v1/integrations",
        {"id": id, "shop": "S1", "vendor": "Кассы", "contact_email": "a@kassy.example", "software": "1С"},
    )
    for _ in range(2):
        told = CliRunner().invoke(cli, ["till-check", "claim", centre.url, invited["code"], "--file", str(file)])
        assert told.exit_code == 0, told.output
    kept = json.loads(file.read_text())
    assert file.stat().st_mode & 0o077 == 0, "for its owner only"
    assert kept["keys"][0]["secret"] not in told.output
    report.write_text(json.dumps(PASSED))
    sent = CliRunner().invoke(cli, ["till-check", "send", str(report), "--file", str(file)])
    assert sent.output.strip() == "conformance: passed"
    assert centre.staff("POST", f"/v1/integrations/{id}:go-live", {})["state"] == "live"
    other = CliRunner().invoke(cli, ["till-check", "claim", centre.url, "AAAA", "--file", str(tmp_path / "other.json")])
    assert other.exit_code == 1
    assert "Ask for another" in other.output
