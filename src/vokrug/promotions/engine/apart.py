"""Offers that a till prices apart from the centre: what they take off depends on the basket, the shop and the clock.

Whatever asks who the customer is, how often something was used or which code was issued needs the centre. Points are
given there too, when the line is back: a till without one only says what it can.
"""

from collections.abc import Collection, Iterable
from datetime import date

from msgspec import Struct

from vokrug.promotions.engine.compile import CompiledOffers, compile_offers
from vokrug.promotions.engine.offers import (
    AtLeastAmount,
    AtLeastUnits,
    AttributeIs,
    BoughtTogether,
    Condition,
    CouponForNextTime,
    Discount,
    EarnMultiplier,
    EarnRule,
    OfferVersion,
    PlannedTender,
    PointsReward,
    TierGrant,
    Who,
)
from vokrug.promotions.engine.policy import DEFAULT, Policy

OF_THE_BASKET = (AtLeastUnits, AtLeastAmount, BoughtTogether, PlannedTender)
ANYONE, MEMBERS = Who(), Who(members_only=True)


class RulesApart(Struct, frozen=True, kw_only=True):
    """Everything a till needs to price as the centre does. Groups and calendars are resolved to shops and days."""

    offers: list[OfferVersion] = []
    groups: dict[str, list[int]] = {}
    calendars: dict[str, list[date]] = {}
    policy: Policy = DEFAULT

    def compiled(self, more: Iterable[OfferVersion] = ()) -> CompiledOffers:
        """Ready for `price`, with what else is to be judged beside them."""
        groups = {key: frozenset(shops) for key, shops in self.groups.items()}
        calendars = {key: frozenset(days) for key, days in self.calendars.items()}
        return compile_offers([*self.offers, *more], groups, policy=self.policy, calendars=calendars)


def gives_points(offer: OfferVersion) -> bool:
    return isinstance(offer.body, EarnRule | EarnMultiplier)


def can_be_priced_apart(offer: OfferVersion, limited: Collection[int] = ()) -> bool:
    """Does it need nothing that only the centre knows? `limited`: offers with a limit or a budget of their campaign."""
    body = offer.body
    if offer.offer_id in limited or body.limits or body.code is not None or body.coupon:
        return False
    if body.who not in (ANYONE, MEMBERS) or not all(is_of_the_basket(one) for one in body.conditions):
        return False
    if isinstance(body, EarnRule | EarnMultiplier | PointsReward):
        return False
    return not (isinstance(body, Discount) and isinstance(body.benefit, CouponForNextTime | TierGrant))


def is_of_the_basket(condition: Condition) -> bool:
    if isinstance(condition, AttributeIs):
        return condition.of == "basket"
    return isinstance(condition, OF_THE_BASKET)
