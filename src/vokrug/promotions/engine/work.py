"""The desk on which one basket is priced: the same lines, column by column, in whole minor units."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast

from vokrug.promotions.engine.allocate import times
from vokrug.promotions.engine.basket import Basket, Line, Shopper
from vokrug.promotions.engine.compile import (
    AnyRule,
    BasketRule,
    CapRule,
    CompiledOffers,
    EarnRuleCompiled,
    ItemRule,
    MultiplierRule,
    ProgrammeRule,
)
from vokrug.promotions.engine.offers import (
    BasketDiscount,
    BurnCap,
    EarnMultiplier,
    EarnRule,
    ItemDiscount,
)
from vokrug.promotions.engine.priced import Discount, Verdict
from vokrug.promotions.engine.schedule import local_time


class Work:
    """Columns of the basket. `left` is what a line still costs; it goes down from layer to layer."""

    __slots__ = ("discounts", "floor", "gross", "has_flags", "left", "lines", "openable", "units", "verdicts")

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.gross: list[int] = []
        self.left: list[int] = []
        self.units: list[int] = []
        self.floor: list[int] = []  # what the whole line must at least cost
        self.discounts: list[list[Discount]] = []
        self.verdicts: list[Verdict] = []
        self.has_flags = False  # most checks have none, and need not be asked line by line
        for line in lines:
            qty, price, floor = line.qty_milli, line.price_minor, line.min_price_minor
            pieces, rest = divmod(qty, 1000)
            if line.is_weighed or rest:
                pieces, gross = 1, times(price, qty)
                if floor:
                    floor = min(gross, times(floor, qty))
            else:
                gross = price * pieces
                if floor:
                    floor = min(price, floor) * pieces
            if line.no_discount or line.no_burn or line.no_earn or line.gift_card_sale:
                self.has_flags = True
            self.gross.append(gross)
            self.units.append(pieces)
            self.floor.append(floor)
            if line.manual_discount_minor:
                # The cashier's word comes first, and stops at the floor like every other.
                manual = min(line.manual_discount_minor, gross - floor)
                self.discounts.append([Discount(0, 0, "manual", manual, "merchant")])
                gross -= manual
            else:
                self.discounts.append([])
            self.left.append(gross)

    def is_weighed(self, i: int) -> bool:
        return self.lines[i].is_weighed or self.lines[i].qty_milli % 1000 != 0

    def take(self, i: int, amount: int, rule: AnyRule, layer: str) -> None:
        """An offer takes its amount off a line."""
        self.left[i] -= amount
        self.discounts[i].append(Discount(rule.offer_id, rule.version, layer, amount, rule.funder))


class Found:
    """The rules that touch the basket and whose conditions hold, by kind, each with its lines."""

    __slots__ = ("basket", "caps", "earn", "item", "multipliers", "programmes")

    def __init__(self) -> None:
        self.item: list[tuple[ItemRule, list[int]]] = []
        self.basket: list[tuple[BasketRule, list[int]]] = []
        self.earn: list[tuple[EarnRuleCompiled, list[int]]] = []
        self.multipliers: list[tuple[MultiplierRule, list[int]]] = []
        self.caps: list[CapRule] = []
        self.programmes: list[ProgrammeRule] = []


def find_rules(basket: Basket, shopper: Shopper | None, offers: CompiledOffers, now: datetime, work: Work) -> Found:
    """Look up the basket's goods; what fails on who, when or code leaves a verdict and goes."""
    touched: dict[AnyRule, list[int]] = {}
    everyone = list(range(len(basket.lines)))
    for index in offers.indexes_for(basket.channel, basket.shop_id):
        for rule in index.everything:
            touched[rule] = everyone
        index.touch(basket.lines, touched)
    day, minute = local_time(now, basket.zone)
    found = Found()
    for rule, lines in touched.items():
        if rule.code is not None and rule.code not in basket.codes:
            continue  # a code that was not shown is nobody's business
        if rule.exceptions is not None:
            exceptions = rule.exceptions
            lines = [i for i in lines if not exceptions.hold(basket.lines[i])]
            if not lines:
                continue
        if reason := _why_not(rule, shopper, day, minute):
            work.verdicts.append(Verdict(rule.offer_id, rule.version, "excluded", reason=reason))
            continue
        kind = type(rule.body)
        if kind is ItemDiscount:
            found.item.append((cast(ItemRule, rule), lines))
        elif kind is BasketDiscount:
            found.basket.append((cast(BasketRule, rule), lines))
        elif kind is EarnRule:
            found.earn.append((cast(EarnRuleCompiled, rule), lines))
        elif kind is EarnMultiplier:
            found.multipliers.append((cast(MultiplierRule, rule), lines))
        elif kind is BurnCap:
            found.caps.append(cast(CapRule, rule))
        else:
            found.programmes.append(cast(ProgrammeRule, rule))
    return found


def _why_not(rule: AnyRule, shopper: Shopper | None, day: int, minute: int) -> str:
    if rule.schedule is not None and not rule.schedule.is_open(day, minute):
        return "schedule"
    if rule.members_only and shopper is None:
        return "members_only"
    if rule.tiers and (shopper is None or shopper.tier not in rule.tiers):
        return "tier"
    if rule.segments and (shopper is None or rule.segments.isdisjoint(shopper.segments)):
        return "segment"
    return ""
