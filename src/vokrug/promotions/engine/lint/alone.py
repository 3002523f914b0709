"""One offer by itself."""

from collections.abc import Iterator

from vokrug.promotions.engine.lint.findings import Finding, Known, refuse, warn
from vokrug.promotions.engine.lint.given import benefit_findings, grant_findings
from vokrug.promotions.engine.lint.goods import goods_findings, needed_goods
from vokrug.promotions.engine.lint.place import place_findings
from vokrug.promotions.engine.offers import (
    AtLeastAmount,
    AtLeastUnits,
    AttributeIs,
    BoughtTogether,
    BurnCap,
    Condition,
    EarnMultiplier,
    EarnRule,
    ItemDiscount,
    OfferBody,
    PointProgramme,
    SinceLastPurchase,
    VisitNumber,
)
from vokrug.promotions.engine.offers.parts import Limit

LENGTH = {"day": 1, "week": 7, "month": 31, "year": 366, "ever": 10**9}


def lint(body: OfferBody, known: Known | None = None) -> list[Finding]:
    """Everything wrong with an offer whatever else runs; what refuses it comes first."""
    known = known or Known()
    found = [
        *place_findings(body, known),
        *goods_findings("goods", body.goods),
        *_code(body),
        *_conditions(body),
        *_limits(body.limits),
        *_funding(body),
    ]
    match body:
        case EarnRule() | EarnMultiplier():
            found += grant_findings(body)
        case BurnCap():
            found += _cap(body)
        case PointProgramme():
            found += _programme(body)
        case _:
            found += benefit_findings(body, known)
    return sorted(found, key=lambda finding: finding.severity)


def _code(body: OfferBody) -> Iterator[Finding]:
    if body.code is not None and not body.code.strip():
        yield refuse("code_empty", "code", "an empty code", "пустой код")
    if body.code is not None and body.coupon:
        yield warn(
            "code_and_coupon", "code", "asks for a shared code and for a coupon", "требует и общий код, и купон сразу"
        )


def _conditions(body: OfferBody) -> Iterator[Finding]:
    for at, condition in enumerate(body.conditions):
        yield from _condition(f"conditions[{at}]", condition, body)
    if isinstance(body, ItemDiscount) and body.force and (body.min_minor or body.min_qty_milli):
        yield refuse(
            "force_with_threshold", "force", "a compulsory price has no threshold", "у обязательной цены нет порога"
        )


def _condition(field: str, condition: Condition, body: OfferBody) -> Iterator[Finding]:
    match condition:
        case AtLeastUnits(at_least_milli=0, over_milli=None) | AtLeastAmount(at_least_minor=0, over_minor=None):
            yield refuse("condition_empty", field, "asks for nothing", "ничего не требует")
        case AtLeastUnits() | AtLeastAmount():
            if condition.goods is not None:
                yield from goods_findings(f"{field}.goods", condition.goods)
        case BoughtTogether():
            for part_at, part in enumerate(condition.parts):
                yield from needed_goods(f"{field}.parts[{part_at}]", part.goods, body.goods)
        case VisitNumber(every=None, numbers=()):
            yield refuse("visit_never", field, "names no visit", "не названо ни одного визита")
        case SinceLastPurchase(at_least_days=None, at_most_days=None):
            yield refuse("condition_empty", field, "how many days?", "сколько дней?")
        case AttributeIs(any_of=(), at_least=None, at_most=None):
            yield refuse("condition_empty", field, "which values?", "какие значения?")
        case SinceLastPurchase(at_least_days=least, at_most_days=most) | AttributeIs(at_least=least, at_most=most):
            if least is not None and most is not None and least > most:
                yield refuse("bounds_crossed", field, "at least is above at most", "«не меньше» выше, чем «не больше»")


def _limits(limits: tuple[Limit, ...]) -> Iterator[Finding]:
    for at, limit in enumerate(limits):
        if (limit.period == "rolling") != (limit.days is not None):
            yield refuse(
                "limit_period",
                f"limits[{at}].days",
                "days belong to a rolling period, and it to them",
                "дни задаются для скользящего периода, и только для него",
            )
    for at, limit in enumerate(limits):
        for other in limits[:at]:
            if (limit.subject, limit.measure) != (other.subject, other.measure):
                continue
            if (limit.period, limit.days) == (other.period, other.days):
                yield warn("limit_twice", f"limits[{at}]", "this limit stands there twice", "лимит записан дважды")
            else:
                short, long = sorted((limit, other), key=_days)
                if short.most >= long.most and _days(short) < _days(long):
                    yield warn(
                        "limit_unreachable",
                        f"limits[{at}]",
                        f"{short.most} per {short.period} is never reached: {long.most} per {long.period} is tighter",
                        f"лимит {short.most} ({short.period}) недостижим: {long.most} ({long.period}) строже",
                    )


def _days(limit: Limit) -> int:
    return limit.days or 1 if limit.period == "rolling" else LENGTH[limit.period]


def _funding(body: OfferBody) -> Iterator[Finding]:
    if not body.funder.strip() or any(not one.funder.strip() for one in body.funding):
        yield refuse("funder_missing", "funder", "somebody must pay for it", "кто-то должен за это платить")
    if not body.funding:
        return
    if (total := sum(one.share_bp for one in body.funding)) != 10_000:
        yield refuse(
            "funding_shares",
            "funding",
            f"the shares make {percent(total)}, not 100 %",
            f"доли дают {percent(total)}, а не 100 %",
        )
    if len({one.funder for one in body.funding}) < len(body.funding):
        yield refuse("funder_twice", "funding", "somebody pays twice", "плательщик указан дважды")


def _cap(body: BurnCap) -> Iterator[Finding]:
    closed = body.closed
    if closed.except_articles or closed.except_skus or closed.except_categories or closed.except_brands:
        yield refuse(
            "closed_by_exception", "closed", "name what is closed", "назовите то, за что нельзя платить баллами"
        )
    if body.min_minor % body.step_minor:
        yield refuse("burn_minimum_off_step", "min_minor", "not a whole number of steps", "не целое число шагов")
    if body.min_minor and (body.share_bp == 0 or body.line_share_bp == 0):
        yield refuse(
            "burn_minimum_above_share",
            "min_minor",
            "asks for points where none may pay",
            "требует баллы там, где ими платить нельзя",
        )


def _programme(body: PointProgramme) -> Iterator[Finding]:
    if len(body.currency) != 3 or not body.currency.isupper():
        yield refuse("currency_malformed", "currency", "three capital letters", "три заглавные буквы")


def percent(bp: int) -> str:
    """1250 as “12.5 %”."""
    return f"{bp / 100:g} %"
