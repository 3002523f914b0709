"""What a label says, decided without I/O: the engine is asked about one piece, for anybody and for a member."""

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from vokrug import promotions
from vokrug.kernel import Rounding, format_minor, round_ratio
from vokrug.pos.answers import ref
from vokrug.pos.baskets import line_of
from vokrug.pos.schemas import LineAsked
from vokrug.pos.tags.schemas import PriceTag
from vokrug.pos.types import Article, Shop


@dataclass(frozen=True, slots=True)
class Tag:
    """What a label says, in minor units."""

    sku: str
    price_minor: int
    now_minor: int
    member_minor: int
    points_minor: int
    promos: tuple[str, ...]


def tag_of(
    offers: promotions.LiveOffers, shop: Shop, sku: str, article: Article | None, price_minor: int, at: datetime
) -> Tag:
    """One piece, or one kilogram, alone in a basket."""
    line = one_of(sku, article, price_minor)
    basket = promotions.Basket(
        shop_id=shop.id,
        zone=shop.zone,
        currency=shop.currency,
        lines=(line,),
        left=promotions.closed(offers.around, None),
    )
    anybody = promotions.price(basket, None, offers.current, at)
    member = promotions.price(basket, a_member(at), offers.current, at)
    discounts = [*anybody.lines[0].discounts, *member.lines[0].discounts]
    applied = [ref(one.offer_id, one.version) for one in discounts]
    applied += [ref(one.offer_id, one.version) for one in member.earn]
    return Tag(
        sku,
        price_minor,
        anybody.lines[0].net_minor,
        min(member.lines[0].net_minor, anybody.lines[0].net_minor),
        member.totals.earn_minor,
        tuple(dict.fromkeys(applied)),
    )


def one_of(sku: str, article: Article | None, price_minor: int) -> promotions.Line:
    return line_of(LineAsked(n=1, sku=sku, qty="1", price=format_minor(price_minor)), article)


def a_member(at: datetime) -> promotions.Shopper:
    """Somebody with a card and nothing else: no tier, no list, no birthday, and not for the first time here."""
    return promotions.Shopper(visits=10, last_purchase_at=at - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Drawing:
    """What labels of a shop are drawn by: the offers at work, and what every label hangs on. `day`: once a day all of
    them are drawn again, whatever we think has changed.
    """

    mark: str
    offers: frozenset[str]

    @classmethod
    def of(cls, offers: promotions.LiveOffers, shop: Shop, at: datetime) -> "Drawing":
        day = at.astimezone(ZoneInfo(shop.zone)).date()
        said = f"{day} {offers.current.policy} {sorted(promotions.closed(offers.around, None))}"
        at_work = offers.current.at_work("pos", shop.id, shop.zone, at)
        mark = hashlib.sha256(said.encode()).hexdigest()[:32]
        return cls(mark, frozenset(ref(offer, version) for offer, version in at_work))


def concerned(
    offers: promotions.LiveOffers, shop: Shop, before: Drawing, now: Drawing, at: datetime
) -> Callable[[promotions.Line, Collection[str]], bool]:
    """Which labels may say something else: those that an offer which has gone had a say in, and those that one which
    has come may have.
    """
    if before.mark != now.mark:
        return lambda line, promos: True
    at_work = offers.current.at_work("pos", shop.id, shop.zone, at)
    gone = before.offers - now.offers
    come = promotions.touched_by(
        rule for (offer, version), rule in at_work.items() if ref(offer, version) not in before.offers
    )
    return lambda line, promos: not gone.isdisjoint(promos) or come(line)


def shown(sku: str, tag: Tag | None) -> PriceTag:
    if tag is None:
        return PriceTag(
            sku=sku, is_gone=True, price=None, now=None, member=None, points=None, promos=[], text_ru="", text_en=""
        )
    return PriceTag(
        sku=sku,
        is_gone=False,
        price=format_minor(tag.price_minor),
        now=format_minor(tag.now_minor),
        member=format_minor(tag.member_minor),
        points=format_minor(tag.points_minor),
        promos=list(tag.promos),
        text_ru=text_of(tag, "Скидка", "С картой", "баллов"),
        text_en=text_of(tag, "Save", "With the card", "points"),
    )


def text_of(tag: Tag, save: str, with_card: str, points: str) -> str:
    """«С картой −10 %, +18 баллов»: short enough for a label."""
    said = []
    if tag.member_minor < tag.now_minor:
        said.append(f"{with_card} −{percent(tag.price_minor, tag.member_minor)} %")
    elif tag.now_minor < tag.price_minor:
        said.append(f"{save} −{percent(tag.price_minor, tag.now_minor)} %")
    if tag.points_minor >= 100:
        said.append(f"+{tag.points_minor // 100} {points}")
    return ", ".join(said)


def percent(before: int, after: int) -> int:
    """Never more than it is."""
    return round_ratio((before - after) * 100, before, Rounding.DOWN)
