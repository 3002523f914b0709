"""Pages of the documentation that are written by the code they describe."""

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import vokrug
from vokrug import events
from vokrug.app.contracts import javascript_contract, python_contract, typescript_contract
from vokrug.app.wiring import routes_of
from vokrug.kernel import Refusal
from vokrug.runtime.http import Route
from vokrug.runtime.paths import without_kinds
from vokrug.runtime.settings import Settings, settings_page

DOCS = Path(__file__).parents[3] / "docs"

WRITTEN = "<!-- Written by `vokrug docs`; change the code it describes instead. -->"


def events_page() -> str:
    """Every fact, with its words and its schema."""
    return events.catalogue_markdown(told_types())


def told_types() -> list[events.EventType]:
    """Every fact that the wired domains tell; a test may declare facts of its own."""
    return [kind for kind in events.CATALOGUE if kind.model.__module__.startswith("vokrug.")]


def refusals_page() -> str:
    """Every refusal, and what a cashier reads."""
    rows = [
        f"| `{kind.code}` | {kind.status} | {kind.retry} | {_cell(kind.title())} | {_cell(kind.cashier.ru)} "
        f"| {_cell(kind.cashier.en)} |"
        for kind in sorted(every_refusal(), key=lambda kind: (kind.code, kind.__module__))
    ]
    return "\n".join(
        [
            "# Refusals",
            "",
            WRITTEN,
            "",
            "A refusal is an RFC 9457 problem document. `code` is stable and for machines; `cashier_text` and",
            "`customer_text` are for people, in their language; `facts` fill the braces. `retry` says what to do with",
            "the same request: `never` (it will be declined again), `same` (send it again), `later` (something has to",
            "change first).",
            "",
            "| code | status | retry | what it means | cashier, Russian | cashier, English |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
        ]
    )


def every_refusal() -> set[type[Refusal]]:
    """Every refusal below the wiring, whoever has been imported so far."""
    for module in pkgutil.walk_packages(vokrug.__path__, "vokrug."):
        if not module.name.startswith(("vokrug.app", "vokrug.__main__")):
            importlib.import_module(module.name)
    return {
        kind
        for kind in _below(Refusal)
        if kind.__module__.startswith("vokrug.") and not kind.__module__.startswith("vokrug.app.")
    }


def _below(kind: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in kind.__subclasses__():
        if "code" in child.__dict__:
            yield child
        yield from _below(child)


def api_page() -> str:
    """Every endpoint in one line; bodies and answers are in the OpenAPI document."""
    lines = [
        "# HTTP API",
        "",
        WRITTEN,
        "",
        "One line an endpoint. Bodies, answers and refusals of each are in `/openapi.json`, readable at `/docs` of a",
        "running server. `roles` are whose keys may call; live keys sign their requests ([decision 0005][keys]).",
        "",
        "[keys]: decisions/0005-key-signing.md",
    ]
    for group in routes_of(Settings()):
        lines += ["", f"## {group.tag}", "", "| endpoint | what it does | roles |", "|---|---|---|"]
        lines += [
            f"| `{route.method} {without_kinds(route.path)}` | {_cell(route.summary)} | {_roles(route)} |"
            for route in group.all
        ]
    return "\n".join(lines) + "\n"


def _roles(route: Route) -> str:
    return "anyone" if route.is_public else ", ".join(sorted(route.roles))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


# Add a page here and `vokrug docs` writes it, `vokrug docs --check` guards it.
PAGES: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "events.md": events_page,
    "refusals.md": refusals_page,
    "api.md": api_page,
    "../clients/python/vokrug_till/contract.py": python_contract,
    "../clients/js/contract.js": javascript_contract,
    "../clients/js/contract.d.ts": typescript_contract,
}


def write_pages(folder: Path = DOCS) -> list[str]:
    """Write what differs, and say which pages that were."""
    differing = differing_pages(folder)
    for name in differing:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(PAGES[name]())
    return differing


def differing_pages(folder: Path = DOCS) -> list[str]:
    """The pages that no longer say what the code does."""
    return [
        name for name, page in PAGES.items() if not (folder / name).exists() or (folder / name).read_text() != page()
    ]
