"""Parts of the program as machine code, where they were compiled from exactly the sources that are here.

`scripts/compile` compiles the modules that pyproject.toml names, with mypyc, into the virtual environment and
writes down what each source was. Whoever edits one of them runs it as Python until the next `make setup`: all of
them or none, for compiled modules call each other without asking the interpreter. `VOKRUG_COMPILED=0` asks for none.
"""

import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType

SOURCE = Path(__file__).resolve().parents[1]
FOLDER = Path(sys.prefix) / "share" / "vokrug-compiled"
MANIFEST = "manifest.json"

state = "none"  # then "stale" or "used"; `vokrug settings` shows it


class Compiled:
    """Finds the compiled modules before the interpreter finds their sources."""

    def __init__(self, modules: Mapping[str, str]) -> None:
        self.names = frozenset(modules) | {f"{name}__mypyc" for name in modules}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name not in self.names:
            return None
        file = str(file_of(name))
        return spec_from_file_location(name, file, loader=ExtensionFileLoader(name, file))


def use() -> None:
    """Before anything of the program is imported."""
    global state
    try:
        made_of = json.loads((FOLDER / MANIFEST).read_text())
    except (OSError, ValueError):
        return
    if os.environ.get("VOKRUG_COMPILED") == "0":
        return
    if made_of.get("suffix") != EXTENSION_SUFFIXES[0] or made_of["modules"] != sources(made_of["modules"]):
        state = "stale"
        return
    sys.meta_path.insert(0, Compiled(made_of["modules"]))
    state = "used"


def sources(modules: Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """What the sources of these modules are now, by their names; one that is gone is empty."""
    return {name: digest(SOURCE.joinpath(*name.split(".")).with_suffix(".py")) for name in modules}


def digest(file: Path) -> str:
    try:
        return hashlib.blake2b(file.read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return ""


def file_of(name: str) -> Path:
    return FOLDER.joinpath(*name.split(".")).with_suffix(EXTENSION_SUFFIXES[0])
