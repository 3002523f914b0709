"""What promotions have to ask of others: names of shops and goods, who a customer is, receipts of the past.

They are declared here and answered by a domain above, which is wired in where everything is known.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from msgspec import Struct

from vokrug.promotions.engine import Basket, Shopper
from vokrug.promotions.engine.lint.findings import Key
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import Services

NameOf = Literal["shop", "article", "category"]


class Receipt(Struct, frozen=True, gc=False):
    """A sale of the past, as the engine would have seen it, and what it came to. `day` is of the shop's own calendar;
    `sold` is what each line brought, in money and by points."""

    ref: str
    at: datetime
    day: date
    shop: str
    basket: Basket
    shopper: Shopper | None
    paid_minor: int
    discount_minor: int
    points_minor: int
    sold: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Which receipts are meant: days of the shops' calendars, both inclusive; no shops named means all."""

    from_date: date
    until_date: date
    shops: tuple[str, ...] = ()
    with_visits: bool = False  # also what the customer had bought before, which costs a look at each
    with_segments: bool = False  # also the lists that the customer is on today


@dataclass(frozen=True, slots=True)
class Slice:
    """A few hundred receipts, still packed. Travels to another process, where `unpack` is called with them."""

    receipts: int
    packed: Any


@dataclass(frozen=True, slots=True)
class Reader:
    """Makes receipts of a slice. `unpack` is a plain function of a module, `known` what it has to know."""

    unpack: Callable[[Any, Any], Sequence[Receipt]]
    known: Any

    def __call__(self, slice: Slice) -> Sequence[Receipt]:
        return self.unpack(slice.packed, self.known)


class PointsBooks(Struct, frozen=True):
    """What the books say of points: those outstanding, and what became of those that are not."""

    outstanding_minor: int = 0
    redeemed_minor: int = 0
    expired_minor: int = 0
    value_num: int = 1  # of a minor unit of points, in minor units of money
    value_den: int = 1


class Chain(Protocol):
    """Shops, goods and customers, for who knows them by name only."""

    async def numbers(self, tx: Tx, of: NameOf, names: Collection[str]) -> dict[str, int]:
        """Numbers by codes of shops and categories, by skus of articles. Who is not known is left out."""
        raise NotImplementedError

    async def names(self, tx: Tx, of: NameOf, numbers: Collection[int]) -> dict[int, str]:
        raise NotImplementedError

    async def implied(self, tx: Tx, keys: Collection[Key]) -> dict[Key, frozenset[Key]]:
        """What else the same goods are called: an article's sku, brand and categories, a category's parents."""
        raise NotImplementedError

    async def shopper(self, tx: Tx, customer: UUID, at: datetime) -> Shopper | None:
        """What the engine needs to know of a customer; None when there is no such customer."""
        raise NotImplementedError

    async def points(self, tx: Tx, now: datetime) -> PointsBooks:
        raise NotImplementedError


class PastReceipts(Protocol):
    """The chain's own past sales."""

    async def count(self, db: Database, span: Span) -> int:
        raise NotImplementedError

    async def reader(self, db: Database) -> Reader:
        raise NotImplementedError

    def slices(self, db: Database, span: Span) -> AsyncGenerator[Slice, None]:
        """All receipts of the span, day after day."""
        raise NotImplementedError


class NoChain:
    """Nobody to ask: every name stays as it is, every customer is unknown."""

    async def numbers(self, tx: Tx, of: NameOf, names: Collection[str]) -> dict[str, int]:
        return {}

    async def names(self, tx: Tx, of: NameOf, numbers: Collection[int]) -> dict[int, str]:
        return {}

    async def implied(self, tx: Tx, keys: Collection[Key]) -> dict[Key, frozenset[Key]]:
        return {}

    async def shopper(self, tx: Tx, customer: UUID, at: datetime) -> Shopper | None:
        return None

    async def points(self, tx: Tx, now: datetime) -> PointsBooks:
        return PointsBooks()


class NoReceipts:
    """A chain without a past."""

    async def count(self, db: Database, span: Span) -> int:
        return 0

    async def reader(self, db: Database) -> Reader:
        return Reader(_nothing, None)

    async def slices(self, db: Database, span: Span) -> AsyncGenerator[Slice, None]:
        return
        yield


def _nothing(packed: Any, known: Any) -> Sequence[Receipt]:
    return ()


@dataclass(frozen=True, slots=True)
class Outside:
    """One per process."""

    chain: Chain = field(default_factory=NoChain)
    receipts: PastReceipts = field(default_factory=NoReceipts)


def outside_of(services: Services) -> Outside:
    """As wired; a process without a chain asks nobody."""
    found: Outside | None = services.parts.get(Outside)
    return found or Outside()


def chain_of(services: Services) -> Chain:
    """Who knows shops, goods and customers by name."""
    return outside_of(services).chain
