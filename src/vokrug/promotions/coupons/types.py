"""Nouns of coupons."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.promotions.coupons.writing import CheckKind

Kind = Literal["unique", "shared", "range", "signed", "bundle", "partner"]
Life = Literal["issued", "active", "held", "used", "void", "expired"]
Key = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_.-]{0,63}$")]


class Pool(Struct, frozen=True):
    """Codes that look alike and do the same. `kind`:

    unique: made here, many, each used `uses` times; shared: a word that everybody may know; range: printed
    numbers between two serials; signed: codes that prove themselves; bundle: a code that stands for one of
    each pool of `bundle_of`; partner: codes that somebody else made.
    """

    number: int
    id: UUID
    key: str
    name: str
    kind: Kind
    offer: int | None
    bundle_of: tuple[int, ...]
    prefix: str
    alphabet: Literal["letters", "digits"]
    length: int
    check_kind: CheckKind
    uses: int | None
    is_restorable: bool
    needs_activation: bool
    from_at: datetime | None
    until_at: datetime | None
    valid_days: int | None
    first_serial: int | None
    last_serial: int | None
    is_hashed: bool
    state: Literal["open", "void"]


class Issue(Struct, frozen=True):
    """A batch of codes made together."""

    number: int
    id: UUID
    pool: int
    count: int
    made: int
    position: int
    skipped: tuple[int, ...]


class Found(Struct, frozen=True):
    """A code that somebody brought, and where it leads."""

    typed: str  # as it was brought: the engine and the till know it by this
    code: bytes  # as the database knows it
    pool: Pool
    serial: int = 0


class CodeCard(Struct, frozen=True):
    """What becomes of one code, for the staff."""

    pool: str
    state: Life
    uses: int
    most: int | None
    customer_number: int | None
    until_at: datetime | None
    used_by: list[UUID]


class IssuedCode(Struct, frozen=True):
    """A coupon for next time, as the receipt shows it."""

    code: str
    name: str
    until: datetime | None
