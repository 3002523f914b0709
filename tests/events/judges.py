"""Programs in JavaScript that judge what we say. Installed once, into the data folder, from a locked list."""

import fcntl
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent / "node"
KEPT = Path(__file__).parents[2] / ".data" / "judges"

needs_node = pytest.mark.skipif(shutil.which("npm") is None, reason="node is not here")


def judged(program: str, given: Any, home: Path = HERE) -> Any:
    """What a program says of what it is given. `home` is where it and its locked list are."""
    folder = installed(home)
    shutil.copy(home / program, folder / program)
    said = subprocess.run(
        ["node", program], cwd=folder, input=json.dumps(given).encode(), capture_output=True, timeout=600
    )
    assert said.returncode == 0, said.stderr.decode()
    return json.loads(said.stdout)


def installed(home: Path = HERE) -> Path:
    lock = (home / "package-lock.json").read_bytes()
    folder = KEPT / hashlib.sha256(lock).hexdigest()[:16]
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            for name in ("package.json", "package-lock.json"):
                shutil.copy(home / name, folder / name)
            _install(folder)
            (folder / "ready").touch()
    return folder


def _install(folder: Path) -> None:
    said = b""
    for _ in range(3):
        words = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefer-offline"]
        done = subprocess.run(words, cwd=folder, capture_output=True, timeout=300)
        if done.returncode == 0:
            return
        said = done.stderr
    raise AssertionError(f"the judges could not be installed: {said.decode()[-2_000:]}")
