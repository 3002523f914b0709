"""Everything a benchmark runs on: an own PostgreSQL, our server and the tills, each in processes of its own."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

import vokrug
from vokrug.app.bench import meter
from vokrug.app.bench.tills import Orders, Outcome
from vokrug.runtime.postgres import EmbeddedPostgres

SOURCE = Path(vokrug.__file__).parents[1]


class Stage:
    """The running parts."""

    def __init__(self, folder: Path, server: EmbeddedPostgres, secret: str) -> None:
        self.folder, self.database, self.secret = folder, server, secret
        self.program: subprocess.Popen[bytes] | None = None
        self.port = 0

    @property
    def groups(self) -> dict[str, int]:
        """The process trees to be measured, by name."""
        assert self.database.pid is not None, "the database runs"
        found = {"database": self.database.pid}
        if self.program is not None:
            found["program"] = self.program.pid
        return found

    def memory_mib(self) -> list[int]:
        return [] if self.program is None else meter.memory_mib(self.program.pid)

    @contextmanager
    def serving(self, url: str, processes: int) -> Iterator[None]:
        """Our server as a shop would run it, logging warnings only."""
        self.port = free_port()
        log = self.folder / "server.log"
        with log.open("ab") as out:
            self.program = subprocess.Popen(
                [sys.executable, "-m", "vokrug", "serve", "--port", str(self.port)],
                env=environment(
                    VOKRUG_DATABASE_URL=url,
                    VOKRUG_SECRET=self.secret,
                    VOKRUG_PROCESSES=str(processes),
                    VOKRUG_LOG_LEVEL="warning",
                ),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is meant for us; we stop it
            )
        try:
            wait_until_ready(self.program, self.port, log)
            yield
        finally:
            stop(self.program)
            self.program = None

    def trade(self, orders: Orders) -> tuple[Outcome, meter.Used]:
        """Let the tills work, and read the meters over exactly the measured time."""
        tills = subprocess.Popen(
            [sys.executable, "-m", "vokrug.app.bench.tills"],
            env=environment(),
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert tills.stdin is not None, "a pipe"
        assert tills.stdout is not None, "a pipe"
        try:
            tills.stdin.write(msgspec.json.encode(orders))
            tills.stdin.close()
            groups = {**self.groups, "tills": tills.pid}  # we ourselves only wait
            expect(tills.stdout.readline(), b"begin")
            before = meter.read(groups)
            expect(tills.stdout.readline(), b"end")
            used = meter.between(before, meter.read(groups))
            outcome = msgspec.json.decode(tills.stdout.read(), type=Outcome)
            tills.wait()
            return outcome, used
        finally:
            stop(tills)


def expect(line: bytes, word: bytes) -> None:
    if line.strip() != word:
        raise RuntimeError(f"the tills said {line!r} where {word!r} was due")


@contextmanager
def staged(say: Callable[[str], None]) -> Iterator[Stage]:
    """A fresh PostgreSQL in a folder that is thrown away, as durable as a shop's."""
    folder = Path(tempfile.mkdtemp(prefix="vokrug-bench-"))
    folder.chmod(0o711)  # the account that runs PostgreSQL for root has to get through
    server = EmbeddedPostgres(folder / "data", note=say)
    try:
        server.start()
        yield Stage(folder, server, secrets.token_urlsafe(48))
    finally:
        with uninterrupted():
            server.stop()
            shutil.rmtree(server.home.folder, ignore_errors=True)
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A second Ctrl-C must not leave a database behind."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def environment(**ours: str) -> dict[str, str]:
    """Nobody's settings but ours."""
    theirs = {name: value for name, value in os.environ.items() if not name.startswith("VOKRUG_")}
    path = os.pathsep.join(filter(None, (str(SOURCE), theirs.get("PYTHONPATH"))))
    return {**theirs, "PYTHONPATH": path, **ours}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(program: subprocess.Popen[bytes], port: int, log: Path, within_s: float = 60) -> None:
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        if program.poll() is not None:
            break
        with (
            suppress(urllib.error.URLError, OSError),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer,
        ):
            if answer.status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server does not answer:\n{log.read_text()[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
