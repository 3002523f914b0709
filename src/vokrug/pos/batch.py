"""The documents that share one write, decided in one set of books."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug import events, ledger, promotions
from vokrug.pos import document as documents
from vokrug.pos import store
from vokrug.pos.document import Document, base_points
from vokrug.pos.reference import Reference
from vokrug.pos.rules import Promise, Settlement, Unplain, settle, tier_before_and_after, told
from vokrug.pos.schemas import Commit
from vokrug.pos.store import QuoteRow, SaleRow, ShopperChange
from vokrug.pos.types import Shop, Till

MANY_LOTS = 256  # nobody's points for one check lie in more; if they do, its story is told alone


@dataclass
class PromiseJob:
    """A priced check to write down, with the points to set aside for it."""

    quote: QuoteRow  # without its document: how many points there are may change until it is written
    document: Document
    priced: Callable[[int], Document]  # with so many points to spend
    done: promotions.Done  # by the shopper before, the tier they hold whatever they do, and the wallet, as read
    tier: str | None
    wallet: ledger.Wallet | None
    redeemed: int  # the account the points would go to
    deadline: datetime


@dataclass
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

    def __init__(self, books: ledger.Books, reference: Reference, *, is_locked: bool = False) -> None:
        self.books, self.is_locked = books, is_locked
        self.programme, self.multipliers = reference.programme, reference.multipliers
        self.quotes: list[QuoteRow] = []
        self.sales: list[SaleRow] = []
        self.shoppers: dict[tuple[int, int], ShopperChange] = {}  # by customer and day
        self.done: dict[int, promotions.Done] = {}  # by customer, after the sales of this batch
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
                spent_minor=job.done.spend,
                hold=hold,
                wallet=wallet,
                done=job.done,
                tier=job.tier,
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
            before = None if day else done.spend
            change = self.shoppers.get((number, day)) or ShopperChange(number, day, before, 0, 0, 0, sale.at)
            self.shoppers[number, day] = change.and_sale(sale.paid_minor, points, sale.at)
        self.events.append(told(sale, promise.document, job.shop, job.till))
        return sale, promise.document
