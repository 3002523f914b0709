"""The lines of README.md do what README.md says, as they stand there."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from vokrug.app.sample import prepare_sample
from vokrug.app.sample.history import Size
from vokrug.runtime.settings import Settings

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
(LINES,) = re.findall(r"```bash\n(.*?)```", README, re.DOTALL)


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Iterator[dict[str, str]]:
    """A server on the sample chain, and the environment in which its commands find it."""
    settings = Settings(database_url=database_url, reports_url=database_url, secret="x" * 32, data_dir=tmp_path)
    prepare_sample(settings, Size(days=1, shoppers=5, sales_a_day=6))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    own = {
        "VOKRUG_DATABASE_URL": database_url,
        "VOKRUG_SECRET": "x" * 32,
        "VOKRUG_DATA_DIR": str(tmp_path),
        "VOKRUG_PORT": port,
        "PYTHONPATH": str(ROOT / "src"),
    }
    server = subprocess.Popen([sys.executable, "-m", "vokrug", "serve"], env=os.environ | own, cwd=tmp_path)
    try:
        _wait_until_ready(port, server)
        yield own
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def _wait_until_ready(port: str, server: "subprocess.Popen[bytes]") -> None:
    until_s = time.monotonic() + 60
    while time.monotonic() < until_s and server.poll() is None:
        ready = f"http://127.0.0.1:{port}/health/ready"
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(ready, timeout=5):
            return
        time.sleep(0.05)
    raise AssertionError("the server never came up")


def answers_of(environ: dict[str, str]) -> list[dict[str, Any]]:
    """Run the lines: by bash and curl where they are, else each curl line by a client of our own."""
    here = LINES.replace("http://127.0.0.1:8080", f"http://127.0.0.1:{environ['VOKRUG_PORT']}")
    here = here.replace(".venv/bin/vokrug", f"{sys.executable} -m vokrug")
    if shutil.which("bash") and shutil.which("curl"):
        script = re.sub(r"^(curl .*)$", r"\1; echo", here, flags=re.MULTILINE)
        done = subprocess.run(
            ["bash", "-ec", script], env=os.environ | environ, capture_output=True, check=True, timeout=100
        )
        return [json.loads(line) for line in done.stdout.splitlines()]
    key = subprocess.check_output([sys.executable, "-m", "vokrug", "sample", "key"], env=os.environ | environ).decode()
    return [
        _by_hand(line, key.strip(), environ["VOKRUG_PORT"]) for line in here.splitlines() if line.startswith("curl")
    ]


def _by_hand(line: str, key: str, port: str) -> dict[str, Any]:
    _, _, address, _, body = shlex.split(line)
    request = urllib.request.Request(
        address.replace("$API", f"http://127.0.0.1:{port}/pos/v1"),
        data=body.encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def test_the_five_lines_sell_and_take_back(shop: dict[str, str]) -> None:
    """Every sum that README names is the sum that comes back; all five sent again change nothing."""
    registered, identified, calculated, committed, returned = answers_of(shop)
    assert (registered["display_name"], identified["balance"]["active"]) == ("Анна", "0.00")
    said = [
        calculated["totals"]["before"],
        calculated["totals"]["discount"],
        calculated["totals"]["to_pay"],
        committed["earned"],
        committed["balance"]["points"],
        returned["refund"],
        returned["points_taken_back"],
        returned["balance"]["points"],
    ]
    (table,) = re.findall(r"<!-- sums -->\n(.*?)\n<!-- /sums -->", README, re.DOTALL)
    assert re.findall(r"`([\d.]+)`", table) == said

    again = answers_of(shop)
    assert again[2:] == [calculated, committed, returned]
    assert again[1]["balance"]["active"] == returned["balance"]["points"]
    assert answers_of(shop)[1]["balance"] == again[1]["balance"]


def test_without_curl_the_lines_are_read_as_curl_would_read_them() -> None:
    lines = [shlex.split(line) for line in LINES.splitlines() if line.startswith("curl")]
    assert len(lines) == 5
    assert all(words[0] == "curl" and words[1] == "${H[@]}" and words[3] == "-d" for words in lines)
    assert all(json.loads(words[4])["shop"] == "moscow-1" for words in lines)


@pytest.mark.parametrize("page", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/README.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text()
    targets = re.findall(r"\]\(([^)#]+)\)|^\[[^\]]+\]: (\S+)", text, re.MULTILINE)
    local = [one or other for one, other in targets if not (one or other).startswith("http")]
    assert local, "a page without a link leads nowhere"
    assert [target for target in local if not ((ROOT / page).parent / target).exists()] == []


def test_every_command_that_readme_names_exists() -> None:
    from vokrug.app.cli import cli

    named = set(re.findall(r"`(?:\.venv/bin/)?vokrug (\w+)", README))
    assert named
    for name in named:
        assert name in cli.list_commands(None), name  # type: ignore[arg-type]
