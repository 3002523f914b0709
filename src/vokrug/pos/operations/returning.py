"""Goods come back. What they were worth was stored with the sale, to the unit; nothing is computed anew.

A return may come before its sale: it is parked, and the sale, when it comes, posts both in one
transaction. Whatever the order and however often each is sent, the books end the same.
"""

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID, uuid5

import msgspec

from vokrug import events, ledger, promotions
from vokrug.kernel import format_minor
from vokrug.ledger import giftcards
from vokrug.pos import answers, reversal, store
from vokrug.pos import document as documents
from vokrug.pos.baskets import amount, happened
from vokrug.pos.checkout import Checkout
from vokrug.pos.clawback import claimed_back
from vokrug.pos.document import Document
from vokrug.pos.errors import (
    CheckMalformed,
    DocumentConflict,
    DocumentOfAnotherTill,
    OriginalUnknown,
    RefundExceeds,
    ReturnEmpty,
    ReturnExceeds,
    ReturnGoodsUnknown,
    ReturnLineUnknown,
)
from vokrug.pos.facts import LineReturned as LineReturnedFact
from vokrug.pos.facts import ReturnParked, ReturnPosted
from vokrug.pos.operations.gift_cards import tenders_of
from vokrug.pos.operations.without_receipt import answer_for, without_receipt
from vokrug.pos.printing import row as in_columns
from vokrug.pos.proofs.types import Meters
from vokrug.pos.reversal import Asked, LineBack, Reach, SoFar, Worth
from vokrug.pos.schemas import LineAsked, LineReturned, ReceiptBlock, RefundTender, Return, Returned
from vokrug.pos.store import ReturnRow, SaleRow
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx

MONEY_ALONE = 0  # the number of no line: a reduction after the sale


class OnlyAsked(Exception):
    """Ends a dry run: the transaction is rolled back, the answer stands."""

    def __init__(self, answer: Returned) -> None:
        super().__init__()
        self.answer = answer


async def take_back(
    checkout: Checkout,
    return_id: UUID,
    body: Return,
    shop: Shop,
    till: Till,
    language: str,
    now: datetime,
    *,
    dry: bool = False,
    meters: Meters | None = None,
) -> tuple[Returned, bool]:
    """Post a return, or park it. The second answer says whether this is a repeat. `dry` changes nothing."""
    by_whom = ""
    if body.original.none and not dry:
        by_whom = await answer_for(checkout, meters, return_id, body, shop, till, now)

    async def story(tx: Tx) -> tuple[Returned, bool]:
        answer = await return_alone(checkout, tx, return_id, body, shop, till, language, now, by_whom, is_dry=dry)
        if dry:
            raise OnlyAsked(answer[0])
        return answer

    try:
        return await checkout.db.replayed(story)
    except OnlyAsked as only:
        return msgspec.structs.replace(only.answer, status="calculated"), False


async def return_alone(
    checkout: Checkout,
    tx: Tx,
    return_id: UUID,
    body: Return,
    shop: Shop,
    till: Till,
    language: str,
    now: datetime,
    by_whom: str = "",
    *,
    is_dry: bool = False,
) -> tuple[Returned, bool]:
    """The story of one return."""
    await store.lock_document(tx, return_id)
    # A supervisor's code is short: its hash beside what is known would give it away.
    body_hash = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(body, supervisor=None))).digest()[:16]
    if standing := await store.find_return(tx, return_id):
        return await repeated(tx, standing, body_hash, shop, till, language, body.columns), True
    if body.original.none:
        if body.original.check_uid is not None or body.original.fiscal is not None:
            raise CheckMalformed(reason="a return names its sale or says that there is no receipt, not both")
        row = await without_receipt(checkout, tx, return_id, body, body_hash, shop, till, by_whom, now)
        return answer_of(row, lines_of(row), language, body.columns), False
    asked = await asked_of(checkout, tx, body, shop)
    check_id, sought = await original_of(tx, body, is_dry=is_dry)
    await store.lock_document(tx, check_id)
    at = happened(body.at, now)
    row = ReturnRow(
        return_id, check_id, body_hash, shop.id, till.id, "parked", None, at, now, msgspec.json.encode(asked).decode()
    )
    sale = await store.lock_sale(tx, check_id)
    if sale is None:
        # The place kept makes whoever commits the sale meanwhile see us, or us see the sale.
        await store.await_sale(tx, check_id, at, now)
        sale = await store.lock_sale(tx, check_id)
        assert sale is not None, "a place was kept or a sale is there"
    if sale.status == "awaited":
        await store.upsert_return(tx, row)
        if sought is not None:
            await store.seek(tx, return_id, sought, now)
        fact = ReturnParked(return_id, check_id, shop.code, at)
        await events.publish(tx, fact, key=-till.id, subject=str(return_id), at=at)
        return answer_of(row, [], language, body.columns), False
    document = await document_of_sale(tx, check_id)
    posted = await post(checkout, tx, sale, document, row, asked, now)
    return answer_of(posted, lines_of(posted), language, body.columns), False


