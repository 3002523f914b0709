"""The documents that share one write, decided in one set of books."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug import events, ledger
from vokrug.pos import document as documents
from vokrug.pos import store
from vokrug.pos.document import Document
from vokrug.pos.rules import Promise, Settlement, Unplain, settle, told
from vokrug.pos.schemas import Commit
from vokrug.pos.store import QuoteRow, SaleRow, ShopperChange
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx

MANY_LOTS = 256  # nobody's points for one check lie in more; if they do, its story is told alone


@dataclass(slots=True)
class PromiseJob:
    """A priced check to write down, with the points to set aside for it."""

    quote: QuoteRow  # without its document: how many points there are may change until it is written
    document: Document
    priced: Callable[[int], Document]  # with so many points to spend
    spent_minor: int  # by the shopper before, and the wallet, both as they were read
    wallet: ledger.Wallet | None
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


Job = PromiseJob | CommitJob


def check_of(job: Job) -> UUID:
    return job.quote.check_id if isinstance(job, PromiseJob) else job.check_id


class Stale(Exception):
    """What was read is not enough to decide on: look again, under a lock and at more lots."""


class Batch:
    """The documents of one write."""

    def __init__(self, books: ledger.Books, *, is_locked: bool = False) -> None:
        self.books, self.is_locked = books, is_locked
        self.quotes: list[QuoteRow] = []
        self.sales: list[SaleRow] = []
        self.shoppers: dict[int, ShopperChange] = {}
        self.events: list[events.Row] = []
        self.promises: list[Promise] = []  # as their commits will want them

    def promise(self, job: PromiseJob) -> tuple[QuoteRow, Document]:
        """Write a promise down and set its points aside."""
        quote, document, hold, wallet = job.quote, job.document, None, job.wallet
        if wallet is not None:
            wallet = self.books.wallets.get(wallet.id, wallet)
            if document.burn_minor:
                if wallet.overdue:
                    raise Unplain()
                if wallet.spendable < document.burn_minor:
                    document = self._less(job, wallet)
            if document.burn_minor:
                journal = self.books.open_journal(ledger.Kind.HOLD, home=wallet.home, document=quote.check_id)
                hold = self.books.place_hold(
                    journal, wallet.id, job.redeemed, document.burn_minor, deadline=job.deadline
                )
                quote = msgspec.structs.replace(quote, hold_id=hold.id)
                document = documents.held(document, hold.deadline)
        quote = store.with_document(quote, document)
        self.quotes.append(quote)
        self.promises.append(
            Promise(
                quote.check_id,
                quote.rev,
                quote.shop_id,
                quote.till_id,
                quote.customer_number,
                quote.priced_at,
                document,
                sale_status=None,
                spent_minor=job.spent_minor,
                hold=hold,
                wallet=wallet,
            )
        )
        return quote, document

    def _less(self, job: PromiseJob, wallet: ledger.Wallet) -> Document:
        """Somebody has set these very points aside meanwhile: there is another price to be told."""
        if not self.is_locked:
            raise Stale()
        if len(wallet.lots) >= MANY_LOTS:
            raise Unplain()
        return job.priced(wallet.spendable)

    def commit(self, job: CommitJob, promise: Promise | None) -> tuple[SaleRow, Document]:
        """Make a sale final as it was promised."""
        if promise is None or promise.sale_status is not None or (promise.wallet and promise.wallet.overdue):
            raise Unplain()
        number, spent = promise.customer_number, promise.spent_minor
        before = None if number is None else self.shoppers.get(number)
        if before is not None:
            spent = before.spent_before + before.paid_minor
        settlement = Settlement(job.body, job.body_hash, job.shop, job.till, job.accounts)
        sale = settle(self.books, settlement, promise, spent_minor=spent)
        self.sales.append(sale)
        if number is not None:
            change = before or ShopperChange(number, spent, 0, 0, sale.at)
            self.shoppers[number] = change.and_sale(sale)
        self.events.append(told(sale, promise.document, job.shop, job.till))
        return sale, promise.document

    async def write(self, tx: Tx) -> None:
        if self.quotes or self.sales or not self.books.is_empty:
            shoppers = [self.shoppers[number] for number in sorted(self.shoppers)]
            await store.write(tx, self.quotes, self.sales, shoppers, ledger.written(self.books), self.events)
