"""Fresh instances: a database of its own and a server process that can be killed at any moment."""

import asyncio
import http.client
import multiprocessing
import os
import shutil
import socket
import time
from contextlib import closing, suppress
from datetime import UTC, datetime
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Literal, Protocol
from urllib.parse import urlsplit

import psycopg

from vokrug.app.scenarios.client import Client, HttpClient
from vokrug.kernel import new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role
from vokrug.runtime.keys import issue_key
from vokrug.runtime.migrations import migrate
from vokrug.runtime.postgres import EmbeddedPostgres, create_database, drop_database
from vokrug.runtime.postgres_home import throwaway_folder
from vokrug.runtime.settings import Settings
from vokrug.runtime.signing import Vault

SECRET = "trials sign with this and nothing else does"  # noqa: S105
START_WITHIN_S = 120.0
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)  # a case may begin at any moment, and its key is valid then

# A trial crashes the server, not the machine: what PostgreSQL has handed to the operating system stays.
NO_POWER_CUTS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_wal_size": "1GB"}


class Place(Protocol):
    """Where one case is played."""

    @property
    def client(self) -> Client: ...

    def kill(self) -> None:
        """End the server without a word, and start it again."""
        ...

    def black_out(self) -> None:
        """The same to the database."""
        ...

    def close(self) -> None: ...


class Running:
    """A server that runs already: no fresh one, and nobody kills it."""

    def __init__(self, url: str, token: str) -> None:
        self.client: Client = HttpClient(url, token)

    def kill(self) -> None:
        raise NotImplementedError("a server given by its address is not ours to kill")

    black_out = kill

    def close(self) -> None:
        pass


class Instances:
    """Makes instances: a PostgreSQL, a migrated template, and a nursery that forks servers quickly."""

    def __init__(self, database_url: str | None = None) -> None:
        self._folder: Path | None = None
        self.postgres: EmbeddedPostgres | None = None
        if database_url is None:
            self._folder = throwaway_folder("vokrug-trials-")
            self.postgres = EmbeddedPostgres(self._folder, note=lambda line: None, _overrides=NO_POWER_CUTS)
            database_url = self.postgres.start()
        self.base = database_url
        self.template = f"trial_template_{new_id().hex}"
        create_database(self.url_of("postgres"), self.template)
        self.token = asyncio.run(prepare(self.url_of(self.template)))
        self.nursery = multiprocessing.get_context("forkserver")
        self.nursery.set_forkserver_preload(["vokrug.app.serve"])

    def url_of(self, name: str) -> str:
        return urlsplit(self.base)._replace(path=f"/{name}").geturl()

    def fresh(
        self, begins_at: datetime | None = None, *, clock: Literal["system", "standing"] = "standing"
    ) -> "Instance":
        """An instance of its own; its clock stands at a moment if one is given."""
        return Instance(self, begins_at, clock=clock)

    def __enter__(self) -> "Instances":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.postgres is None:
            drop_database(self.url_of("postgres"), self.template)
        else:
            self.postgres.stop()
            assert self._folder is not None, "an embedded server lives in a folder of its own"
            shutil.rmtree(self._folder, ignore_errors=True)


async def prepare(url: str) -> str:
    """Tables, and a key for the harness; answers its token."""
    await migrate(url)
    db = await Database.connect(url, max_size=1)
    try:
        async with db.transaction() as tx:
            issued = await issue_key(
                tx,
                Vault(SECRET),
                uid=new_id(),
                role=Role.STAFF,
                shop_id=None,
                till_id=None,
                label="trials",
                sandbox=True,
                now=LONG_AGO,
            )
    finally:
        await db.close()
    assert issued.token is not None, "a sandbox key is borne"
    return issued.token


class Instance:
    """One fresh database and its server."""

    def __init__(
        self,
        instances: Instances,
        begins_at: datetime | None = None,
        *,
        clock: Literal["system", "standing"] = "standing",
    ) -> None:
        self.instances = instances
        self.database = f"trial_{new_id().hex}"
        create_database(instances.url_of("postgres"), self.database, instances.template)
        url = instances.url_of(self.database)
        if begins_at is not None:
            with psycopg.connect(url) as connection:
                connection.execute("update runtime_clock set begun_at = %s", [begins_at])
        self.settings = Settings(
            database_url=url,
            reports_url=url,
            secret=SECRET,
            port=free_port(),
            clock=clock,
            log_level="error",
        )
        self.client: Client = HttpClient(f"http://127.0.0.1:{self.settings.port}", instances.token)
        self.process = self._start()

    def _start(self) -> BaseProcess:
        """A server that answers. One that finds its database still starting gives up: then another is started."""
        until_s = time.monotonic() + START_WITHIN_S
        process = self._forked()
        while not self._is_ready():
            if not process.is_alive():
                process = self._forked()
            if time.monotonic() > until_s:
                process.kill()
                raise RuntimeError("the server did not start")
            time.sleep(0.02)
        return process

    def _forked(self) -> BaseProcess:
        process = self.instances.nursery.Process(target=serve_quietly, args=(self.settings,), daemon=True)
        process.start()
        return process

    def _is_ready(self) -> bool:
        line = http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=5)
        with closing(line), suppress(OSError, http.client.HTTPException):
            line.request("GET", "/health/ready")
            return line.getresponse().status == 200
        return False

    def kill(self) -> None:
        self.process.kill()
        self.process.join()
        self.process = self._start()

    def black_out(self) -> None:
        postgres = self.instances.postgres
        assert postgres is not None, "only a PostgreSQL of our own is ours to kill"
        postgres.kill()
        postgres.start()

    def close(self) -> None:
        self.process.kill()
        self.process.join()
        drop_database(self.instances.url_of("postgres"), self.database)


def serve_quietly(settings: Settings) -> None:
    """The server's process. It is killed and cut off on purpose: what it says about that helps nobody."""
    from vokrug.app import serve

    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    serve.run(settings, sample=False)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