SIGNS = UUID("6f1c2b1e-3f0a-5d8e-9a51-2d7c60b7b0d4")


def place_of(fiscal: str) -> UUID:
    """Where returns of a receipt wait while no sale bears its sign: the same for all of them."""
    return uuid5(SIGNS, fiscal)


async def original_of(tx: Tx, body: Return, *, is_dry: bool) -> tuple[UUID, str | None]:
    """Which sale is meant; with the sign of its receipt, if that is all that is known of it."""
    if body.original.check_uid is not None:
        return body.original.check_uid, None
    if body.original.fiscal is None:
        raise CheckMalformed(reason="a return names its sale: check_uid or fiscal")
    fiscal = body.original.fiscal
    sign = f"{fiscal.fn}/{fiscal.fd}/{fiscal.fp}"
    sale = await store.find_sale_by_fiscal(tx, sign)
    if sale is not None:
        return sale.check_id, None
    if is_dry:
        raise OriginalUnknown()
    return place_of(sign), sign


async def asked_of(checkout: Checkout, tx: Tx, body: Return, shop: Shop) -> Asked:
    """Lines by number; goods as the centre calls them."""
    asked: Asked = []
    if body.amount is not None and not body.lines:
        return [(MONEY_ALONE, amount(body.amount, "amount"))]
    named = [line.sku for line in body.lines if line.sku is not None]
    questions = [LineAsked(n=n, sku=sku, qty="1", price="0") for n, sku in enumerate(named, 1)]
    found, _ = await checkout.reference.goods(checkout.db, shop, questions, tx) if named else ({}, ())
    central = {sku: found[n].sku for n, sku in enumerate(named, 1) if n in found}
    for line in body.lines:
        if (line.n is None) == (line.sku is None):
            raise CheckMalformed(reason="goods come back by line or by sku")
        what = line.n if line.sku is None else central.get(line.sku, line.sku)
        assert what is not None, "one of them is there"
        qty_milli = None if line.qty is None else amount(line.qty, f"lines/{what}/qty", 3)
        if qty_milli == 0:
            raise ReturnEmpty()
        asked.append((what, qty_milli))
    if len({n for n, _ in asked}) < len(asked):
        raise CheckMalformed(reason="two lines have one number")
    return asked


async def document_of_sale(tx: Tx, check_id: UUID) -> Document:
    quote = await store.lock_quote(tx, check_id)
    assert quote is not None, "a sale has its document"
    return documents.decode(quote.document)


async def repeated(
    tx: Tx, standing: ReturnRow, body_hash: bytes, shop: Shop, till: Till, language: str, columns: int
) -> Returned:
    if (standing.shop_id, standing.till_id) != (shop.id, till.id):
        raise DocumentOfAnotherTill()
    if standing.body_hash != body_hash:
        raise DocumentConflict()
    return answer_of(standing, lines_of(standing), language, columns)


async def post_parked(checkout: Checkout, tx: Tx, sale: SaleRow, document: Document, now: datetime) -> SaleRow:
    """The sale has come: its returns are posted with it, so its answer never shows points that are gone.
    A return that asks for more than was sold goes to the work list: nobody is at the till to be told no.
    """
    for row in await store.parked_returns(tx, sale.check_id):
        asked = msgspec.json.decode(row.lines, type=Asked)
        try:
            posted = await post(checkout, tx, sale, document, row, asked, now)
            spent = sale.spent_minor - posted.spent_minor
            sale = msgspec.structs.replace(sale, balance_minor=posted.balance_minor, spent_minor=spent)
        except (
            ReturnExceeds,
            ReturnLineUnknown,
            ReturnGoodsUnknown,
            ReturnEmpty,
            RefundExceeds,
            giftcards.GiftCardUsed,
        ):
            await store.upsert_return(tx, msgspec.structs.replace(row, status="refused"))
    await store.restate_sale(tx, sale)
    return sale


