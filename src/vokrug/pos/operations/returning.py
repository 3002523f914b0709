"""Goods come back. What they were worth was stored with the sale, to the unit; nothing is computed anew.

A return may come before its sale: it is parked, and the sale, when it comes, posts both in one
transaction. Whatever the order and however often each is sent, the books end the same.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

import msgspec

from vokrug import events, ledger, promotions
from vokrug.kernel import format_minor
from vokrug.pos import answers, store
from vokrug.pos import document as documents
from vokrug.pos.checkout import Checkout
from vokrug.pos.document import Document
from vokrug.pos.errors import (
    CheckMalformed,
    DocumentConflict,
    DocumentOfAnotherTill,
    OriginalUnknown,
    ReturnEmpty,
    ReturnExceeds,
    ReturnLineUnknown,
)
from vokrug.pos.facts import LineReturned as LineReturnedFact
from vokrug.pos.facts import ReturnParked, ReturnPosted
from vokrug.pos.portions import Portion, portion
from vokrug.pos.pricing import amount, happened
from vokrug.pos.schemas import LineReturned, ReceiptBlock, Return, Returned
from vokrug.pos.store import ReturnRow, SaleRow
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx

# Points that lapsed while the goods were out come back, and last this long.
GRACE = timedelta(days=14)

Asked = list[tuple[int, int | None]]  # line, thousandths; None: all that is left


@dataclass(frozen=True, slots=True)
class Worth:
    """What comes back, line by line."""

    lines: list[tuple[int, int, Portion]]  # line, thousandths, its share
    total: Portion


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
) -> tuple[Returned, bool]:
    """Post a return, or park it. The second answer says whether this is a repeat. `dry` changes nothing."""

    async def story(tx: Tx) -> tuple[Returned, bool]:
        answer = await return_alone(checkout, tx, return_id, body, shop, till, language, now)
        if dry:
            raise OnlyAsked(answer[0])
        return answer

    try:
        return await checkout.db.replayed(story)
    except OnlyAsked as only:
        return msgspec.structs.replace(only.answer, status="calculated"), False


async def return_alone(
    checkout: Checkout, tx: Tx, return_id: UUID, body: Return, shop: Shop, till: Till, language: str, now: datetime
) -> tuple[Returned, bool]:
    """The story of one return."""
    await store.lock_document(tx, return_id)
    body_hash = hashlib.sha256(msgspec.json.encode(body)).digest()[:16]
    if standing := await store.find_return(tx, return_id):
        return await repeated(tx, standing, body_hash, shop, till, language), True
    asked = asked_of(body)
    check_id = await original_of(tx, body)
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
        fact = ReturnParked(return_id, check_id, shop.code, at)
        await events.publish(tx, fact, key=-till.id, subject=str(return_id), at=at)
        return answer_of(row, [], language), False
    document = await document_of_sale(tx, check_id)
    posted = await post(checkout, tx, sale, document, row, asked, now)
    return answer_of(posted, lines_of(posted), language), False


async def original_of(tx: Tx, body: Return) -> UUID:
    """Which sale is meant. By its fiscal sign only a sale we know can be found."""
    if body.original.check_uid is not None:
        return body.original.check_uid
    if body.original.fiscal is None:
        raise CheckMalformed(reason="a return names its sale: check_uid or fiscal")
    fiscal = body.original.fiscal
    sale = await store.find_sale_by_fiscal(tx, f"{fiscal.fn}/{fiscal.fd}/{fiscal.fp}")
    if sale is None:
        raise OriginalUnknown()
    return sale.check_id


def asked_of(body: Return) -> Asked:
    asked: Asked = []
    for line in body.lines:
        qty_milli = None if line.qty is None else amount(line.qty, f"lines/{line.n}/qty", 3)
        if qty_milli == 0:
            raise ReturnEmpty()
        asked.append((line.n, qty_milli))
    if len({n for n, _ in asked}) < len(asked):
        raise CheckMalformed(reason="two lines have one number")
    return asked


async def document_of_sale(tx: Tx, check_id: UUID) -> Document:
    quote = await store.lock_quote(tx, check_id)
    assert quote is not None, "a sale has its document"
    return documents.decode(quote.document)


async def repeated(tx: Tx, standing: ReturnRow, body_hash: bytes, shop: Shop, till: Till, language: str) -> Returned:
    if (standing.shop_id, standing.till_id) != (shop.id, till.id):
        raise DocumentOfAnotherTill()
    if standing.body_hash != body_hash:
        raise DocumentConflict()
    return answer_of(standing, lines_of(standing), language)


async def post_parked(checkout: Checkout, tx: Tx, sale: SaleRow, document: Document, now: datetime) -> SaleRow:
    """The sale has come: its returns are posted with it, so its answer never shows points that are gone.
    A return that asks for more than was sold goes to the work list: nobody is at the till to be told no.
    """
    for row in await store.parked_returns(tx, sale.check_id):
        asked = msgspec.json.decode(row.lines, type=Asked)
        try:
            posted = await post(checkout, tx, sale, document, row, asked, now)
            spent = sale.spent_minor - posted.refunded_minor
            sale = msgspec.structs.replace(sale, balance_minor=posted.balance_minor, spent_minor=spent)
        except (ReturnExceeds, ReturnLineUnknown, ReturnEmpty):
            await store.upsert_return(tx, msgspec.structs.replace(row, status="refused"))
    await store.restate_sale(tx, sale)
    return sale


async def post(
    checkout: Checkout, tx: Tx, sale: SaleRow, document: Document, row: ReturnRow, asked: Asked, now: datetime
) -> ReturnRow:
    """Reverse exactly what these units brought: money, burned points, earned points, standing."""
    assert sale.journal_id is not None, "a posted sale has its journal"
    assert sale.shop_id is not None, "a posted sale has its shop"
    shop = checkout.reference.shops_by_id[sale.shop_id]
    accounts = await checkout.reference.accounts(checkout.db, shop, now)
    returned = await store.returned_so_far(tx, sale.check_id)
    worth = worth_of(document, asked, returned)
    restore: list[tuple[int, int, int]] = []
    lapsed, back, owed = 0, list[tuple[int, int, int]](), 0
    books = ledger.Books(now, (), await checkout.ids.stock(tx, 1))
    if sale.customer_number is not None:
        wallet_id = ledger.wallet_of(sale.customer_number, accounts.points_unit)
        books = await ledger.open_books(tx, checkout.ids, [wallet_id], now, lots=ledger.ALL_LOTS)
        burned = await store.burned_lots(tx, sale.journal_id)
        skip = await store.restored_so_far(tx, sale.check_id)
        share = min(worth.total.points_burn_minor, max(0, sale.burned_minor - skip))
        restore, lapsed = lots_to_restore(burned, skip, share, now)
        own = await ledger.lots_of_journal(tx, wallet_id, sale.journal_id)
        others = books.wallets[wallet_id].lots if wallet_id in books.wallets else []
        back, owed = lots_to_take(own, others, worth.total.earn_by_grant)
    settled = ledger.settle_return(
        books,
        customer=sale.customer_number,
        document=row.return_id,
        effective_at=row.at,
        accounts=accounts,
        refunded=worth.total.net_minor,
        restore=restore,
        regrant=ledger.Grant(lapsed, funder=accounts.liability, expires_at=now + GRACE) if lapsed else None,
        take_back=back,
        owed=owed,
    )
    await ledger.write(tx, books)
    await give_back(checkout, tx, sale, document, worth, returned, row.return_id, now)
    lines = [(n, qty, part.net_minor, part.points_burn_minor, sum(part.earn_by_grant)) for n, qty, part in worth.lines]
    posted = msgspec.structs.replace(
        row,
        status="posted",
        journal_id=settled.journal_id,
        lines=msgspec.json.encode(lines).decode(),
        refunded_minor=worth.total.net_minor,
        restored_minor=sum(part for _, part, _ in restore) + lapsed,
        taken_back_minor=sum(worth.total.earn_by_grant),
        owed_minor=owed,
        balance_minor=settled.balance_after,
        customer_number=sale.customer_number,
    )
    await store.upsert_return(tx, posted)
    await tell(tx, posted, document, shop, lines)
    return posted


async def give_back(
    checkout: Checkout,
    tx: Tx,
    sale: SaleRow,
    document: Document,
    worth: Worth,
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
        spend=worth.total.net_minor,
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


def worth_of(document: Document, asked: Asked, returned: dict[int, int]) -> Worth:
    """The share of the lines asked for, after what came back before. No lines named: everything that is left."""
    by_number = {line.n: line for line in document.sold}
    grants = len(document.grants)
    lines, total = [], Portion(0, 0, 0, (0,) * grants)
    for n, qty_milli in asked or [(line.n, None) for line in document.sold]:
        line = by_number.get(n)
        if line is None:
            raise ReturnLineUnknown(n=n)
        before = returned.get(n, 0)
        left = line.qty_milli - before
        qty = left if qty_milli is None else qty_milli
        if qty > left:
            raise ReturnExceeds(n=n, left=format_minor(left, 3))
        if qty == 0:
            continue
        share = portion(line, before, before + qty, grants)
        lines.append((n, qty, share))
        total = total + share
    if not lines:
        raise ReturnEmpty()
    return Worth(lines, total)


def lots_to_restore(
    burned: Sequence[Any], skip: int, amount: int, now: datetime
) -> tuple[list[tuple[int, int, int]], int]:
    """Which lots get burned points back: the last taken first, so the points that live longest come back
    first. The second answer is how many belong to lots that have lapsed since.
    """
    restore, lapsed = [], 0
    for row in reversed(burned):
        passed = min(skip, row["amount"])
        skip -= passed
        part = min(amount, row["amount"] - passed)
        if part <= 0:
            continue
        amount -= part
        if row["expires_at"] <= now:
            lapsed += part
        else:
            restore.append((row["lot_id"], part, row["funder"]))
    return restore, lapsed


def lots_to_take(
    own: Sequence[ledger.FreeLot], others: Sequence[ledger.FreeLot], earned: Sequence[int]
) -> tuple[list[tuple[int, int, int]], int]:
    """Earned points are taken from the lots the sale granted, then from others in burn order; the rest is owed."""
    taken: dict[int, tuple[int, int]] = {}
    short = 0
    for lot, part in zip(own, earned, strict=False):
        got = min(lot.free, part)
        if got:
            taken[lot.id] = (got, lot.funder)
        short += part - got
    short += sum(earned[len(own) :])
    for lot_id, got, funder in ledger.choose_lots(
        [ledger.FreeLot(lot.id, lot.free - taken.get(lot.id, (0, 0))[0], lot.funder) for lot in others], short
    ):
        before = taken.get(lot_id, (0, funder))[0]
        taken[lot_id] = (before + got, funder)
        short -= got
    return [(lot_id, part, funder) for lot_id, (part, funder) in taken.items()], short


async def tell(
    tx: Tx, row: ReturnRow, document: Document, shop: Shop, lines: list[tuple[int, int, int, int, int]]
) -> None:
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
    )
    key = row.customer_number if row.customer_number is not None else -row.till_id
    await events.publish(tx, fact, key=key, subject=str(document.customer_id or row.check_id), at=row.at)


def lines_of(row: ReturnRow) -> list[tuple[int, int, int, int, int]]:
    if row.status != "posted":
        return []
    return msgspec.json.decode(row.lines, type=list[tuple[int, int, int, int, int]])


def answer_of(row: ReturnRow, lines: list[tuple[int, int, int, int, int]], language: str) -> Returned:
    """The same row always gives the same answer."""
    has_customer = row.customer_number is not None
    words = (
        [answers.row(answers.REFUND.say(language), format_minor(row.refunded_minor))]
        if row.status == "posted"
        else [answers.LATE.say(language)]
    )
    if has_customer:
        words.append(answers.row(answers.BALANCE.say(language), format_minor(max(0, row.balance_minor))))
    return Returned(
        status="posted" if row.status == "posted" else "parked",
        refund=format_minor(row.refunded_minor),
        points_restored=format_minor(row.restored_minor),
        points_taken_back=format_minor(row.taken_back_minor),
        debt=format_minor(row.owed_minor),
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
