"""The command line as a person meets it."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from vokrug.app.cli import cli, main
from vokrug.app.pages import PAGES, differing_pages, write_pages


@pytest.fixture
def outside(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database of the operator's own, as in production."""
    monkeypatch.setenv("VOKRUG_DATABASE_URL", database_url)
    monkeypatch.setenv("VOKRUG_SECRET", "x" * 32)


def test_every_command_can_be_loaded() -> None:
    answer = CliRunner().invoke(cli, ["--help"])
    assert answer.exit_code == 0
    assert {"serve", "migrate", "settings", "docs", "jobs", "work"} <= set(answer.output.split())


def test_a_mistyped_command_is_status_2() -> None:
    assert CliRunner().invoke(cli, ["serv"]).exit_code == 2


def test_a_refusal_is_one_line_and_status_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VOKRUG_PROT", "1")
    monkeypatch.setattr("sys.argv", ["vokrug", "settings"])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr().err
    assert left.value.code == 1
    assert said.count("\n") == 1
    assert "VOKRUG_PROT" in said


def test_migrating_a_migrated_database_does_nothing(outside: None) -> None:
    assert "up to date" in CliRunner().invoke(cli, ["migrate"]).output


def test_an_empty_queue_is_said_to_be_empty(outside: None) -> None:
    assert "The queue is empty" in CliRunner().invoke(cli, ["jobs"]).output


def test_pages_are_written_once_and_guarded(tmp_path: Path) -> None:
    assert write_pages(tmp_path) == list(PAGES)
    assert write_pages(tmp_path) == []
    (tmp_path / "settings.md").write_text("something else")
    assert differing_pages(tmp_path) == ["settings.md"]
