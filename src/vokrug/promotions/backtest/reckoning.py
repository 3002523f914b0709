"""Receipts priced twice, without the change and with it. Pure: the same receipts give the same sums in any order."""

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct, field

from vokrug.kernel import Rounding, round_ratio
from vokrug.promotions.backtest.types import Bar, ChangedReceipt, Margin, OfferSums, Plan, Sums
from vokrug.promotions.engine import Basket, CompiledOffers, OfferVersion, Priced, price
from vokrug.promotions.engine.offers import FirstPurchase, Goods, SinceLastPurchase, VisitNumber
from vokrug.promotions.launch.trying import Setting, Tried
from vokrug.promotions.outside import Receipt

MOST_CHANGED = 50
KEEP_SETS = 4
EDGES = tuple(step * 10**power for power in range(2, 7) for step in (1, 2, 5))  # 1.00 … 50 000.00


class Tally(Struct):
    """Sums of some receipts. Tallies of parts, merged in any order, are the tally of the whole."""

    total: Sums = field(default_factory=Sums)
    by_day: dict[str, Sums] = {}
    by_shop: dict[str, Sums] = {}
    by_offer: dict[int, OfferSums] = {}
    margin: Margin = field(default_factory=Margin)
    histogram: dict[int, int] = {}
    most_changed: list[ChangedReceipt] = []
    customers: set[int] = set()
    bounded: int = 0

    def merge(self, other: "Tally") -> None:
        self.total.add(other.total)
        for ours, theirs in ((self.by_day, other.by_day), (self.by_shop, other.by_shop)):
            for key, sums in theirs.items():
                ours.setdefault(key, Sums()).add(sums)
        for number, offer in other.by_offer.items():
            self.by_offer.setdefault(number, OfferSums()).add(offer)
        self.margin.add(other.margin)
        for place, receipts in other.histogram.items():
            self.histogram[place] = self.histogram.get(place, 0) + receipts
        self.most_changed = most_changed([*self.most_changed, *other.most_changed])
        self.customers |= other.customers
        self.bounded += other.bounded


def most_changed(receipts: Iterable[ChangedReceipt]) -> list[ChangedReceipt]:
    return heapq.nsmallest(MOST_CHANGED, receipts, key=lambda one: (-abs(one.worth_minor), one.check_uid))


