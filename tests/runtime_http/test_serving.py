"""Real processes on a real port: graceful ends, killed workers, fair shares."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

STARTER = """
from tests.runtime_http.example import served_app
from vokrug.runtime.serving import serve
if __name__ == "__main__":
    serve(served_app, "127.0.0.1", {port}, processes={processes}, grace_s=10)
"""
ROOT = Path(__file__).parents[2]


def eventually(found: Callable[[], Any], within_s: float = 30) -> Any:
    """Ask again until there is something to find."""
    until_s = time.monotonic() + within_s
    while time.monotonic() < until_s:
        with contextlib.suppress(httpx.TransportError):
            if got := found():
                return got
        time.sleep(0.02)
    raise AssertionError("it never came")


class Server:
    def __init__(self, folder: Path, processes: int, database_url: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        starter = folder / "starter.py"
        starter.write_text(STARTER.format(port=port, processes=processes))
        self.ends = folder / "ends"
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, str(starter)],
            env=os.environ
            | {
                "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
                "EXAMPLE_DATABASE_URL": database_url,
                "EXAMPLE_TELLS_ITS_END_TO": str(self.ends),
            },
        )
        eventually(lambda: httpx.get(f"{self.url}/health/live").is_success)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


Start = Callable[[int], Server]


@pytest.fixture
def start(tmp_path: Path, database_url: str) -> Iterator[Start]:
    started: list[Server] = []

    def begin(processes: int) -> Server:
        started.append(Server(tmp_path, processes, database_url))
        return started[-1]

    yield begin
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait()


@pytest.mark.parametrize("processes", [1, 2])
def test_a_stop_finishes_what_was_accepted(start: Start, tmp_path: Path, processes: int) -> None:
    """SIGTERM while a request is worked on: it is answered, services close, and the code is 0."""
    server = start(processes)
    go = tmp_path / "go"
    answers: list[int] = []
    caller = threading.Thread(
        target=lambda: answers.append(httpx.get(f"{server.url}/waits/for{go}", timeout=20).status_code)
    )
    caller.start()
    eventually((tmp_path / "go.begun").exists)
    server.process.send_signal(signal.SIGTERM)
    eventually(lambda: _is_closed(server.url))
    assert answers == [], "it is still worked on"
    go.touch()
    caller.join(20)
    assert answers == [204]
    assert server.process.wait(20) == 0
    assert len(server.ends.read_text().split()) == processes, "every process closed its services"


def _is_closed(url: str) -> bool:
    try:
        httpx.get(f"{url}/health/live", timeout=1)
    except httpx.TransportError:
        return True
    return False


def test_a_killed_worker_is_replaced_while_the_others_serve(start: Start) -> None:
    server = start(2)
    pair = eventually(lambda: _two(server))
    victim = min(pair)
    os.kill(victim, signal.SIGKILL)
    eventually(lambda: (fresh := _two(server)) and victim not in fresh)
    assert server.stop() == 0


def _two(server: Server) -> set[int] | None:
    """Both workers, when there are two: connections that stay open go to one and the other."""
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client()) for _ in range(4)]
        found = {int(client.get(f"{server.url}/waits/who").text) for client in clients}
    return found if len(found) == 2 else None


def test_connections_are_shared_evenly_and_metrics_are_summed(start: Start) -> None:
    server = start(2)
    eventually(lambda: _two(server))
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(httpx.Client()) for _ in range(64)]
        shares = Counter(int(client.get(f"{server.url}/waits/who").text) for client in clients)
        assert set(shares.values()) <= {31, 32, 33}, shares
        page = clients[0].get(f"{server.url}/metrics").text
    counted = [line for line in page.splitlines() if "requests_total" in line and "/waits/who" in line]
    assert len(counted) == 1
    assert float(counted[0].split()[-1]) >= 64
    assert server.stop() == 0
