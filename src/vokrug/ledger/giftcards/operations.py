"""What is done with cards outside a check, one story each; and what a check needs to know of them.

money   clearing of the shop → card          a card is sold, or topped up
        card → revenue of the shop           it pays
        revenue → card                       what it paid comes back
        card → clearing                      its purchase comes back, unused
        card → giftcards.breakage            its time is up
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from vokrug.kernel import format_minor
from vokrug.ledger.books import Books
from vokrug.ledger.errors import KeyReused
from vokrug.ledger.giftcards import errors, store
from vokrug.ledger.giftcards.numbers import LONGEST, SHORTEST, GiftKeys, is_number, mask_of, plain
from vokrug.ledger.giftcards.types import BatchSeen, Card, CardBatch, CardState, PrintedCard
from vokrug.ledger.operations.perform import open_books
from vokrug.ledger.operations.wallets import summed_wallet, unit_named
from vokrug.ledger.store import Claim, JournalIds, insert_claim, lock_claim, write
from vokrug.ledger.types import Kind, Wallet, unit_of
from vokrug.runtime.database import Database, Tx

PIN_TRIES = 5  # wrong in a row; then the card waits for staff
GRACE = timedelta(days=30)  # what a card lives at least once money came back to it
SLICE = 500
UNMATCHED = "giftcards.unmatched"  # what bought a card that nobody named: owed, but not known to whom
MOST_OF_A_BATCH = 100_000
WHY = {
    "blocked": ("it is blocked", "она заблокирована"),
    "expired": ("its time is up", "истёк срок действия"),
    "not_activated": ("it was not sold yet", "она ещё не продана"),
    "wrong_pin": ("the PIN is wrong", "неверный ПИН-код"),
}


# Batches


async def print_batch(
    tx: Tx, keys: GiftKeys, batch: CardBatch, *, by: str, now: datetime
) -> tuple[list[PrintedCard], bool]:
    """Make a batch's cards. Asked again, the same ones. The second answer says whether this is a repeat."""
    require_sense(batch)
    unit = await unit_named(tx, batch.currency)
    terms: tuple[object, ...] = (batch.name, unit.id, batch.prefix, batch.digits, batch.count, batch.has_pin)
    terms = (*terms, batch.valid_days, batch.nominal_minor, batch.is_reloadable)
    is_new = await store.insert_batch(tx, batch.id, *terms, by, now)
    if not is_new:
        standing = await store.find_batch(tx, batch.id)
        if standing is None or tuple(standing) != terms:
            raise errors.BatchIdReused()
    cards = list(keys.cards(batch))
    if is_new:
        await store.insert_cards(
            tx,
            batch.id,
            [keys.lookup(card.number) for card in cards],
            [mask_of(card.number) for card in cards],
            [None if card.pin is None else keys.pin_hash(card.number, card.pin) for card in cards],
        )
    return cards, not is_new


def require_sense(batch: CardBatch) -> None:
    room = batch.digits - len(batch.prefix) - 1
    if not 1 <= batch.count <= MOST_OF_A_BATCH:
        raise errors.BatchNonsense(why=f"1 to {MOST_OF_A_BATCH} cards", why_ru=f"от 1 до {MOST_OF_A_BATCH} карт")
    if not SHORTEST <= batch.digits <= LONGEST or (batch.prefix and not batch.prefix.isdigit()):
        raise errors.BatchNonsense(why="digits or prefix", why_ru="длина номера или префикс")
    if 10**room < 1000 * batch.count:
        raise errors.BatchNonsense(why="numbers could be guessed", why_ru="номера легко подобрать")
    if batch.nominal_minor is not None and batch.nominal_minor <= 0:
        raise errors.BatchNonsense(why="nominal", why_ru="номинал")


# Looking


async def batches(tx: Tx, limit: int, now: datetime) -> list[BatchSeen]:
    """The newest batches. How each stands is counted over its cards: ask for few."""
    found = []
    for row in await store.latest_batches(tx, limit):
        stands = await store.batch_stands(tx, row["id"], now)
        found.append(BatchSeen(**dict(row), **dict(stands)))
    return found


async def find(
    tx: Tx, keys: GiftKeys, numbers: Sequence[str], now: datetime, *, locked: bool = False
) -> list[Card | None]:
    """The cards that bear these numbers, in the order asked."""
    lookups = [keys.lookup(number) for number in numbers]
    if locked:
        await store.lock_cards(tx, lookups)
    found = await store.find_cards(tx, lookups, now)
    return [found.get(lookup) for lookup in lookups]


async def read_cards(tx: Tx, numbers: Sequence[int], now: datetime, *, locked: bool = False) -> dict[int, Card]:
    """Cards by our own number for them."""
    if locked:
        await store.lock_numbers(tx, numbers)
    return await store.read_cards(tx, numbers, now)


def judge(card: Card | None, now: datetime, *, pin_hash: bytes | None, unit_id: int) -> CardState:
    """May this card pay here and now?"""
    if card is None:
        return "unknown"
    if card.blocked_at is not None or card.pin_tries >= PIN_TRIES:
        return "blocked"
    if card.pin is not None and card.pin != pin_hash:
        return "wrong_pin"
    if not card.is_active:
        return "not_activated"
    if card.unit_id != unit_id:
        return "other_currency"
    if card.expires_at <= now:
        return "expired"
    return "applied" if card.spendable else "empty"


async def wrong_pin(tx: Tx, card: Card) -> None:
    """Count a wrong PIN: whoever tries them all is shut out."""
    await store.pin_tried(tx, card.number, card.pin_tries + 1)


