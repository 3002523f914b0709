"""Which rules this check meets: found by its goods, its codes and its customer, and asked who, when and how often."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, cast

from vokrug.promotions.engine.basket import Basket, CodeState, Left, Shopper
from vokrug.promotions.engine.compile import CompiledOffers
from vokrug.promotions.engine.effects import on_terms
from vokrug.promotions.engine.moment import Moment
from vokrug.promotions.engine.offers import (
    BasketDiscount,
    BurnCap,
    EarnMultiplier,
    EarnRule,
    ItemDiscount,
    Missing,
    OfferVersion,
    PointProgramme,
    PointsReward,
)
from vokrug.promotions.engine.priced import Status, Verdict
from vokrug.promotions.engine.rule import CAP, DISCOUNT, EARN, ITEM, MULTIPLIER, PROGRAMME, AnyRule, Rule
from vokrug.promotions.engine.schedule import local_time
from vokrug.promotions.engine.work import Work

FREE = Left()

ItemRule = Rule[ItemDiscount]
BasketRule = Rule[BasketDiscount]
EarnRuleCompiled = Rule[EarnRule]
MultiplierRule = Rule[EarnMultiplier]
CapRule = Rule[BurnCap]
ProgrammeRule = Rule[PointProgramme]
RewardRule = Rule[PointsReward]


class Met(NamedTuple):
    """A discount whose conditions, as far as they do not move, hold; with its lines and what limits leave."""

    rule: AnyRule
    lines: list[int]
    left: Left = FREE


class Found:
    """The rules that touch the basket and whose conditions hold, by kind, each with its lines."""

    __slots__ = (
        "basket",
        "caps",
        "codes",
        "counted",
        "earn",
        "item",
        "left",
        "met",
        "multipliers",
        "programmes",
        "rewards",
    )

    def __init__(self) -> None:
        self.item: list[tuple[ItemRule, list[int]]] = []  # plain ones; all discounts are in `met` when one is not
        self.basket: list[tuple[BasketRule, list[int]]] = []
        self.met: list[Met] = []
        self.earn: list[tuple[EarnRuleCompiled, list[int]]] = []
        self.multipliers: list[tuple[MultiplierRule, list[int]]] = []
        self.caps: list[CapRule] = []
        self.programmes: list[ProgrammeRule] = []
        self.rewards: list[tuple[RewardRule, list[int]]] = []
        self.codes: dict[int, str] = {}  # by offer: the code that brought it
        self.counted = False  # whether an offer is to be counted with the sale
        self.left: dict[int, Left] = {}  # by offer, where a limit holds


def find_rules(
    basket: Basket, shopper: Shopper | None, offers: CompiledOffers, now: datetime, work: Work, moment: Moment
) -> Found:
    """Look up the basket's goods; what fails on who, when, limit or condition leaves a verdict and goes."""
    touched: dict[AnyRule, list[int]] = {}
    everyone = list(range(len(basket.lines)))
    day, minute = local_time(now, basket.zone)
    for index in offers.indexes_for(basket.channel, basket.shop_id, day):
        for rule in index.everything:
            touched[rule] = everyone
        index.touch(basket.lines, touched)
        if index.is_for_some:
            index.touch_for_some(basket, shopper, touched)
    found = Found()
    if basket.codes:
        read_codes(basket, offers, touched, found, work)
    personal = shopper.personal if shopper is not None else {}
    item, whole, earn = found.item, found.basket, found.earn
    for rule, lines in touched.items():
        if rule.exceptions is not None:
            exceptions = rule.exceptions
            lines = [i for i in lines if not exceptions.hold(basket.lines[i])]
            if not lines:
                continue
        if personal and (own := personal.get(rule.offer_id)) is not None:
            if own.until is not None and now > own.until:
                work.verdicts.append(refusal(rule, "excluded", "schedule"))
                continue
            rule = rule if own.value is None else on_own_terms(rule, own.value)
        if rule.gated or (basket.left and rule.offer_id in basket.left):
            said = why_not(rule, shopper, day, minute, moment, lines, basket, found)
            if said is not None:
                work.verdicts.append(said)
                continue
        kind = rule.kind
        if kind <= DISCOUNT:
            if not rule.is_plain or rule.offer_id in found.left:
                found.met.append(Met(rule, lines, found.left.get(rule.offer_id, FREE)))
            elif kind == ITEM:
                item.append((cast(ItemRule, rule), lines))
            else:
                whole.append((cast(BasketRule, rule), lines))
        elif kind == EARN:
            earn.append((cast(EarnRuleCompiled, rule), lines))
        elif kind == MULTIPLIER:
            found.multipliers.append((cast(MultiplierRule, rule), lines))
        elif kind == CAP:
            found.caps.append(cast(CapRule, rule))
        elif kind == PROGRAMME:
            found.programmes.append(cast(ProgrammeRule, rule))
        else:
            found.rewards.append((cast(RewardRule, rule), lines))
    return found


