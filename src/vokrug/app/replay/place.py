"""Where a replay goes: a server that somebody named, or one of our own for the time being."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from vokrug.app.floor import running_database, say
from vokrug.kernel import Clock, Refusal, Text, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Role
from vokrug.runtime.keys import issue_key
from vokrug.runtime.migrations import migrate
from vokrug.runtime.settings import CONFIG_NAME, PREFIX, Settings
from vokrug.runtime.signing import Vault

POSTGRES_BIN = PREFIX + "POSTGRES_BIN"
STARTS_WITHIN_S = 120
STOPS_WITHIN_S = 60


class ServerDidNotStart(Refusal):
    """The server of our own ended before it answered."""

    code, status = "server_did_not_start", 500
    cashier = Text(
        en="The server did not start; its last words are in {log}.",
        ru="Сервер не запустился; его последние слова в {log}.",
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A server's address and a key of staff, as ID.SECRET."""

    url: str
    key: str


@contextmanager
def a_server_of_our_own(data_dir: Path | None, processes: int) -> Iterator[Place]:
    """A real server in a process of its own, on a free port. Without `data_dir`, nothing of it stays."""
    if data_dir is not None:
        with _serving(data_dir, processes) as place:
            yield place
        return
    folder = Path(tempfile.mkdtemp(prefix="vokrug-replay-"))
    folder.chmod(0o711)  # the account that runs PostgreSQL for root has to pass through
    try:
        with _serving(folder / "data", processes) as place:
            yield place
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _serving(data_dir: Path, processes: int) -> Iterator[Place]:
    # Whatever the operator has configured, a replay of our own keeps to its folder.
    with running_database(Settings(data_dir=data_dir)) as ready:
        key = asyncio.run(_a_key(ready))
        port = _free_port()
        log = data_dir / "replay-server.log"
        with log.open("wb") as words, _process(ready, port, processes, words.fileno()) as server:
            url = f"http://127.0.0.1:{port}"
            _await(url, port, server, log)
            say(f"A server of our own answers on {url}, its data is in {data_dir}.")
            yield Place(url, key)


async def _a_key(settings: Settings) -> str:
    assert settings.database_url, "a running database has an address"
    assert settings.secret, "a running database has its secret"
    await migrate(settings.database_url)
    db = await Database.connect(settings.database_url)
    try:
        async with db.transaction() as tx:
            issued = await issue_key(
                tx,
                Vault(settings.secret),
                uid=new_id(),
                role=Role.STAFF,
                shop_id=None,
                till_id=None,
                label="replay",
                sandbox=False,
                now=Clock().now(),
            )
    finally:
        await db.close()
    return f"{issued.key_id}.{issued.secret}"


@contextmanager
def _process(settings: Settings, port: int, processes: int, log: int) -> Iterator[subprocess.Popen[bytes]]:
    no_file = settings.data_dir / "replay.toml"
    no_file.write_text("")
    environment = {name: value for name, value in os.environ.items() if name == POSTGRES_BIN or PREFIX not in name}
    environment |= {
        CONFIG_NAME: str(no_file),
        PREFIX + "DATA_DIR": str(settings.data_dir),
        PREFIX + "PROCESSES": str(processes),
        PREFIX + "LOG_LEVEL": "warning",
    }
    command = [sys.executable, "-m", "vokrug", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        yield server
    finally:
        server.send_signal(signal.SIGTERM)
        try:
            server.wait(STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _await(url: str, port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    until_s = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until_s and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            line.sendall(b"GET /health/ready HTTP/1.0\r\nHost: localhost\r\n\r\n")
            if b" 200 " in line.recv(64):
                return
        time.sleep(0.05)
    raise ServerDidNotStart(log=str(log))
