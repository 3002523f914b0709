"""Points given outside a sale: goodwill, or the balance a customer brings from an older programme.

points   issued → customer's wallet              one lot; the mirror of it where staff take points away
money    gifts → liability of the programme      its worth is taken up, at the cost of the account `points.gifts`
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.kernel import Rounding, round_ratio
from vokrug.ledger import errors, store
from vokrug.ledger.operations.perform import open_books
from vokrug.ledger.operations.settling import new_points_wallet
from vokrug.ledger.operations.wallets import rate, summed_wallet, unit_named
from vokrug.ledger.store import Claim, JournalIds
from vokrug.ledger.types import FOREVER, Grant, Kind, wallet_of
from vokrug.runtime.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Gift:
    """What is given, to whom and why. `id` is the giver's, and counts once."""

    id: UUID
    customer: int
    points: int
    points_unit: str
    currency: str  # whose liability account takes up the worth
    expires_at: datetime | None
    reason: str
    active_from: datetime | None = None


async def give_points(tx: Tx, ids: JournalIds, gift: Gift, now: datetime) -> bool:
    """Give points. False: this gift was given before, and nothing has changed."""
    key = f"gift/{gift.id}"
    words = hashlib.sha256(msgspec.json.encode(gift)).digest()
    if claim := await store.lock_claim(tx, key):
        if claim.request_hash != words:
            raise errors.KeyReused(field="content")
        return False
    points, money = await unit_named(tx, gift.points_unit), await unit_named(tx, gift.currency)
    num, den = await rate(tx, points.id, money.id, now)
    issued = await summed_wallet(tx, "points.issued", points.id, now)
    gifts = await summed_wallet(tx, "points.gifts", money.id, now)
    liability = await summed_wallet(tx, "points.liability", money.id, now)
    wallet_id = wallet_of(gift.customer, points.id)
    books = await open_books(tx, ids, [wallet_id], now)
    if wallet_id not in books.wallets:
        books.add(new_points_wallet(gift.customer, points.id))
    journal = books.open_journal(Kind.GRANT, home=gift.customer, document=gift.id, facts={"reason": gift.reason})
    expires_at = gift.expires_at or FOREVER
    grant = Grant(gift.points, funder=liability, active_from=gift.active_from, expires_at=expires_at)
    books.move(journal, issued, wallet_id, gift.points, grant=grant)
    books.move(journal, gifts, liability, round_ratio(gift.points * num, den, Rounding.HALF_EVEN))
    await store.write(tx, books)
    await store.insert_claim(tx, key, Claim("gift", words, gift.points, gift.points, "ok", journal.id))
    return True


async def take_points(tx: Tx, ids: JournalIds, gift: Gift, now: datetime) -> bool:
    """Take points away, a correction by hand, in burn order. False: they were taken before. Raises
    InsufficientFunds if the wallet has less.
    """
    key = f"taking/{gift.id}"
    words = hashlib.sha256(msgspec.json.encode(gift)).digest()
    if claim := await store.lock_claim(tx, key):
        if claim.request_hash != words:
            raise errors.KeyReused(field="content")
        return False
    points, money = await unit_named(tx, gift.points_unit), await unit_named(tx, gift.currency)
    num, den = await rate(tx, points.id, money.id, now)
    issued = await summed_wallet(tx, "points.issued", points.id, now)
    gifts = await summed_wallet(tx, "points.gifts", money.id, now)
    liability = await summed_wallet(tx, "points.liability", money.id, now)
    wallet_id = wallet_of(gift.customer, points.id)
    books = await open_books(tx, ids, [wallet_id], now, lots=store.ALL_LOTS)
    if wallet_id not in books.wallets:
        raise errors.InsufficientFunds(missing=gift.points)
    journal = books.open_journal(Kind.TRANSFER, home=gift.customer, document=gift.id, facts={"reason": gift.reason})
    taken = books.move(journal, wallet_id, issued, gift.points)
    for funder in {funder or liability for _, _, funder in taken}:
        part = sum(amount for _, amount, by in taken if (by or liability) == funder)
        books.move(journal, funder, gifts, round_ratio(part * num, den, Rounding.HALF_EVEN))
    await store.write(tx, books)
    await store.insert_claim(tx, key, Claim("taking", words, gift.points, gift.points, "ok", journal.id))
    return True
