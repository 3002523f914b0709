"""Gift cards at the till: those a check pays with, those it sells, and what is done with one outside a check."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug import ledger
from vokrug.kernel import format_minor
from vokrug.ledger import giftcards
from vokrug.pos import document as documents
from vokrug.pos.baskets import amount
from vokrug.pos.checkout import Checkout
from vokrug.pos.document import CardSold, CardTaken, Document
from vokrug.pos.errors import AmountMalformed, CheckMalformed
from vokrug.pos.rules import Deviation
from vokrug.pos.schemas import (
    Calculate,
    GiftCardAt,
    GiftCardBlock,
    GiftCardLoad,
    GiftCardStanding,
    LineAsked,
)
from vokrug.pos.types import Shop
from vokrug.runtime.database import Tx


def touches_cards(body: Calculate) -> bool:
    """Checks that pay with gift cards or sell them are told as stories."""
    return bool(body.gift_cards) or any(
        "gift_card_sale" in line.flags or line.gift_card is not None for line in body.lines
    )


@dataclass
class Cards:
    """The cards of one check, as they were found."""

    taken: list[CardTaken]
    sold: list[CardSold]

    @property
    def wallet_ids(self) -> list[int]:
        return [card.wallet_id for card in self.taken if card.status == "applied"]


async def cards_of(
    checkout: Checkout, tx: Tx, body: Calculate, shop: Shop, now: datetime, *, locked: bool, is_late: bool = False
) -> Cards:
    """Look up the cards of a check. One that cannot pay is named with its reason; one that cannot be sold stops
    the check, unless the receipt is printed already.
    """
    asked = body.gift_cards
    lines = [line for line in body.lines if "gift_card_sale" in line.flags]
    if stray := [line.n for line in body.lines if line.gift_card is not None and "gift_card_sale" not in line.flags]:
        raise CheckMalformed(reason=f"line {stray[0]} names a gift card and is not flagged gift_card_sale")
    numbers = [line.gift_card for line in lines if line.gift_card is not None]
    if len({*numbers}) < len(numbers) or len({card.number for card in asked}) < len(asked):
        raise CheckMalformed(reason="a gift card is named twice")
    unit_id = checkout.reference.units[shop.currency].id
    keys = checkout.gift_keys
    found = await giftcards.find(tx, keys, [card.number for card in asked] + numbers, now, locked=locked)
    taken = []
    for card, standing in zip(asked, found[: len(asked)], strict=True):
        pin_hash = None if card.pin is None else keys.pin_hash(card.number, card.pin)
        status = giftcards.judge(standing, now, pin_hash=pin_hash, unit_id=unit_id)
        if standing is None:
            taken.append(CardTaken(0, 0, giftcards.mask_of(card.number), status, 0, 0, 0))
            continue
        if status == "wrong_pin":
            await giftcards.wrong_pin(tx, standing)
        shown = standing.spendable if status in ("applied", "expired", "empty") else 0
        most = None if card.amount is None else amount(card.amount, "gift_cards/amount")
        taken.append(CardTaken(standing.number, standing.wallet_id, standing.mask, status, shown, 0, 0, most))
    bought = dict(zip(numbers, found[len(asked) :], strict=True))
    sold = [sold_on(line, bought, unit_id, now, is_late=is_late) for line in lines]
    return Cards(taken, sold)


def sold_on(
    line: LineAsked, bought: dict[str, giftcards.Card | None], unit_id: int, now: datetime, *, is_late: bool
) -> CardSold:
    """The card that a line sells. Whose card nobody knows, that line's money waits on an account of its own."""
    if line.gift_card is None:
        return CardSold(line.n, 0, 0, "")
    if amount(line.qty, f"lines/{line.n}/qty", 3) != 1000:
        raise CheckMalformed(reason=f"line {line.n} sells one gift card, its quantity is 1")
    card = bought[line.gift_card]
    if card is None and is_late:
        return CardSold(line.n, 0, 0, giftcards.mask_of(line.gift_card))
    if not is_late:
        card = giftcards.require_for_sale(card, amount(line.price, f"lines/{line.n}/price"), unit_id, now)
    assert card is not None, "an unknown card has been seen to"
    return CardSold(line.n, card.number, card.wallet_id, card.mask)


def with_cards(document: Document, cards: Cards, spendable: dict[int, int] | None = None) -> Document:
    """Cards pay what discounts and points left, in the order given; never for another card."""
    if not cards.taken and not cards.sold:
        return document
    document = documents.replace(document, cards_sold=cards.sold)
    left = document.to_pay_minor - document.loaded_minor
    taken = []
    for card in cards.taken:
        has = card.balance_minor if spendable is None else spendable.get(card.wallet_id, 0)
        most = left if card.most_minor is None else min(left, card.most_minor)
        take = min(most, has) if card.status == "applied" else 0
        left -= take
        taken.append(documents.replace(card, balance_minor=has if take else card.balance_minor, take_minor=take))
    return documents.replace(document, gift_cards=taken)


