"""The till's hot path: one statement to read, one to write, each shared by all calls that wait.

Only what is plain goes this way: a check met for the first time, a commit that agrees with its promise.
Everything else is told as a story, one document in one transaction (`operations/`), and so is any
document whose batch met somebody faster. Both decide by the same functions and leave the same books.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from prometheus_client import Counter, Histogram

from vokrug import customers, events, ledger, promotions
from vokrug.kernel import Clock, Refusal
from vokrug.pos import store
from vokrug.pos.document import Document, base_points
from vokrug.pos.reference import Reference
from vokrug.pos.rules import Promise, Settlement, Unplain, settle, tier_before_and_after, told
from vokrug.pos.schemas import Calculate, Commit
from vokrug.pos.store import QuoteRow, SaleRow
from vokrug.pos.tokens import Tokens
from vokrug.pos.types import Shop, Till
from vokrug.runtime.batching import Batcher
from vokrug.runtime.database import Database, Row, Tx
from vokrug.runtime.lanes import Lanes

BATCH = Histogram(
    "vokrug_pos_batch_size", "Calls that shared one statement", ["statement"], buckets=(1, 2, 4, 8, 16, 32, 64)
)
TOLD_ALONE = Counter("vokrug_pos_told_alone", "Documents whose story was told alone", ["call"])
REMEMBERED = 4_096  # documents, about 4 KB each
# Somebody was faster, or one document is not what the database takes: each is then told alone, and only the
# one at fault hears of it.
SET_ASIDE = (
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.IntegrityConstraintViolationError,
    asyncpg.exceptions.DataError,
)
_encoder = msgspec.json.Encoder()


@dataclass(slots=True)
class Ask:
    """What one call wants to know of a customer and a check."""

    number: int | None = None
    type_id: int | None = None
    hash: bytes | None = None
    check_id: UUID | None = None
    lots: int = 0
    soon: int = 0  # how many of the next lots to lapse


@dataclass(slots=True)
class PromiseJob:
    """A priced check to write down, with the points to set aside for it."""

    quote: QuoteRow
    document: Document
    wallet: ledger.Wallet | None  # as it was read; None when nothing is held
    redeemed: int  # the account the points would go to
    deadline: datetime


@dataclass(slots=True)
class CommitJob:
    """A sale to make final."""

    check_id: UUID
    body: Commit
    body_hash: bytes
    shop: Shop
    till: Till
    accounts: ledger.Accounts


@dataclass(slots=True)
class Checkout:
    """One per process: what the till's calls share."""

    db: Database
    clock: Clock
    directory: customers.Directory
    offers: promotions.LiveOffers
    reference: Reference
    tokens: Tokens
    codes: promotions.CouponKeys
    ids: ledger.JournalIds
    gift_keys: ledger.GiftKeys
    reading: Lanes
    writing: Lanes
    recent: dict[UUID, tuple[int, Document]] = field(default_factory=dict)
    readers: Batcher[Ask, Row] = field(init=False)
    writers: Batcher[PromiseJob | CommitJob, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.readers = Batcher(self._read, workers=1, limit=64)
        self.writers = Batcher(self._write, key=check_of, workers=1, limit=64)

    @classmethod
    def over(cls, url: str, **parts: Any) -> "Checkout":
        return cls(reading=Lanes(url, 1), writing=Lanes(url, 1), **parts)

    async def close(self) -> None:
        """Finish what was accepted, then let go of the lanes."""
        await self.readers.drain()
        await self.writers.drain()
        await self.reading.close()
        await self.writing.close()

    # One statement to read

    async def _read(self, asks: Sequence[Ask]) -> Sequence[Row]:
        BATCH.labels("read").observe(len(asks))
        async with self.reading.statement() as tx:
            return await self.read(tx, asks, self.clock.now())

    async def read(self, tx: Tx, asks: Sequence[Ask], now: datetime) -> Sequence[Row]:
        """What is known of customers and checks, a row for each that asks."""
        columns = [
            [getattr(ask, name) for ask in asks] for name in ("number", "type_id", "hash", "check_id", "lots", "soon")
        ]
        return await store.read(tx, *columns, self.reference.points_unit, now)

    # One statement to write

    async def _write(self, jobs: Sequence[PromiseJob | CommitJob]) -> Sequence[Any]:
        BATCH.labels("write").observe(len(jobs))
        async with self.writing.statement() as tx:
            return await self._write_together(tx, jobs)

    async def _write_together(self, tx: Tx, jobs: Sequence[PromiseJob | CommitJob]) -> Sequence[Any]:
        """Decide every document in one set of books. None: not plain, its story has to be told alone."""
        now = self.clock.now()
        promises = [job for job in jobs if isinstance(job, PromiseJob)]
        commits = [job for job in jobs if isinstance(job, CommitJob)]
        found: dict[UUID, Promise] = {}
        if commits:
            found = await self._promises(tx, [job.check_id for job in commits], now)
        wallets: dict[int, ledger.Wallet] = {}
        for made in promises:
            if made.wallet is not None:
                wallets.setdefault(made.wallet.id, made.wallet)
        for promise in found.values():
            if promise.wallet is not None:
                wallets.setdefault(promise.wallet.id, promise.wallet)
        ids = await self.ids.stock(tx, len(jobs))
        batch = Batch(ledger.Books(now, wallets.values(), ids), self.reference.programme, self.reference.multipliers)
        results: list[Any] = []
        for job in jobs:
            try:
                if isinstance(job, PromiseJob):
                    results.append(batch.promise(job))
                else:
                    results.append(batch.commit(job, found.get(job.check_id)))
            except Unplain:
                results.append(None)
            except Refusal:
                return [None] * len(jobs)  # books that a refusal left half way are thrown away
        try:
            await batch.write(tx)
        except SET_ASIDE:
            return [None] * len(jobs)
        for job, result in zip(jobs, results, strict=True):
            if isinstance(job, PromiseJob) and result is not None:
                self.remember(job.quote, job.document)
        return results

    async def _promises(self, tx: Tx, checks: list[UUID], now: datetime) -> dict[UUID, Promise]:
        """What was promised. A check that this process quoted a moment ago is remembered and not read again."""
        remembered = [self.recent.pop(check_id, None) for check_id in checks]
        known = {check_id: recent[1] for check_id, recent in zip(checks, remembered, strict=True) if recent}
        revisions = [recent and recent[0] for recent in remembered]
        rows = await store.read_promises(tx, checks, revisions, self.reference.points_unit, now)
        return {row[0]: Promise.of(row, known.get(row[0])) for row in rows}

    def remember(self, quote: QuoteRow, document: Document) -> None:
        """Keep what was just promised for its commit. What is not fetched soon makes room."""
        if len(self.recent) >= REMEMBERED:
            self.recent.pop(next(iter(self.recent)))
        self.recent[quote.check_id] = (quote.rev, document)


def check_of(job: PromiseJob | CommitJob) -> UUID:
    return job.quote.check_id if isinstance(job, PromiseJob) else job.check_id


class Batch:
    """The documents of one write."""

    def __init__(self, books: ledger.Books, programme: promotions.Programme, multipliers: frozenset[int]) -> None:
        self.books = books
        self.programme, self.multipliers = programme, multipliers
        self.quotes: list[QuoteRow] = []
        self.sales: list[SaleRow] = []
        self.shoppers: dict[tuple[int, int], tuple[int, int, int, int, int, datetime]] = {}
        self.done: dict[int, promotions.Done] = {}  # by customer, after the sales of this batch
        self.events: list[events.Row] = []

    def promise(self, job: PromiseJob) -> QuoteRow:
        """Write a promise down and set its points aside."""
        quote = job.quote
        if job.wallet is not None and job.document.burn_minor:
            wallet = self.books.wallets[job.wallet.id]
            if wallet.overdue or wallet.spendable < job.document.burn_minor:
                raise Unplain()
            journal = self.books.open_journal(ledger.Kind.HOLD, home=wallet.home, document=quote.check_id)
            hold = self.books.place_hold(
                journal, wallet.id, job.redeemed, job.document.burn_minor, deadline=job.deadline
            )
            quote = msgspec.structs.replace(quote, hold_id=hold.id)
        self.quotes.append(quote)
        return quote

    def commit(self, job: CommitJob, promise: Promise | None) -> tuple[SaleRow, Document]:
        """Make a sale final as it was promised."""
        if promise is None or promise.sale_status is not None or (promise.wallet and promise.wallet.overdue):
            raise Unplain()
        number, points = promise.customer_number, base_points(promise.document, self.programme, self.multipliers)
        done = promise.done if number is None else self.done.get(number, promise.done)
        if number is not None:
            paid = promise.document.to_pay_minor
            steps = tier_before_and_after(self.programme, done, promise.tier, paid, points)
            if steps[0] != steps[1] or self.programme.counts_categories:
                raise Unplain()  # a step on the ladder is written down and told
        settlement = Settlement(job.body, job.body_hash, job.shop, job.till, job.accounts)
        sale = settle(self.books, settlement, promise, spent_minor=done.spend)
        self.sales.append(sale)
        if number is not None:
            self.done[number] = done.plus(sale.paid_minor, points, 1)
            day = promotions.day_number(self.programme, sale.at)
            _, _, spend, earned, count, at = self.shoppers.get((number, day), (number, day, 0, 0, 0, sale.at))
            added = (spend + sale.paid_minor, earned + points, count + 1, max(at, sale.at))
            self.shoppers[number, day] = (number, day, *added)
        self.events.append(told(sale, promise.document, job.shop, job.till))
        return sale, promise.document

    async def write(self, tx: Tx) -> None:
        if self.quotes or self.sales or not self.books.is_empty:
            shoppers = [self.shoppers[place] for place in sorted(self.shoppers)]
            await store.write(tx, self.quotes, self.sales, shoppers, ledger.written(self.books), self.events)


def hash_of(body: Calculate | Commit, who: int | None = None) -> bytes:
    """What tells a repeat from another document. A token's renewal is not a change: its owner counts."""
    if isinstance(body, Calculate) and body.customer_token is not None:
        body = msgspec.structs.replace(body, customer_token=str(who))
    return hashlib.sha256(_encoder.encode(body)).digest()[:16]
