"""All the SQL of the ledger."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from vokrug.ledger.books import Books
from vokrug.ledger.types import FIRST_FREE_NUMBER, Available, FreeLot, Hold, Unit, Wallet
from vokrug.runtime.database import Overtaken, Row, Tx

FIRST_LOTS = 8  # as many lots as nearly every burn needs; who needs more reads them all
ALL_LOTS = 1_000_000


class Moved(Overtaken):
    """A wallet changed between the read and the write: decide again on what is there now."""

    def __init__(self, wallet_ids: Sequence[int]) -> None:
        super().__init__(wallet_ids)
        self.wallet_ids = wallet_ids


# Ids of journals: blocks of a thousand from a sequence, so that a batch needs no round trip for them.

NEXT_BLOCK = "select nextval('ledger_journal_seq')"
BLOCK = 1000


class JournalIds:
    """A process's stock of journal ids, shared by everything that writes in it."""

    def __init__(self) -> None:
        self._left: deque[int] = deque()

    async def stock(self, tx: Tx, count: int) -> Iterator[int]:
        """So many fresh ids, for the caller alone: whoever shares the stock cannot empty it in between."""
        while len(self._left) < count:
            first = await tx.value(NEXT_BLOCK)
            self._left.extend(range(first, first + BLOCK))
        return iter([self._left.popleft() for _ in range(count)])


# Wallets

LOCK_WALLETS = "select id from ledger_wallet where id = any($1) order by id for update"
READ_WALLETS = "select * from ledger_read($1, $2, $3)"


async def lock_wallets(tx: Tx, ids: Iterable[int]) -> None:
    """Lock in id order: two operations over the same wallets then never wait on each other."""
    await tx.run(LOCK_WALLETS, sorted(set(ids)))


async def read_wallets(tx: Tx, ids: Iterable[int], now: datetime, *, lots: int = FIRST_LOTS) -> list[Wallet]:
    return [to_wallet(row) for row in await tx.rows(READ_WALLETS, list(ids), lots, now)]


def to_wallet(row: Sequence[Any] | Row) -> Wallet:
    """The columns of `ledger_read`, in their order."""
    (
        id,
        home,
        code,
        guard,
        has_lots,
        debits,
        credits,
        debits_held,
        credits_held,
        debt,
        overdraft,
        changed_at,
        closed_at,
        closed_until,
        closed_by,
        flat,
        overdue,
        next_due,
    ) = row
    lots = [FreeLot(*flat[i : i + 3]) for i in range(0, len(flat), 3)] if flat else []
    return Wallet(
        id,
        home,
        code,
        guard,
        has_lots,
        debits,
        credits,
        debits_held,
        credits_held,
        debt,
        overdraft,
        changed_at,
        closed_at,
        closed_until,
        closed_by,
        lots,
        overdue,
        next_due,
    )


WHO_HOLDS_VALUE = """
    select distinct asked.number from unnest($1::bigint[]) as asked (number)
      join ledger_wallet wallet on wallet.id between asked.number << 8 and asked.number << 8 | 255
     where wallet.debits <> wallet.credits or wallet.debt > 0
"""


async def who_holds_value(tx: Tx, numbers: Collection[int]) -> set[int]:
    return {row["number"] for row in await tx.rows(WHO_HOLDS_VALUE, list(numbers))}


READ_HOLDS = """
    select id, home, debit, credit, asked, amount, captured, state, opened_at, deadline, lot_ids, lot_amounts,
           lot_funders, resolved_at, resolved_by, document
      from ledger_hold where id = any($1)
"""


async def read_holds(tx: Tx, ids: Sequence[int]) -> list[Hold]:
    return await tx.all(Hold, READ_HOLDS, list(ids)) if ids else []


FIND_WALLETS = "select code, id from ledger_wallet where code = any($1) and home = $2"


async def find_wallets(tx: Tx, codes: Iterable[str], home: int = 0) -> dict[str, int]:
    return {row["code"]: row["id"] for row in await tx.rows(FIND_WALLETS, list(set(codes)), home)}


OPEN_WALLET = """
    insert into ledger_wallet (id, home, code, guard, has_lots, overdraft, changed_at)
    values (((nextval('ledger_wallet_seq') + $8::bigint) << 8) | $5, $1, $2, $3, $4, $6, $7)
    on conflict do nothing returning id
"""
OPEN_SUMMED_WALLET = """
    insert into ledger_wallet (id, home, code, changed_at)
    select -(nextval('ledger_wallet_seq') << 8) + $2, 0, $1, $3 on conflict do nothing returning id
"""


async def insert_wallet(
    tx: Tx, *, home: int, code: str, guard: str, has_lots: bool, unit_id: int, overdraft: int, now: datetime
) -> int | None:
    found: int | None = await tx.value(
        OPEN_WALLET, home, code, guard, has_lots, unit_id, overdraft, now, FIRST_FREE_NUMBER
    )
    return found


