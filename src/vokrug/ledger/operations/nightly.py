"""When the clock strikes: holds whose time is up, lots that lapse, deltas that are folded into days."""

from datetime import datetime

from vokrug.ledger import store
from vokrug.ledger.operations.perform import open_books
from vokrug.ledger.operations.wallets import summed_wallet
from vokrug.ledger.store import JournalIds
from vokrug.ledger.types import Kind, Wallet, unit_of
from vokrug.runtime.database import Database, Tx

SLICE = 500  # wallets of one transaction: short enough that a till hardly waits


async def sweep_holds(db: Database, ids: JournalIds, now: datetime) -> int:
    """Release holds whose time is up. Truth does not wait for it: readers and writers look at the deadline."""
    swept = 0
    while True:

        async def story(tx: Tx) -> int:
            due = await store.due_holds(tx, now, SLICE)
            if due:
                await open_books(tx, ids, {side for row in due for side in (row["debit"], row["credit"])}, now)
            return len(due)

        found = await db.replayed(story)
        swept += found
        if found < SLICE:
            return swept


async def expire_lots(db: Database, ids: JournalIds, now: datetime) -> int:
    """Post what has lapsed: points leave the wallet at the moment they expired. Rerun freely: a lot lapses
    once. Wallets are locked as a sale locks them, and a sale judges lots by its own time, so the two never
    disagree. Answers the points expired.
    """
    await sweep_holds(db, ids, now)  # what an overdue hold frees may have lapsed meanwhile
    expired = 0
    while True:

        async def story(tx: Tx) -> tuple[int, int]:
            wallet_ids = await store.wallets_with_lapsed_lots(tx, now, SLICE)
            if not wallet_ids:
                return 0, 0
            books = await open_books(tx, ids, wallet_ids, now, lots=1)
            total = 0
            chart = await expiry_accounts(tx, {unit_of(wallet_id) for wallet_id in wallet_ids}, now)
            rows = await store.lapsed_lots(tx, wallet_ids, now)
            books.ids = await ids.stock(tx, len(rows))
            for wallet_id, lot_id, free, funder, expires_at in rows:
                wallet: Wallet = books.wallet(wallet_id)
                journal = books.open_journal(Kind.EXPIRY, home=wallet.home, effective_at=expires_at)
                lapsed = [(lot_id, free, funder)]
                books.move(journal, wallet_id, chart[unit_of(wallet_id)], free, taken=lapsed, even_closed=True)
                total += free
            await store.write(tx, books)
            return len(wallet_ids), total

        wallets, points = await db.replayed(story)
        expired += points
        if wallets == 0:
            return expired


async def expiry_accounts(tx: Tx, units: set[int], now: datetime) -> dict[int, int]:
    return {unit: await summed_wallet(tx, "points.expired", unit, now) for unit in units}


async def fold_deltas(db: Database) -> int:
    """Fold what summed wallets gathered into their days. Safe at any moment and from several processes."""
    folded = 0
    while True:
        async with db.transaction() as tx:
            count = await store.fold(tx, 20_000)
        folded += count
        if count == 0:
            return folded