def hold_cards(
    books: ledger.Books, document: Document, revenue: int, *, check_id: UUID, deadline: datetime
) -> Document:
    """Set the cards' part aside: nobody else spends it until the check is paid or let go."""
    held = []
    for card in document.gift_cards:
        if card.take_minor:
            journal = books.open_journal(ledger.Kind.HOLD, home=card.number, document=check_id)
            hold = books.place_hold(journal, card.wallet_id, revenue, card.take_minor, deadline=deadline)
            card = documents.replace(card, hold_id=hold.id)
        held.append(card)
    return documents.replace(document, gift_cards=held)


# Commit


def wallets_of(document: Document) -> list[int]:
    """The cards' wallets that a sale touches, those without money yet included."""
    tendered = [card.wallet_id for card in document.gift_cards if card.take_minor]
    return tendered + [card.wallet_id for card in document.cards_sold if card.wallet_id]


async def lock_cards(tx: Tx, document: Document, now: datetime) -> dict[int, giftcards.Card]:
    numbers = [card.number for card in document.gift_cards if card.take_minor]
    numbers += [card.number for card in document.cards_sold if card.number]
    return await giftcards.read_cards(tx, numbers, now, locked=True) if numbers else {}


async def money_of(
    tx: Tx,
    books: ledger.Books,
    document: Document,
    cards: dict[int, giftcards.Card],
    accounts: ledger.Accounts,
    shop: Shop,
    *,
    is_late: bool,
) -> tuple[ledger.CardMoney, Deviation | None]:
    """How the cards' part of a sale moves: out of its holds, or out of what the cards have. What a printed receipt
    took from a card that has it no longer stands on the deviation account.
    """
    tendered, short = [], 0
    for taken in document.gift_cards:
        if not taken.take_minor:
            continue
        part, hold_id = taken.take_minor, 0
        holds = await ledger.read_holds(tx, [taken.hold_id] if taken.hold_id else [])
        if holds and holds[0].state == "o" and holds[0].deadline > books.now and holds[0].amount == part:
            hold_id = holds[0].id
            books.holds[hold_id] = holds[0]
        else:
            card = cards[taken.number]
            may_pay = card.blocked_at is None and card.expires_at > books.now
            part = min(part, books.wallet(taken.wallet_id).spendable if may_pay else 0)
            if part < taken.take_minor and not is_late:
                raise giftcards.GiftCardShort(mask=taken.mask, available=format_minor(part))
        if part:
            tendered.append((taken.wallet_id, part, hold_id))
        if part < taken.take_minor:
            tendered.append((accounts.deviation, taken.take_minor - part, 0))
            short += taken.take_minor - part
    sold = await loads_of(tx, books, document, cards, shop, is_late=is_late)
    paid = document.to_pay_minor
    deviation = Deviation(paid, paid, cards_short_minor=short) if short else None
    return ledger.CardMoney(tuple(sold), tuple(tendered)), deviation


async def loads_of(
    tx: Tx,
    books: ledger.Books,
    document: Document,
    cards: dict[int, giftcards.Card],
    shop: Shop,
    *,
    is_late: bool,
) -> list[tuple[int, int]]:
    """What each card sold gets, and their lives begin."""
    nets = {line.n: line.net_minor for line in document.sold}
    sold = []
    for bought in document.cards_sold:
        paid = nets[bought.n]
        if not paid:
            continue
        if not bought.number:
            unit_id = (await ledger.unit_named(tx, shop.currency)).id
            sold.append((await ledger.summed_wallet(tx, giftcards.UNMATCHED, unit_id, books.now), paid))
            continue
        card = cards[bought.number]
        if not is_late:
            giftcards.require_for_sale(card, paid, card.unit_id, books.now)
        if bought.wallet_id not in books.wallets:
            books.add(giftcards.new_card_wallet(card))
        await giftcards.loaded(tx, card, paid, shop.zone, books.now)
        sold.append((bought.wallet_id, paid))
    return sold


async def let_cards_go(checkout: Checkout, tx: Tx, document: Document, now: datetime) -> None:
    """What a check held of gift cards comes free."""
    held = [card for card in document.gift_cards if card.hold_id]
    if not held:
        return
    books = await ledger.open_books(tx, checkout.ids, [card.wallet_id for card in held], now)
    for hold in await ledger.read_holds(tx, [card.hold_id for card in held]):
        if hold.state == "o":
            books.release_hold(hold, "v")
    await ledger.write(tx, books)


# Outside a check


