"""Nouns of gift cards."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from vokrug.ledger.types import wallet_of

# What a till is told of a card that it wants to pay with.
CardState = Literal["applied", "unknown", "not_activated", "blocked", "expired", "wrong_pin", "empty", "other_currency"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardBatch:
    """A printing of cards with the same terms."""

    id: UUID
    name: str
    currency: str
    count: int
    prefix: str = ""
    digits: int = 16
    has_pin: bool = True
    valid_days: int | None = None
    nominal_minor: int | None = None
    is_reloadable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSeen:
    """A batch as staff look at it: how many of its cards stand how, and what is owed to their holders."""

    id: UUID
    name: str
    currency: str
    count: int
    nominal_minor: int | None
    issued_by: str
    issued_at: datetime
    printed: int
    active: int
    expired: int
    blocked: int
    owed_minor: int


@dataclass(frozen=True, slots=True)
class PrintedCard:
    """What goes to the printer, and nowhere else: we keep only hashes."""

    number: str
    pin: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A card as it stands, with the terms of its batch."""

    number: int  # ours; the printed one is not kept
    mask: str
    unit_id: int
    pin: bytes | None
    pin_tries: int
    activated_at: datetime | None
    expires_at: datetime
    blocked_at: datetime | None
    valid_days: int | None
    nominal_minor: int | None
    is_reloadable: bool
    balance: int  # posted, what is held included
    held: int
    loaded: int  # sold and topped up, less purchases returned

    @property
    def wallet_id(self) -> int:
        return wallet_of(self.number, self.unit_id)

    @property
    def spendable(self) -> int:
        return max(0, self.balance - self.held)

    @property
    def is_active(self) -> bool:
        return self.activated_at is not None


@dataclass(frozen=True, slots=True)
class CardMoney:
    """The part of a document's money that goes through gift cards: wallets and amounts.

    `sold` cards are loaded from what the till took; `tendered` ones pay, out of a hold where one stands.
    """

    sold: tuple[tuple[int, int], ...] = ()
    tendered: tuple[tuple[int, int, int], ...] = ()  # wallet, amount, hold (0: none)

    @property
    def loaded(self) -> int:
        return sum(amount for _, amount in self.sold)

    @property
    def paid(self) -> int:
        return sum(amount for _, amount, _ in self.tendered)
