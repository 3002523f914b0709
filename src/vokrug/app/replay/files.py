"""Tables as comma-separated text, packed with gzip or not."""

import csv
import gzip
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import IO

from vokrug.kernel import Refusal, Text


class FileUnreadable(Refusal):
    """The file is not the table that was promised."""

    code, status = "file_unreadable", 422
    cashier = Text(en="{path} cannot be read: {why}.", ru="Файл {path} не читается: {why}.")


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Row by row, by the names of the first line. Columns that nobody asked for are passed over."""
    try:
        with _opened(path) as text:
            table = csv.DictReader(text)
            if missing := [name for name in columns if name not in (table.fieldnames or ())]:
                raise FileUnreadable(path=path, why=f"no column {', '.join(missing)}")
            for row in table:
                if any(row[name] is None for name in columns):
                    raise FileUnreadable(path=path, why=f"line {table.line_num} is too short")
                yield row
    except (OSError, EOFError, UnicodeError, csv.Error) as error:
        raise FileUnreadable(path=path, why=str(error)) from None


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """By its first bytes, whatever its name says."""
    with path.open("rb") as raw:
        is_packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        with gzip.GzipFile(fileobj=raw) if is_packed else raw as plain:
            yield io.TextIOWrapper(plain, encoding="utf-8-sig", newline="")


def find_table(folder: Path, name: str) -> Path:
    """A table of a folder, packed or not."""
    for found in (folder / f"{name}.csv.gz", folder / f"{name}.csv"):
        if found.exists():
            return found
    raise FileUnreadable(path=folder / f"{name}.csv", why="there is no such file")


def minor(text: str, path: Path) -> tuple[int, bool]:
    """An amount in minor units, halves away from zero; and whether it had a fraction of one."""
    try:
        exact = Decimal(text).scaleb(2)
        rounded = int(exact.quantize(Decimal(1), rounding="ROUND_HALF_UP"))
    except (InvalidOperation, ValueError):
        raise FileUnreadable(path=path, why=f"{text[:40]!r} is not an amount") from None
    return rounded, exact != rounded
