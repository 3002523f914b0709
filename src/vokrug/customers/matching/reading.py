"""Files of people into one table of DuckDB, as they are written: every value a text."""

import re
from collections.abc import Sequence
from pathlib import Path

import duckdb

from vokrug.customers.matching.columns import Content

READERS = {
    "csv": "read_csv(?, all_varchar=true, header=true, union_by_name=true)",
    "parquet": "read_parquet(?, union_by_name=true)",
}
FAMILIES = (  # ids that name a person and a record of theirs: rec-12-org and rec-12-dup-0 of FEBRL, Q42-3 of others
    r"^(.*\d)-(?:org|dup-\d+)$",
    r"^(.*[^-\s])-\d+$",
)


class Unreadable(Exception):
    """The files cannot be matched; the message says what is wrong with them."""


def read(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> int:
    """The table `raw` with a number for each row and the files' own columns. Rows are counted."""
    for file in files:
        if not file.is_file():
            raise Unreadable(f"{file} is not a file.")
    kinds = {"parquet" if file.suffix == ".parquet" else "csv" for file in files}
    if len(kinds) > 1:
        raise Unreadable("Give files of one kind: CSV or Parquet.")
    rows = READERS[kinds.pop()]
    paths = [str(file) for file in files]
    try:
        connection.execute(f"create table given as select * from {rows}", [paths])  # noqa: S608
    except duckdb.Error as error:
        raise Unreadable(f"{', '.join(paths)} cannot be read: {str(error).splitlines()[0]}") from error
    names = columns_of(connection, "given")
    texts = ", ".join(f"nullif(trim(cast({quoted(name)} as varchar)), '') as {quoted(name)}" for name in names)
    connection.execute(
        f"create table raw as select row_number() over () - 1 as matching_row, {texts} from given"  # noqa: S608
    )
    connection.execute("drop table given")
    return int(one(connection, "select count(*) from raw"))


def contents(connection: duckdb.DuckDBPyConnection) -> dict[str, Content]:
    """Of every column of the files: how many values, how many different ones."""
    names = columns_of(connection, "raw")[1:]
    counts = ", ".join(f"count({quoted(name)}), approx_count_distinct({quoted(name)})" for name in names)
    numbers = connection.execute(f"select count(*), {counts} from raw").fetchall()[0]  # noqa: S608
    return {
        name: Content(numbers[1 + 2 * i], min(numbers[2 + 2 * i], numbers[1 + 2 * i]), numbers[0])
        for i, name in enumerate(names)
    }


def person_of(connection: duckdb.DuckDBPyConnection, truth: str) -> str:
    """The SQL of who a record belongs to: the column itself, or what its unique ids begin with."""
    column = quoted(truth)
    total, different = connection.execute(
        f"select count({column}), count(distinct {column}) from raw"  # noqa: S608
    ).fetchall()[0]
    if total != different:
        return column
    for family in FAMILIES:
        like = f"regexp_matches({column}, '{family}')"
        if one(connection, f"select count(*) from raw where {like}") == total:  # noqa: S608
            return f"regexp_extract({column}, '{family}', 1)"
    return column


def columns_of(connection: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return [str(row[0]) for row in connection.execute(f"describe {table}").fetchall()]


def one(connection: duckdb.DuckDBPyConnection, sql: str) -> int:
    value = connection.execute(sql).fetchall()[0][0]
    return 0 if value is None else int(value)


def quoted(name: str) -> str:
    return '"' + re.sub('"', '""', name) + '"'
