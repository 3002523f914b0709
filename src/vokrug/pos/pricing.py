"""From the till's check to the engine's basket, and from its answer to the document we keep."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from vokrug import promotions
from vokrug.kernel import parse_minor
from vokrug.pos.document import VERSION, Delivered, Document, Granted, Handed, Judged, PricedLine, Unit, micros
from vokrug.pos.errors import AmountMalformed, CheckMalformed
from vokrug.pos.schemas import Calculate, LineAsked
from vokrug.pos.types import Article, Shop

MOST_POSITIVE_MINOR = 10**12
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # a till that forgot the date says 1970


def happened(at: datetime | None, now: datetime) -> datetime:
    """When the till says it was. Its clock may run ahead: nothing happens later than now."""
    if at is None or at > now:
        return now
    if at < EARLIEST:
        raise CheckMalformed(reason=f"there were no sales in {at.year}")
    return at


def amount(text: str, field: str, scale: int = 2) -> int:
    """An amount that is not negative, in minor units. Refuses anything else, naming the field."""
    try:
        minor = parse_minor(text, scale)
    except ValueError as error:
        raise AmountMalformed(field=field, reason=str(error)) from None
    if minor < 0:
        raise AmountMalformed(field=field, reason="negative")
    if minor > MOST_POSITIVE_MINOR:
        raise AmountMalformed(field=field, reason="out of range")
    return minor


def basket_of(check: Calculate, shop: Shop, articles: Mapping[int, Article]) -> promotions.Basket:
    """The check as the engine sees it; articles by number of line. What the centre does not know is sold as sent."""
    if len({line.n for line in check.lines}) < len(check.lines):
        raise CheckMalformed(reason="two lines have one number")
    if check.currency is not None and check.currency != shop.currency:
        raise CheckMalformed(reason=f"this shop sells in {shop.currency}")
    return promotions.Basket(
        shop_id=shop.id,
        zone=shop.zone,
        channel=check.channel,
        currency=shop.currency,
        lines=tuple([line_of(line, articles.get(line.n)) for line in check.lines]),
        burn=burn_of(check),
        codes=tuple(check.codes),
        delivery_minor=0 if check.delivery is None else amount(check.delivery, "delivery"),
        tenders=tuple(
            [
                promotions.Tender(
                    tender.type,
                    MOST_POSITIVE_MINOR if tender.amount is None else amount(tender.amount, "tenders_planned"),
                )
                for tender in check.tenders_planned
            ]
        ),
    )


def line_of(line: LineAsked, article: Article | None) -> promotions.Line:
    qty_milli = amount(line.qty, f"lines/{line.n}/qty", 3)
    price_minor = amount(line.price, f"lines/{line.n}/price")
    if qty_milli == 0:
        raise AmountMalformed(field=f"lines/{line.n}/qty", reason="zero")
    if qty_milli * price_minor > MOST_POSITIVE_MINOR * 1000:
        raise AmountMalformed(field=f"lines/{line.n}", reason="the sum is out of range")
    manual = (
        0 if line.manual_discount is None else amount(line.manual_discount.amount, f"lines/{line.n}/manual_discount")
    )
    floor = 0 if line.min_price is None else amount(line.min_price, f"lines/{line.n}/min_price")
    flags = line.flags
    if article is None:
        return promotions.Line(
            n=line.n,
            sku=line.sku,
            qty_milli=qty_milli,
            price_minor=price_minor,
            is_weighed=qty_milli % 1000 != 0,
            min_price_minor=min(floor, price_minor),
            manual_discount_minor=manual,
            no_discount="no_discount" in flags,
            no_burn="no_burn" in flags or "excise" in flags,
            no_earn="no_earn" in flags,
            gift_card_sale="gift_card_sale" in flags,
        )
    return promotions.Line(
        n=line.n,
        sku=article.sku,  # the shop may call it otherwise
        qty_milli=qty_milli,
        price_minor=price_minor,
        article_id=article.id,
        category_ids=article.category_ids,
        brand=article.brand,
        is_weighed=article.is_weighed or qty_milli % 1000 != 0,
        min_price_minor=min(max(floor, article.min_price_minor), price_minor),
        manual_discount_minor=manual,
        no_discount=article.no_discount or "no_discount" in flags,
        no_burn=article.no_burn or "no_burn" in flags or "excise" in flags,
        no_earn=article.no_earn or "no_earn" in flags,
        gift_card_sale="gift_card_sale" in flags,
        cost_minor=article.cost_minor,
    )


def burn_of(check: Calculate) -> promotions.Burn:
    match check.burn.mode:
        case "none":
            return promotions.Burn()
        case "max":
            return promotions.Burn(mode="max")
        case "reward":
            return promotions.Burn(mode="reward", reward=check.burn.reward)
        case "points":
            if check.burn.points is None:
                raise CheckMalformed(reason="burn by points needs the points")
            return promotions.Burn(mode="amount", points_minor=amount(check.burn.points, "burn/points"))


def document_of(
    priced: promotions.Priced,
    basket: promotions.Basket,
    *,
    at: datetime,
    shop: Shop,
    language: str,
    customer_id: UUID | None,
    rate: tuple[int, int],
    balance_minor: int,
    spent_minor: int,
    metrics: list[int],
    tier: str | None,
    wanted: promotions.Wanted,
) -> Document:
    """Everything the answer, the commit and later returns need, pinned."""
    grants = [
        Granted(
            grant.offer_id,
            grant.version,
            grant.points_minor,
            grant.base_minor,
            grant.funder,
            micros(promotions.active_from(grant.active_from, at, shop.zone)),
            0 if (until := promotions.expires_at(grant.expires, at, shop.zone)) is None else micros(until),
        )
        for grant in priced.earn
        if grant.points_minor
    ]
    order = {(grant.offer_id, grant.version): i for i, grant in enumerate(grants)}
    lines = []
    for asked, line in zip(basket.lines, priced.lines, strict=True):
        places = [order.get((earn.offer_id, earn.version)) for earn in line.earn]
        lines.append(
            PricedLine(
                line.n,
                asked.sku,
                asked.article_id,
                asked.qty_milli,
                asked.price_minor,
                line.gross_minor,
                line.net_minor,
                line.points_off_minor,
                line.points_burn_minor,
                sum(earn.points_minor for earn in line.earn),
                [(d.offer_id, d.version, d.layer, d.amount_minor, d.funder) for d in line.discounts],
                [
                    Unit(
                        run.units,
                        run.unit_qty_milli,
                        run.net_minor,
                        run.points_off_minor,
                        run.points_burn_minor,
                        spread(run.earn_by_rule, places, len(grants)),
                    )
                    for run in line.units
                ],
                [(row.qty_milli, row.price_minor, row.sum_minor) for row in line.split],
            )
        )
    totals = priced.totals
    return Document(
        VERSION,
        micros(at),
        basket.channel,
        basket.currency,
        language,
        customer_id,
        totals.gross_minor,
        totals.discount_minor,
        totals.points_off_minor,
        totals.points_burn_minor,
        totals.net_minor,
        totals.earn_minor,
        priced.burn.max_minor,
        list(priced.burn.reasons),
        rate[0],
        rate[1],
        priced.rules_version,
        priced.optimality,
        lines,
        grants,
        [
            Judged(
                v.offer_id,
                v.version,
                v.status,
                v.amount_minor,
                v.by,
                v.missing_qty_milli,
                v.missing_minor,
                v.code,
                v.reason,
            )
            for v in priced.verdicts
        ],
        balance_minor,
        spent_minor,
        0,
        metrics=metrics,
        tier=tier,
        wanted=wanted,
        delivery=None if priced.delivery is None else delivered(priced.delivery),
        gifts=[
            Handed(
                gift.offer_id,
                gift.version,
                [(choice.sku, choice.units * gift.times) for choice in gift.choices],
            )
            for gift in priced.gifts
        ],
    )


def delivered(delivery: promotions.Delivery) -> Delivered:
    return Delivered(
        delivery.before_minor,
        delivery.net_minor,
        [(d.offer_id, d.version, d.layer, d.amount_minor, d.funder) for d in delivery.discounts],
    )


def spread(parts: tuple[int, ...], places: list[int | None], grants: int) -> list[int]:
    """A unit's points by grant: the line's rules in the order of the check's grants."""
    if len(parts) == grants == 1:
        return [parts[0]]
    out = [0] * grants
    for part, place in zip(parts, places, strict=True):
        if place is not None:
            out[place] += part
    return out
