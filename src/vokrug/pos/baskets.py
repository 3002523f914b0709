"""From the till's check to the engine's basket: the same at the centre and at a till that is without a line."""

from collections.abc import Mapping
from datetime import UTC, datetime

from vokrug import promotions
from vokrug.kernel import parse_minor
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
