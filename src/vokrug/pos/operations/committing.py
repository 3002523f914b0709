"""A sale becomes final. Only here does value move; nothing is thought over again."""

from datetime import datetime
from typing import Any
from uuid import UUID

from vokrug import events, ledger, promotions
from vokrug.kernel import format_minor
from vokrug.pos import answers, rules, store
from vokrug.pos import document as documents
from vokrug.pos.batch import CommitJob
from vokrug.pos.checkout import TOLD_ALONE, Ask, Checkout, hash_of
from vokrug.pos.document import Document, base_points, moment
from vokrug.pos.errors import (
    CheckMalformed,
    CheckUnknown,
    DocumentConflict,
    DocumentOfAnotherTill,
    RevisionStale,
)
from vokrug.pos.facts import DeviationRaised
from vokrug.pos.operations import gift_cards
from vokrug.pos.operations.apart import priced_apart, within_allowance
from vokrug.pos.operations.identifying import known_by
from vokrug.pos.operations.quoting import is_stranger, priced, recognised
from vokrug.pos.operations.returning import post_parked
from vokrug.pos.operations.setting_aside import tell
from vokrug.pos.printed import as_printed
from vokrug.pos.proofs import operations as proofs
from vokrug.pos.proofs.errors import BurnNotAuthorised
from vokrug.pos.rules import Deviation, Promise, Settlement
from vokrug.pos.schemas import Commit, Committed
from vokrug.pos.store import QuoteRow, SaleRow, ShopperChange
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx


async def commit(
    checkout: Checkout, check_id: UUID, body: Commit, shop: Shop, till: Till, language: str, now: datetime
) -> tuple[Committed, bool]:
    """Make a sale final, once. The second answer says whether this is a repeat."""
    if body.check is not None and (body.check.shop, body.check.till) != (body.shop, body.till):
        raise CheckMalformed(reason="the check names another till")
    body_hash = hash_of(body)
    accounts = await checkout.reference.accounts(checkout.db, shop, now)
    if body.check is None:
        result: Any = await checkout.writers.submit(CommitJob(check_id, body, body_hash, shop, till, accounts))
        if result is not None:
            sale, document = result
            return answers.committed(checkout.reference, sale, document), False
    TOLD_ALONE.labels("commit").inc()
    if body.check is not None:
        await checkout.reference.goods(checkout.db, shop, body.check.lines)
        await checkout.reference.accounts(checkout.db, shop, now)

    async def story(tx: Tx) -> tuple[SaleRow, Document, bool]:
        return await commit_alone(checkout, tx, check_id, body, body_hash, shop, till, language, now)

    sale, document, is_repeat = await checkout.db.replayed(story)
    coupons = promotions.issued_with(
        checkout.offers.around, checkout.codes, sale.check_id, document.wanted, moment(document.at_us)
    )
    return answers.committed(checkout.reference, sale, document, coupons), is_repeat