# What a check does with cards


def new_card_wallet(card: Card) -> Wallet:
    """A card's wallet comes into being with the first money."""
    return Wallet(card.wallet_id, card.number, "gift_card", "d", False, 0, 0, 0, 0, 0, 0, None)


def require_for_sale(card: Card | None, amount: int, unit_id: int, now: datetime) -> Card:
    """A card that may be sold, or topped up, for this sum."""
    if card is None:
        raise errors.GiftCardUnknown()
    why = None
    if card.blocked_at is not None:
        why = WHY["blocked"]
    elif card.unit_id != unit_id:
        why = ("it is in another currency", "она в другой валюте")
    elif card.is_active and not card.is_reloadable:
        why = ("it was sold before", "она уже продана")
    elif card.is_active and card.expires_at <= now:
        why = WHY["expired"]
    elif not card.is_active and card.nominal_minor is not None and card.nominal_minor != amount:
        nominal = format_minor(card.nominal_minor)
        why = (f"its price is {nominal}", f"её цена {nominal}")
    if why is not None:
        raise errors.GiftCardNotForSale(mask=card.mask, why=why[0], why_ru=why[1])
    return card


async def loaded(tx: Tx, card: Card, amount: int, zone: str, now: datetime) -> None:
    """Money was put on the card: from now on it pays. Its time runs to the end of the shop's day."""
    expires_at = card.expires_at
    if not card.is_active and card.valid_days is not None:
        day = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=card.valid_days + 1)
        expires_at = datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)
    await store.loaded(tx, card.number, amount, now, expires_at)


async def unloaded(tx: Tx, card: Card, amount: int) -> None:
    """Undo a sale of the card. One that has paid for something is not taken back."""
    if card.balance < card.loaded or card.spendable < amount:
        raise errors.GiftCardUsed(mask=card.mask)
    await store.unloaded(tx, card.number, amount)


async def keep_alive(tx: Tx, card: Card, now: datetime) -> None:
    """Money that came back may be spent for a while, whatever the card's own time."""
    if card.expires_at < now + GRACE:
        await store.lives_until(tx, card.number, now + GRACE)


# Outside a check


async def load(
    tx: Tx,
    ids: JournalIds,
    card: Card,
    *,
    request_id: UUID,
    amount: int,
    source: int,
    zone: str,
    is_topup: bool,
    now: datetime,
) -> tuple[int, bool]:
    """Activate a card with money, or add to one that lives. Answers its balance, and whether this is a repeat."""
    key = f"gift card/{request_id}"
    words = hashlib.sha256(msgspec.json.encode((card.number, amount, is_topup))).digest()
    if claim := await lock_claim(tx, key):
        if claim.request_hash != words:
            raise KeyReused(field="content")
        return card.balance, True
    if is_topup != card.is_active:
        why = ("it was not sold yet", "она ещё не продана") if is_topup else ("it was sold before", "она уже продана")
        raise errors.GiftCardNotForSale(mask=card.mask, why=why[0], why_ru=why[1])
    require_for_sale(card, amount, card.unit_id, now)
    books = await open_books(tx, ids, [card.wallet_id], now)
    wallet = books.wallets.get(card.wallet_id) or books.add(new_card_wallet(card))
    journal = books.open_journal(Kind.TRANSFER, document=request_id, facts={"gift_card": card.mask})
    books.move(journal, source, card.wallet_id, amount)
    await write(tx, books)
    await loaded(tx, card, amount, zone, now)
    await insert_claim(tx, key, Claim("gift_card", words, amount, amount, "ok", journal.id))
    return wallet.balance, False


async def block(tx: Tx, card: Card, why: str, now: datetime) -> None:
    """Lost or stolen: the money stays where it is and nothing takes it."""
    await store.block(tx, card.number, now, why)


async def unblock(tx: Tx, card: Card) -> None:
    await store.unblock(tx, card.number)


# When the clock strikes


async def expire_cards(db: Database, ids: JournalIds, now: datetime) -> int:
    """What is left on cards whose time is up becomes breakage. Rerun freely: money goes once."""
    total = 0
    while True:

        async def story(tx: Tx) -> tuple[int, int]:
            rows = await store.due(tx, now, SLICE)
            if not rows:
                return 0, 0
            await store.lock_numbers(tx, [row["number"] for row in rows])
            wallet_ids = {row["number"] << 8 | row["unit_id"]: row["expires_at"] for row in rows}
            books = await open_books(tx, ids, wallet_ids, now, legs=len(rows))
            gone = await lapse(tx, books, wallet_ids)
            await write(tx, books)
            return len(rows), gone

        found, gone = await db.replayed(story)
        total += gone
        if found < SLICE:
            return total


async def lapse(tx: Tx, books: Books, wallet_ids: dict[int, datetime]) -> int:
    gone = 0
    for wallet_id, expires_at in wallet_ids.items():
        wallet = books.wallet(wallet_id)
        if amount := wallet.spendable:
            breakage = await summed_wallet(tx, "giftcards.breakage", unit_of(wallet_id), books.now)
            journal = books.open_journal(Kind.EXPIRY, home=wallet.home, effective_at=expires_at)
            books.move(journal, wallet_id, breakage, amount, even_closed=True)
            gone += amount
    return gone


def digits(number: str) -> str:
    """A number as typed, refused before any look-up if its check digit is wrong."""
    if not is_number(number):
        raise errors.GiftCardMalformed()
    return plain(number)
