"""Profiles for decisions, in one read; and for analytics, everybody who agreed to the purpose."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import msgspec

from vokrug.customers import rules
from vokrug.customers.bulk import store
from vokrug.customers.bulk.errors import PurposeMalformed
from vokrug.customers.bulk.store import Brief
from vokrug.customers.crosswalk.operations import walker_for
from vokrug.customers.directory import Directory
from vokrug.runtime.database import Database, Tx

PAGE = 1_000
BLOCK_BYTES = 256 * 1024
COLUMN_OF = {"integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN", "string": "VARCHAR"}


async def read_profiles(
    tx: Tx,
    directory: Directory,
    wanted: Sequence[tuple[str, str]],
    codes: Collection[str],
    *,
    now: datetime,
    reader: str | None = None,
) -> list[Brief | None]:
    """Who is behind each (type, value), and what stands of them, in one statement. Staff (`reader`) leave a trace."""
    await directory.meet(tx, (code for code, _ in wanted))
    identifiers = [directory.identify(code, value) for code, value in wanted]
    found = await store.read(tx, identifiers, codes, now, reader)
    return [found.get(i) for i in range(len(identifiers))]


class Export:
    """What is taken out: for a purpose that people agreed to, attributes by name, identifiers as granted."""

    def __init__(self, directory: Directory, purpose: str, codes: Sequence[str], types: Mapping[int, str]) -> None:
        self.directory = directory
        self.purpose = purpose
        self.codes = codes
        self.types = types

    def line(self, one: Brief) -> dict[str, Any]:
        line: dict[str, Any] = {"id": one.id, "language": one.language, "registered_on": one.registered_on}
        line |= {code: one.attributes.get(code) for code in self.codes}
        line |= {code: [] for code in self.types.values()}
        for type_id, holder, wrapped, cipher in one.identifiers:
            value = self.directory.vault.person_key(holder, wrapped).open(cipher, "identifier")
            if value not in line[self.types[type_id]]:
                line[self.types[type_id]].append(value)
        return line

    def columns(self) -> dict[str, str]:
        """Types of the columns of a Parquet file: the same, whoever is in it."""
        kinds = {code: self.directory.attribute_type(code).schema.get("type") for code in self.codes}
        return {
            "id": "VARCHAR",
            "language": "VARCHAR",
            "registered_on": "DATE",
            **{code: COLUMN_OF.get(str(kind), "JSON") for code, kind in kinds.items()},
            **dict.fromkeys(self.types.values(), "VARCHAR[]"),
        }


async def open_export(
    tx: Tx,
    directory: Directory,
    *,
    reader: str,
    purpose: str,
    codes: Sequence[str],
    types: Sequence[str],
    now: datetime,
) -> Export:
    """Say what is wanted, and leave a trace. Identifiers are for keys that were granted their types."""
    if not rules.PLAIN_CODE.fullmatch(purpose):
        raise PurposeMalformed
    await directory.meet_attributes(tx, codes)
    for code in codes:
        directory.attribute_type(code)
    named: dict[int, str] = {}
    if types:
        walker = await walker_for(tx, directory, reader)
        walker.require(types)
        named = {directory.identifier_type(code).id: code for code in types}
    await store.insert_bulk_read(tx, reader, now, purpose, [*codes, *types])
    return Export(directory, purpose, codes, named)


async def lines(db: Database, export: Export, now: datetime) -> AsyncGenerator[bytes, None]:
    """Everybody who agreed, as lines of JSON, a page at a time."""
    encode = msgspec.json.Encoder().encode
    after = 0
    while True:
        async with db.one_read() as tx:
            found = await store.page(tx, after, export.codes, now, export.purpose, list(export.types), PAGE)
        if not found:
            return
        after = found[-1].number
        yield b"\n".join(encode(export.line(one)) for one in found) + b"\n"


async def parquet(db: Database, export: Export, now: datetime) -> AsyncGenerator[bytes, None]:
    """The same as one Parquet file, made in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="vokrug-export-") as folder:
        source, made = Path(folder, "people.ndjson"), Path(folder, "people.parquet")
        with await asyncio.to_thread(source.open, "wb") as sink:
            async for block in lines(db, export, now):
                sink.write(block)
        await asyncio.to_thread(_to_parquet, source, made, export.columns())
        with await asyncio.to_thread(made.open, "rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block


def _to_parquet(source: Path, made: Path, columns: Mapping[str, str]) -> None:
    listed = ", ".join(f"{_quoted(name)}: {_quoted(kind)}" for name, kind in columns.items())
    with duckdb.connect() as engine:
        engine.execute(
            f"copy (select * from read_json({_quoted(str(source))}, format = 'newline_delimited', "  # noqa: S608
            f"columns = {{{listed}}})) to {_quoted(str(made))} (format parquet, compression zstd)"
        )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
