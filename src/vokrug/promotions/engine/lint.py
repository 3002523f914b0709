"""What a schema cannot say: offers that are well written and make no sense. Each names its field."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from vokrug.kernel import Text
from vokrug.promotions.engine.offers import (
    AmountOff,
    AtLeastAmount,
    AtLeastUnits,
    AttributeIs,
    BasketDiscount,
    BurnCap,
    ByRate,
    Discount,
    EarnMultiplier,
    EarnRule,
    FixedPrice,
    Goods,
    ItemDiscount,
    OfferBody,
    PointProgramme,
    PointsReward,
    SetPrice,
    SinceLastPurchase,
    VisitNumber,
    When,
)
from vokrug.promotions.engine.policy import DEFAULT, Policy
from vokrug.promotions.engine.rule import names_all
from vokrug.promotions.engine.tree import Tree


class Complaint(NamedTuple):
    """A field, and what is wrong with it."""

    field: str
    why: Text


def lint(
    body: OfferBody, groups: Collection[str] = (), policy: Policy = DEFAULT, calendars: Collection[str] = ()
) -> list[Complaint]:
    """Everything that would make the offer nonsense; nothing when it may be published."""
    complaints = list(_schedule(body.when, calendars))
    for group in (*body.where.shop_groups, *body.where.except_shop_groups):
        if group not in groups:
            complaints.append(_say("where.shop_groups", f"no shop group “{group}”", f"нет группы магазинов «{group}»"))
    complaints += _who_pays(body)
    complaints += _conditions(body)
    if body.code is not None and not body.code.strip():
        complaints.append(_say("code", "an empty code", "пустой код"))
    match body:
        case ItemDiscount() | BasketDiscount():
            complaints += _discount(body)
        case Discount():
            complaints += _placed(body, policy)
        case EarnRule() | EarnMultiplier():
            complaints += _grant(body)
        case BurnCap():
            complaints += _cap(body)
        case PointProgramme():
            complaints += _programme(body)
        case PointsReward():
            if body.benefit.per == "unit":
                complaints.append(_say("benefit.per", "a reward is for the check", "награда даётся на чек"))
    return complaints


def _schedule(when: When, calendars: Collection[str]) -> Iterator[Complaint]:
    if when.from_date and when.until_date and when.until_date < when.from_date:
        yield _say("when.until_date", "ends before it begins", "кончается раньше, чем начинается")
    for at, hours in enumerate(when.hours):
        if hours.start == hours.end or hours.start == "24:00":
            yield _say(f"when.hours[{at}]", "an empty window", "пустой промежуток")
    for field in ("on_calendar", "not_on_calendar"):
        named = getattr(when, field)
        if named is not None and named not in calendars:
            yield _say(f"when.{field}", f"no calendar “{named}”", f"нет календаря «{named}»")


def _who_pays(body: OfferBody) -> Iterator[Complaint]:
    if not body.funder.strip():
        yield _say("funder", "somebody must pay for it", "кто-то должен за это платить")
    if body.funding:
        if sum(each.share_bp for each in body.funding) != 10_000:
            yield _say("funding", "the shares do not make a whole", "доли не дают в сумме целого")
        if len({each.funder for each in body.funding}) != len(body.funding):
            yield _say("funding", "somebody pays twice", "плательщик назван дважды")
    for at, limit in enumerate(body.limits):
        if (limit.period == "rolling") != (limit.days is not None):
            yield _say(f"limits[{at}].days", "days are for a rolling period", "дни нужны скользящему периоду")


def _conditions(body: OfferBody) -> Iterator[Complaint]:
    for at, condition in enumerate(body.conditions):
        where = f"conditions[{at}]"
        match condition:
            case AtLeastUnits(at_least_milli=0, over_milli=None) | AtLeastAmount(at_least_minor=0, over_minor=None):
                yield _say(where, "asks for nothing", "ничего не требует")
            case VisitNumber(every=None, numbers=()):
                yield _say(where, "which visit?", "какой визит?")
            case SinceLastPurchase(at_least_days=None, at_most_days=None):
                yield _say(where, "how many days?", "сколько дней?")
            case SinceLastPurchase(at_least_days=int(least), at_most_days=int(most)) if most < least:
                yield _say(where, "no such number of days", "таких дней не бывает")
            case AttributeIs(any_of=(), at_least=None, at_most=None):
                yield _say(where, "which values?", "какие значения?")


def _discount(body: ItemDiscount | BasketDiscount) -> Iterator[Complaint]:
    if isinstance(body.benefit, FixedPrice) and names_all(body.goods):
        yield _say("goods", "one price for all goods there are", "одна цена на все товары сразу")
    if isinstance(body.benefit, FixedPrice) and body.benefit.per == "total":
        yield _say("benefit.per", "a price for all of it is a kind “discount”", "цена за всё вместе — вид «discount»")
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


def _placed(body: Discount, policy: Policy) -> Iterator[Complaint]:
    tree = Tree(policy)
    if tree.path(body.layer, "") is None:
        yield _say("layer", f"the policy has no layer “{body.layer}”", f"в политике нет слоя «{body.layer}»")
    elif tree.path(body.layer, body.group) is None:
        yield _say("group", f"the layer has no group “{body.group}”", f"в слое нет группы «{body.group}»")
    match body.benefit:
        case FixedPrice() if names_all(body.goods):
            yield _say("goods", "one price for all goods there are", "одна цена на все товары сразу")
        case SetPrice(price_minor=price, percent_bp=percent, amount_minor=amount):
            if sum(each is not None for each in (price, percent, amount)) != 1:
                yield _say("benefit", "a price, a percentage or an amount", "цена, процент или сумма — что-то одно")
            if any(names_all(part.goods) and _excepts_nothing(part.goods) for part in body.benefit.parts):
                yield _say("benefit.parts", "a part that is anything at all", "часть набора — что угодно")
    if isinstance(body.benefit, AmountOff) and body.benefit.per == "total":
        for condition in body.conditions:
            if isinstance(condition, AtLeastAmount) and 0 < condition.at_least_minor < body.benefit.amount_minor:
                yield _say("conditions", "gives more than it asks for", "даёт больше, чем требует потратить")


def _excepts_nothing(goods: Goods) -> bool:
    return not (goods.except_articles or goods.except_skus or goods.except_categories or goods.except_brands)


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
    if not _excepts_nothing(body.closed):
        yield _say("closed", "name what is closed", "назовите то, за что нельзя платить баллами")
    if body.min_minor % body.step_minor:
        yield _say("min_minor", "not a whole number of steps", "не целое число шагов")


def _programme(body: PointProgramme) -> Iterator[Complaint]:
    if len(body.currency) != 3 or not body.currency.isupper():
        yield _say("currency", "three capital letters", "три заглавные буквы")


def _say(field: str, en: str, ru: str) -> Complaint:
    return Complaint(field, Text(en=en, ru=ru))
