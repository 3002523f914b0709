"""The till's hot path: one statement to read, one to write, each shared by all calls that wait.

Only what is plain goes this way: a check met for the first time, a commit that agrees with its promise.
Everything else is told as a story, one document in one transaction (`operations/`), and so is any
document whose batch met somebody faster. Both decide by the same functions and leave the same books.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from prometheus_client import Counter as Count
from prometheus_client import Histogram

from vokrug import customers, events, ledger, promotions
from vokrug.kernel import Clock, Refusal
from vokrug.pos import document as documents
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
TOLD_ALONE = Count("vokrug_pos_told_alone", "Documents whose story was told alone", ["call"])
REMEMBERED = 4_096  # documents, about 4 KB each
# Somebody was faster, or one document is not what the database takes: each is then told alone, and only the
# one at fault hears of it.
SET_ASIDE = (
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.IntegrityConstraintViolationError,
    asyncpg.exceptions.DataError,
)
FASTER = (asyncpg.exceptions.TransactionRollbackError, asyncpg.exceptions.UniqueViolationError)
TRIES = 3
MANY_LOTS = 256  # nobody's points for one check lie in more; if they do, its story is told alone
WANTED_FOR_S = 1.0  # a customer met by many tills at once is decided under a lock for so long
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

    quote: QuoteRow  # without its document: how many points there are may change until it is written
    document: Document
    priced: Callable[[int], Document]  # with so many points to spend
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
    recent: dict[UUID, tuple[int, Document, int | None]] = field(default_factory=dict)
    wanted: dict[int, float] = field(default_factory=dict)  # customers whom many tills meet, and until when
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
        """A result for each document. None: not plain, its story has to be told alone."""
        BATCH.labels("write").observe(len(jobs))
        async with self.writing.statement() as tx:
            try:
                if not self._are_wanted(jobs):
                    return await self._write_at_once(tx, jobs)
            except Short:
                pass
            except FASTER:
                self._want(jobs)
            except SET_ASIDE:
                return [None] * len(jobs)
            try:
                return await self._write_under_locks(tx, jobs)
            except SET_ASIDE:
                return [None] * len(jobs)

    async def _write_at_once(self, tx: Tx, jobs: Sequence[PromiseJob | CommitJob]) -> Sequence[Any]:
        """Decide on wallets as they were read; the write says if one has moved on."""
        now = self.clock.now()
        found = await self._promises(tx, commits_of(jobs), now)
        wallets: dict[int, ledger.Wallet] = {}
        for job in jobs:
            if isinstance(job, PromiseJob) and job.wallet is not None:
                wallets.setdefault(job.wallet.id, job.wallet)
        for promise in found.values():
            if promise.wallet is not None:
                wallets.setdefault(promise.wallet.id, promise.wallet)
        return await self._write_together(tx, jobs, found, wallets.values(), now)

    async def _write_under_locks(self, tx: Tx, jobs: Sequence[PromiseJob | CommitJob]) -> Sequence[Any]:
        """Many tills on one card, or a wallet that others want too: lock first, read what is there now, and
        decide the whole batch on that. Checks that somebody else has written are left to their own stories.
        """
        results: list[Any] = [None] * len(jobs)
        left = dict(enumerate(jobs))
        for _ in range(TRIES):
            try:
                async with tx.connection.transaction():
                    done = await self._decide_under_locks(tx, list(left.values()))
            except FASTER as error:
                theirs = set((error.detail or "").split(","))
                left = {i: job for i, job in left.items() if str(check_of(job)) not in theirs}
            else:
                for i, result in zip(left, done, strict=True):
                    results[i] = result
                return results
        return results

    async def _decide_under_locks(self, tx: Tx, jobs: Sequence[PromiseJob | CommitJob]) -> Sequence[Any]:
        checks = commits_of(jobs)
        ids = [job.wallet.id for job in jobs if isinstance(job, PromiseJob) and job.wallet is not None]
        locked = await store.lock_wallets_of(tx, ids, checks, self.reference.points_unit)
        now = self.clock.now()
        found = await self._promises(tx, checks, now)
        wallets = await ledger.read_wallets(tx, locked, now, lots=MANY_LOTS)
        return await self._write_together(tx, jobs, found, wallets, now, is_locked=True)

    async def _write_together(
        self,
        tx: Tx,
        jobs: Sequence[PromiseJob | CommitJob],
        found: dict[UUID, Promise],
        wallets: Iterable[ledger.Wallet],
        now: datetime,
        *,
        is_locked: bool = False,
    ) -> Sequence[Any]:
        """Decide every document in one set of books, and write it down."""
        batch = Batch(is_locked, ledger.Books(now, wallets, await self.ids.stock(tx, len(jobs))), self.reference)
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
        await batch.write(tx)
        for job, result in zip(jobs, results, strict=True):
            if result is not None:
                if isinstance(job, PromiseJob):
                    self.remember(*result)
                else:
                    self.recent.pop(job.check_id, None)
        return results

    def _are_wanted(self, jobs: Sequence[PromiseJob | CommitJob]) -> bool:
        """Has one of these customers lately been met by many tills at once?"""
        if not self.wanted:
            return False
        now_s = monotonic()
        self.wanted = {customer: until_s for customer, until_s in self.wanted.items() if until_s > now_s}
        return any(self._customer_of(job) in self.wanted for job in jobs)

    def _want(self, jobs: Sequence[PromiseJob | CommitJob]) -> None:
        """Of a batch that met somebody faster, the customers who are there more than once are likely why."""
        times = Counter(filter(None, map(self._customer_of, jobs)))
        until_s = monotonic() + WANTED_FOR_S
        self.wanted |= {customer: until_s for customer, count in times.items() if count > 1}

    def _customer_of(self, job: PromiseJob | CommitJob) -> int | None:
        if isinstance(job, PromiseJob):
            return job.quote.customer_number
        recent = self.recent.get(job.check_id)
        return None if recent is None else recent[2]

    async def _promises(self, tx: Tx, checks: list[UUID], now: datetime) -> dict[UUID, Promise]:
        """What was promised. A check that this process quoted a moment ago is remembered and not read again."""
        if not checks:
            return {}
        remembered = [self.recent.get(check_id) for check_id in checks]
        known = {check_id: recent[1] for check_id, recent in zip(checks, remembered, strict=True) if recent}
        revisions = [recent and recent[0] for recent in remembered]
        rows = await store.read_promises(tx, checks, revisions, self.reference.points_unit, now)
        return {row[0]: Promise.of(row, known.get(row[0])) for row in rows}

    def remember(self, quote: QuoteRow, document: Document) -> None:
        """Keep what was just promised for its commit. What is not fetched soon makes room."""
        if len(self.recent) >= REMEMBERED:
            self.recent.pop(next(iter(self.recent)))
        self.recent[quote.check_id] = (quote.rev, document, quote.customer_number)


def commits_of(jobs: Sequence[PromiseJob | CommitJob]) -> list[UUID]:
    return [job.check_id for job in jobs if isinstance(job, CommitJob)]


def check_of(job: PromiseJob | CommitJob) -> UUID:
    return job.quote.check_id if isinstance(job, PromiseJob) else job.check_id


class Short(Exception):
    """Fewer points than promised can be seen: look again, under a lock and at more lots."""


class Batch:
    """The documents of one write."""

    def __init__(self, is_locked: bool, books: ledger.Books, reference: Reference) -> None:
        self.is_locked, self.books = is_locked, books
        self.programme, self.multipliers = reference.programme, reference.multipliers
        self.quotes: list[QuoteRow] = []
        self.sales: list[SaleRow] = []
        self.shoppers: dict[tuple[int, int], tuple[int, int, int, int, int, datetime]] = {}
        self.done: dict[int, promotions.Done] = {}  # by customer, after the sales of this batch
        self.events: list[events.Row] = []

    def promise(self, job: PromiseJob) -> tuple[QuoteRow, Document]:
        """Write a promise down and set its points aside."""
        quote, document = job.quote, job.document
        if job.wallet is not None:
            wallet = self.books.wallets[job.wallet.id]
            if wallet.overdue:
                raise Unplain()
            if wallet.spendable < document.burn_minor:
                document = self._less(job, wallet)
            if document.own_burn_minor:
                raise Unplain()
            if document.burn_minor:
                journal = self.books.open_journal(ledger.Kind.HOLD, home=wallet.home, document=quote.check_id)
                hold = self.books.place_hold(
                    journal, wallet.id, job.redeemed, document.burn_minor, deadline=job.deadline
                )
                quote = msgspec.structs.replace(quote, hold_id=hold.id)
                document = documents.held(document, hold.deadline)
        quote = store.with_document(quote, document)
        self.quotes.append(quote)
        return quote, document

    def _less(self, job: PromiseJob, wallet: ledger.Wallet) -> Document:
        """Somebody has set these very points aside meanwhile: there is another price to be told."""
        if not self.is_locked:
            raise Short()
        if len(wallet.lots) >= MANY_LOTS:
            raise Unplain()
        return job.priced(wallet.spendable)

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
