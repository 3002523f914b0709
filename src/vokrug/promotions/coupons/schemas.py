"""Bodies of requests and answers about coupons."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from msgspec import Meta, Struct

from vokrug.promotions.coupons.types import Key, Kind, Pool
from vokrug.promotions.coupons.writing import CheckKind

Typed = Annotated[str, Meta(min_length=1, max_length=200)]


class NewPool(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A pool of codes to be written down. The caller makes the id and may send it again."""

    id: UUID
    key: Key
    name: Annotated[str, Meta(min_length=1, max_length=200, pattern=r"\S")]
    kind: Kind = "unique"
    offer: UUID | None = None
    bundle_of: Annotated[tuple[Key, ...], Meta(max_length=20)] = ()  # keys of pools of unique codes
    word: Typed | None = None  # of a shared code
    prefix: Annotated[str, Meta(max_length=12)] = ""
    alphabet: Literal["letters", "digits"] = "letters"
    length: Annotated[int, Meta(ge=0, le=24)] = 10  # of the part that cannot be guessed, or of a printed number
    check: CheckKind = "damm"
    uses: Annotated[int, Meta(ge=1, le=10**9)] | None = 1  # of each code; null: any number, for a shared word
    restorable: bool = False  # a whole return gives the code back
    needs_activation: bool = False
    from_at: Annotated[datetime, Meta(tz=True)] | None = None
    until_at: Annotated[datetime, Meta(tz=True)] | None = None
    valid_days: Annotated[int, Meta(ge=1, le=3660)] | None = None  # of a code that a sale issues
    first_serial: Annotated[int, Meta(ge=0, le=10**18)] | None = None
    last_serial: Annotated[int, Meta(ge=0, le=10**18)] | None = None


class Pools(Struct, frozen=True):
    pools: list[Pool]


class IssueCodes(Struct, frozen=True, forbid_unknown_fields=True):
    """How many codes. The same id again answers the same codes."""

    id: UUID
    count: Annotated[int, Meta(ge=1, le=100_000_000)]


class WhichCode(Struct, frozen=True, forbid_unknown_fields=True):
    """A code as somebody typed it."""

    code: Typed


class CodesTaken(Struct, frozen=True):
    """What became of a partner's list."""

    added: int
    known: int


class OfflineKey(Struct, frozen=True):
    """What a till needs to believe a pool's signed codes without a line. `typed` is secret; `public` is not."""

    pool: int
    typed: str  # HMAC-SHA-256 key, hex
    public: str  # Ed25519, hex


class Owed(Struct, frozen=True):
    """A coupon used although the sale that gave it came back."""

    pool: str
    customer_number: int | None
    sale_id: UUID
    used_by: UUID


class AllOwed(Struct, frozen=True):
    debts: list[Owed]
