"""A NATS server with JetStream, one node. `sync_interval: always`, or it would acknowledge what a power cut takes."""

import shutil
import sys
from pathlib import Path

from vokrug.app.brokers.process import ServerProcess, free_port

CONFIG = """
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor_port}"
max_payload: 1MB
jetstream {{
  store_dir: "{folder}/data"
  sync_interval: {sync}
}}
"""


def nats_program() -> str | None:
    """Beside this Python (it comes with the extra `dev`), or anywhere on the path."""
    beside = Path(sys.executable).with_name("nats-server")
    return str(beside) if beside.exists() else shutil.which("nats-server")


def nats_missing() -> str | None:
    """Why there is no NATS to be had here, or None."""
    return None if nats_program() else "no NATS here: there is no program nats-server"


class LocalNats(ServerProcess):
    """A server in a folder of its own."""

    def __init__(self, folder: Path, *, sync: str = "always") -> None:
        program = nats_program()
        assert program is not None, "ask nats_missing() first"
        port, self.monitor_port = free_port(), free_port()
        folder.mkdir(parents=True, exist_ok=True)
        config = folder / "nats.conf"
        config.write_text(CONFIG.format(folder=folder, port=port, monitor_port=self.monitor_port, sync=sync))
        super().__init__([program, "-c", str(config)], folder, port)

    @property
    def servers(self) -> str:
        return f"nats://127.0.0.1:{self.port}"
