"""Goods come back and nobody has the receipt: a supervisor answers for them, at the lowest price of late, without
points.
"""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from vokrug import events, ledger
from vokrug.kernel import Refusal, Rounding, format_minor, round_ratio
from vokrug.pos import store
from vokrug.pos.baskets import amount, happened
from vokrug.pos.checkout import Checkout
from vokrug.pos.errors import CheckMalformed, PriceUnknown, ReceiptWanted, RefundExceeds, ReturnEmpty
from vokrug.pos.facts import LineReturned, ReturnPosted
from vokrug.pos.proofs.errors import ReasonWanted
from vokrug.pos.proofs.guesses import supervisor_of
from vokrug.pos.proofs.types import Meters
from vokrug.pos.reversal import LineBack
from vokrug.pos.schemas import LineAsked, Return
from vokrug.pos.store import ReturnRow
from vokrug.pos.types import Shop, Till
from vokrug.runtime.database import Tx


async def answer_for(
    checkout: Checkout, meters: Meters | None, return_id: UUID, body: Return, shop: Shop, till: Till, now: datetime
) -> str:
    """Who lets it happen. A wrong card is counted, whatever becomes of the return. A repeat was let before."""
    if meters is None:
        raise ReceiptWanted()  # out of a queue nobody can be asked
    if not body.reason.strip():
        raise ReasonWanted()
    async with checkout.db.transaction() as tx:
        standing = await store.find_return(tx, return_id)
        if standing is not None:
            return standing.by_whom or ""
        by = await supervisor_of(checkout.proof_keys, tx, meters, body.supervisor or "", shop, till, now)
    if isinstance(by, Refusal):
        raise by
    return by


async def without_receipt(
    checkout: Checkout,
    tx: Tx,
    return_id: UUID,
    body: Return,
    body_hash: bytes,
    shop: Shop,
    till: Till,
    by_whom: str,
    now: datetime,
) -> ReturnRow:
    """Post it: money out of the shop's revenue, and nothing else moves."""
    terms = checkout.reference.without_receipt
    if terms is None:
        raise ReceiptWanted()
    lines, skus = await priced(checkout, tx, body, shop, now)
    refund = sum(money for _, _, money, _, _ in lines)
    if refund > terms.most_minor:
        raise RefundExceeds(left=format_minor(terms.most_minor))
    at = happened(body.at, now)
    accounts = await checkout.reference.accounts(checkout.db, shop, now)
    books = ledger.Books(now, (), await checkout.ids.stock(tx, 1))
    settled = ledger.settle_return(
        books,
        customer=None,
        document=return_id,
        effective_at=at,
        accounts=accounts,
        refunded=refund,
        restore=[],
        regrant=None,
        take_back=[],
        owed=0,
    )
    await ledger.write(tx, books)
    row = ReturnRow(
        return_id,
        return_id,  # it is a return of nothing but itself
        body_hash,
        shop.id,
        till.id,
        "posted",
        settled.journal_id,
        at,
        now,
        msgspec.json.encode(lines).decode(),
        refunded_minor=refund,
        tenders=msgspec.json.encode([(0, "", refund)]).decode(),
        by_whom=by_whom,
        reason=body.reason,
    )
    await store.upsert_return(tx, row)
    back = [LineReturned(n, sku, qty, money) for (n, qty, money, _, _), sku in zip(lines, skus, strict=True)]
    fact = ReturnPosted(return_id, return_id, None, shop.code, at, refund, 0, 0, 0, 0, back, by_whom, till.code)
    await events.publish(tx, fact, key=-till.id, subject=str(return_id), at=at)
    return row


async def priced(
    checkout: Checkout, tx: Tx, body: Return, shop: Shop, now: datetime
) -> tuple[list[LineBack], list[str]]:
    """Each of the goods at the lowest that it went for anywhere in the chain."""
    terms = checkout.reference.without_receipt
    assert terms is not None, "the programme takes goods back so"
    if body.amount is not None:
        raise CheckMalformed(reason="without a receipt goods come back, not money alone")
    asked = []
    for n, line in enumerate(body.lines, 1):
        if line.sku is None or line.qty is None:
            raise CheckMalformed(reason="without a receipt goods are named by sku and quantity")
        qty_milli = amount(line.qty, f"lines/{n}/qty", 3)
        if qty_milli == 0:
            raise ReturnEmpty()
        asked.append((n, line.sku, qty_milli))
    if not asked:
        raise ReturnEmpty()
    questions = [LineAsked(n=n, sku=sku, qty="1", price="0") for n, sku, _ in asked]
    found, _ = await checkout.reference.goods(checkout.db, shop, questions, tx)
    skus = [found[n].sku if n in found else sku for n, sku, _ in asked]
    since = (now - timedelta(days=terms.days)).astimezone(ZoneInfo(shop.zone)).date()
    lows = await store.low_prices(tx, skus, shop.currency, since)
    lines: list[LineBack] = []
    for (n, _, qty_milli), sku in zip(asked, skus, strict=True):
        if sku not in lows:
            raise PriceUnknown(sku=sku)
        money = round_ratio(lows[sku] * qty_milli, 1000, Rounding.DOWN)
        lines.append((n, qty_milli, money, 0, 0))
    return lines, skus
