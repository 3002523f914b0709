"""Files of customers and what is theirs, CSV or lines of JSON: read as a stream, with a word on each bad line."""

import csv
import itertools
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import Struct

from vokrug.promotions.errors import FileHeadMissing

T = TypeVar("T", bound=Struct)


class BadLine(Struct, frozen=True):
    """A line that was not taken, and why: what an error file is made of."""

    line: int
    why: str
    text: str


class Imported(Struct, frozen=True):
    """What became of a file."""

    taken: int
    refused: list[BadLine]
    is_dry: bool


def read_lines(lines: Iterable[str], kind: type[T]) -> Iterator[tuple[int, T | BadLine]]:
    """Every line as `kind`, or why not. A file that begins with { is lines of JSON, any other is CSV with a head.
    Raises FileHeadMissing.
    """
    numbered = enumerate(lines, 1)
    first = next(numbered, None)
    if first is None:
        raise FileHeadMissing()
    if first[1].lstrip("\ufeff \t").startswith("{"):
        yield from _json_lines(first, numbered, kind)
    else:
        yield from _csv_lines(first[1].lstrip("\ufeff"), numbered, kind)


def _json_lines(
    first: tuple[int, str], rest: Iterator[tuple[int, str]], kind: type[T]
) -> Iterator[tuple[int, T | BadLine]]:
    decode = msgspec.json.Decoder(kind).decode
    for number, text in itertools.chain([first], rest):
        if not text.strip():
            continue
        try:
            yield number, decode(text)
        except msgspec.DecodeError as error:
            yield number, BadLine(number, str(error), text[:200])


def _csv_lines(head: str, rest: Iterator[tuple[int, str]], kind: type[T]) -> Iterator[tuple[int, T | BadLine]]:
    separator = ";" if head.count(";") > head.count(",") else ","
    try:
        (names,) = csv.reader([head], delimiter=separator)
    except csv.Error:
        raise FileHeadMissing() from None
    names = [name.strip() for name in names]
    if "customer" not in names:
        raise FileHeadMissing()
    for number, text in rest:
        if not text.strip():
            continue
        try:
            (values,) = csv.reader([text], delimiter=separator)
            given: dict[str, Any] = {
                name: value.strip() for name, value in zip(names, values, strict=False) if value.strip()
            }
            if len(values) != len(names):
                raise msgspec.ValidationError(f"{len(values)} columns, the head names {len(names)}")
            yield number, msgspec.convert(given, kind, strict=False)
        except (msgspec.ValidationError, csv.Error) as error:
            yield number, BadLine(number, str(error), text.strip()[:200])


class OneCustomer(Struct, frozen=True, forbid_unknown_fields=True):
    """A line that names a customer."""

    customer: UUID


class OneOfHousehold(Struct, frozen=True, forbid_unknown_fields=True):
    """Who lives together: a number of the household, made by whoever knows."""

    customer: UUID
    household: int
