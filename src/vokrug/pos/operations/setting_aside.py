"""What is read around the offers before a price is known, and what a promise sets aside: limits, codes, points."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from uuid import UUID

from vokrug import ledger, promotions
from vokrug.pos import document as documents
from vokrug.pos.baskets import happened
from vokrug.pos.checkout import Ask, Checkout
from vokrug.pos.document import Document
from vokrug.pos.operations.gift_cards import let_cards_go
from vokrug.pos.schemas import Calculate
from vokrug.pos.store import QuoteRow
from vokrug.pos.tokens import Known
from vokrug.pos.types import Shop
from vokrug.runtime.database import Overtaken, Tx


def asks_around(checkout: Checkout, body: Calculate, known: Known | None) -> bool:
    """Is there something beside the offers that has to be read before the price is known?"""
    return checkout.offers.around.must_be_read(body.codes, None if known is None else known.number)


async def tell(
    checkout: Checkout, tx: Tx, body: Calculate, shop: Shop, known: Known | None, ask: Ask, now: datetime
) -> promotions.Told:
    """What limits, codes, lists and personal offers say of this check."""
    around, number = checkout.offers.around, None if known is None else known.number
    if not around.limits and not asks_around(checkout, body, known):
        return promotions.Told(codes=tuple(body.codes), left=promotions.closed(around, number))
    asked = promotions.Asked(
        shop=shop.id,
        zone=shop.zone,
        at=happened(body.at, now),
        groups=shop.groups,
        cashier=body.cashier,
        card=ask.hash,
        customer=number,
        codes=tuple(body.codes),
    )
    return await promotions.look_up(tx, around, checkout.codes, asked, now)


@asynccontextmanager
async def as_if_free(tx: Tx, standing: QuoteRow | None) -> AsyncIterator[None]:
    """What a check has set aside itself is in its own way no more than in anybody's: while it is looked at again,
    and only then, it counts as free.
    """
    if standing is None or not documents.decode(standing.document).wanted:
        yield
        return
    looking = tx.connection.transaction()
    await looking.start()
    try:
        await promotions.release(tx, standing.check_id)
        yield
    finally:
        await looking.rollback()


async def set_aside(
    tx: Tx, check_id: UUID, document: Document, customer: int | None, until: datetime, now: datetime
) -> None:
    """Limits and codes are promised with the price. Whoever was faster since they were read is seen next time."""
    try:
        await promotions.reserve(tx, check_id, document.wanted, customer, until, now)
    except (promotions.LimitReached, promotions.CouponRefused):
        raise Overtaken() from None


async def let_go(checkout: Checkout, tx: Tx, quote: QuoteRow, now: datetime) -> None:
    """What an earlier revision held comes free."""
    document = documents.decode(quote.document)
    await let_cards_go(checkout, tx, document, now)
    if document.wanted:
        await promotions.release(tx, quote.check_id)
    if quote.hold_id is None or quote.customer_number is None:
        return
    wallet_id = ledger.wallet_of(quote.customer_number, checkout.reference.points_unit)
    books = await ledger.open_books(tx, checkout.ids, [wallet_id], now)
    (hold,) = await ledger.read_holds(tx, [quote.hold_id])
    if hold.state == "o":
        books.release_hold(hold, "v")
        await ledger.write(tx, books)
