"""Gift cards: a number with a check digit, a PIN, and a wallet whose money is owed to whoever holds the card."""

from vokrug.ledger.giftcards.api import routes
from vokrug.ledger.giftcards.errors import (
    GiftCardBlocked,
    GiftCardMalformed,
    GiftCardNotForSale,
    GiftCardShort,
    GiftCardUnknown,
    GiftCardUsed,
)
from vokrug.ledger.giftcards.numbers import GiftKeys, is_number, mask_of
from vokrug.ledger.giftcards.operations import (
    PIN_TRIES,
    UNMATCHED,
    block,
    digits,
    expire_cards,
    find,
    judge,
    keep_alive,
    load,
    loaded,
    new_card_wallet,
    read_cards,
    require_for_sale,
    unloaded,
    wrong_pin,
)
from vokrug.ledger.giftcards.types import Card, CardBatch, CardMoney, CardState, PrintedCard

__all__ = [
    "PIN_TRIES",
    "UNMATCHED",
    "Card",
    "CardBatch",
    "CardMoney",
    "CardState",
    "GiftCardBlocked",
    "GiftCardMalformed",
    "GiftCardNotForSale",
    "GiftCardShort",
    "GiftCardUnknown",
    "GiftCardUsed",
    "GiftKeys",
    "PrintedCard",
    "block",
    "digits",
    "expire_cards",
    "find",
    "is_number",
    "judge",
    "keep_alive",
    "load",
    "loaded",
    "mask_of",
    "new_card_wallet",
    "read_cards",
    "require_for_sale",
    "routes",
    "unloaded",
    "wrong_pin",
]
