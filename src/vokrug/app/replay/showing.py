"""The summary for a person: headings, names and numbers."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def show(console: Console, summary: Mapping[str, Any]) -> None:
    """Every part of a summary as a small table; what is empty is left out."""
    for heading, part in summary.items():
        rows = list(_rows(part)) if isinstance(part, Mapping | list) else [("", _said(part))]
        if not rows:
            continue
        table = Table(title=_words(heading), title_justify="left", title_style="bold", show_header=False, box=None)
        for name, value in rows:
            table.add_row(f"  {escape(name)}", escape(value))
        console.print(table)
        console.print()


def _rows(part: Any) -> Any:
    if isinstance(part, Mapping):
        for name, value in part.items():
            if isinstance(value, Mapping):
                yield from ((f"{_words(name)}: {_words(inner)}", _said(told)) for inner, told in value.items())
            elif value not in ([], ""):
                yield _words(name), _said(value)
    elif isinstance(part, list):
        yield from (("", _said(one)) for one in part)


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "NO"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Mapping):
        return ", ".join(f"{_words(name)} {_said(one)}" for name, one in value.items())
    if isinstance(value, list):
        return "\n".join(_said(one) for one in value)
    return str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")
