"""The embedded server: started, joined, killed, moved; nothing above its folder is touched."""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.conftest import THROW_AWAY

from vokrug.runtime import postgres_home
from vokrug.runtime.postgres import SETTINGS, EmbeddedPostgres
from vokrug.runtime.postgres_home import PostgresRefused, find_binaries


@pytest.fixture
def laptop(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder like a home folder of a machine, with a stand-in for the system's folder beside it."""
    folder = Path(tempfile.mkdtemp(prefix="vokrug-laptop-"))
    system = Path(tempfile.mkdtemp(prefix="vokrug-system-"))
    folder.chmod(0o711)
    system.chmod(0o711)
    monkeypatch.setattr(postgres_home, "SYSTEM_FOLDER", system)
    yield folder
    shutil.rmtree(folder)
    shutil.rmtree(system)


@pytest.fixture
def server(laptop: Path) -> Iterator[EmbeddedPostgres]:
    started = EmbeddedPostgres(laptop / "data", note=lambda _: None, _overrides=THROW_AWAY)
    started.start()
    yield started
    started.stop()


def ask(url: str, sql: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(sql.encode()).fetchone()
        return row and row[0]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_is_written_outlives_a_stop_and_a_crash(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table kept as select 7 as lucky")
    server.stop()
    assert server.pid is None
    server.start()
    assert ask(server.url, "select lucky from kept") == 7
    server.kill()
    assert server.pid is None
    server.start()
    assert ask(server.url, "select lucky from kept") == 7


def test_nobody_gets_in_without_the_password(server: EmbeddedPostgres) -> None:
    password = server.home.password_file.read_text().strip()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url.replace(password, "guess"))
    lines = [line.split() for line in (server.home.cluster / "pg_hba.conf").read_text().splitlines()]
    assert {line[-1] for line in lines if line and not line[0].startswith("#")} == {"scram-sha-256"}
    assert mode(server.home.password_file) == 0o600
    assert mode(server.home.cluster) == 0o700
    assert ask(server.url, "show listen_addresses") == ""
    assert mode(Path(str(ask(server.url, "show unix_socket_directories")))) == 0o700


def test_the_last_to_leave_stops_it(server: EmbeddedPostgres) -> None:
    second = EmbeddedPostgres(server.data_dir, note=lambda _: None)
    assert second.start() == server.url
    server.stop()
    assert ask(second.url, "select 1") == 1
    second.stop()
    assert second.pid is None


def test_a_server_left_running_is_joined(server: EmbeddedPostgres) -> None:
    """As after `kill -9` of the process that started it: its lock is gone, its server is not."""
    pid = server.pid
    server._leave()
    heir = EmbeddedPostgres(server.data_dir, note=lambda _: None)
    heir.start()
    assert heir.pid == pid
    heir.stop()
    assert heir.pid is None


def test_a_pid_file_that_names_another_program_is_no_obstacle(server: EmbeddedPostgres) -> None:
    server.kill()
    left = server.home.cluster / "postmaster.pid"
    left.write_text(f"{os.getpid()}\n" + left.read_text().split("\n", 1)[1])
    server.start()
    assert ask(server.url, "select 1") == 1


def test_a_server_that_dies_while_starting_says_why(laptop: Path) -> None:
    broken = EmbeddedPostgres(laptop / "data", _overrides={**THROW_AWAY, "max_connections": "none"})
    with pytest.raises(PostgresRefused, match="max_connections"):
        broken.start()
    assert broken.pid is None


def test_a_long_path_gets_its_socket_elsewhere(laptop: Path) -> None:
    far = EmbeddedPostgres(laptop / ("x" * 100) / "data", note=lambda _: None, _overrides=THROW_AWAY)
    url = far.start()
    folder = Path(str(ask(url, "show unix_socket_directories")))
    try:
        assert not folder.is_relative_to(laptop)
        assert mode(folder) == 0o700
        far.stop()
        assert far.start() == url, "the next start finds the same folder"
    finally:
        far.stop()
        shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_a_closed_parent_stays_closed(laptop: Path) -> None:
    laptop.chmod(0o700)
    notes: list[str] = []
    server = EmbeddedPostgres(laptop / "data", note=notes.append, _overrides=THROW_AWAY)
    server.start()
    server.stop()
    assert mode(laptop) == 0o700
    assert server.home.folder.is_relative_to(postgres_home.SYSTEM_FOLDER)
    assert len(notes) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_programs_out_of_reach_are_copied(laptop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = laptop / "closed"
    closed.mkdir(mode=0o700)
    package = find_binaries().parents[1]
    for part in package.parent.glob(package.name + "*"):
        if part.name in (package.name, package.name + ".libs"):
            shutil.copytree(part, closed / part.name, symlinks=True)
    programs = closed / find_binaries().relative_to(package.parent)
    monkeypatch.setattr(postgres_home, "find_binaries", lambda: programs)
    server = EmbeddedPostgres(laptop / "data", note=lambda _: None, _overrides=THROW_AWAY)
    server.start()
    server.stop()
    assert mode(closed) == 0o700
    assert server.home.binaries.is_relative_to(postgres_home.SYSTEM_FOLDER)


def test_named_programs_must_be_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("VOKRUG_POSTGRES_BIN", str(tmp_path))
    with pytest.raises(PostgresRefused, match="VOKRUG_POSTGRES_BIN"):
        find_binaries()


def test_its_log_quotes_no_rows_and_is_closed(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("create table person (phone text primary key); insert into person values ('+79005550101')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("insert into person values ('+79005550101')")
    assert "duplicate key" in server.home.log.read_text()
    assert "+79005550101" not in server.home.log.read_text()
    assert mode(server.home.log) == 0o600


def test_durability_is_not_a_setting() -> None:
    assert {SETTINGS[name] for name in ("fsync", "full_page_writes", "synchronous_commit")} == {"on"}
