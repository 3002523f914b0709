"""All the SQL of backtests."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.promotions.backtest.types import Backtest, Report, Run, State
from vokrug.runtime.database import Tx

INSERT_RUN = """
    insert into promotions_backtest (id, asked, asked_by, created_at) values ($1, $2::jsonb, $3, $4)
    on conflict (id) do nothing
"""
FIND_RUN = """
    select id, state, receipts, of_receipts, created_at, started_at, ended_at, reason, result::text
      from promotions_backtest where id = $1
"""
FIND_ASKED = "select asked::text from promotions_backtest where id = $1"
BEGIN_RUN = """
    update promotions_backtest set state = 'running', started_at = $2, receipts = 0, of_receipts = $3
     where id = $1 and state in ('waiting', 'running')
"""
NOTE_PROGRESS = "update promotions_backtest set receipts = $2 where id = $1 and state = 'running'"
END_RUN = """
    update promotions_backtest set state = $2, ended_at = $3, result = $4::jsonb, reason = $5, receipts = $6
     where id = $1 and state in ('waiting', 'running')
"""
CANCEL_RUN = """
    update promotions_backtest set state = 'cancelled', ended_at = $2
     where id = $1 and state in ('waiting', 'running')
"""


async def insert_run(tx: Tx, id: UUID, asked: Backtest, *, by: str, now: datetime) -> bool:
    """False when the id is there already."""
    return await tx.run(INSERT_RUN, id, msgspec.json.encode(asked).decode(), by, now) == 1


async def find_run(tx: Tx, id: UUID) -> Run | None:
    rows = await tx.rows(FIND_RUN, id)
    if not rows:
        return None
    fields: dict[str, Any] = dict(rows[0])
    raw = fields.pop("result")
    report = None if raw is None else msgspec.json.decode(raw, type=Report)
    return Run(**{**fields, "state": State(fields["state"])}, report=report)


async def find_asked(tx: Tx, id: UUID) -> Backtest:
    return msgspec.json.decode(await tx.value(FIND_ASKED, id), type=Backtest)


async def begin_run(tx: Tx, id: UUID, receipts: int, now: datetime) -> bool:
    """False when it was cancelled, or has ended already."""
    return await tx.run(BEGIN_RUN, id, now, receipts) == 1


async def note_progress(tx: Tx, id: UUID, receipts: int) -> bool:
    """False when somebody cancelled it."""
    return await tx.run(NOTE_PROGRESS, id, receipts) == 1


async def end_run(
    tx: Tx,
    id: UUID,
    state: State,
    now: datetime,
    *,
    report: Report | None = None,
    reason: str | None = None,
    receipts: int = 0,
) -> None:
    raw = None if report is None else msgspec.json.encode(report).decode()
    await tx.run(END_RUN, id, state.value, now, raw, reason, receipts)


async def cancel_run(tx: Tx, id: UUID, now: datetime) -> None:
    await tx.run(CANCEL_RUN, id, now)