def why_not(
    rule: AnyRule,
    shopper: Shopper | None,
    day: int,
    minute: int,
    moment: Moment,
    lines: list[int],
    basket: Basket,
    found: Found,
) -> Verdict | None:
    """What keeps an offer from this check before anybody looks at its money."""
    if rule.schedule is not None and not rule.schedule.is_open(day, minute):
        return refusal(rule, "excluded", "schedule")
    if shopper is None and (rule.members_only or rule.tiers or rule.segments or rule.customers or rule.personal):
        return refusal(rule, "excluded", "members_only" if rule.members_only else who_is_missing(rule))
    if shopper is not None:
        if rule.tiers and shopper.tier not in rule.tiers:
            return refusal(rule, "excluded", "tier", Missing("tier", words=tuple(sorted(rule.tiers))))
        if rule.segments and rule.segments.isdisjoint(shopper.segments):
            return refusal(rule, "excluded", "segment")
        if rule.customers and shopper.number not in rule.customers:
            return refusal(rule, "excluded", "customer")
        if rule.personal and rule.offer_id not in shopper.personal:
            return refusal(rule, "excluded", "personal")
    if rule.is_limited or rule.coupon or rule.personal or rule.offer_id in basket.left:
        found.counted = True
        left = tightest(rule.offer_id, basket.left, shopper.left if shopper is not None else {})
        if 0 in (left.uses, left.units, left.amount_minor, left.points_minor):
            return refusal(rule, "limit", "limit")
        if left.units is not None or left.amount_minor is not None or left.points_minor is not None:
            found.left[rule.offer_id] = left
    for condition in rule.conditions:
        if not condition.is_moving(moment.threshold_on):
            moment.aimed = lines
            if (missing := condition.missing(moment)) is not None:
                return not_met(rule, missing)
    return None


def who_is_missing(rule: AnyRule) -> str:
    if rule.tiers:
        return "tier"
    return "segment" if rule.segments else "customer" if rule.customers else "personal"


def refusal(rule: AnyRule, status: Status, reason: str, missing: Missing | None = None) -> Verdict:
    return Verdict(rule.offer_id, rule.version, status, reason=reason, missing=missing)


def not_met(rule: AnyRule, missing: Missing) -> Verdict:
    return Verdict(
        rule.offer_id,
        rule.version,
        "not_met",
        missing_qty_milli=missing.qty_milli,
        missing_minor=missing.minor,
        missing=missing,
    )


def tightest(offer_id: int, *told: Mapping[int, Left]) -> Left:
    """The tightest of what is left, by the customer's limits and by those that are nobody's in particular."""
    lefts = [left[offer_id] for left in told if offer_id in left]
    if not lefts:
        return FREE
    if len(lefts) == 1:
        return lefts[0]
    return Left(*(least(*(getattr(left, field) for left in lefts)) for field in Left.__struct_fields__))


def least(*values: int | None) -> int | None:
    return min((value for value in values if value is not None), default=None)


def on_own_terms(rule: AnyRule, value: int) -> AnyRule:
    offer = OfferVersion(offer_id=rule.offer_id, version=rule.version, key=rule.key, body=on_terms(rule.body, value))
    own = Rule(offer, offer.body, {})
    own.schedule, own.conditions, own.gated = rule.schedule, rule.conditions, rule.gated
    return own


STATES: dict[str, Status] = {"used": "used", "expired": "expired", "unknown": "unknown", "limit": "limit"}


def read_codes(
    basket: Basket, offers: CompiledOffers, touched: dict[AnyRule, list[int]], found: Found, work: Work
) -> None:
    """A bad code gets its verdict and takes nothing with it; a good one is remembered by its offer."""
    by_code = {rule.code: rule for rule in touched if rule.code is not None}
    by_offer = {rule.offer_id: rule for rule in touched if rule.coupon}
    spoilt: set[int] = set()
    for code in dict.fromkeys(basket.codes):
        said = basket.coupons.get(code, CodeState())
        rule = by_code.get(code) if said.offer_id is None else by_offer.get(said.offer_id)
        if rule is not None and said.state == "ok":
            found.codes.setdefault(rule.offer_id, code)
            continue
        if rule is not None and rule.offer_id not in found.codes:
            spoilt.add(rule.offer_id)
        if rule is None and said.offer_id is None and code in offers.codes:
            work.verdicts.append(Verdict(0, 0, "not_met", reason="not_here", code=code))  # other goods, shops or days
            continue
        offer_id, version = (rule.offer_id, rule.version) if rule is not None else (said.offer_id or 0, 0)
        work.verdicts.append(Verdict(offer_id, version, STATES.get(said.state, "unknown"), code=code))
    for rule in list(touched):
        if (rule.code is not None or rule.coupon) and rule.offer_id in spoilt - found.codes.keys():
            del touched[rule]