async def card_at(checkout: Checkout, tx: Tx, number: str, now: datetime, *, locked: bool = False) -> giftcards.Card:
    """The card in a cashier's hands."""
    (card,) = await giftcards.find(tx, checkout.gift_keys, [giftcards.digits(number)], now, locked=locked)
    if card is None:
        raise giftcards.GiftCardUnknown()
    return card


async def stands(checkout: Checkout, tx: Tx, body: GiftCardAt, now: datetime) -> GiftCardStanding | None:
    """What a card has. None, and a try counted, for a wrong PIN: it looks as if there were no such card."""
    card = await card_at(checkout, tx, body.number, now)
    pin_hash = None if body.pin is None else checkout.gift_keys.pin_hash(body.number, body.pin)
    if card.pin is not None and giftcards.judge(card, now, pin_hash=pin_hash, unit_id=card.unit_id) == "wrong_pin":
        await giftcards.wrong_pin(tx, card)
        return None
    return shown(checkout, card, now)


async def stands_for_holder(
    checkout: Checkout, tx: Tx, number: str, pin: str | None, now: datetime
) -> GiftCardStanding | None:
    """The same for whoever holds the card and asks from home."""
    try:
        asked = msgspec.convert({"shop": "-", "till": "-", "number": number, "pin": pin}, GiftCardAt)
    except msgspec.ValidationError:
        raise giftcards.GiftCardMalformed() from None
    return await stands(checkout, tx, asked, now)


async def load(
    checkout: Checkout, tx: Tx, body: GiftCardLoad, shop: Shop, now: datetime, *, is_topup: bool
) -> tuple[GiftCardStanding, bool]:
    """Money for a card outside a check. The second answer says whether this is a repeat."""
    minor = amount(body.amount, "amount")
    if minor == 0:
        raise AmountMalformed(field="amount", reason="zero")
    card = await card_at(checkout, tx, body.number, now, locked=True)
    accounts = await checkout.reference.accounts(checkout.db, shop, now)
    if card.unit_id != checkout.reference.units[shop.currency].id:
        giftcards.require_for_sale(card, minor, checkout.reference.units[shop.currency].id, now)
    _, is_repeat = await giftcards.load(
        tx,
        checkout.ids,
        card,
        request_id=body.request_id,
        amount=minor,
        source=accounts.clearing,
        zone=shop.zone,
        is_topup=is_topup,
        now=now,
    )
    card = await card_at(checkout, tx, body.number, now)
    return shown(checkout, card, now), is_repeat


async def block(checkout: Checkout, tx: Tx, body: GiftCardBlock, now: datetime) -> GiftCardStanding:
    card = await card_at(checkout, tx, body.number, now, locked=True)
    await giftcards.block(tx, card, body.reason, now)
    return shown(checkout, await card_at(checkout, tx, body.number, now), now)


def shown(checkout: Checkout, card: giftcards.Card, now: datetime) -> GiftCardStanding:
    codes = {unit.id: code for code, unit in checkout.reference.units.items()}
    state = "active" if card.is_active else "not_activated"
    if card.is_active and card.expires_at <= now:
        state = "expired"
    if card.blocked_at is not None or card.pin_tries >= giftcards.PIN_TRIES:
        state = "blocked"
    return GiftCardStanding(
        mask=card.mask,
        state=state,  # type: ignore[arg-type]
        balance=format_minor(card.spendable if state == "active" else 0),
        held=format_minor(card.held),
        currency=codes[card.unit_id],
        expires_at=None if card.expires_at >= ledger.FOREVER else card.expires_at,
    )


def tenders_of(
    taken: Sequence[CardTaken],
    refunded: dict[int, int],
    money_minor: int,
    money_refunded: int,
    amount_minor: int,
    to: str,
) -> list[tuple[int, int]]:
    """Where a refund goes: card's number (0 is money) and amount. Of several cards the last one that paid is the
    first to be paid back.
    """
    left_of_cards = [(card.number, card.take_minor - refunded.get(card.number, 0)) for card in reversed(taken)]
    cards_left = sum(left for _, left in left_of_cards)
    money_left = money_minor - money_refunded
    if to == "cards_first":
        to_cards = min(amount_minor, cards_left)
    elif to == "money_first":
        to_cards = max(0, amount_minor - money_left)
    else:
        whole = cards_left + money_left
        to_cards = min(cards_left, amount_minor * cards_left // whole) if whole else 0
    parts, rest = [], min(to_cards, cards_left)
    for number, left in left_of_cards:
        if part := min(rest, left):
            parts.append((number, part))
            rest -= part
    to_cards = sum(part for _, part in parts)
    if amount_minor > to_cards:
        parts.append((0, amount_minor - to_cards))
    return parts