async def commit_alone(
    checkout: Checkout,
    tx: Tx,
    check_id: UUID,
    body: Commit,
    body_hash: bytes,
    shop: Shop,
    till: Till,
    language: str,
    now: datetime,
) -> tuple[SaleRow, Document, bool]:
    """The story of one sale: find its promise, agree or record, move the value, write it down, tell the others."""
    await store.lock_document(tx, check_id)
    quote = await store.lock_quote(tx, check_id)
    standing = await store.lock_sale(tx, check_id)
    if standing is not None and standing.status != "awaited":
        return repeated(standing, quote, body_hash, shop, till)
    if quote is None or (body.check is not None and quote.rev < body.check.rev):
        quote = await quote_late(checkout, tx, check_id, quote, body, shop, till, language, now)
    found = await gift_cards.lock_cards(tx, documents.decode(quote.document), now)
    promise = await promise_of(checkout, tx, quote, now)
    accounts = await checkout.reference.accounts(checkout.db, shop, now)
    settlement = Settlement(
        body,
        body_hash,
        shop,
        till,
        accounts,
        {
            grant.funder: await checkout.reference.funder_account(tx, grant.funder, shop, now)
            for grant in promise.document.grants
        },
    )
    rules.require_own(settlement, promise)
    if body.check is None:
        rules.require_in_time(settlement, promise, now)
        if body.rev != promise.rev and body.fiscal is None:
            raise CheckUnknown() if body.rev > promise.rev else RevisionStale(known=promise.rev)
    deviation = rules.printed_otherwise(settlement, promise)
    if deviation is not None and body.claimed is not None:
        promise.document = documents.replace(promise.document, printed=as_printed(promise.document, body.claimed))
        await store.replace_quote(tx, store.with_document(quote, promise.document))
    is_late = body.fiscal is not None
    books, burn = await books_to_settle(checkout, tx, promise, now)
    promise.document = await proofs.counted_anew(checkout, tx, promise, books, now)
    cards, card_deviation = await gift_cards.money_of(
        tx, books, promise.document, found, accounts, shop, is_late=is_late
    )
    deviation = deviation or card_deviation
    wanted = promise.document.burn_minor - promise.document.own_burn_minor
    if burn < wanted:
        if body.fiscal is None:
            raise rules.lost(burn)
        paid = promise.document.to_pay_minor
        deviation = deviation or Deviation(paid, paid)
        deviation.points_short_minor = wanted - burn
    # A till without a line had nobody to ask: what it took on trust is judged by its allowance.
    is_apart = body.bundle is not None and body.fiscal is not None
    if (
        promise.document.proof
        and not is_apart
        and not await proofs.is_given(tx, check_id, promise.document, promise.customer_number, now)
    ):
        if body.fiscal is None:
            raise BurnNotAuthorised(points=format_minor(wanted))
        deviation = deviation or Deviation(promise.document.to_pay_minor, promise.document.to_pay_minor)
        deviation.is_unproved = True
    deviation = await within_allowance(checkout, tx, body, promise.document, promise.customer_number, deviation)
    if promise.customer_number is None and names_somebody(body):
        deviation = deviation or Deviation(promise.document.to_pay_minor, promise.document.to_pay_minor)
        deviation.is_of_a_stranger = True
    if promise.document.wanted:
        is_printed = body.fiscal is not None
        await promotions.take(
            tx, check_id, promise.document.wanted, promise.customer_number, now, is_printed=is_printed
        )
    sale = rules.post(
        books, settlement, promise, burn=burn, spent_minor=promise.spent_minor, deviation=deviation, cards=cards
    )
    if standing is not None:
        await store.drop_awaited(tx, check_id)
    shoppers = []
    if sale.customer_number is not None:
        programme = checkout.reference.programme
        points = base_points(promise.document, programme, checkout.reference.multipliers)
        day = promotions.day_number(programme, sale.at)
        before, spent = None if day else promise.spent_minor, sale.paid_minor - cards.loaded
        shoppers = [ShopperChange(sale.customer_number, day, before, spent, points, 1, sale.at)]
    await store.write(tx, [], [sale], shoppers, ledger.written(books), [])
    await reward(checkout, tx, sale, promise, now)
    if deviation is not None:
        await raise_deviation(tx, sale, promise.document, shop, deviation)
    await events.publish_row(tx, rules.told(sale, promise.document, shop, till))
    if standing is not None:
        sale = await post_parked(checkout, tx, sale, promise.document, now)
    return sale, promise.document, False


def repeated(
    sale: SaleRow, quote: QuoteRow | None, body_hash: bytes, shop: Shop, till: Till
) -> tuple[SaleRow, Document, bool]:
    """The till repeated itself: same answer, nothing moves twice."""
    assert quote is not None, "a sale has its document"
    if (sale.shop_id, sale.till_id) != (shop.id, till.id):
        raise DocumentOfAnotherTill()
    if sale.body_hash != body_hash:
        raise DocumentConflict()
    return sale, documents.decode(quote.document), True


async def quote_late(
    checkout: Checkout,
    tx: Tx,
    check_id: UUID,
    standing: QuoteRow | None,
    body: Commit,
    shop: Shop,
    till: Till,
    language: str,
    now: datetime,
) -> QuoteRow:
    """Price a check that comes whole with its commit: one call, one sale."""
    if body.check is None:
        raise CheckUnknown()
    if standing is not None and (standing.shop_id, standing.till_id) != (shop.id, till.id):
        raise DocumentOfAnotherTill()
    is_late = body.fiscal is not None
    known, ask = known_by(checkout, body.check.customer_token, body.check.identifier, now, is_late=is_late)
    (row,) = await checkout.read(tx, [ask], now)
    if not (is_late and is_stranger(ask, row)):  # what is printed is recorded, as a sale to nobody
        known = recognised(known, ask, row)
    cards = await gift_cards.cards_of(checkout, tx, body.check, shop, now, locked=True, is_late=is_late)
    wallet_ids = cards.wallet_ids
    if known is not None:
        wallet_ids = [ledger.wallet_of(known.number, checkout.reference.points_unit), *wallet_ids]
    if wallet_ids:
        books = await ledger.open_books(tx, checkout.ids, wallet_ids, now)  # locked: what they have, they will have
    if known is not None:
        (row,) = await checkout.read(tx, [Ask(known.number)], now)
    if standing is not None:
        await promotions.release(tx, check_id)
    told = await tell(checkout, tx, body.check, shop, known, ask, now)
    if body.bundle is None:
        document = await priced(checkout, check_id, body.check, shop, known, row, language, now, told, tx)
    else:
        document = await priced_apart(checkout, tx, check_id, body, body.check, shop, known, row, language, now, told)
    if wallet_ids:
        spendable = {wallet.id: wallet.spendable for wallet in books.wallets.values()}
        document = gift_cards.with_cards(document, cards, spendable)
    else:
        document = gift_cards.with_cards(document, cards)
    if known is not None:
        own = 0 if standing is None or standing.hold_id is None else proofs.burn_of(documents.decode(standing.document))
        held = max(0, (row["held"] or 0) - own)
        document = await proofs.counted(checkout, tx, document, known.number, held, now)
    quote = QuoteRow(
        check_id,
        body.check.rev,
        hash_of(body.check, None if known is None else known.number),
        shop.id,
        till.id,
        None if known is None else known.number,
        None if standing is None else standing.hold_id,
        now,
        b"",
    )
    quote = store.with_document(quote, document)
    if standing is None:
        await store.insert_quote(tx, quote)
    else:
        await store.replace_quote(tx, quote)
    return quote


