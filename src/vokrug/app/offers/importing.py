"""An import in small transactions: cut off, it is started again and goes on where it was."""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from vokrug import promotions
from vokrug.app.offers.desk import BY, Desk
from vokrug.app.offers.files import Written, read_offers
from vokrug.promotions.exchange import LineTaken

AT_ONCE = 100

Note = Callable[[str, LineTaken], None]


@dataclass(slots=True)
class Sums:
    """What became of the offers of a file."""

    counts: Counter[str] = field(default_factory=Counter)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        names = ("created", "changed", "unchanged", "refused")
        return {**{name: self.counts[name] for name in names}, "errors": self.errors}


async def take_in(desk: Desk, path: Path, *, is_dry: bool, note: Note) -> Sums:
    """Take the good ones, as drafts; say of each bad one where it stands and why."""
    sums = Sums()
    for part in _parts(read_offers(path)):
        async with desk.db.transaction() as tx:
            lines = ((at, written.text) for at, written in enumerate(part))
            async for taken in promotions.take_lines(
                tx, lines, by=BY, now=desk.now, chain=desk.outside.chain, is_dry=is_dry
            ):
                written = part[taken.line]
                note(f"{written.path.name}:{written.line}", taken)
                sums.counts[taken.outcome] += 1
                if taken.outcome == "refused":
                    sums.errors.append(_error(written, taken))
    return sums


def _error(written: Written, taken: LineTaken) -> dict[str, Any]:
    return {
        "file": written.path.name,
        "line": written.line,
        "field": taken.field,
        "why": taken.why,
        "why_ru": taken.why_ru,
        "text": written.text.decode(errors="replace").strip(),
    }


def _parts(offers: Iterator[Written]) -> Iterator[list[Written]]:
    while part := list(itertools.islice(offers, AT_ONCE)):
        yield part


def write_errors(path: Path, errors: list[dict[str, Any]]) -> Path | None:
    """A line for each bad one, beside the file; an error file of an earlier try goes when all is well."""
    file = path.with_name(path.name + ".errors.jsonl")
    if not errors:
        file.unlink(missing_ok=True)
        return None
    file.write_bytes(b"".join(msgspec.json.encode(error) + b"\n" for error in errors))
    return file
