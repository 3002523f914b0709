"""A receiver in a process of its own, on a real socket: `python -m … PORT FOLDER`.

It notes every request in `FOLDER/log` and behaves as `FOLDER/mood` says: {"fail": [numbers], "hang": [numbers],
"slow_s": seconds, "kill": [number, pid]}; a killed process gets no answer.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

LOCK = threading.Lock()


class Moody(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def do_OPTIONS(self) -> None:
        self._answer(204, {"WebHook-Allowed-Origin": "*", "WebHook-Allowed-Rate": "*"})

    def do_POST(self) -> None:
        given = json.loads(self.rfile.read(int(self.headers["content-length"])))
        events = given if isinstance(given, list) else [given]
        facts = [(int(event["partitionkey"]), event["data"]["number"]) for event in events]
        mood = self._mood()
        numbers = {number for _, number in facts}
        status = 500 if numbers & set(mood.get("fail", ())) else 204
        with LOCK, (self.folder / "log").open("a") as log:
            log.write(json.dumps([self.headers["webhook-id"], self.path, status, facts]) + "\n")
        if numbers & set(mood.get("hang", ())):
            while numbers & set(self._mood().get("hang", ())):
                time.sleep(0.02)
        if mood.get("kill") and mood["kill"][0] in numbers:
            os.kill(mood["kill"][1], signal.SIGKILL)
            return
        time.sleep(mood.get("slow_s", 0))
        self._answer(status, {})

    def _mood(self) -> dict[str, Any]:
        mood: dict[str, Any] = json.loads((self.folder / "mood").read_text())
        return mood

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"content-length": "0", **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """What matters is in the log already."""


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


if __name__ == "__main__":
    Moody.folder = Path(sys.argv[2])
    Server(("127.0.0.1", int(sys.argv[1])), Moody).serve_forever()
