"""The shopper went back for milk: what was promised stays promised for longer."""

from datetime import datetime, timedelta
from uuid import UUID

from vokrug import ledger, promotions
from vokrug.pos import document as documents
from vokrug.pos import rules, store
from vokrug.pos.answers import promised_until
from vokrug.pos.checkout import Checkout
from vokrug.pos.document import Document, micros, moment
from vokrug.pos.errors import AlreadyCommitted, CheckUnknown, DocumentOfAnotherTill, QuoteExpired, RevisionStale
from vokrug.pos.schemas import Extend, Extended, HoldPlaced
from vokrug.pos.store import QuoteRow
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx


async def extend(checkout: Checkout, check_id: UUID, body: Extend, shop: Shop, till: Till, now: datetime) -> Extended:
    """As far as the programme lets it, counted from the price: a till cannot keep points from their owner for good."""

    async def story(tx: Tx) -> Extended:
        quote = await promised(tx, check_id, body, shop, till)
        document = documents.decode(quote.document)
        standing = promised_until(quote.priced_at, document)
        if now > standing:
            raise QuoteExpired()
        most = max(standing, quote.priced_at + checkout.reference.hold_most)
        until = min(now + timedelta(seconds=body.ttl_s), most)
        held_until = moment(document.hold_until_us) if document.hold_until_us else None
        if held_until is not None and until > held_until:
            await prolong(checkout, tx, quote, document, until, now)
            held_until = until
            document = documents.held(document, until)
        if until > standing:
            document = documents.replace(document, promised_until_us=micros(until))
        if (after := documents.encode(document)) != quote.document:
            await store.replace_quote(tx, documents.replace(quote, document=after))
        hold = None if held_until is None else HoldPlaced(id=str(quote.hold_id or check_id), until=held_until)
        return Extended(valid_until=max(until, standing), hold=hold, most_until=most)

    extended = await checkout.db.replayed(story)
    checkout.memory.drop(check_id)
    return extended


async def promised(tx: Tx, check_id: UUID, body: Extend, shop: Shop, till: Till) -> QuoteRow:
    await store.lock_document(tx, check_id)
    quote = await store.lock_quote(tx, check_id)
    if quote is None:
        raise CheckUnknown()
    if (quote.shop_id, quote.till_id) != (shop.id, till.id):
        raise DocumentOfAnotherTill()
    sale = await store.find_sale(tx, check_id)
    if sale is not None and sale.status != "awaited":
        raise AlreadyCommitted()
    if quote.rev != body.rev:
        raise CheckUnknown() if body.rev > quote.rev else RevisionStale(known=quote.rev)
    return quote


async def prolong(
    checkout: Checkout, tx: Tx, quote: QuoteRow, document: Document, until: datetime, now: datetime
) -> None:
    """Points, gift cards, limits and codes, all or none."""
    ids = [card.hold_id for card in document.gift_cards if card.hold_id]
    wallets = [card.wallet_id for card in document.gift_cards if card.hold_id]
    holds_points = document.burn_minor - document.own_burn_minor > 0
    if holds_points and quote.customer_number is not None:
        if quote.hold_id is None:
            raise rules.lost(0)
        ids.append(quote.hold_id)
        wallets.append(ledger.wallet_of(quote.customer_number, checkout.reference.points_unit))
    if ids:
        books = await ledger.open_books(tx, checkout.ids, wallets, now)
        for hold in await ledger.read_holds(tx, ids):
            if hold.state != "o" or hold.deadline <= now:
                raise rules.lost(max(0, books.wallets[hold.debit].spendable))
            books.extend_hold(hold, until)
        await ledger.write(tx, books)
    if document.wanted and not await promotions.prolong(tx, quote.check_id, until, now):
        raise rules.lost(0)
