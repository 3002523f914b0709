"""What an offer gives: benefits that cannot be had, steps that are never reached, points that lapse unborn."""

from collections.abc import Iterator

from vokrug.promotions.engine.lint.findings import Finding, Known, refuse, warn
from vokrug.promotions.engine.lint.goods import needed_goods
from vokrug.promotions.engine.lint.reach import amount_asked, share_bp
from vokrug.promotions.engine.offers import (
    AmountOff,
    BasketDiscount,
    Benefit,
    BuyGet,
    ByRate,
    CouponForNextTime,
    Discount,
    EarnMultiplier,
    EarnRule,
    ExpireAfterDays,
    ExpireAtEndOfMonth,
    FixedPoints,
    FixedPrice,
    ItemDiscount,
    OfferBody,
    PointsReward,
    SetPrice,
    TierGrant,
)
from vokrug.promotions.engine.rule import exceptions_of, names_all
from vokrug.promotions.engine.tree import Tree

A_DAY_S = 86_400
SHORTEST_MONTH = 28

Discounting = ItemDiscount | BasketDiscount | Discount | PointsReward


def benefit_findings(body: OfferBody, known: Known) -> Iterator[Finding]:
    assert isinstance(body, Discounting), "the other kinds give points"
    yield from _benefit(body, body.benefit, known)
    yield from _floor(body, known)
    yield from _budget(body)
    if isinstance(body, Discount):
        yield from _layer(body, known)


def _benefit(body: Discounting, benefit: Benefit, known: Known) -> Iterator[Finding]:
    if isinstance(body, PointsReward) and getattr(benefit, "per", "total") == "unit":
        yield refuse("reward_per_unit", "benefit.per", "a reward is for the check", "награда даётся на чек")
    match benefit:
        case FixedPrice() if names_all(body.goods):
            yield refuse(
                "one_price_for_all", "goods", "one price for all goods there are", "одна цена на все товары сразу"
            )
        case FixedPrice(per="total") if isinstance(body, ItemDiscount | BasketDiscount):
            yield refuse(
                "price_for_all_together",
                "benefit.per",
                "a price for all of it is a kind “discount”",
                "цена за всё вместе — вид «discount»",
            )
        case AmountOff(per="total", amount_minor=amount):
            asked = amount_asked(body)
            if 0 < asked < amount:
                yield refuse(
                    "gives_more_than_it_asks",
                    "conditions" if isinstance(body, Discount) else "min_minor",
                    "gives more than it asks for",
                    "даёт больше, чем требует потратить",
                )
            elif not asked and not isinstance(body, PointsReward):
                yield warn(
                    "amount_without_threshold",
                    "benefit",
                    "without a threshold a small check becomes free",
                    "без порога маленький чек станет бесплатным",
                )
            if isinstance(body, BasketDiscount) and body.max_minor is not None:
                yield refuse(
                    "amount_is_its_own_limit", "max_minor", "an amount is its own limit", "сумма сама себе предел"
                )
        case SetPrice():
            yield from _set(body, benefit)
        case BuyGet():
            for name, goods in (("buy", benefit.buy), ("get", benefit.get)):
                if goods is not None:
                    yield from needed_goods(f"benefit.{name}", goods, body.goods)
        case CouponForNextTime(series=series) if known.series is not None and series not in known.series:
            yield refuse("series_unknown", "benefit.series", f"no coupons “{series}”", f"нет серии купонов «{series}»")
        case TierGrant(tier=tier) if known.tiers is not None and tier not in known.tiers:
            yield refuse("tier_unknown", "benefit.tier", f"no tier “{tier}”", f"нет уровня «{tier}»")


def _set(body: Discounting, benefit: SetPrice) -> Iterator[Finding]:
    if sum(given is not None for given in (benefit.price_minor, benefit.percent_bp, benefit.amount_minor)) != 1:
        yield refuse(
            "set_gives_one_thing",
            "benefit",
            "a price, a percentage or an amount: one of them",
            "цена, процент или сумма: что-то одно",
        )
    for at, part in enumerate(benefit.parts):
        if names_all(part.goods) and exceptions_of(part.goods) is None:
            yield refuse(
                "set_of_anything",
                f"benefit.parts[{at}].goods",
                "a part that is anything at all",
                "часть набора — что угодно",
            )
        yield from needed_goods(f"benefit.parts[{at}].goods", part.goods, body.goods)


def _floor(body: Discounting, known: Known) -> Iterator[Finding]:
    """A promise that the merchant's floors will not let anybody keep."""
    if isinstance(body, ItemDiscount | Discount) and body.force:
        return
    floors, share = known.policy.floors, share_bp(body)
    leaves_bp = min(10_000 - floors.min_price_bp, floors.max_discount_bp)
    if share is not None and share > leaves_bp and not isinstance(body.benefit, BuyGet):
        yield refuse(
            "benefit_below_floor",
            "benefit",
            f"promises {share / 100:g} %, and the floors of the policy leave {leaves_bp / 100:g} %",
            f"обещает {share / 100:g} %, а пределы политики оставляют {leaves_bp / 100:g} %",
        )


