"""Everything that takes part, as processes that can be killed."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import psycopg

from vokrug.app.bench.stream.facts import BENCH, KEYS, TABLES
from vokrug.app.bench.stream.roles import Role
from vokrug.app.brokers import LocalKafka, LocalNats
from vokrug.events import synchronise
from vokrug.kernel import Clock
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate
from vokrug.runtime.postgres import EmbeddedPostgres

Server = LocalKafka | LocalNats


class Child:
    """One of our own processes; `vital` ones are started again when they are found dead."""

    def __init__(self, role: Role, folder: Path) -> None:
        self.role = role
        self._log = folder / f"{role.role}.log"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def is_done(self) -> bool:
        return self.process is not None and self.process.poll() == 0

    def start(self) -> None:
        command = [sys.executable, "-m", "vokrug.app.bench.stream.roles", msgspec.json.encode(self.role).decode()]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def signal(self, number: signal.Signals) -> None:
        if self.is_running:
            assert self.process is not None
            self.process.send_signal(number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()


class Site:
    """PostgreSQL, brokers, writers, relays, readers."""

    def __init__(self, folder: Path, servers: dict[str, Server]) -> None:
        self.folder = folder
        self.postgres = EmbeddedPostgres(folder, note=lambda _: None, _overrides={"shared_buffers": "256MB"})
        self.servers = servers
        self.children: list[Child] = []
        self.kills: dict[str, int] = {}

    async def open(self) -> None:
        self.url = self.postgres.start()
        await migrate(self.url)
        db = await Database.connect(self.url, max_size=1)
        async with db.transaction() as tx:
            await synchronise(tx, Clock().now(), BENCH)
            for statement in TABLES.split(";"):
                await tx.run(statement)
            await tx.run("insert into bench_key (key) select generate_series(0, $1::int - 1)", KEYS)
        await db.close()
        for server in self.servers.values():
            server.start()

    def add(self, role: str, *, broker: str = "", **more: object) -> Child:
        server = self.servers.get(broker)
        url = "" if server is None else f"{broker}://127.0.0.1:{server.port}"
        child = Child(
            msgspec.convert({"role": role, "database_url": self.url, "broker_url": url, **more}, Role), self.folder
        )
        self.children.append(child)
        return child

    def kill_something(self, chance: random.Random) -> None:
        """A writer, a relay, a reader, a broker or PostgreSQL: without warning."""
        kinds: list[tuple[str, list[Child]]] = [
            (role, [child for child in self.children if child.role.role == role and child.is_running])
            for role in ("writer", "relay", "log_reader", "broker_reader")
        ]
        what, children = chance.choice([*((role, found) for role, found in kinds if found), ("servers", [])])
        if children:
            chance.choice(children).kill()
        elif (name := chance.choice([*self.servers, "postgres"])) == "postgres":
            what = "postgres"
            self.postgres.kill()
        else:
            what = name
            self.servers[name].kill()
        self.kills[what] = self.kills.get(what, 0) + 1

    def heal(self) -> None:
        """Start again what was killed; a writer that is done stays so."""
        if self.postgres.pid is None:
            self.postgres.start()
        for server in self.servers.values():
            if not server.is_running:
                server.start()
        for child in self.children:
            if not child.is_running and not child.is_done:
                child.start()

    def row(self, sql: str) -> tuple[int, ...]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            found = connection.execute(sql.encode()).fetchone()
        assert found is not None, "a question about counts has an answer"
        return found

    def close(self) -> None:
        for child in self.children:
            child.kill()
        for server in self.servers.values():
            server.stop()
        self.postgres.stop()


@contextlib.contextmanager
def a_folder() -> Iterator[Path]:
    """That the account which runs PostgreSQL for root can pass."""
    base = "/tmp" if os.path.isdir("/tmp") else None  # noqa: S108  sockets need a short path
    with tempfile.TemporaryDirectory(prefix="vokrug-stream-", dir=base) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder
