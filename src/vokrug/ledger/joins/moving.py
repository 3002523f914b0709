"""Points go from one wallet to another lot by lot, each with its origin, its time and its funder; and back.

What is held stays with its hold. A debt of the giving wallet keeps back the points that would pay it; a debt of the
receiving one is paid by what arrives, as by any points.

Parting gives back what is left of the very lots that were joined, the last one first, and the debts that they had
paid. What was spent, held or lapsed meanwhile is not made up for from other points: it was had by whoever had it.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug.ledger import store
from vokrug.ledger.books import Books
from vokrug.ledger.joins import store as joins
from vokrug.ledger.joins.types import WholeLot
from vokrug.ledger.operations.perform import open_books
from vokrug.ledger.operations.settling import new_points_wallet
from vokrug.ledger.store import JournalIds
from vokrug.ledger.types import FIRST_FREE_NUMBER, Grant, Journal, Kind, unit_of
from vokrug.runtime.database import Tx

LEGS = 200  # of one journal, which has room for 256


async def join_wallets(
    tx: Tx, ids: JournalIds, giver_id: int, taker_id: int, *, document: UUID, now: datetime
) -> tuple[int, list[int]]:
    """Move all that is free. How much that was, and the journals that did it."""
    books = await open_books(tx, ids, [giver_id, taker_id], now)
    if (giver := books.wallets.get(giver_id)) is None:
        return 0, []
    if taker_id not in books.wallets and taker_id >> 8 < FIRST_FREE_NUMBER:
        books.add(new_points_wallet(taker_id >> 8, unit_of(taker_id)))
    lots = _beyond(giver.debt, await joins.lots_to_join(tx, giver_id, now))
    books.ids = await ids.stock(tx, len(lots) // LEGS + 1)
    journals = []
    for first in range(0, len(lots), LEGS):
        journal = books.open_journal(Kind.TRANSFER, home=giver.home, document=document, facts={"join": str(document)})
        journals.append(journal.id)
        for lot in lots[first : first + LEGS]:
            grant = Grant(lot.free, lot.funder, lot.active_from, lot.expires_at, lot.priority, lot.earned_at)
            books.move(journal, giver_id, taker_id, lot.free, taken=[(lot.id, lot.free, lot.funder)], grant=grant)
    await store.write(tx, books)
    return sum(lot.free for lot in lots), journals


def _beyond(debt: int, lots: Sequence[WholeLot]) -> list[WholeLot]:
    """The lots without those, soonest to burn first, that pay a debt."""
    free = []
    for lot in lots:
        owed = min(debt, lot.free)
        debt -= owed
        if lot.free > owed:
            rest = (lot.id, lot.free - owed, lot.funder, lot.priority)
            free.append(WholeLot(*rest, lot.earned_at, lot.active_from, lot.expires_at))
    return free


async def part_wallets(
    tx: Tx, ids: JournalIds, journals: Sequence[int], giver_id: int, taker_id: int, *, document: UUID, now: datetime
) -> int:
    """Give back what is left of what these journals had joined. How much that was."""
    books = await open_books(tx, ids, [giver_id, taker_id], now)
    books.ids = await ids.stock(tx, len(journals))
    given_back = 0
    for journal_id in reversed(journals):
        given_back += await _give_back(tx, books, journal_id, giver_id, taker_id, document)
    await store.write(tx, books)
    return given_back


async def _give_back(tx: Tx, books: Books, journal_id: int, giver_id: int, taker_id: int, document: UUID) -> int:
    movements = await store.read_movements(tx, journal_id)
    moves = await joins.lot_moves(tx, journal_id)
    joined = [journal_id << 8 | row["leg"] for row in movements]
    left = {lot.id: lot for lot in await store.read_lots(tx, taker_id, joined)}
    journal: Journal | None = None
    given_back = 0
    for row in reversed(movements):
        leg, lot_id = row["leg"], journal_id << 8 | row["leg"]
        lot = left.get(lot_id)
        free, funder = (lot.free, lot.funder) if lot else (0, 0)
        _, paid = moves.get((taker_id, leg), (0, 0))  # what the arriving lot paid of a debt, as a negative
        amount = free - paid
        if not amount:
            continue
        if journal is None:
            journal = books.open_journal(
                Kind.REVERSAL,
                home=row["home"],
                document=document,
                reverses=journal_id,
                facts={"join": str(document)},
            )
        old_lot, _ = moves[giver_id, leg]
        taken = [(lot_id, free, funder)] if free else []
        restore = [(old_lot, amount, funder)]
        books.move(journal, taker_id, giver_id, amount, taken=taken, restore=restore, force=paid != 0)
        given_back += amount
    return given_back
