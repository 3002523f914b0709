"""Compile the modules that pyproject.toml names under [tool.vokrug]. `--is-current`: only say whether that is done."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src"
BUILD = Path(sys.prefix) / "share" / "vokrug-build"

sys.path.insert(0, str(SOURCE / "vokrug"))
import _compiled  # noqa: E402  # by itself: the program must not be imported before it is compiled

# What distributions compile the interpreter with carries its debugging on, which takes a third of the time.
FLAGS = "-g0 -Wno-error"


def main() -> int:
    modules = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["vokrug"]["compiled"]
    made_of = {"suffix": EXTENSION_SUFFIXES[0], "modules": _compiled.sources(modules)}
    if "--is-current" in sys.argv:
        return 0 if made_of == known() else 1
    compile_all(modules)
    ready = BUILD / "lib"
    (ready / _compiled.MANIFEST).write_text(json.dumps(made_of, indent=1))
    shutil.rmtree(_compiled.FOLDER, ignore_errors=True)
    shutil.copytree(ready, _compiled.FOLDER)
    return 0


def known() -> object:
    try:
        return json.loads((_compiled.FOLDER / _compiled.MANIFEST).read_text())
    except (OSError, ValueError):
        return None


def compile_all(modules: list[str]) -> None:
    """In a process of its own, among copies of the sources: mypyc writes where it stands."""
    for kind in ("lib", "src"):
        shutil.rmtree(BUILD / kind, ignore_errors=True)
    shutil.copytree(SOURCE, BUILD / "src", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
    # The package's first lines would look for what is being made.
    (BUILD / "src" / "vokrug" / "__init__.py").write_text("")
    files = [str(Path("src", *name.split(".")).with_suffix(".py")) for name in modules]
    done = subprocess.run(
        [sys.executable, "-c", SETUP, *files],
        cwd=BUILD,
        env={**os.environ, "MYPYPATH": "src", "CFLAGS": FLAGS, "CC": sysconfig.get_config_var("CC") or "cc"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        print(done.stdout[-6000:], file=sys.stderr)
        raise SystemExit(1)


SETUP = """
import os, sys
from mypyc.build import mypycify
from setuptools import setup
made = mypycify(["--python-version=%d.%d" % sys.version_info[:2], *sys.argv[1:]], opt_level="2", separate=True)
where = ["build_ext", "--build-lib=lib", "--build-temp=temp", "-j%d" % (os.cpu_count() or 1)]
setup(name="vokrug-compiled", ext_modules=made, packages=[], script_args=where)
"""

if __name__ == "__main__":
    raise SystemExit(main())
