"""Bodies of the ledger's requests and answers. Amounts are whole minor units."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from vokrug.ledger.instructions import AnyInstruction, Code


class PerformInstructions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Instructions in order. `atomic`: a chain that stands or falls together."""

    instructions: Annotated[list[AnyInstruction], msgspec.Meta(min_length=1, max_length=500)]
    atomic: bool = False


class InstructionResult(msgspec.Struct, frozen=True):
    """`status` is `ok`, `duplicate_same`, or the code of the refusal that `detail` puts in words."""

    id: str
    status: str
    moved: int = 0
    taken: list[tuple[str, int]] = []
    detail: str | None = None


class InstructionResults(msgspec.Struct, frozen=True):
    results: list[InstructionResult]


class DefineUnit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A currency or a kind of points, with so many digits after the point."""

    code: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._/-]{1,12}$")]
    scale: Annotated[int, msgspec.Meta(ge=0, le=12)] = 2
    kind: Literal["money", "points"] = "money"


class UnitCard(msgspec.Struct, frozen=True):
    code: str
    scale: int
    kind: str


class OpenWallet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Terms of a wallet. Guard `d` refuses to spend more than there is, `c` to receive more than was given."""

    code: Code
    unit: Annotated[str, msgspec.Meta(min_length=1, max_length=12)]
    guard: Literal["n", "d", "c"] = "d"
    has_lots: bool = False
    overdraft: Annotated[int, msgspec.Meta(ge=0, le=10**15)] = 0


class OpenedWallet(msgspec.Struct, frozen=True):
    id: int
    code: str


class WalletBalance(msgspec.Struct, frozen=True):
    """The four sums, and what may be spent."""

    code: str
    debits: int
    credits: int
    debits_held: int
    credits_held: int
    balance: int
    available: int
    pending: int
    debt: int


class BalanceThen(msgspec.Struct, frozen=True):
    """A balance as of a moment; `received` and `sent` are sums over business time."""

    balance: int | None = None
    spendable: int | None = None
    received: int | None = None
    sent: int | None = None
    debits: int | None = None
    credits: int | None = None
    debits_held: int | None = None
    credits_held: int | None = None
    first_used: datetime | None = None


class WalletLot(msgspec.Struct, frozen=True):
    """One grant of points: what is left of it, and what of it has lapsed."""

    id: str
    granted: int
    remaining: int
    held: int
    lapsed: int
    priority: int
    earned_at: datetime
    active_from: datetime
    expires_at: datetime | None


class WalletLine(msgspec.Struct, frozen=True):
    recorded_at: datetime
    effective_at: datetime
    kind: str
    journal: str
    amount: int
    balance_after: int | None


class WalletStatement(msgspec.Struct, frozen=True):
    """Opening plus lines make the closing. With more lines than one answer holds, `is_complete` is false,
    `closing` is the last line's, and the next page starts after that line."""

    code: str
    opening: int
    closing: int
    is_complete: bool
    lines: list[WalletLine]
    lots: list[WalletLot]


class TrialBalanceLine(msgspec.Struct, frozen=True):
    unit: str
    code: str
    debits: int
    credits: int


class TrialBalance(msgspec.Struct, frozen=True):
    """Per unit, debits equal credits; `balanced` says so."""

    lines: list[TrialBalanceLine]
    balanced: bool


class BookDifference(msgspec.Struct, frozen=True):
    rule: str
    what: str
    by: str


class BooksCheck(msgspec.Struct, frozen=True):
    balanced: bool
    wallets: int
    journals: int
    movements: int
    lots: int
    differences: list[BookDifference]


class NightResult(msgspec.Struct, frozen=True):
    holds_released: int
    points_expired: int
    deltas_folded: int
    gift_cards_expired_minor: int = 0
