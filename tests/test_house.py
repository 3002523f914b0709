"""The rules of the house that no tool checks for us."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from vokrug.runtime.migrations import NAME, read_migrations

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "vokrug"
# Not domains: words and floors that are imported by their rooms, and the wiring that nobody imports.
FLOORS = {"kernel", "runtime", "app", "web", "migrations"}
DOMAINS = sorted(p.name for p in SOURCE.iterdir() if (p / "__init__.py").exists() and p.name not in FLOORS)
# Spelled in halves, so that this file does not name them itself.
FORBIDDEN = [
    re.compile(pattern)
    for pattern in (
        r"\bpypi" + r"\.org\b",
        r"files\.python" + r"hosted",
        r"registry\.npm" + r"js",
        r"proxy\.golang" + r"\.org",
        r"(?<![\w.])/(?:home|Users|work|root)" + r"/[\w.]",
    )
]


def imports_of(source: str) -> list[tuple[str, int]]:
    """Every module named by an import, as `vokrug.a.b`, with its line."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.append((node.module, node.lineno))
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
    return found


def back_doors(source: str, own: str) -> list[str]:
    """Imports of another domain's rooms, past its front door."""
    return [
        f"line {line}: {module}"
        for module, line in imports_of(source)
        if module.startswith("vokrug.")
        and module.count(".") >= 2
        and (other := module.split(".")[1]) not in (own, "runtime")
        and (other in DOMAINS or other == "kernel")
    ]


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True
    )
    if listed.returncode:
        pytest.skip("not a git working tree")
    return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_domain_has_a_front_door_and_a_readme(domain: str) -> None:
    assert (SOURCE / domain / "README.md").exists(), f"{domain} needs a README.md"
    door = ast.parse((SOURCE / domain / "__init__.py").read_text())
    names = [t.id for n in door.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)]
    assert "__all__" in names, f"{domain}/__init__.py needs __all__"


def test_domains_are_entered_by_the_front_door() -> None:
    offences = [
        f"{file.relative_to(ROOT)} {offence}"
        for file in SOURCE.rglob("*.py")
        for own in [file.relative_to(SOURCE).parts[0]]
        if own != "app"  # the wiring knows everything
        for offence in back_doors(file.read_text(), own)
    ]
    assert offences == []


@pytest.mark.parametrize(
    ("line", "is_offence"),
    [
        ("from vokrug.kernel.money import parse_minor", True),
        ("import vokrug.kernel.money", True),
        ("from vokrug.kernel import parse_minor", False),
        ("from vokrug.runtime.database import Tx", False),
        ("from vokrug import ledger", False),
    ],
)
def test_a_back_door_is_noticed(line: str, is_offence: bool) -> None:
    assert bool(back_doors(line, own="pos")) == is_offence


def test_no_registry_and_no_machine_is_named() -> None:
    offences = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in tracked_files()
        for pattern in FORBIDDEN
        if (found := pattern.search(path.read_text(errors="replace")))
    ]
    assert offences == []


def test_migrations_are_well_named() -> None:
    ours = [migration.name for migration in read_migrations() if migration.is_ours]
    assert all(NAME.fullmatch(name) for name in ours)
    assert len({name[:4] for name in ours}) == len(ours)


COMPILED = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["vokrug"]["compiled"]


@pytest.mark.parametrize("module", COMPILED)
def test_what_is_compiled_can_be_compiled(module: str) -> None:
    """Compiled coroutines crash when they are cancelled; compiled classes have no docstrings."""
    tree = ast.parse(ROOT.joinpath("src", *module.split(".")).with_suffix(".py").read_text())
    assert [node.lineno for node in ast.walk(tree) if isinstance(node, ast.AsyncFunctionDef)] == []
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert [node.name for node in classes if node.keywords] == [], "a msgspec Struct with settings cannot be compiled"
    refusals = [node.name for node in classes for base in node.bases if ast.unparse(base).endswith("Refusal")]
    assert refusals == [], "a refusal's title is its docstring"