async def post(
    checkout: Checkout, tx: Tx, sale: SaleRow, document: Document, row: ReturnRow, asked: Asked, now: datetime
) -> ReturnRow:
    """Reverse what these units brought, as the sale's return policy has it: money, burned points, earned points,
    standing.
    """
    assert sale.journal_id is not None, "a posted sale has its journal"
    assert sale.shop_id is not None, "a posted sale has its shop"
    shop = checkout.reference.shops_by_id[sale.shop_id]
    accounts = await checkout.reference.accounts(checkout.db, shop, now)
    so_far = SoFar.of(await store.posted_returns(tx, sale.check_id))
    worth = worth_asked(document, asked, sale.paid_minor, so_far)
    worth = await claimed_back(checkout, tx, document, shop, worth, sale.paid_minor, so_far)
    cards, tenders = await cards_back(tx, document, worth, sale.paid_minor, so_far, now)
    books, restore, lapsed, reach = await points_back(checkout, tx, sale, document, worth, so_far, cards, now)
    grace = timedelta(days=document.terms.grace_days)
    settled = ledger.settle_return(
        books,
        customer=sale.customer_number,
        document=row.return_id,
        effective_at=row.at,
        accounts=accounts,
        refunded=worth.total.net_minor,
        restore=restore,
        regrant=ledger.Grant(lapsed, funder=accounts.liability, expires_at=now + grace) if lapsed else None,
        take_back=reach.lots,
        owed=reach.owed,
        cards=cards,
    )
    await ledger.write(tx, books)
    unspent = worth.total.net_minor - cards.loaded
    await give_back(checkout, tx, sale, document, worth, unspent, so_far.qty_milli, row.return_id, now)
    lines = [(n, qty, part.net_minor, part.points_burn_minor, sum(part.earn_by_grant)) for n, qty, part in worth.lines]
    posted = msgspec.structs.replace(
        row,
        status="posted",
        journal_id=settled.journal_id,
        lines=msgspec.json.encode(lines).decode(),
        refunded_minor=worth.total.net_minor,
        restored_minor=sum(part for _, part, _ in restore) + lapsed,
        taken_back_minor=sum(part for _, part, _ in reach.lots) + reach.owed,
        owed_minor=reach.owed,
        balance_minor=settled.balance_after,
        customer_number=sale.customer_number,
        tenders=msgspec.json.encode(tenders).decode(),
        written_off_minor=reach.written_off,
        spent_minor=unspent,
    )
    await store.upsert_return(tx, posted)
    await tell(tx, posted, document, shop, checkout.reference.till_codes.get(row.till_id), lines)
    return posted


def worth_asked(document: Document, asked: Asked, paid_minor: int, so_far: SoFar) -> Worth:
    if asked and asked[0][0] == MONEY_ALONE:
        return reversal.money_only(document, asked[0][1] or 0, paid_minor, so_far)
    lines = reversal.by_lines(document, asked, so_far)
    return reversal.refund_of(reversal.worth_of(document, lines, so_far), paid_minor, so_far)


async def give_back(
    checkout: Checkout,
    tx: Tx,
    sale: SaleRow,
    document: Document,
    worth: Worth,
    unspent: int,
    returned: dict[int, int],
    return_id: UUID,
    now: datetime,
) -> None:
    """What a sale took beside money and points: limits, codes, and what counted towards tiers."""
    back = dict(returned)
    for n, qty, _ in worth.lines:
        back[n] = back.get(n, 0) + qty
    is_whole = all(back.get(line.n, 0) >= line.qty_milli for line in document.sold)
    if document.wanted:
        await promotions.give_back(tx, sale.check_id, shares_of(document, back), is_whole=is_whole)
    if is_whole:
        await promotions.note_return(tx, sale.check_id)
    if sale.customer_number is None:
        return
    reference = checkout.reference
    programme, categories = reference.programme, list[int]()
    if programme.counts_categories and is_whole:
        articles = await reference.articles(checkout.db, [line.sku for line in document.sold])
        categories = sorted(promotions.categories_of([a.category_ids for a in articles.values() if a]))
    counted = [
        part
        for part, grant in zip(worth.total.earn_by_grant, document.grants, strict=True)
        if programme.points_of == "all" or grant.offer_id not in reference.multipliers
    ]
    await promotions.count_return(
        tx,
        programme,
        sale.customer_number,
        sold_at=sale.at,
        spend=unspent,
        points=sum(counted),
        categories=categories,
        document=return_id,
        now=now,
    )


