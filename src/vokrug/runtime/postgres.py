"""A real PostgreSQL that the program starts itself, in its data folder.

    server = EmbeddedPostgres(Path(".data"))
    url = server.start()
    ...
    server.stop()

Several processes may use one data folder: the first starts the server, the others join it, and the
last to stop stops it. A server left over by a killed process is joined like any other.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import quote

import psutil
import psycopg
from psycopg import sql

from vokrug.runtime.postgres_home import Home, Note, PostgresRefused, make_home, socket_folder
from vokrug.runtime.settings import keep_secret

OWNER = "vokrug"
DEFAULT_PORT = 5432
SHARED_BUFFERS_MAX_BYTES = 2 << 30
LOG_MAX_BYTES = 20 << 20
NOTE_EVERY_S = 5.0
POLL_S = 0.05

# Durability is not a setting. The rest is for many small sales, inserted and seldom changed:
# checkpoints far apart (each one makes full-page writes start anew), vacuum driven by inserts so
# that index-only scans stay so, compilation off because no query of ours runs long enough to pay.
SETTINGS = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "random_page_cost": "1.1",
    "autovacuum_vacuum_scale_factor": "0.05",
    "autovacuum_vacuum_insert_scale_factor": "0.05",
    "autovacuum_analyze_scale_factor": "0.02",
    "autovacuum_vacuum_cost_limit": "2000",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    # Statements and the details of errors quote rows, and rows are people.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "unix_socket_permissions": "0700",
}


class EmbeddedPostgres:
    """The server of one data folder. `port` opens TCP on the loopback address as well."""

    def __init__(
        self,
        data_dir: Path,
        *,
        port: int | None = None,
        note: Note = print,
        _overrides: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port
        self._note = note
        self._overrides = dict(_overrides or {})  # for tests: throw-away clusters need no fsync
        self._home: Home | None = None
        self._membership: IO[str] | None = None
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> str:
        """Start or join the server; returns once it answers, with its address."""
        with self._starting():
            self._join()
            try:
                if self.pid is None:
                    self._start_server()
                self._wait_until_it_answers()
            except BaseException:
                self._leave()
                raise
        return self.url

    def stop(self) -> None:
        """Leave the server; whoever leaves last stops it, without waiting for idle clients."""
        if self._home is None:
            return
        with self._starting():
            if self._leave() and (pid := self.pid) is not None:
                os.kill(pid, signal.SIGINT)  # PostgreSQL's "fast": roll back, checkpoint, exit
                self._wait_until_gone(pid)

    def kill(self) -> None:
        """Kill the server as a crash would (for tests of recovery)."""
        pid = self.pid
        assert pid is not None, "there is no server to kill"
        os.kill(pid, signal.SIGKILL)
        self._wait_until_gone(pid)

    @property
    def home(self) -> Home:
        if self._home is None:
            self._home = make_home(self.data_dir, self._note)
        return self._home

    @property
    def url(self) -> str:
        """The address of the database `vokrug`, through the socket."""
        return self.url_of(OWNER)

    def url_of(self, database: str) -> str:
        password = self.home.password_file.read_text().strip()
        folder = quote(str(socket_folder(self.home)), safe="")
        return f"postgresql://{OWNER}:{password}@{folder}:{self._running_port()}/{database}"

    @property
    def pgbench(self) -> Path:
        """PostgreSQL's own benchmark, to measure beside ours."""
        return self.home.binaries / "pgbench"

    @property
    def pid(self) -> int | None:
        """The running postmaster of this data folder."""
        try:
            found = int((self.home.cluster / "postmaster.pid").read_text().split("\n", 1)[0])
            process = psutil.Process(found)
            # The number may have gone to another program since a crash, and a zombie serves nobody.
            alive = process.status() != psutil.STATUS_ZOMBIE and "postgres" in process.name()
        except (OSError, ValueError, psutil.NoSuchProcess):
            return None
        return found if alive else None

    def create_database(self, name: str, template: str | None = None) -> str:
        """A new database, a copy of `template` if given; returns its address."""
        create_database(self.url_of("postgres"), name, template)
        return self.url_of(name)

    def _running_port(self) -> int:
        """The port names the socket too; a server that somebody else started may have another."""
        try:
            return int((self.home.cluster / "postmaster.pid").read_text().split("\n")[3])
        except (OSError, ValueError, IndexError):
            return self.port or DEFAULT_PORT

    # Who uses the server. A lock dies with its process, whatever kills it, so none is left behind.

    @contextmanager
    def _starting(self) -> Iterator[None]:
        with _open_lock(self.home.folder / "starting.lock") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _join(self) -> None:
        if self._membership is None:
            self._membership = _open_lock(self.home.folder / "users.lock")
            fcntl.flock(self._membership, fcntl.LOCK_SH)

    def _leave(self) -> bool:
        """Give up our share; True when nobody else holds one."""
        if self._membership is None:
            return False
        try:
            fcntl.flock(self._membership, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        else:
            return True
        finally:
            self._membership.close()
            self._membership = None

    # Starting.

    def _start_server(self) -> None:
        home = self.home
        if not (home.cluster / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        self._clear_leftovers()
        self._write_settings()
        if home.log.exists() and home.log.stat().st_size > LOG_MAX_BYTES:
            home.log.replace(home.log.with_suffix(".log.1"))
        descriptor = os.open(home.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "ab") as log:
            self._child = subprocess.Popen(
                [home.binaries / "postgres", "-D", home.cluster],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                user=home.account.uid,
                group=home.account.gid,
                extra_groups=None if home.account.uid is None else [],
                start_new_session=True,  # Ctrl-C in our terminal is meant for us
                umask=0o077,
            )

    def _initialise(self) -> None:
        """Make the cluster under another name first: a start cut short leaves nothing half made."""
        home = self.home
        keep_secret(home.password_file)
        draft = home.folder / "postgres.draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        secret = draft.with_suffix(".password")
        secret.unlink(missing_ok=True)
        descriptor = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(home.password_file.read_text())
        home.account.own(draft)
        home.account.own(secret)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if self._programs_version() < 17:
            locale = ["--locale=C.UTF-8"]
        made = home.account.run(
            [str(home.binaries / "initdb"), "-D", str(draft), "-U", OWNER, "-E", "UTF8", *locale]
            + ["--auth=scram-sha-256", f"--pwfile={secret}", "--no-instructions"]
            + (["--no-sync"] if self._overrides.get("fsync") == "off" else [])
        )
        secret.unlink()
        if made.returncode:
            raise PostgresRefused(reason=f"initdb failed: {made.stderr.strip()[-400:]}")
        with (draft / "postgresql.conf").open("a") as conf:
            # What an operator writes into own.conf is read last and wins.
            conf.write("\ninclude 'vokrug.conf'\ninclude_if_exists 'own.conf'\n")
        draft.rename(home.cluster)

    def _programs_version(self) -> int:
        shown = subprocess.run(
            [self.home.binaries / "postgres", "--version"], check=True, capture_output=True, text=True
        )
        return int(shown.stdout.split()[2].split(".")[0].rstrip("abcdefghijklmnopqrstuvwxyz"))

    def _check_version(self) -> None:
        try:
            made_by = int((self.home.cluster / "PG_VERSION").read_text())
        except PermissionError:
            raise PostgresRefused(
                reason=f"{self.home.cluster} belongs to another account. Start as the one that made it, "
                "or set VOKRUG_DATA_DIR to a folder of your own."
            ) from None
        if made_by != (ours := self._programs_version()):
            raise PostgresRefused(
                reason=f"{self.home.cluster} was made by PostgreSQL {made_by}, the programs here are {ours}. "
                "Use pg_upgrade, or set VOKRUG_POSTGRES_BIN to the older programs."
            )

    def _clear_leftovers(self) -> None:
        """After a crash: wait until the dead server's children have gone, then drop its pid files.

        PostgreSQL would refuse a pid file whose number now belongs to another program or to a
        zombie. Nobody works in the cluster any more, so the files protect nothing.
        """
        self._wait(lambda: not self._processes_inside(), "the processes of a crashed server still run")
        (self.home.cluster / "postmaster.pid").unlink(missing_ok=True)
        for left in socket_folder(self.home).glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)

    def _processes_inside(self) -> list[int]:
        cluster, inside = str(self.home.cluster.resolve()), []
        for process in psutil.process_iter():
            try:
                if "postgres" in process.name() and process.cwd() == cluster:
                    inside.append(process.pid)
            except psutil.Error:
                continue  # gone meanwhile, or another account's, which could not work in our cluster
        return inside

    def _write_settings(self) -> None:
        memory_bytes = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        buffers_mib = max(128, min(memory_bytes // 4, SHARED_BUFFERS_MAX_BYTES) >> 20)
        settings = {
            **SETTINGS,
            "shared_buffers": f"{buffers_mib}MB",
            "listen_addresses": "127.0.0.1" if self.port else "",
            "port": str(self.port or DEFAULT_PORT),
            "unix_socket_directories": str(socket_folder(self.home)),
            **({"shared_preload_libraries": "pg_stat_statements"} if self._has_statistics() else {}),
            **self._overrides,
        }
        lines = [f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
        conf = self.home.cluster / "vokrug.conf"
        conf.write_text("# Written at every start. Put changes into own.conf.\n" + "\n".join(lines) + "\n")
        self.home.account.own(conf)

    def _has_statistics(self) -> bool:
        root = self.home.binaries.parent
        return any(root.glob("lib/**/pg_stat_statements.so"))

    # Waiting. No limit: recovery after a crash takes as long as it takes, unless the server died.

    def _wait_until_it_answers(self) -> None:
        since = noted = time.monotonic()
        while not self._answers():
            if self.pid is None and (self._child is None or self._child.poll() is not None):
                raise PostgresRefused(reason=f"the server stopped while starting.\n{self._log_tail()}")
            if time.monotonic() - noted > NOTE_EVERY_S:
                noted = time.monotonic()
                last = self._log_tail(1)
                self._note(f"Waiting for the database, {noted - since:.0f} s so far: {last}")
            time.sleep(POLL_S)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url_of("postgres"), connect_timeout=5, autocommit=True) as connection:
                found = connection.execute("select from pg_database where datname = %s", [OWNER]).fetchone()
                if found is None:
                    connection.execute(sql.SQL("create database {}").format(sql.Identifier(OWNER)))
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise PostgresRefused(
                    reason=f"{self.home.password_file} is not the password of {self.home.cluster}."
                ) from None
            return False
        return True

    def _wait_until_gone(self, pid: int) -> None:
        if self._child is not None and self._child.pid == pid:
            self._child.wait()
            self._child = None
        self._wait(lambda: not self._processes_inside(), "the database is still stopping")

    def _wait(self, is_over: Callable[[], bool], what: str) -> None:
        since = noted = time.monotonic()
        while not is_over():
            if time.monotonic() - noted > NOTE_EVERY_S:
                noted = time.monotonic()
                self._note(f"Waiting, {noted - since:.0f} s so far: {what}.")
            time.sleep(POLL_S)

    def _log_tail(self, lines: int = 8) -> str:
        if not self.home.log.exists():
            return ""
        with self.home.log.open("rb") as log:
            log.seek(max(0, self.home.log.stat().st_size - 4096))
            return "\n".join(log.read().decode(errors="replace").splitlines()[-lines:])


def create_database(admin_url: str, name: str, template: str | None = None) -> None:
    """Make a database; a copy of `template`, to which nobody may be connected, if one is given."""
    statement = sql.SQL("create database {}").format(sql.Identifier(name))
    if template is not None:
        # Copying files beats logging each block of a template made once and copied often.
        statement += sql.SQL(" template {} strategy file_copy").format(sql.Identifier(template))
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(statement)


def drop_database(admin_url: str, name: str) -> None:
    """Drop a database and whoever is still connected to it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))


def _open_lock(path: Path) -> IO[str]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    return os.fdopen(descriptor, "r+")
