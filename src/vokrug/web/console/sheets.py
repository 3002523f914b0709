"""A list as a table: searched, sorted, a page at a time, and as a file. Whoever lists bounds what is listed."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import xlsxwriter

from vokrug.kernel import Text, format_minor
from vokrug.runtime.http import Answer
from vokrug.web.console.here import Here

PAGE = 50
KEPT = ("from", "to")  # what else of an address a link to the same list carries on
QUERY: Mapping[str, Any] = {"q": str, "sort": str, "page": str, "as": str, "lang": str}
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# What a spreadsheet would take for a formula begins so.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Kind(StrEnum):
    TEXT = "text"
    DATA = "data"  # words that people gave, in whatever language
    CODE = "code"
    NUMBER = "number"
    MONEY = "money"
    TIME = "time"
    BADGE = "badge"


@dataclass(frozen=True, slots=True)
class Column:
    """`link` makes an address of a row; None: no link there."""

    key: str
    words: Text
    kind: Kind = Kind.TEXT
    link: Callable[[Mapping[str, Any]], str | None] | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """A button of a row. `sure` asks once more, in these words."""

    words: Text
    path: str
    fields: Mapping[str, str] = field(default_factory=dict)
    sure: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """`path` is where it stands, `about` says what the list is for, `empty` what to do when there is nothing in it."""

    name: str
    path: str
    title: Text
    about: Text
    empty: Text
    columns: Sequence[Column]
    rows: Sequence[Mapping[str, Any]]
    is_cut: bool = False  # there are more than the list brings
    actions: Callable[[Mapping[str, Any]], Sequence[Action]] | None = None


def show(here: Here, sheet: Sheet, *, page: str = "console/sheet.html", **said: Any) -> Answer[bytes]:
    """The list as it was asked for."""
    query = here.call.query
    rows = sorted_(searched(here, sheet, query.get("q", "")), query.get("sort", ""))
    match query.get("as"):
        case "csv":
            return Answer(
                as_csv(here, sheet, rows), headers=file_headers(f"{sheet.name}.csv", "text/csv; charset=utf-8")
            )
        case "xlsx":
            return Answer(as_xlsx(here, sheet, rows), headers=file_headers(f"{sheet.name}.xlsx", XLSX))
    number = int(asked) if (asked := query.get("page", "1")).isdigit() and len(asked) < 6 else 1
    shown = rows[(number - 1) * PAGE : number * PAGE]
    return here.page(
        page,
        sheet=sheet,
        shown=shown,
        count=len(rows),
        number_of_page=number,
        pages=max(1, -(-len(rows) // PAGE)),
        q=query.get("q", ""),
        sort=query.get("sort", ""),
        kept={name: query[name] for name in KEPT if name in query},
        cell=lambda column, row: cell(here, column, row),
        **said,
    )


def cell(here: Here, column: Column, row: Mapping[str, Any]) -> str:
    """As a person reads it."""
    value = row[column.key]
    if value is None or value == "":
        return ""
    match column.kind:
        case Kind.MONEY:
            return here.money(value, row.get("currency"))
        case Kind.NUMBER:
            return here.number(value)
        case Kind.TIME:
            return here.moment(value, row.get("shop_code"))
        case _:
            return value.say(here.language) if isinstance(value, Text) else str(value)


def searched(here: Here, sheet: Sheet, words: str) -> list[Mapping[str, Any]]:
    wanted = words.lower().split()
    if not wanted:
        return list(sheet.rows)
    return [
        row
        for row in sheet.rows
        for text in [" ".join(cell(here, column, row) for column in sheet.columns).lower()]
        if all(word in text for word in wanted)
    ]


def sorted_(rows: list[Mapping[str, Any]], by: str) -> list[Mapping[str, Any]]:
    """By a column, `-` before its name for the other way round; rows without a value come last."""
    key, is_down = by.removeprefix("-"), by.startswith("-")
    if not rows or key not in rows[0]:
        return rows
    known = [row for row in rows if row[key] is not None]
    unknown = [row for row in rows if row[key] is None]
    return sorted(known, key=lambda row: _orderable(row[key]), reverse=is_down) + unknown


def _orderable(value: Any) -> Any:
    return str(value.ru).lower() if isinstance(value, Text) else value.lower() if isinstance(value, str) else value


def plain(here: Here, column: Column, row: Mapping[str, Any]) -> Any:
    """As a file has it: numbers are numbers, and no word is a formula."""
    value = row[column.key]
    match column.kind:
        case Kind.MONEY:
            return None if value is None else format_minor(value)
        case Kind.TIME:
            return None if value is None else value.astimezone(here.zone()).strftime("%Y-%m-%d %H:%M:%S")
        case Kind.NUMBER:
            return value
    text = cell(here, column, row)
    return f"'{text}" if text.startswith(FORMULA) else text


def as_csv(here: Here, sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> bytes:
    """With the mark that makes spreadsheets read it as UTF-8."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";" if here.language == "ru" else ",")
    writer.writerow([column.words.say(here.language) for column in sheet.columns])
    writer.writerows([[plain(here, column, row) for column in sheet.columns] for row in rows])
    return b"\xef\xbb\xbf" + file.getvalue().encode()


def as_xlsx(here: Here, sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> bytes:
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet(sheet.name[:31])
        bold, money = book.add_format({"bold": True}), book.add_format({"num_format": "#,##0.00"})
        when = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        for at, column in enumerate(sheet.columns):
            page.write_string(0, at, column.words.say(here.language), bold)
            page.set_column(at, at, 18)
            for line, row in enumerate(rows, start=1):
                value = row[column.key]
                if value is None:
                    continue
                match column.kind:
                    case Kind.MONEY:
                        page.write_number(line, at, value / 100, money)
                    case Kind.NUMBER:
                        page.write_number(line, at, value)
                    case Kind.TIME:
                        page.write_datetime(line, at, _local(here, value), when)
                    case _:
                        page.write_string(line, at, cell(here, column, row))
        page.freeze_panes(1, 0)
        page.autofilter(0, 0, max(1, len(rows)), len(sheet.columns) - 1)
    return file.getvalue()


def _local(here: Here, value: datetime) -> datetime:
    """Spreadsheets know no zones: the chain's own clock."""
    return value.astimezone(here.zone()).replace(tzinfo=None)


def file_headers(name: str, kind: str) -> dict[str, str]:
    return {
        "content-type": kind,
        "content-disposition": f'attachment; filename="{name}"',
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
    }