def shares_of(document: Document, back: dict[int, int]) -> list[tuple[int, int, int]]:
    """Of each offer, how much of what it touched has come back by now, by what that was worth: offer, part, whole.
    An offer that touched no line, such as free delivery, goes by the whole check.
    """
    touched: dict[int, set[int]] = {}
    grants = [grant.offer_id for grant in document.grants]
    for line in document.sold:
        for offer, *_ in line.discounts:
            touched.setdefault(offer, set()).add(line.n)
        for run in line.units:
            for offer, points in zip(grants, run.earn_by_grant, strict=False):
                if points:
                    touched.setdefault(offer, set()).add(line.n)
    shares = []
    for offer in sorted({limit[0] for limit in document.wanted.limits}):
        lines = [line for line in document.sold if offer not in touched or line.n in touched[offer]]
        weights = [max(1, line.gross_minor) for line in lines]
        parts = [
            Fraction(weight * min(back.get(line.n, 0), line.qty_milli), line.qty_milli)
            for line, weight in zip(lines, weights, strict=True)
        ]
        part = sum(parts, Fraction(0))
        shares.append((offer, part.numerator, sum(weights) * part.denominator))
    return shares


async def cards_back(
    tx: Tx, document: Document, worth: Worth, paid_minor: int, so_far: SoFar, now: datetime
) -> tuple[ledger.CardMoney, list[tuple[int, str, int]]]:
    """Gift cards in a refund: those that paid get their money back, those that were bought give theirs."""
    if not document.gift_cards and not document.cards_sold:
        return ledger.CardMoney(), [(0, "", worth.total.net_minor)]
    bought = {card.n: card for card in document.cards_sold}
    nets = {n: part.net_minor for n, _, part in worth.lines if n in bought}
    paid_with = {card.number: card for card in document.gift_cards if card.take_minor}
    numbers = [*paid_with, *(bought[n].number for n in nets if bought[n].number)]
    cards = await giftcards.read_cards(tx, numbers, now, locked=True)
    unsold = []
    for n, net in nets.items():
        if card := cards.get(bought[n].number):
            await giftcards.unloaded(tx, card, net)
            unsold.append((card.wallet_id, net))
        elif net:
            unit_id = document.currency
            unmatched = await ledger.unit_named(tx, unit_id)
            unsold.append((await ledger.summed_wallet(tx, giftcards.UNMATCHED, unmatched.id, now), net))
    usable = [card for card in paid_with.values() if cards[card.number].blocked_at is None]
    goods = worth.total.net_minor - sum(nets.values())
    money = paid_minor - sum(card.take_minor for card in paid_with.values())
    parts = tenders_of(usable, so_far.to_cards, money, so_far.to_money, goods, document.terms.refund_to)
    back = []
    for number, part in parts:
        if number:
            await giftcards.keep_alive(tx, cards[number], now)
            back.append((paid_with[number].wallet_id, part, 0))
    tenders = [(number, paid_with[number].mask if number else "", part) for number, part in parts]
    tenders += [(0, "", net) for net in nets.values() if net]
    return ledger.CardMoney(tuple(unsold), tuple(back)), tenders


