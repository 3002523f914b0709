"""What a check costs, what points pay of it, what it earns; and, when asked to hold, a promise."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from vokrug import ledger, promotions
from vokrug.pos import answers, store
from vokrug.pos import document as documents
from vokrug.pos.batch import PromiseJob
from vokrug.pos.checkout import TOLD_ALONE, Ask, Checkout, hash_of
from vokrug.pos.document import Document
from vokrug.pos.errors import (
    AlreadyCommitted,
    CustomerUnknown,
    DocumentConflict,
    DocumentOfAnotherTill,
    RevisionStale,
)
from vokrug.pos.operations.identifying import known_by
from vokrug.pos.pricing import basket_of, document_of, happened
from vokrug.pos.schemas import Calculate, HoldAsked
from vokrug.pos.store import QuoteRow
from vokrug.pos.tokens import Known
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Json

NO_LOTS = -1  # the wallet alone: its commit will want it


async def calculate(
    checkout: Checkout, check_id: UUID, body: Calculate, shop: Shop, till: Till, language: str, now: datetime
) -> tuple[Json, bool]:
    """Price a check. With `hold`, the price and the points are promised until the deadline. The second
    answer says whether this is a repeat.
    """
    known, ask = known_by(checkout, body.customer_token, body.identifier, now)
    ask.check_id = check_id
    if body.hold:
        ask.lots = ledger.FIRST_LOTS if body.burn.mode != "none" else NO_LOTS
    row = await checkout.readers.submit(ask)
    if row["sale_status"] is not None or row["quote_rev"] is not None:
        return await told_alone(checkout, check_id, body, shop, till, ask, language, now)
    known = recognised(known, ask, row)
    trolley = await Trolley.of(checkout, body, shop, known, row, language, now)
    quote = QuoteRow(
        check_id=check_id,
        rev=body.rev,
        body_hash=hash_of(body, None if known is None else known.number),
        shop_id=shop.id,
        till_id=till.id,
        customer_number=None if known is None else known.number,
        hold_id=None,
        priced_at=now,
        document=b"",
    )
    document = trolley.priced(row["available"] or 0)
    if not body.hold:
        return answers.calculated(checkout.reference, quote, document), False
    accounts = await checkout.reference.accounts(checkout.db, shop, now)
    job = PromiseJob(
        quote, document, trolley.priced, row["spent"] or 0, wallet_of(row), accounts.redeemed, now + ttl_of(body)
    )
    result: Any = await checkout.writers.submit(job)
    if result is None:
        return await told_alone(checkout, check_id, body, shop, till, ask, language, now)
    quote, document = result
    return answers.calculated(checkout.reference, quote, document), False


def recognised(known: Known | None, ask: Ask, row: Any) -> Known | None:
    if known is None and ask.hash is not None:
        if is_stranger(ask, row):
            raise CustomerUnknown()
        return Known(row["number"], row["customer_id"], row["language"])
    return known


def is_stranger(ask: Ask, row: Any) -> bool:
    """An identifier was given, and it leads to nobody."""
    return ask.hash is not None and (row["number"] is None or row["state"] == "erased")


@dataclass(slots=True)
class Trolley:
    """A check with everything its price depends on but the points there are to spend."""

    checkout: Checkout
    basket: promotions.Basket
    shop: Shop
    known: Known | None
    spent_minor: int
    language: str
    at: datetime

    @classmethod
    async def of(
        cls,
        checkout: Checkout,
        body: Calculate,
        shop: Shop,
        known: Known | None,
        row: Any,
        language: str,
        now: datetime,
    ) -> "Trolley":
        articles = await checkout.reference.articles(checkout.db, [line.sku for line in body.lines])
        basket = basket_of(body, shop, articles)
        if known is not None:
            language = known.language
        return cls(checkout, basket, shop, known, row["spent"] or 0, language, happened(body.at, now))

    def priced(self, available_minor: int) -> Document:
        """Ask the engine, as of the moment of the sale."""
        reference, shopper = self.checkout.reference, None
        if self.known is not None:
            tier = reference.tier_at(self.spent_minor)
            shopper = promotions.Shopper(
                tier=None if tier is None else tier.code, available_minor=max(0, available_minor)
            )
        answer = promotions.price(self.basket, shopper, self.checkout.offers.current, self.at)
        return document_of(
            answer,
            self.basket,
            at=self.at,
            shop=self.shop,
            language=self.language,
            customer_id=None if self.known is None else self.known.id,
            rate=reference.rates[self.shop.currency],
            balance_minor=available_minor,
            spent_minor=self.spent_minor,
        )


async def priced(
    checkout: Checkout, body: Calculate, shop: Shop, known: Known | None, row: Any, language: str, now: datetime
) -> Document:
    trolley = await Trolley.of(checkout, body, shop, known, row, language, now)
    return trolley.priced(row["available"] or 0)


def ttl_of(body: Calculate) -> timedelta:
    return timedelta(seconds=body.hold.ttl_s if isinstance(body.hold, HoldAsked) else HoldAsked().ttl_s)


def wallet_of(row: Any) -> ledger.Wallet | None:
    """The wallet columns of pos_read, if the customer has one."""
    if row["id"] is None:
        return None
    return ledger.to_wallet(tuple(row)[17:35])


async def told_alone(
    checkout: Checkout,
    check_id: UUID,
    body: Calculate,
    shop: Shop,
    till: Till,
    ask: Ask,
    language: str,
    now: datetime,
) -> tuple[Json, bool]:
    """The same, one check in one transaction: a repeat, a new revision, a wallet with many small lots, or a
    check that met somebody faster.
    """
    TOLD_ALONE.labels("calculate").inc()

    async def story(tx: Tx) -> tuple[Json, bool]:
        return await quote_alone(checkout, tx, check_id, body, shop, till, ask, language, now)

    return await checkout.db.replayed(story)


async def quote_alone(
    checkout: Checkout,
    tx: Tx,
    check_id: UUID,
    body: Calculate,
    shop: Shop,
    till: Till,
    ask: Ask,
    language: str,
    now: datetime,
) -> tuple[Json, bool]:
    await store.lock_document(tx, check_id)
    standing = await store.lock_quote(tx, check_id)
    known = checkout.tokens.read(body.customer_token, now) if body.customer_token is not None else None
    (row,) = await checkout.read(tx, [ask], now)
    known = recognised(known, ask, row)
    body_hash = hash_of(body, None if known is None else known.number)
    if standing is not None:
        if (standing.shop_id, standing.till_id) != (shop.id, till.id):
            raise DocumentOfAnotherTill()
        if standing.rev == body.rev:
            if standing.body_hash != body_hash:
                raise DocumentConflict()
            return answers.calculated(checkout.reference, standing, documents.decode(standing.document)), True
    sale = await store.find_sale(tx, check_id)
    if sale is not None and sale.status != "awaited":
        raise AlreadyCommitted()
    if standing is not None and standing.rev > body.rev:
        raise RevisionStale(known=standing.rev)
    if standing is not None and body.hold:
        await let_go(checkout, tx, standing, now)
    books = None
    if known is not None and body.hold and body.burn.mode != "none":
        wallet_id = ledger.wallet_of(known.number, checkout.reference.points_unit)
        books = await ledger.open_books(tx, checkout.ids, [wallet_id], now, lots=ledger.ALL_LOTS)
        (row,) = await checkout.read(tx, [Ask(known.number)], now)
    document = await priced(checkout, body, shop, known, row, language, now)
    number = None if known is None else known.number
    quote = QuoteRow(check_id, body.rev, body_hash, shop.id, till.id, number, None, now, b"")
    if not body.hold:
        return answers.calculated(checkout.reference, quote, document), False
    if document.burn_minor and books is not None and known is not None:
        accounts = await checkout.reference.accounts(checkout.db, shop, now)
        wallet_id = ledger.wallet_of(known.number, checkout.reference.points_unit)
        journal = books.open_journal(ledger.Kind.HOLD, home=known.number, document=check_id)
        hold = books.place_hold(journal, wallet_id, accounts.redeemed, document.burn_minor, deadline=now + ttl_of(body))
        quote = documents.replace(quote, hold_id=hold.id)
        document = documents.held(document, hold.deadline)
        await ledger.write(tx, books)
    quote = store.with_document(quote, document)
    if standing is None:
        await store.insert_quote(tx, quote)
    else:
        await store.replace_quote(tx, quote)
    return answers.calculated(checkout.reference, quote, document), False


async def let_go(checkout: Checkout, tx: Tx, quote: QuoteRow, now: datetime) -> None:
    """What an earlier revision held comes free."""
    if quote.hold_id is None or quote.customer_number is None:
        return
    wallet_id = ledger.wallet_of(quote.customer_number, checkout.reference.points_unit)
    books = await ledger.open_books(tx, checkout.ids, [wallet_id], now)
    (hold,) = await ledger.read_holds(tx, [quote.hold_id])
    if hold.state == "o":
        books.release_hold(hold, "v")
        await ledger.write(tx, books)
