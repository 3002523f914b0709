"""Offers in files: a file of lines, a file of one offer, or a folder of such files."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from vokrug import promotions
from vokrug.kernel import Refusal, Text


class OfferFileUnreadable(Refusal):
    """The file does not hold offers."""

    code, status = "offer_file_unreadable", 422
    cashier = Text(en="{path} cannot be read: {why}.", ru="Файл {path} не читается: {why}.")


@dataclass(frozen=True, slots=True)
class Written:
    """One offer as it stands in a file."""

    path: Path
    line: int
    text: bytes


def read_offers(path: Path) -> Iterator[Written]:
    """Offers of a folder by the names of its files, of a file by its lines."""
    try:
        if path.is_dir():
            for file in sorted(path.glob("*.json")):
                yield Written(file, 1, file.read_bytes())
        elif path.suffix == ".json":
            yield Written(path, 1, path.read_bytes())
        else:
            with path.open("rb") as lines:
                yield from (Written(path, at, line) for at, line in enumerate(lines, start=1) if line.strip())
    except OSError as error:
        raise OfferFileUnreadable(path=path, why=str(error)) from None


def read_records(path: Path) -> list[promotions.OfferRecord]:
    """All of them; one that is no offer refuses the file."""
    found = []
    for written in read_offers(path):
        try:
            found.append(msgspec.json.decode(written.text, type=promotions.OfferRecord))
        except msgspec.DecodeError as error:
            raise OfferFileUnreadable(path=f"{written.path}:{written.line}", why=str(error)) from None
    return found


def write_offers(records: list[promotions.OfferRecord], path: Path) -> None:
    """A folder gets a readable file for each offer, a `.jsonl` a line for each."""
    if path.suffix in (".jsonl", ".json"):
        path.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))
        return
    path.mkdir(parents=True, exist_ok=True)
    for record in records:
        (path / f"{record.key}.json").write_bytes(promotions.readable(record))
