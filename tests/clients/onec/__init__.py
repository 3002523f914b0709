"""Runs the 1C module outside of 1C, where OneScript is found: `oscript` on the path, or VOKRUG_OSCRIPT says how.

Registers of the infobase are a stand-in of ours (the .os files beside); everything else is the module as it ships.
"""

import json
import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MODULES = Path(__file__).parents[3] / "clients" / "1c" / "modules"
CLASSES = ("РегистрСведений", "НаборЗаписей", "МенеджерЗаписи")


def interpreter() -> list[str] | None:
    """How OneScript is started here, if it is."""
    if told := os.environ.get("VOKRUG_OSCRIPT"):
        return shlex.split(told)
    found = shutil.which("oscript")
    return [found] if found else None


class Base:
    """An infobase in a folder: it outlives each run, as a till's does a power cut."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        (folder / "settings.json").write_text(
            json.dumps({name: {"Имя": name, "Значение": value} for name, value in settings.items()}, ensure_ascii=False)
        )
        library, classes = folder / "lib", folder / "classes"
        library.mkdir()
        classes.mkdir()
        for path in MODULES.glob("*.bsl"):
            shutil.copy(path, library / f"{path.stem}.os")
        for path in HERE.glob("*.os"):
            shutil.copy(path, (classes if path.stem in CLASSES else library) / path.name)
        declared = [f'<module name="{path.stem}" file="{path.name}"/>' for path in sorted(library.glob("*.os"))]
        (library / "lib.config").write_text(
            '<?xml version="1.0"?><package-def xmlns="http://oscript.io/schemas/lib-config/1.0">'
            + "".join(declared)
            + "</package-def>"
        )

    def runs(self, script: str) -> list[Any]:
        """What the script said, each line JSON."""
        how = interpreter()
        assert how is not None, "the test is skipped without one"
        path = self.folder / "script.os"
        path.write_text('#Использовать "./lib"\n' + script)
        ended = subprocess.run(
            [*how, str(path)],
            env=os.environ | {"VOKRUG_1C_BASE": str(self.folder)},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return [json.loads(line) for line in ended.stdout.splitlines() if line.strip()]

    def queue(self) -> dict[str, Any]:
        path = self.folder / "queue.json"
        found: dict[str, Any] = json.loads(path.read_text("utf-8-sig")) if path.exists() else {}
        return found