def _budget(body: Discounting) -> Iterator[Finding]:
    """Money for everybody that one check may take."""
    most = _most_of_one_check(body)
    for at, limit in enumerate(body.limits):
        if limit.subject != "offer" or limit.measure != "amount":
            continue
        if most is None:
            yield warn(
                "budget_for_one_check",
                f"limits[{at}]",
                "nothing bounds what one check takes of the budget: give the offer a maximum",
                "ничто не ограничивает, сколько бюджета возьмёт один чек: задайте предел на чек",
            )
        elif most >= limit.most:
            yield warn(
                "budget_for_one_check",
                f"limits[{at}]",
                "one check takes the whole budget",
                "один чек исчерпает весь бюджет",
            )


def _most_of_one_check(body: Discounting) -> int | None:
    known = [limit.most for limit in body.limits if limit.subject == "check" and limit.measure == "amount"]
    if (most := getattr(body, "max_minor", None)) is not None:
        known.append(most)
    if isinstance(body.benefit, AmountOff) and body.benefit.per == "total":
        known.append(body.benefit.amount_minor)
    return min(known, default=None)


def _layer(body: Discount, known: Known) -> Iterator[Finding]:
    tree = Tree(known.policy)
    if tree.path(body.layer, "") is None:
        yield refuse(
            "layer_unknown", "layer", f"the policy has no layer “{body.layer}”", f"в политике нет слоя «{body.layer}»"
        )
    elif tree.path(body.layer, body.group) is None:
        yield refuse(
            "group_unknown", "group", f"the layer has no group “{body.group}”", f"в слое нет группы «{body.group}»"
        )
    for name in body.skip_discounted_in:
        if tree.path(name, "") is None:
            yield warn("layer_unknown", "skip_discounted_in", f"no layer “{name}”", f"нет слоя «{name}»")


# Points


def grant_findings(body: EarnRule | EarnMultiplier) -> Iterator[Finding]:
    if body.stack == "best" and not body.group:
        yield refuse("best_of_no_group", "group", "best of which group?", "лучшее из какой группы?")
    if isinstance(body, EarnRule) and isinstance(body.reward, ByRate):
        yield from _steps(body, body.reward)
    yield from _life(body)
    for at, limit in enumerate(body.limits):
        if limit.subject == "offer" and limit.measure == "points" and isinstance(body, EarnRule):
            alone = body.reward.points_minor if isinstance(body.reward, FixedPoints) else None
            if alone is not None and alone >= limit.most:
                yield warn(
                    "budget_for_one_check",
                    f"limits[{at}]",
                    "one check takes the whole budget",
                    "один чек исчерпает весь бюджет",
                )


def _steps(body: EarnRule, reward: ByRate) -> Iterator[Finding]:
    steps, field = reward.steps, "reward.steps"
    starts = [step.from_minor for step in steps]
    if not starts:
        yield refuse("steps_missing", field, "no rate", "нет ставки")
        return
    if starts[0] != 0:
        yield refuse("steps_start", field, "the first rate starts at 0", "первая ставка начинается с 0")
    if starts != sorted(set(starts)):
        yield refuse("steps_order", field, "each rate starts higher", "каждая ставка начинается выше прежней")
    if not any(step.rate_bp for step in steps):
        yield refuse("steps_zero", field, "every rate is zero", "все ставки равны нулю")
    for at in range(1, len(steps)):
        before, step = steps[at - 1], steps[at]
        if before.from_minor < step.from_minor <= body.min_minor:
            yield warn(
                "step_unreachable",
                f"{field}[{at - 1}]",
                "the offer asks for more than this step ends at",
                "акция требует больше, чем верхняя граница этой ступени",
            )
        if step.rate_bp == before.rate_bp:
            yield warn("step_same", f"{field}[{at}]", "the same rate as before", "ставка та же, что на прежней ступени")
        elif step.rate_bp < before.rate_bp:
            yield warn(
                "step_down", f"{field}[{at}]", "who spends more earns less", "кто тратит больше, получает меньше"
            )


def _life(body: EarnRule | EarnMultiplier) -> Iterator[Finding]:
    """Points that would lapse before they may be spent."""
    waits = max(-(-body.active_from.delay_s // A_DAY_S), body.active_from.day_starts)
    match body.expires:
        case ExpireAfterDays(days=days) if days < waits:
            lives = days
        case ExpireAtEndOfMonth(months=months) if waits > 31 * (months + 1):
            lives = 31 * (months + 1)
        case ExpireAtEndOfMonth(months=months) if waits > SHORTEST_MONTH * months:
            yield warn(
                "may_expire_before_active",
                "expires",
                "points of a month's last days lapse before they may be spent",
                "баллы за последние дни месяца сгорят раньше, чем станут доступны",
            )
            return
        case _:
            return
    yield refuse(
        "expires_before_active",
        "expires",
        f"lapses within {lives} days, may be spent after {waits}",
        f"сгорает за {lives} дн., а доступно через {waits} дн.",
    )