async def insert_summed_wallet(tx: Tx, code: str, unit_id: int, now: datetime) -> int | None:
    found: int | None = await tx.value(OPEN_SUMMED_WALLET, code, unit_id, now)
    return found


FIND_SUMMED_WALLET = "select id from ledger_wallet where code = $1 and home = 0 and (id & 255) = $2 and id < 0"


async def find_summed_wallet(tx: Tx, code: str, unit_id: int) -> int | None:
    found: int | None = await tx.value(FIND_SUMMED_WALLET, code, unit_id)
    return found


SUMMED_WALLETS = "select code, (id & 255)::smallint as unit_id, id from ledger_wallet where id < 0"


async def summed_wallets(tx: Tx) -> dict[tuple[str, int], int]:
    return {(row["code"], row["unit_id"]): row["id"] for row in await tx.rows(SUMMED_WALLETS)}


AVAILABLE = "select * from ledger_available($1, $2)"


async def available(tx: Tx, wallet_id: int, now: datetime) -> Available:
    return await tx.maybe(Available, AVAILABLE, wallet_id, now) or Available(0, 0, 0, 0)


READ_UNITS = "select id, code, scale, kind from ledger_unit order by id"


async def read_units(tx: Tx) -> list[Unit]:
    return await tx.all(Unit, READ_UNITS)


ADD_UNIT = """
    insert into ledger_unit (id, code, scale, kind) select max(id) + 1, $1, $2, $3 from ledger_unit
    on conflict (code) do nothing
"""


async def add_unit(tx: Tx, code: str, scale: int, kind: str) -> None:
    await tx.run(ADD_UNIT, code, scale, kind)


READ_RATE = """
    select numerator, denominator from ledger_rate
     where unit_id = $1 and in_unit_id = $2 and valid_from <= $3 order by valid_from desc limit 1
"""


async def read_rate(tx: Tx, unit_id: int, in_unit_id: int, at: datetime) -> tuple[int, int] | None:
    rows = await tx.rows(READ_RATE, unit_id, in_unit_id, at)
    return (rows[0][0], rows[0][1]) if rows else None


# Writing

WRITE = "select ledger_write($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"


def written(books: Books) -> list[list[Any]]:
    """The arrays of `ledger_write`, for whoever calls it inside a function of their own."""
    new_wallets, wallets = [], []
    for wallet_id, expected in books.changed.items():
        w = books.wallets[wallet_id]
        sums = (w.debits, w.credits, w.debits_held, w.credits_held, w.debt)
        if expected is None:
            new_wallets.append(
                (w.id, w.home, w.code, w.guard, w.has_lots, *sums, w.overdraft, w.changed_at)
                + (w.closed_at, w.closed_until, w.closed_by)
            )
        else:
            wallets.append((w.id, *sums, w.changed_at, expected))
    closings = [(w.id, w.closed_at, w.closed_until, w.closed_by) for w in books.closings]
    journals = [
        (j.id, j.home, j.kind, j.effective_at, j.recorded_at, j.document, j.reverses)
        + (None if j.facts is None else msgspec.json.encode(j.facts).decode(),)
        for j in books.journals
    ]
    movements = [*map(msgspec.structs.astuple, books.movements)]
    lots = [(*key, *change) for key, change in books.lot_changes.items() if change != [0, 0]]
    new_holds = [
        (h.id, h.home, h.debit, h.credit, h.asked, h.amount, h.captured, h.state, h.opened_at, h.deadline)
        + (h.resolved_at, h.resolved_by, h.lot_ids, h.lot_amounts, h.lot_funders, h.document)
        for h in books.new_holds
    ]
    changed_holds = [
        (h.id, h.captured, h.state, h.deadline, h.resolved_at, h.resolved_by) for h in books.changed_holds.values()
    ]
    deltas = [(*key, *total) for key, total in books.deltas.items()]
    return [
        new_wallets,
        wallets,
        closings,
        journals,
        movements,
        books.new_lots,
        lots,
        books.lot_moves,
        new_holds,
        changed_holds,
        deltas,
    ]


async def write(tx: Tx, books: Books) -> None:
    """Everything or nothing. Raises Moved when a wallet is no longer as it was read."""
    if books.is_empty:
        return
    moved_on = await tx.value(WRITE, *written(books))
    if moved_on:
        raise Moved(moved_on)


# Operations' ids

FIND_CLAIM = "select kind, request_hash, asked, moved, outcome, journal_id from ledger_claim where key = $1"
CLAIM = """
    insert into ledger_claim (key, kind, request_hash, asked, moved, outcome, journal_id)
    values ($1, $2, $3, $4, $5, $6, $7)
"""
LOCK_CLAIM = "select pg_advisory_xact_lock(hashtextextended($1, 7001))"


class Claim(msgspec.Struct, frozen=True):
    kind: str
    request_hash: bytes
    asked: int | None
    moved: int
    outcome: str
    journal_id: int | None


