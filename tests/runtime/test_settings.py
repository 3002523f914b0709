"""Settings: where they come from, who wins, and what is refused."""

import stat
from pathlib import Path

import pytest

from vokrug.app.pages import differing_pages
from vokrug.runtime.settings import (
    SecretMissing,
    SettingRefused,
    Settings,
    describe_settings,
    load_settings,
    resolve_secret,
    show_value,
)


def test_defaults_work_on_a_laptop(tmp_path: Path) -> None:
    assert load_settings({}, tmp_path) == Settings()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "vokrug.toml").write_text('port = 9000\nlanguage = "en"\nrequest_timeout_s = 5\n')
    settings = load_settings({"VOKRUG_PORT": "9001", "VOKRUG_HOST": "", "PATH": "/bin"}, tmp_path)
    assert (settings.port, settings.language, settings.request_timeout_s) == (9001, "en", 5.0)
    assert settings.host == "127.0.0.1", "an empty variable is one that is not set"


def test_a_file_may_be_named(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('data_dir = "/srv/vokrug"\n')
    settings = load_settings({"VOKRUG_CONFIG": str(tmp_path / "other.toml")}, tmp_path)
    assert settings.data_dir == Path("/srv/vokrug")


@pytest.mark.parametrize(
    ("environ", "file", "says"),
    [
        ({"VOKRUG_PROT": "1"}, "", "VOKRUG_PROT.*nearest is VOKRUG_PORT"),
        ({"VOKRUG_port": "1"}, "", "VOKRUG_port"),
        ({"VOKRUG_PORT": "eighty"}, "", "VOKRUG_PORT"),
        ({"VOKRUG_PORT": "70000"}, "", "VOKRUG_PORT.*65535"),
        ({"VOKRUG_CLOCK": "sundial"}, "", "VOKRUG_CLOCK"),
        ({"VOKRUG_REQUEST_TIMEOUT_S": "0"}, "", "VOKRUG_REQUEST_TIMEOUT_S"),
        ({"VOKRUG_DATABASE_URL": "mysql://x"}, "", "VOKRUG_DATABASE_URL.*postgresql://"),
        ({}, "prot = 1", "prot in .*nearest is port"),
        ({}, 'port = "8080"', "port in .*vokrug.toml"),
        ({}, "port =", "VOKRUG_CONFIG"),
        ({"VOKRUG_CONFIG": "/no/such/file.toml"}, "", "VOKRUG_CONFIG"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, environ: dict[str, str], file: str, says: str) -> None:
    if file:
        (tmp_path / "vokrug.toml").write_text(file)
    with pytest.raises(SettingRefused, match=says):
        load_settings(environ, tmp_path)


def test_a_refused_secret_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused) as refused:
        load_settings({"VOKRUG_SECRET": "hunter2"}, tmp_path)
    assert "VOKRUG_SECRET" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_an_embedded_start_makes_its_secret_once(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    made = resolve_secret(settings).secret
    assert made is not None
    assert len(made) >= 32
    assert resolve_secret(settings).secret == made
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    resolve_secret(settings)
    (tmp_path / "secret").chmod(0o644)
    with pytest.raises(SettingRefused, match="others may read"):
        resolve_secret(settings)


def test_an_outside_database_needs_a_secret_by_name(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing, match="VOKRUG_SECRET"):
        resolve_secret(Settings(data_dir=tmp_path, database_url="postgresql://db/vokrug"))
    assert list(tmp_path.iterdir()) == []


def test_what_is_shown_hides_secrets() -> None:
    settings = Settings(secret="s" * 40, database_url="postgresql://me:hush@db/vokrug")
    shown = [show_value(settings, info.name) for info in describe_settings()]
    assert "postgresql://me:********@db/vokrug" in shown
    assert not any("hush" in value or "sss" in value for value in shown)


def test_every_setting_is_described() -> None:
    assert all(info.description for info in describe_settings())


def test_the_page_says_what_the_code_does() -> None:
    assert differing_pages() == []
