"""A server of the example application in processes of its own."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

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
        self.begins, self.ends = folder / "begins", folder / "ends"
        self.url = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [sys.executable, str(starter)],
            env=os.environ
            | {
                "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
                "EXAMPLE_DATABASE_URL": database_url,
                "EXAMPLE_TELLS_ITS_BEGIN_TO": str(self.begins),
                "EXAMPLE_TELLS_ITS_END_TO": str(self.ends),
            },
        )
        eventually(lambda: httpx.get(f"{self.url}/health/live").is_success)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)