async def points_back(
    checkout: Checkout,
    tx: Tx,
    sale: SaleRow,
    document: Document,
    worth: Worth,
    so_far: SoFar,
    cards: ledger.CardMoney,
    now: datetime,
) -> tuple[ledger.Books, list[tuple[int, int, int]], int, Reach]:
    """The books, the lots that burned points go back to, how many of those have lapsed, and the earned points that
    go.
    """
    wallet_ids = [wallet_id for wallet_id, _ in cards.sold if wallet_id > 0]
    wallet_ids += [wallet_id for wallet_id, _, _ in cards.tendered]
    if sale.customer_number is None or sale.journal_id is None:
        books = ledger.Books(now, (), await checkout.ids.stock(tx, 1))
        if wallet_ids:
            books = await ledger.open_books(tx, checkout.ids, wallet_ids, now)
        return books, [], 0, Reach([], 0, 0)
    terms = document.terms
    wallet_id = ledger.wallet_of(sale.customer_number, checkout.reference.points_unit)
    books = await ledger.open_books(tx, checkout.ids, [wallet_id, *wallet_ids], now, lots=ledger.ALL_LOTS)
    burned = await store.burned_lots(tx, sale.journal_id)
    share = reversal.burned_back(terms, worth, sale.burned_minor, so_far)
    restore, lapsed = reversal.lots_to_restore(burned, so_far.restored, share, now)
    for_money = await rules_for_money(tx, document) if terms.earned == "floor_of_refund" else nothing
    earned = reversal.earned_back(terms, document, worth, sale.paid_minor, so_far, for_money)
    own = await ledger.lots_of_journal(tx, wallet_id, sale.journal_id)
    pending = set[int]()
    if terms.shortfall == "only_pending":
        pending = await ledger.pending_lots_of_journal(tx, wallet_id, sale.journal_id, now)
    others = books.wallets[wallet_id].lots if wallet_id in books.wallets else []
    reach = reversal.points_in_reach(terms.shortfall, own, pending, others, earned)
    return books, restore, lapsed if terms.grace_days else 0, reach


def nothing(grant: int, money_minor: int) -> int:
    return 0


async def rules_for_money(tx: Tx, document: Document) -> Callable[[int, int], int]:
    """What each grant's rule, as it was worded at the sale, gives for so much money."""
    wordings = await promotions.wordings(tx, [(grant.offer_id, grant.version) for grant in document.grants])
    bodies = [wordings[grant.offer_id, grant.version] for grant in document.grants]
    return lambda grant, money_minor: promotions.points_for(bodies, grant, money_minor)


async def tell(tx: Tx, row: ReturnRow, document: Document, shop: Shop, till: str | None, lines: list[LineBack]) -> None:
    skus = {line.n: line.sku for line in document.lines}
    fact = ReturnPosted(
        row.return_id,
        row.check_id,
        document.customer_id,
        shop.code,
        row.at,
        row.refunded_minor,
        row.restored_minor,
        row.taken_back_minor,
        row.owed_minor,
        row.balance_minor,
        [LineReturnedFact(n, skus[n], qty, refunded) for n, qty, refunded, _, _ in lines],
        till=till,
    )
    key = row.customer_number if row.customer_number is not None else -row.till_id
    await events.publish(tx, fact, key=key, subject=str(document.customer_id or row.check_id), at=row.at)


def lines_of(row: ReturnRow) -> list[LineBack]:
    if row.status != "posted":
        return []
    return msgspec.json.decode(row.lines, type=list[LineBack])


def answer_of(row: ReturnRow, lines: list[LineBack], language: str, columns: int) -> Returned:
    """The same row always gives the same answer."""
    has_customer = row.customer_number is not None
    words = (
        [in_columns(answers.REFUND.say(language), format_minor(row.refunded_minor), columns)]
        if row.status == "posted"
        else [answers.LATE.say(language)]
    )
    if has_customer:
        words.append(in_columns(answers.BALANCE.say(language), format_minor(max(0, row.balance_minor)), columns))
    return Returned(
        status="posted" if row.status == "posted" else "parked",
        refund=format_minor(row.refunded_minor),
        points_restored=format_minor(row.restored_minor),
        points_taken_back=format_minor(row.taken_back_minor),
        points_written_off=format_minor(row.written_off_minor),
        debt=format_minor(row.owed_minor),
        refund_tenders=tenders_shown(row),
        lines=[
            LineReturned(
                n=n,
                qty=format_minor(qty, 3),
                refund=format_minor(refunded),
                points_restored=format_minor(restored),
                points_taken_back=format_minor(taken),
            )
            for n, qty, refunded, restored, taken in lines
        ],
        balance=answers.balance_after(row.balance_minor) if has_customer else None,
        receipt=[ReceiptBlock(place="slip", lines=words)],
    )


def tenders_shown(row: ReturnRow) -> list[RefundTender]:
    parts = msgspec.json.decode(row.tenders, type=list[tuple[int, str, int]])
    return [
        RefundTender(type="gift_card" if number else "money", mask=mask if number else None, amount=format_minor(part))
        for number, mask, part in parts
        if part
    ]
