"""The till's hot path: one statement to read, one to write, each shared by all calls that wait.

Only what is plain goes this way: a check met for the first time, a commit that agrees with its promise.
Everything else is told as a story, one document in one transaction (`operations/`), and so is any
document whose batch met somebody faster. Both decide by the same functions and leave the same books.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
from prometheus_client import Counter as Count
from prometheus_client import Histogram

from vokrug import customers, ledger, promotions
from vokrug.kernel import Clock, Refusal
from vokrug.pos import store
from vokrug.pos.batch import MANY_LOTS, Batch, CommitJob, Job, PromiseJob, Stale, check_of
from vokrug.pos.goods.unseen import Unseen
from vokrug.pos.memory import Memory, is_newer
from vokrug.pos.offline.bundling import Bundles
from vokrug.pos.offline.sealing import Seals
from vokrug.pos.proofs.keys import ProofKeys
from vokrug.pos.reference import Reference
from vokrug.pos.rules import Promise, Unplain
from vokrug.pos.schemas import Calculate, Commit
from vokrug.pos.tokens import Tokens
from vokrug.runtime.batching import Batcher
from vokrug.runtime.database import Database, Row, Tx
from vokrug.runtime.lanes import Lanes

BATCH = Histogram(
    "vokrug_pos_batch_size", "Calls that shared one statement", ["statement"], buckets=(1, 2, 4, 8, 16, 32, 64)
)
TOLD_ALONE = Count("vokrug_pos_told_alone", "Documents whose story was told alone", ["call"])
READ_TOGETHER, WRITTEN_TOGETHER = BATCH.labels("read").observe, BATCH.labels("write").observe
# Somebody was faster, or one document is not what the database takes: each is then told alone, and only the
# one at fault hears of it.
SET_ASIDE = (
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.IntegrityConstraintViolationError,
    asyncpg.exceptions.DataError,
)
FASTER = (asyncpg.exceptions.TransactionRollbackError, asyncpg.exceptions.UniqueViolationError)
TRIES = 3
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
    proof_keys: ProofKeys
    seals: Seals
    reading: Lanes
    writing: Lanes
    memory: Memory = field(default_factory=Memory)
    unseen: Unseen = field(default_factory=Unseen)
    bundles: Bundles = field(default_factory=Bundles)
    wanted: dict[int, float] = field(default_factory=dict)  # customers whom many tills meet, and until when
    readers: Batcher[Ask, Row] = field(init=False)
    writers: Batcher[Job, Any] = field(init=False)

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
        with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self.unseen.write(self.db)
        await self.reading.close()
        await self.writing.close()

    # One statement to read

    async def _read(self, asks: Sequence[Ask]) -> Sequence[Row]:
        READ_TOGETHER(len(asks))
        async with self.reading.statement() as tx:
            return await self.read(tx, asks, self.clock.now())

    async def read(self, tx: Tx, asks: Sequence[Ask], now: datetime) -> Sequence[Row]:
        """What is known of customers and checks, a row for each that asks."""
        columns = [
            [getattr(ask, name) for ask in asks] for name in ("number", "type_id", "hash", "check_id", "lots", "soon")
        ]
        wanted = (self.offers.current.asks_traits, self.offers.around.has_people)
        return await store.read(tx, *columns, self.reference.points_unit, now, *wanted)

    # One statement to write

    async def _write(self, jobs: Sequence[Job]) -> Sequence[Any]:
        """A result for each document. None: not plain, its story has to be told alone."""
        WRITTEN_TOGETHER(len(jobs))
        async with self.writing.statement() as tx:
            try:
                if not self._are_wanted(jobs):
                    return await self._write_at_once(tx, jobs)
            except (Stale, *FASTER) as why:
                self._doubt(jobs, is_contended=not isinstance(why, Stale))
            except SET_ASIDE:
                self._doubt(jobs)
                return [None] * len(jobs)
            try:
                return await self._write_under_locks(tx, jobs)
            except SET_ASIDE:
                return [None] * len(jobs)

    async def _write_at_once(self, tx: Tx, jobs: Sequence[Job]) -> Sequence[Any]:
        """Decide on what was read or is remembered; the write says if something has moved on."""
        now = self.clock.now()
        found: dict[UUID, Promise] = {}
        # Where days are counted a shopper's sum is not compared by the write, so it is read.
        known = commits_of(jobs) if self.reference.programme.span == "lifetime" else ()
        for check_id in known:
            if (promise := self.memory.promise(check_id, now)) is not None:
                found[check_id] = promise
        if missing := [check_id for check_id in commits_of(jobs) if check_id not in found]:
            found |= await self._promises(tx, missing, now)
        batch, results = await self._decided(tx, jobs, found, newest(jobs, found), now)
        await written(tx, batch)
        self._remember(jobs, batch, results)
        return results

    async def _write_under_locks(self, tx: Tx, jobs: Sequence[Job]) -> Sequence[Any]:
        """Many tills on one card, or a wallet that others want too: lock first, read what is there now, and
        decide the whole batch on that. Checks that somebody else has written are left to their own stories.
        """
        results: list[Any] = [None] * len(jobs)
        left = dict(enumerate(jobs))
        for _ in range(TRIES):
            these = list(left.values())
            try:
                async with tx.connection.transaction():
                    batch, done = await self._decided_under_locks(tx, these)
                    await written(tx, batch)
            except FASTER as error:
                theirs = set((error.detail or "").split(","))
                left = {i: job for i, job in left.items() if str(check_of(job)) not in theirs}
            else:
                self._remember(these, batch, done)
                for i, result in zip(left, done, strict=True):
                    results[i] = result
                return results
        return results

    async def _decided_under_locks(self, tx: Tx, jobs: Sequence[Job]) -> tuple[Batch, list[Any]]:
        checks = commits_of(jobs)
        ids = [job.wallet.id for job in jobs if isinstance(job, PromiseJob) and job.wallet is not None]
        locked = await store.lock_wallets_of(tx, ids, checks, self.reference.points_unit)
        now = self.clock.now()
        found = await self._promises(tx, checks, now)
        wallets = await ledger.read_wallets(tx, locked, now, lots=MANY_LOTS)
        return await self._decided(tx, jobs, found, wallets, now, is_locked=True)

    async def _decided(
        self,
        tx: Tx,
        jobs: Sequence[Job],
        found: Mapping[UUID, Promise],
        wallets: Iterable[ledger.Wallet],
        now: datetime,
        *,
        is_locked: bool = False,
    ) -> tuple[Batch, list[Any]]:
        """Every document decided in one set of books, ready to be written."""
        books = ledger.Books(now, wallets, await self.ids.stock(tx, len(jobs)))
        batch, results = Batch(books, self.reference, is_locked=is_locked), list[Any]()
        for job in jobs:
            try:
                if isinstance(job, PromiseJob):
                    results.append(batch.promise(job))
                else:
                    results.append(batch.commit(job, found.get(job.check_id)))
            except Unplain:
                results.append(None)
            except Refusal:  # books that a refusal left half way are thrown away
                self._doubt(jobs)
                return Batch(ledger.Books(now, (), iter(())), self.reference), [None] * len(jobs)
        return batch, results

    async def _promises(self, tx: Tx, checks: list[UUID], now: datetime) -> dict[UUID, Promise]:
        """What was promised. A document that this process wrote a moment ago need not travel."""
        if not checks:
            return {}
        known = {check_id: self.memory.document(check_id) for check_id in checks}
        revisions = [None if had is None else had[0] for had in known.values()]
        rows = await store.read_promises(tx, checks, revisions, self.reference.points_unit, now)
        return {row[0]: Promise.of(row, had[1] if (had := known[row[0]]) else None) for row in rows}

    # What is known between a promise and its commit

    def _remember(self, jobs: Sequence[Job], batch: Batch, results: Sequence[Any]) -> None:
        """After the write, and never before it is durable."""
        for promise in batch.promises:
            self.memory.keep(promise)
        self.memory.saw(batch.books.wallets.values())
        for job, result in zip(jobs, results, strict=True):
            if result is not None and isinstance(job, CommitJob):
                self.memory.drop(job.check_id)

    def _doubt(self, jobs: Sequence[Job], *, is_contended: bool = False) -> None:
        """What these documents were decided on is not to be relied on. Customers who are among them more than
        once are likely the reason.
        """
        of_jobs = [(check_of(job), self._customer_of(job)) for job in jobs]
        times = Counter(customer for _, customer in of_jobs if customer is not None)
        unit = self.reference.points_unit
        self.memory.doubt([check_id for check_id, _ in of_jobs], [ledger.wallet_of(one, unit) for one in times])
        if is_contended:
            until_s = monotonic() + WANTED_FOR_S
            self.wanted |= {customer: until_s for customer, count in times.items() if count > 1}

    def _are_wanted(self, jobs: Sequence[Job]) -> bool:
        """Has one of these customers lately been met by many tills at once?"""
        if not self.wanted:
            return False
        now_s = monotonic()
        self.wanted = {customer: until_s for customer, until_s in self.wanted.items() if until_s > now_s}
        return any(self._customer_of(job) in self.wanted for job in jobs)

    def _customer_of(self, job: Job) -> int | None:
        return job.quote.customer_number if isinstance(job, PromiseJob) else self.memory.customer(job.check_id)


async def written(tx: Tx, batch: Batch) -> None:
    """Everything that was decided, with one statement."""
    if batch.quotes or batch.sales or not batch.books.is_empty:
        shoppers = [batch.shoppers[place] for place in sorted(batch.shoppers)]
        await store.write(tx, batch.quotes, batch.sales, shoppers, ledger.written(batch.books), batch.events)


def commits_of(jobs: Sequence[Job]) -> list[UUID]:
    return [job.check_id for job in jobs if isinstance(job, CommitJob)]


def newest(jobs: Sequence[Job], found: Mapping[UUID, Promise]) -> Iterable[ledger.Wallet]:
    """Of each wallet the newest state we saw. One whose lots were read before it changed has to be read again."""
    wallets: dict[int, ledger.Wallet] = {}
    for promise in found.values():
        if promise.wallet is not None:
            known = wallets.get(promise.wallet.id)
            if known is None or is_newer(promise.wallet, known):
                wallets[promise.wallet.id] = promise.wallet
    for job in jobs:
        if isinstance(job, PromiseJob) and job.wallet is not None:
            known = wallets.get(job.wallet.id)
            if known is None or not is_newer(known, job.wallet):
                wallets[job.wallet.id] = job.wallet
            elif job.document.burn_minor:
                raise Stale()
    return wallets.values()


def hash_of(body: Calculate | Commit, who: int | None = None) -> bytes:
    """What tells a repeat from another document. A token's renewal is not a change: its owner counts."""
    if isinstance(body, Calculate) and body.customer_token is not None:
        body = msgspec.structs.replace(body, customer_token=str(who))
    return hashlib.sha256(_encoder.encode(body)).digest()[:16]
