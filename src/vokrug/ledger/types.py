"""Nouns of the ledger. Amounts are whole minor units of the wallet's unit."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

import msgspec

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)  # stands for "never" in the tables too

Guard = Literal["n", "d", "c"]  # none; debits never exceed credits; credits never exceed debits

FIRST_FREE_NUMBER = 1 << 40  # customer numbers stay below, wallets opened one by one start here


def wallet_of(customer_number: int, unit_id: int) -> int:
    """The main wallet of a customer in a unit: no look-up needed."""
    return customer_number << 8 | unit_id


def unit_of(wallet_id: int) -> int:
    return wallet_id & 0xFF


def is_kept(wallet_id: int) -> bool:
    """A kept wallet has a running balance; a summed one only has postings."""
    return wallet_id > 0


@dataclass(frozen=True, slots=True)
class Unit:
    """A currency or a kind of points."""

    id: int
    code: str
    scale: int
    kind: str


@dataclass(slots=True)
class Wallet:
    """A kept wallet as the books in memory work on it."""

    id: int
    home: int
    code: str
    guard: str
    has_lots: bool
    debits: int
    credits: int
    debits_held: int
    credits_held: int
    debt: int
    overdraft: int
    changed_at: datetime | None  # None: not on disk yet
    closed_at: datetime | None = None
    closed_until: datetime | None = None
    closed_by: int | None = None
    lots: list["FreeLot"] = field(default_factory=list)
    overdue: list[int] = field(default_factory=list)  # open holds whose time is up
    next_due: datetime | None = None  # when the next hold's is

    @property
    def balance(self) -> int:
        return self.credits - self.debits

    @property
    def spendable(self) -> int:
        """What an unforced operation may take. Points owed are not there, whatever the lots read say."""
        if self.has_lots:
            return max(0, sum(lot.free for lot in self.lots) - self.debt)
        return max(0, self.credits + self.overdraft - self.debits - self.debits_held)

    def is_closed(self, now: datetime) -> bool:
        return self.closed_at is not None and (self.closed_until is None or now < self.closed_until)


class FreeLot(msgspec.Struct):
    """What a lot can still give now, in burn order: soonest to expire, then earned first, then by id."""

    id: int
    free: int
    funder: int


class Grant(msgspec.Struct, frozen=True):
    """Points to give: one lot. The funder is the summed wallet that owes their worth."""

    amount: int
    funder: int = 0
    active_from: datetime | None = None  # None: at once
    expires_at: datetime = FOREVER
    priority: int = 0
    earned_at: datetime | None = None  # None: when the journal took effect


@dataclass(slots=True)
class Hold:
    """Value set aside for one purpose, until it is captured, voided or its time is up."""

    id: int
    home: int
    debit: int
    credit: int
    asked: int
    amount: int
    captured: int
    state: str
    opened_at: datetime
    deadline: datetime
    lot_ids: list[int]
    lot_amounts: list[int]
    lot_funders: list[int]
    resolved_at: datetime | None = None
    resolved_by: int | None = None
    document: UUID | None = None

    def is_overdue(self, now: datetime) -> bool:
        return self.state == "o" and self.deadline <= now


class Kind(StrEnum):
    """What a journal stands for."""

    TRANSFER = "transfer"
    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"
    EXTENSION = "extension"
    GRANT = "grant"
    SALE = "sale"
    RETURN = "return"
    EXPIRY = "expiry"
    REVERSAL = "reversal"
    CLOSE = "close"
    REOPEN = "reopen"
    OPENING = "opening"


class Journal(msgspec.Struct, frozen=True):
    """One document's effect on value: all its movements, or none."""

    id: int
    home: int
    kind: str
    effective_at: datetime
    recorded_at: datetime
    document: UUID | None = None
    reverses: int | None = None
    facts: dict[str, Any] | None = None


class Movement(msgspec.Struct, frozen=True):
    """Value going from one wallet to another of the same unit: zero-sum by construction."""

    journal_id: int
    leg: int
    home: int
    debit: int
    credit: int
    amount: int
    recorded_at: datetime
    debit_after: int | None
    credit_after: int | None


@dataclass(frozen=True, slots=True)
class Available:
    """What a wallet can spend at a moment, and what it can't yet."""

    available: int
    pending: int
    held: int
    debt: int
