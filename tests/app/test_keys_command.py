"""`vokrug keys`: the first key of an installation, and the end of a stolen one."""

import re

import pytest
from click.testing import CliRunner

from vokrug.app.cli import cli
from vokrug.runtime.keys import KeyNeedsATill, KeyNotFound


@pytest.fixture(autouse=True)
def outside(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOKRUG_DATABASE_URL", database_url)
    monkeypatch.setenv("VOKRUG_SECRET", "x" * 32)
    monkeypatch.setenv("COLUMNS", "80")


def say(*words: str) -> str:
    answer = CliRunner().invoke(cli, ["keys", *words], catch_exceptions=False)
    assert answer.exit_code == 0, answer.output
    return answer.output


def test_the_first_key_is_issued_listed_and_ended() -> None:
    assert "There are no keys" in say("list")
    issued = say("issue", "staff", "--label", "head office")
    key_id, secret = re.findall(r"^(?:key|secret) +(\S+)$", issued, re.M)
    assert key_id.startswith("staff-")
    assert "token" not in issued, "a live key signs, it is not borne"
    shown = say("list")
    assert (key_id in shown, "office" in shown, secret in shown) == (True, True, False)
    say("revoke", key_id)
    say("revoke", key_id)
    assert key_id not in say("list")
    assert key_id in say("list", "--all")


def test_a_sandbox_key_has_a_token() -> None:
    assert re.search(
        r"^token +till-", say("issue", "till", "--shop", "1", "--till", "2", "--label", "t", "--sandbox"), re.M
    )


def test_what_cannot_be_is_refused_and_nothing_is_issued() -> None:
    with pytest.raises(KeyNeedsATill):
        say("issue", "till", "--label", "no till")
    with pytest.raises(KeyNotFound):
        say("revoke", "staff-nobody")
    assert "There are no keys" in say("list")