async def lock_claim(tx: Tx, key: str) -> Claim | None:
    """From here on nobody else decides about this id until we are done."""
    await tx.run(LOCK_CLAIM, key)
    return await tx.maybe(Claim, FIND_CLAIM, key)


async def find_claim(tx: Tx, key: str) -> Claim | None:
    return await tx.maybe(Claim, FIND_CLAIM, key)


async def insert_claim(tx: Tx, key: str, claim: Claim) -> None:
    await tx.run(CLAIM, key, claim.kind, claim.request_hash, claim.asked, claim.moved, claim.outcome, claim.journal_id)


# Journals

READ_MOVEMENTS = """
    select m.leg, m.debit, m.credit, m.amount, j.home, j.kind, j.effective_at
      from ledger_movement m join ledger_journal j on j.id = m.journal_id and j.home = m.home
     where m.journal_id = $1 order by m.leg
"""
READ_LOT_MOVES = """
    select m.wallet_id, m.lot_id, m.leg, m.amount
      from ledger_lot_move m join ledger_lot l on l.wallet_id = m.wallet_id and l.id = m.lot_id
     where m.journal_id = $1 order by m.leg, l.priority, l.expires_at, l.earned_at, l.id
"""
LOTS_OF_JOURNAL = """
    select id, remaining - held as free, funder from ledger_lot where wallet_id = $1
       and id between $2 << 8 and $2 << 8 | 255 order by id
"""
PENDING_LOTS_OF_JOURNAL = """
    select id from ledger_lot
     where wallet_id = $1 and id between $2 << 8 and $2 << 8 | 255 and active_from > $3 and active_from > earned_at
"""
READ_LOTS = """
    select id, remaining - held as free, funder from ledger_lot
     where wallet_id = $1 and id = any($2) and remaining > held
     order by array_position($2, id)
"""
CLOSED_BY = "select id from ledger_wallet where closed_by = $1"
IS_REVERSED = "select exists (select from ledger_journal where reverses = $1)"


async def read_movements(tx: Tx, journal_id: int) -> Sequence[Row]:
    return await tx.rows(READ_MOVEMENTS, journal_id)


async def read_lot_moves(tx: Tx, journal_id: int) -> Sequence[Row]:
    """What a journal did to lots, in burn order: what comes back pays a debt from the soonest to lapse."""
    return await tx.rows(READ_LOT_MOVES, journal_id)


async def read_lots(tx: Tx, wallet_id: int, lot_ids: Sequence[int]) -> list[FreeLot]:
    """What is left of certain lots, in the order asked, active or not."""
    return await tx.all(FreeLot, READ_LOTS, wallet_id, list(lot_ids))


async def lots_of_journal(tx: Tx, wallet_id: int, journal_id: int) -> list[FreeLot]:
    """The lots a journal granted, in its order, and what is free of each."""
    return await tx.all(FreeLot, LOTS_OF_JOURNAL, wallet_id, journal_id)


async def pending_lots_of_journal(tx: Tx, wallet_id: int, journal_id: int, now: datetime) -> set[int]:
    """Those of a journal's lots that nobody can spend yet."""
    return {row["id"] for row in await tx.rows(PENDING_LOTS_OF_JOURNAL, wallet_id, journal_id, now)}


async def closed_by(tx: Tx, journal_id: int) -> int | None:
    found: int | None = await tx.value(CLOSED_BY, journal_id)
    return found


async def is_reversed(tx: Tx, journal_id: int) -> bool:
    found: bool = await tx.value(IS_REVERSED, journal_id)
    return found


# Night jobs

DUE_HOLDS = "select id, debit, credit from ledger_hold where state = 'o' and deadline <= $1 order by deadline limit $2"
DUE_LOTS = """
    select distinct wallet_id from (
        select wallet_id from ledger_lot
         where is_open and expires_at <= $1 and expires_at < '9999-12-31Z' and remaining > held
         order by expires_at limit $2) due
"""
LAPSED_LOTS = """
    select wallet_id, id, remaining - held as free, funder, expires_at from ledger_lot
     where wallet_id = any($1) and is_open and expires_at <= $2 and remaining > held order by wallet_id, expires_at, id
"""
FOLD = "select ledger_fold($1)"


async def due_holds(tx: Tx, now: datetime, limit: int) -> Sequence[Row]:
    return await tx.rows(DUE_HOLDS, now, limit)


async def wallets_with_lapsed_lots(tx: Tx, now: datetime, limit: int) -> list[int]:
    return [row[0] for row in await tx.rows(DUE_LOTS, now, limit)]


async def lapsed_lots(tx: Tx, wallet_ids: Sequence[int], now: datetime) -> Sequence[Row]:
    return await tx.rows(LAPSED_LOTS, list(wallet_ids), now)


async def fold(tx: Tx, slice: int) -> int:
    folded: int = await tx.value(FOLD, slice)
    return folded