def names_somebody(body: Commit) -> bool:
    return body.check is not None and (body.check.identifier is not None or body.check.customer_token is not None)


async def promise_of(checkout: Checkout, tx: Tx, quote: QuoteRow, now: datetime) -> Promise:
    """The promise with the wallet locked and the hold as it stands now."""
    if quote.customer_number is not None:
        wallet_id = ledger.wallet_of(quote.customer_number, checkout.reference.points_unit)
        await ledger.open_books(tx, checkout.ids, [wallet_id], now)
    (row,) = await store.read_promises(tx, [quote.check_id], [None], checkout.reference.points_unit, now)
    return Promise.of(row)


async def books_to_settle(checkout: Checkout, tx: Tx, promise: Promise, now: datetime) -> tuple[ledger.Books, int]:
    """Books that know enough lots, and how many of the promised points can be taken: out of the hold if it
    stands, else out of what the wallet has.
    """
    card_wallets = gift_cards.wallets_of(promise.document)
    wanted = promise.document.burn_minor - promise.document.own_burn_minor
    if promise.customer_number is None:
        if card_wallets:
            return await ledger.open_books(tx, checkout.ids, card_wallets, now), 0
        return ledger.Books(now, (), await checkout.ids.stock(tx, 1)), 0
    wallet_id = ledger.wallet_of(promise.customer_number, checkout.reference.points_unit)
    wallet_ids = [wallet_id, *card_wallets]
    books = await ledger.open_books(tx, checkout.ids, wallet_ids, now, lots=ledger.ALL_LOTS)
    if promise.hold is not None:
        (promise.hold,) = await ledger.read_holds(tx, [promise.hold.id])
    if promise.hold is not None and promise.hold.state == "o":
        if promise.hold.amount == wanted:
            return books, wanted
        books.release_hold(promise.hold, "v")  # of a revision that a later check replaced
        await ledger.write(tx, books)
        promise.hold = None
        books = await ledger.open_books(tx, checkout.ids, wallet_ids, now, lots=ledger.ALL_LOTS)
    promise.hold = None
    wallet = books.wallets.get(wallet_id)
    free = 0 if wallet is None else wallet.spendable
    return books, min(wanted, free)


async def reward(checkout: Checkout, tx: Tx, sale: SaleRow, promise: Promise, now: datetime) -> None:
    """What a sale brings beside points: coupons for next time, a tier, a step on the ladder."""
    document, programme, around = promise.document, checkout.reference.programme, checkout.offers.around
    party = promotions.Party(sale.check_id, sale.customer_number, document.customer_id, moment(document.at_us))
    await promotions.tell_used(tx, around, document.wanted, party)
    await promotions.issue_for_sale(tx, around, checkout.codes, document.wanted, party)
    customer = sale.customer_number
    if customer is None:
        return
    if programme.counts_categories:
        articles = await checkout.reference.articles(checkout.db, [line.sku for line in document.sold])
        bought = promotions.categories_of([article.category_ids for article in articles.values() if article])
        await promotions.count_categories(tx, programme, customer, bought, 1, sale.at)
    if programme.tiers:
        tier = promotions.standing(programme, promise.done, promise.tier)
        before = (None if tier is None else tier.code, promise.done)
        after = await promotions.standing_now(tx, programme, customer, now)
        await promotions.note_step(tx, programme, customer, before, after, "sale", document=sale.check_id, now=now)
    for code, days in document.wanted.tiers:
        await promotions.grant_days(tx, programme, customer, code, days, document=sale.check_id, now=now)


async def raise_deviation(tx: Tx, sale: SaleRow, document: Document, shop: Shop, deviation: Deviation) -> None:
    """For the franchisee's list: what was printed is posted, and how it differs is said."""
    there = deviation.expected_minor - deviation.cards_short_minor
    facts = (deviation.kind, there, deviation.printed_minor, deviation.points_short_minor)
    await store.add_deviation(tx, sale.check_id, shop.id, sale.at, *facts)
    number = sale.customer_number if sale.customer_number is not None else 0
    await events.publish(
        tx,
        DeviationRaised(sale.check_id, shop.code, sale.at, *facts),
        key=number,
        subject=str(document.customer_id or sale.check_id),
        at=sale.at,
    )
