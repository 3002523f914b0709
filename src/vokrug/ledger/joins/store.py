"""Joins and the lots they are about."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from vokrug.ledger.joins.types import Join, JoinState, WholeLot
from vokrug.runtime.database import Row, Tx

COLUMNS = """
    select id, giver, taker, giver_id, taker_id, state, moved, given_back, journals, proposed_at, joined_at, joined_by,
           ended_at, ended_by
      from ledger_join where """
FIND = COLUMNS + "id = $1"
LIST = COLUMNS + "state = $1 and ($2::uuid is null or id > $2) order by id limit $3"
OF_PEOPLE = COLUMNS + "(giver_id = any($1) or taker_id = any($1)) and state in ('proposed', 'joined') order by id"
INSERT = """
    insert into ledger_join (id, giver, taker, giver_id, taker_id, proposed_at) values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing
"""
MARK_JOINED = """
    update ledger_join set state = 'joined', taker = $2, taker_id = $3, moved = $4, journals = $5, joined_at = $6,
           joined_by = $7
     where id = $1
"""
MARK = "update ledger_join set state = $2, ended_at = $3, ended_by = $4 where id = $1"
MARK_REVERSED = """
    update ledger_join set state = 'reversed', given_back = $2, ended_at = $3, ended_by = $4 where id = $1
"""


async def find_join(tx: Tx, id: UUID, *, is_locked: bool = False) -> Join | None:
    rows = await tx.rows(FIND + (" for update" if is_locked else ""), id)
    return _join(rows[0]) if rows else None


async def list_joins(tx: Tx, state: JoinState, after: UUID | None, limit: int) -> list[Join]:
    return [_join(row) for row in await tx.rows(LIST, state.value, after, limit)]


async def joins_of(tx: Tx, customer_ids: Collection[UUID]) -> list[Join]:
    """What is proposed or joined of these customers' wallets."""
    return [_join(row) for row in await tx.rows(OF_PEOPLE, list(customer_ids))]


async def insert_join(
    tx: Tx, id: UUID, wallets: tuple[int, int], customer_ids: tuple[UUID, UUID], now: datetime
) -> bool:
    """False: this wallet's join is proposed already."""
    return await tx.run(INSERT, id, *wallets, *customer_ids, now) == 1


async def mark_joined(
    tx: Tx, id: UUID, taker: int, taker_id: UUID, moved: int, journals: Sequence[int], *, by: str, now: datetime
) -> None:
    await tx.run(MARK_JOINED, id, taker, taker_id, moved, list(journals), now, by)


async def mark(tx: Tx, id: UUID, state: JoinState, *, by: str | None, now: datetime | None) -> None:
    await tx.run(MARK, id, state.value, now, by)


async def mark_reversed(tx: Tx, id: UUID, given_back: int, *, by: str, now: datetime) -> None:
    await tx.run(MARK_REVERSED, id, given_back, now, by)


def _join(row: Row) -> Join:
    fields = dict(row)
    for name in ("id", "giver_id", "taker_id"):
        fields[name] = UUID(int=row[name].int)
    return Join(**{**fields, "state": JoinState(row["state"]), "journals": tuple(row["journals"])})


# What has lapsed stays where it is, for the night to take.
LOTS_TO_JOIN = """
    select id, remaining - held as free, funder, priority, earned_at, active_from, expires_at from ledger_lot
     where wallet_id = $1 and is_open and remaining > held and expires_at > $2
     order by priority, expires_at, earned_at, id
"""
LOT_MOVES = "select wallet_id, lot_id, leg, amount from ledger_lot_move where journal_id = $1"
WALLETS_WITH_VALUE = """
    select id from ledger_wallet
     where id between $1::bigint << 8 and $1::bigint << 8 | 255 and has_lots and credits <> debits order by id
"""


async def lots_to_join(tx: Tx, wallet_id: int, now: datetime) -> list[WholeLot]:
    """What is free of a wallet's lots, active or not yet, in burn order."""
    return await tx.all(WholeLot, LOTS_TO_JOIN, wallet_id, now)


async def lot_moves(tx: Tx, journal_id: int) -> Mapping[tuple[int, int], tuple[int, int]]:
    """What a journal did to lots: (wallet, leg) to the lot and by how much."""
    rows = await tx.rows(LOT_MOVES, journal_id)
    return {(row["wallet_id"], row["leg"]): (row["lot_id"], row["amount"]) for row in rows}


async def wallets_with_value(tx: Tx, number: int) -> list[int]:
    return [row["id"] for row in await tx.rows(WALLETS_WITH_VALUE, number)]