class Reckoner:
    """One per worker: keeps the sets compiled."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.tried = Tried(plan.put, plan.off, plan.tried_policy)
        self.tried_numbers = frozenset(offer.offer_id for offer in plan.put)
        self.moments = [at for at, _, _ in plan.moves]
        self.settings = [Setting(plan.groups, plan.calendars, policy) for _, policy in plan.policies]
        self.policy_moments = [at for at, _ in plan.policies[1:]]
        self.reach = None if plan.tried_policy is not None else Reach(self._changing())
        self._sets: dict[tuple[int, int], tuple[CompiledOffers, CompiledOffers]] = {}

    def reckon(self, receipts: Iterable[Receipt]) -> Tally:
        tally = Tally()
        for receipt in receipts:
            if self.reach is None or self.reach.touches(receipt.basket):
                live, changed = self._sets_at(receipt.at)
                before = price(receipt.basket, receipt.shopper, live, receipt.at)
                after = price(receipt.basket, receipt.shopper, changed, receipt.at)
                self._compare(tally, receipt, before, after)
            else:  # whatever it was priced by, it would be priced by it again
                self._note(tally, receipt, _as_it_was(receipt))
                _margin(tally.margin, receipt.basket, receipt.sold, receipt.sold)
        tally.most_changed = most_changed(tally.most_changed)
        return tally

    def _changing(self) -> Iterator[OfferVersion]:
        """Every wording that is put on or taken off: a basket that none of them names cannot change."""
        yield from self.plan.put
        numbers = self.tried_numbers | self.plan.off
        yield from (offer for offer in self.plan.live if offer.offer_id in numbers)
        yield from (offer for _, _, offer in self.plan.moves if offer is not None and offer.offer_id in numbers)

    def _sets_at(self, moment: datetime) -> tuple[CompiledOffers, CompiledOffers]:
        """What ran at a moment, without the change and with it."""
        moves, policy = bisect_right(self.moments, moment), bisect_right(self.policy_moments, moment)
        if (moves, policy) not in self._sets:
            while len(self._sets) >= KEEP_SETS:
                del self._sets[next(iter(self._sets))]
            live = {offer.offer_id: offer for offer in self.plan.live}
            for _, number, offer in self.plan.moves[:moves]:
                live.pop(number, None)
                if offer is not None:
                    live[number] = offer
            setting = self.settings[policy]
            changed = self.tried.over(live.values())
            self._sets[moves, policy] = (
                setting.compiled(live.values()),
                setting.compiled(changed, self.tried.policy),
            )
        return self._sets[moves, policy]

    def worth(self, discount_minor: int, points_minor: int) -> int:
        return discount_minor + round_ratio(points_minor * self.plan.value_num, self.plan.value_den, Rounding.HALF_EVEN)

    def _note(self, tally: Tally, receipt: Receipt, sums: Sums) -> None:
        tally.total.add(sums)
        tally.by_day.setdefault(receipt.day.isoformat(), Sums()).add(sums)
        tally.by_shop.setdefault(receipt.shop, Sums()).add(sums)

    def _compare(self, tally: Tally, receipt: Receipt, before: Priced, after: Priced) -> None:
        was, becomes = before.totals, after.totals
        more = becomes.discount_minor - was.discount_minor
        points, paid_by_points = becomes.earn_minor - was.earn_minor, becomes.points_off_minor - was.points_off_minor
        is_changed = (more, points, paid_by_points) != (0, 0, 0)
        redeemed = self._redeemed(tally, after) if self.tried_numbers else is_changed
        sums = _as_it_was(receipt)
        sums.changed, sums.redeemed = int(is_changed), int(redeemed)
        sums.extra_discount_minor, sums.extra_points_minor = more, points
        sums.extra_points_paid_minor, sums.extra_paid_minor = paid_by_points, becomes.net_minor - was.net_minor
        self._note(tally, receipt, sums)
        tally.bounded += after.optimality == "bounded"
        _margin(tally.margin, receipt.basket, _brought(before), _brought(after))
        if not (is_changed or redeemed):
            return
        if receipt.shopper is not None and receipt.shopper.number is not None:
            tally.customers.add(receipt.shopper.number)
        worth = self.worth(more, points)
        place = bisect_right(EDGES, abs(worth)) * (-1 if worth < 0 else 1)
        tally.histogram[place] = tally.histogram.get(place, 0) + 1
        tally.most_changed.append(
            ChangedReceipt(
                check_uid=receipt.ref,
                at=receipt.at,
                shop=receipt.shop,
                worth_minor=worth,
                paid_before_minor=was.net_minor,
                paid_after_minor=becomes.net_minor,
                discount_before_minor=was.discount_minor,
                discount_after_minor=becomes.discount_minor,
                points_before_minor=was.earn_minor,
                points_after_minor=becomes.earn_minor,
            )
        )

    def _redeemed(self, tally: Tally, after: Priced) -> bool:
        """Which of the offers tried apply here, and with how much."""
        found: dict[int, OfferSums] = {}
        for verdict in after.verdicts:
            if verdict.status == "applied" and verdict.offer_id in self.tried_numbers:
                found[verdict.offer_id] = OfferSums(redeemed=1)
        for line in after.lines:
            for discount in line.discounts:
                if discount.offer_id in self.tried_numbers:
                    found.setdefault(discount.offer_id, OfferSums(1)).discount_minor += discount.amount_minor
        for grant in after.earn:
            if grant.points_minor and grant.offer_id in self.tried_numbers:
                found.setdefault(grant.offer_id, OfferSums(1)).points_minor += grant.points_minor
        for number, sums in found.items():
            tally.by_offer.setdefault(number, OfferSums()).add(sums)
        return bool(found)


def _as_it_was(receipt: Receipt) -> Sums:
    return Sums(
        receipts=1,
        paid_minor=receipt.paid_minor,
        discount_minor=receipt.discount_minor,
        points_minor=receipt.points_minor,
    )


def _brought(priced: Priced) -> tuple[int, ...]:
    return tuple([line.net_minor + line.points_off_minor for line in priced.lines])


def _margin(margin: Margin, basket: Basket, before: Sequence[int], after: Sequence[int]) -> None:
    margin.of_lines += len(basket.lines)
    for line, was, becomes in zip(basket.lines, before, after, strict=True):
        if line.cost_minor:
            cost = round_ratio(line.cost_minor * line.qty_milli, 1000, Rounding.HALF_UP)
            margin.lines += 1
            margin.revenue_minor += was
            margin.before_minor += was - cost
            margin.after_minor += becomes - cost
            margin.below_cost_lines += becomes < cost <= was


class Reach:
    """A quick look at a basket: does any of these offers name something in it?"""

    def __init__(self, offers: Iterable[OfferVersion]) -> None:
        goods = [offer.body.goods for offer in offers]
        self.everything = any(_names_all(one) or one.attributes for one in goods)
        self.articles = frozenset(number for one in goods for number in one.articles)
        self.skus = frozenset(sku for one in goods for sku in one.skus)
        self.categories = frozenset(number for one in goods for number in one.categories)
        self.brands = frozenset(brand for one in goods for brand in one.brands)

    def touches(self, basket: Basket) -> bool:
        return self.everything or any(
            line.sku in self.skus
            or line.article_id in self.articles
            or line.brand in self.brands
            or not self.categories.isdisjoint(line.category_ids)
            for line in basket.lines
        )


def _names_all(goods: Goods) -> bool:
    return not (goods.articles or goods.skus or goods.categories or goods.brands or goods.attributes)


def bars(histogram: dict[int, int]) -> list[Bar]:
    """The histogram with its edges, lowest first."""
    found = []
    for place, receipts in sorted(histogram.items()):
        low = EDGES[abs(place) - 1] if place else 0
        high = EDGES[abs(place)] if abs(place) < len(EDGES) else None
        if place >= 0:
            found.append(Bar(low, high, receipts))
        else:
            found.append(Bar(None if high is None else -high, -low, receipts))
    return found


def needs_visits(offers: Sequence[OfferVersion]) -> bool:
    """Does any of these look at what a customer had bought before?"""
    from_past: tuple[type[Any], ...] = (VisitNumber, FirstPurchase, SinceLastPurchase)
    return any(isinstance(condition, from_past) for offer in offers for condition in offer.body.conditions)
