"""Imports: how far each is, and what it reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from vokrug.runtime.database import Row, Tx

State = Literal["running", "done", "broken"]


@dataclass(frozen=True, slots=True)
class ImportRow:
    id: UUID
    shop_id: int
    file_hash: bytes
    state: State
    done: int
    counts: str
    report: str | None


COLUMNS = "id, shop_id, file_hash, state, done, counts, report"
# Imports of everybody one after another: two of them over the same goods would wait for each other for ever.
QUEUE_UP = "select pg_advisory_xact_lock(5003)"
LOCK = f"select {COLUMNS} from pos_goods_import where id = $1 for update"
UNFINISHED = f"""
    select {COLUMNS} from pos_goods_import
     where file_hash = $1 and shop_id = $2 and state = 'running' order by started_at limit 1
"""
BEGIN = """
    insert into pos_goods_import (id, shop_id, name, file_hash, started_at, made_by) values ($1, $2, $3, $4, $5, $6)
    on conflict (id) do nothing
"""
MOVE_ON = "update pos_goods_import set done = $2, counts = $3 where id = $1"
END = "update pos_goods_import set state = $2, report = $3, ended_at = $4 where id = $1"
LIST = """
    select i.id, coalesce(s.code, '') as shop, i.name, i.state, i.done, i.started_at, i.ended_at, i.made_by, i.report
      from pos_goods_import i left join pos_shop s on s.id = i.shop_id
     where $1::uuid is null or (i.started_at, i.id) < (select l.started_at, l.id from pos_goods_import l where l.id = $1)
     order by i.started_at desc, i.id desc limit $2
"""
FIND = """
    select i.id, coalesce(s.code, '') as shop, i.name, i.state, i.done, i.started_at, i.ended_at, i.made_by, i.report
      from pos_goods_import i left join pos_shop s on s.id = i.shop_id where i.id = $1
"""


async def queue_up(tx: Tx) -> None:
    await tx.run(QUEUE_UP)


async def lock_import(tx: Tx, id: UUID) -> ImportRow | None:
    return await tx.maybe(ImportRow, LOCK, id)


async def unfinished(tx: Tx, file_hash: bytes, shop_id: int) -> ImportRow | None:
    """An import of this very file that was cut off."""
    return await tx.maybe(ImportRow, UNFINISHED, file_hash, shop_id)


async def begin_import(tx: Tx, *values: object) -> None:
    """Id, shop, name, hash, now, who."""
    await tx.run(BEGIN, *values)


async def move_on(tx: Tx, id: UUID, done: int, counts: str) -> None:
    await tx.run(MOVE_ON, id, done, counts)


async def end_import(tx: Tx, id: UUID, state: State, report: str, now: datetime) -> None:
    await tx.run(END, id, state, report, now)


async def list_imports(tx: Tx, after: UUID | None, limit: int) -> Sequence[Row]:
    """The newest first."""
    return await tx.rows(LIST, after, limit)


async def find_import(tx: Tx, id: UUID) -> Row | None:
    rows = await tx.rows(FIND, id)
    return rows[0] if rows else None
