"""What a schema cannot say: offers that are well written and make no sense. Each names its field."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from vokrug.kernel import Text
from vokrug.promotions.engine.offers import (
    AmountOff,
    BasketDiscount,
    BurnCap,
    ByRate,
    EarnMultiplier,
    EarnRule,
    FixedPrice,
    ItemDiscount,
    OfferBody,
    PointProgramme,
    When,
)


class Complaint(NamedTuple):
    """A field, and what is wrong with it."""

    field: str
    why: Text


def lint(body: OfferBody, groups: Collection[str] = ()) -> list[Complaint]:
    """Everything that would make the offer nonsense; nothing when it may be published."""
    complaints = list(_schedule(body.when))
    for group in body.where.shop_groups:
        if group not in groups:
            complaints.append(_say("where.shop_groups", f"no shop group “{group}”", f"нет группы магазинов «{group}»"))
    if not body.funder.strip():
        complaints.append(_say("funder", "somebody must pay for it", "кто-то должен за это платить"))
    if body.code is not None and not body.code.strip():
        complaints.append(_say("code", "an empty code", "пустой код"))
    match body:
        case ItemDiscount() | BasketDiscount():
            complaints += _discount(body)
        case EarnRule() | EarnMultiplier():
            complaints += _grant(body)
        case BurnCap():
            complaints += _cap(body)
        case PointProgramme():
            complaints += _programme(body)
    return complaints


def _schedule(when: When) -> Iterator[Complaint]:
    if when.from_date and when.until_date and when.until_date < when.from_date:
        yield _say("when.until_date", "ends before it begins", "кончается раньше, чем начинается")
    for at, hours in enumerate(when.hours):
        if hours.start == hours.end or hours.start == "24:00":
            yield _say(f"when.hours[{at}]", "an empty window", "пустой промежуток")


def _discount(body: ItemDiscount | BasketDiscount) -> Iterator[Complaint]:
    names_goods = body.goods.articles or body.goods.skus or body.goods.categories or body.goods.brands
    if isinstance(body.benefit, FixedPrice) and not names_goods:
        yield _say("goods", "one price for all goods there are", "одна цена на все товары сразу")
    if isinstance(body, ItemDiscount):
        if body.force and (body.min_minor or body.min_qty_milli):
            yield _say("force", "a compulsory price has no threshold", "у обязательной цены нет порога")
    elif isinstance(body.benefit, AmountOff) and body.max_minor is not None:
        yield _say("max_minor", "an amount is its own limit", "сумма сама себе предел")
    if (
        isinstance(body.benefit, AmountOff)
        and body.benefit.per == "total"
        and 0 < body.min_minor < body.benefit.amount_minor
    ):
        yield _say("min_minor", "gives more than it asks for", "даёт больше, чем требует потратить")


def _grant(body: EarnRule | EarnMultiplier) -> Iterator[Complaint]:
    if body.stack == "best" and not body.group:
        yield _say("group", "best of which group?", "лучшее из какой группы?")
    if isinstance(body, EarnRule) and isinstance(body.reward, ByRate):
        starts = [step.from_minor for step in body.reward.steps]
        if not starts:
            yield _say("reward.steps", "no rate", "нет ставки")
        elif starts[0] != 0:
            yield _say("reward.steps", "the first rate starts at 0", "первая ставка начинается с 0")
        if starts != sorted(set(starts)):
            yield _say("reward.steps", "each rate starts higher", "каждая ставка начинается выше прежней")
        if not any(step.rate_bp for step in body.reward.steps):
            yield _say("reward.steps", "every rate is zero", "все ставки равны нулю")


def _cap(body: BurnCap) -> Iterator[Complaint]:
    closed = body.closed
    if closed.except_articles or closed.except_skus or closed.except_categories or closed.except_brands:
        yield _say("closed", "name what is closed", "назовите то, за что нельзя платить баллами")
    if body.min_minor % body.step_minor:
        yield _say("min_minor", "not a whole number of steps", "не целое число шагов")


def _programme(body: PointProgramme) -> Iterator[Complaint]:
    if len(body.currency) != 3 or not body.currency.isupper():
        yield _say("currency", "three capital letters", "три заглавные буквы")


def _say(field: str, en: str, ru: str) -> Complaint:
    return Complaint(field, Text(en=en, ru=ru))
