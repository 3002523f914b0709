"""A return that leaves an offer without its threshold, where the offer says that it claims its discount back.

The refund is what was paid less what the kept goods would have cost alone, never below nothing. The last of the goods
brings back all that is left, so returns in whatever parts add up to what was paid.
"""

import msgspec

from vokrug import promotions
from vokrug.kernel import share_out
from vokrug.pos.checkout import Checkout
from vokrug.pos.document import Document, PricedLine, moment
from vokrug.pos.past import line_of
from vokrug.pos.portions import Portion, portion
from vokrug.pos.reversal import SoFar, Worth
from vokrug.pos.types import Article, Shop
from vokrug.runtime.database import Tx


async def claimed_back(
    checkout: Checkout, tx: Tx, document: Document, shop: Shop, worth: Worth, paid_minor: int, so_far: SoFar
) -> Worth:
    """The same units, and the money that comes back for them. What was printed otherwise than priced stays as paid."""
    granted = {(offer, version) for line in document.sold for offer, version, *_ in line.discounts if offer > 0}
    if not worth.lines or not granted or document.printed:
        return worth
    wordings = await promotions.granted_if_claimed_back(tx, granted)
    if not wordings:
        return worth
    kept = kept_of(document, worth, so_far)
    articles = await checkout.reference.articles(checkout.db, [line.sku for line, _ in kept], tx)
    grants = len(document.grants)
    as_paid = total([portion(line, line.qty_milli - qty, line.qty_milli, grants) for line, qty in kept], grants)
    cost = 0
    if kept:
        lines = tuple(kept_line(line, qty, articles.get(line.sku)) for line, qty in kept)
        basket = promotions.Basket(
            shop_id=shop.id, zone=shop.zone, channel=document.channel, currency=document.currency, lines=lines
        )
        cost = await promotions.price_kept(tx, wordings, basket, moment(document.at_us))
    dearer = max(0, cost - as_paid.net_minor - as_paid.points_off_minor)
    goods = sum(line.net_minor for line in document.sold)
    left = max(0, paid_minor - so_far.refunded)
    return with_money(worth, min(left, max(0, goods - so_far.refunded - as_paid.net_minor - dearer)))


def kept_of(document: Document, worth: Worth, so_far: SoFar) -> list[tuple[PricedLine, int]]:
    """Lines, with the thousandths that stay with the customer after this return."""
    now = {n: qty for n, qty, _ in worth.lines}
    left = [(line, line.qty_milli - so_far.qty_milli.get(line.n, 0) - now.get(line.n, 0)) for line in document.sold]
    return [(line, qty) for line, qty in left if qty > 0]


def kept_line(line: PricedLine, qty_milli: int, article: Article | None) -> promotions.Line:
    whole = line_of(line, article, is_gift_card=False)
    manual = whole.manual_discount_minor * qty_milli // line.qty_milli
    return msgspec.structs.replace(whole, qty_milli=qty_milli, manual_discount_minor=manual)


def total(parts: list[Portion], grants: int) -> Portion:
    return sum(parts, Portion(0, 0, 0, (0,) * grants))


def with_money(worth: Worth, money_minor: int) -> Worth:
    """The same goods for another sum, shared out by what they were worth."""
    weights = [part.net_minor for _, _, part in worth.lines]
    shares = share_out(money_minor, weights if any(weights) else [1] * len(weights))
    lines = [
        (n, qty, Portion(share, part.points_off_minor, part.points_burn_minor, part.earn_by_grant))
        for (n, qty, part), share in zip(worth.lines, shares, strict=True)
    ]
    whole = worth.total
    refund = Portion(money_minor, whole.points_off_minor, whole.points_burn_minor, whole.earn_by_grant)
    return Worth(lines, refund, worth.is_rest)
