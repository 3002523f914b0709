"""What the ledger can be told to do. Every instruction has an id that counts once, for ever.

Wallets are named by code. Amounts are whole minor units; "all" is what there is.
"""

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Key = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Amount = Annotated[int, msgspec.Meta(ge=0, le=10**15)]
AmountOrAll = Amount | Literal["all"]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=10 * 366 * 86_400)]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
UpTo = Literal["debit", "credit", "both"]


class Instruction(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="op"):
    """Base of all instructions."""

    id: Key


class Transfer(Instruction, frozen=True, tag="transfer"):
    """Move an amount. `up_to` moves less, or nothing, where that side would go below zero. `force` lets a
    guarded wallet go into debt."""

    debit: Code
    credit: Code
    amount: AmountOrAll
    up_to: UpTo | None = None
    force: bool = False
    effective_at: Moment | None = None


class PlaceHold(Instruction, frozen=True, tag="hold"):
    """Set an amount aside until it is captured, voided, or `timeout_s` have passed since we accepted it."""

    debit: Code
    credit: Code
    amount: AmountOrAll
    up_to: UpTo | None = None
    timeout_s: Seconds | None = None


class Capture(Instruction, frozen=True, tag="capture"):
    """Post all or a part of a hold; the rest is released at once. Zero is allowed."""

    hold: Key
    amount: AmountOrAll = "all"


class Void(Instruction, frozen=True, tag="void"):
    """Release all of a hold."""

    hold: Key


class Extend(Instruction, frozen=True, tag="extend"):
    """Give an open hold until `timeout_s` from now, if that is later than it has."""

    hold: Key
    timeout_s: Seconds


class Close(Instruction, frozen=True, tag="close"):
    """A closed wallet takes part in nothing but voids and time-outs. It may reopen by itself."""

    wallet: Code
    timeout_s: Seconds | None = None


class Reopen(Instruction, frozen=True, tag="reopen"):
    """Undo a close, named by its id."""

    close: Key


class Leg(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One movement of a posting."""

    debit: Code
    credit: Code
    amount: Amount


class Post(Instruction, frozen=True, tag="post"):
    """Several movements as one journal, with a business time. `force` records a fact rather than asking for
    permission: guarded wallets may go into debt."""

    movements: Annotated[list[Leg], msgspec.Meta(min_length=1, max_length=200)]
    effective_at: Moment | None = None
    force: bool = False


class Revert(Instruction, frozen=True, tag="revert"):
    """Mirror an earlier journal, once. Points go back to their own lots. Refused if it overdraws, unless forced."""

    of: Key
    force: bool = False
    effective_at: Moment | None = None


class GrantPoints(Instruction, frozen=True, tag="grant"):
    """Give points: one lot, that may wait until it is active and lapse when it expires."""

    wallet: Code
    source: Code
    amount: Annotated[int, msgspec.Meta(ge=1, le=10**15)]
    active_from: Moment | None = None
    expires_at: Moment | None = None
    priority: Annotated[int, msgspec.Meta(ge=-1000, le=1000)] = 0
    effective_at: Moment | None = None


class DrawSource(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A wallet to draw from, and at most how much."""

    wallet: Code
    max: Amount | None = None


class Draw(Instruction, frozen=True, tag="draw"):
    """Fill one total from wallets in the order given, each down to its own overdraft; all or nothing."""

    amount: AmountOrAll
    sources: Annotated[list[DrawSource], msgspec.Meta(min_length=1, max_length=100)]
    credit: Code


AnyInstruction = Transfer | PlaceHold | Capture | Void | Extend | Close | Reopen | Post | Revert | GrantPoints | Draw
