"""The moment at which conditions are asked: the check, the customer, the clock of the shop."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from vokrug.promotions.engine.basket import Attribute, Basket, Shopper
from vokrug.promotions.engine.offers import Goods
from vokrug.promotions.engine.rule import Named
from vokrug.promotions.engine.work import Work


class Moment:
    """Answers what `Situation` promises. `left` is what lines still cost just now, `aimed` the lines of the offer
    that is being asked."""

    __slots__ = (
        "_goods",
        "_today",
        "aimed",
        "basket",
        "left",
        "less",
        "now",
        "original",
        "shopper",
        "threshold_on",
        "work",
    )

    def __init__(self, basket: Basket, shopper: Shopper | None, now: datetime, work: Work, threshold_on: str) -> None:
        self.basket, self.shopper, self.now, self.work = basket, shopper, now, work
        self.threshold_on = threshold_on
        self.left: Sequence[int] = work.left
        self.original: Sequence[int] = work.left
        self.aimed: Sequence[int] = ()
        self.less = 0  # supposed to come off before the offer's turn
        self._today: date | None = None
        self._goods: dict[int, list[int]] = {}  # by the id of goods, which live as long as their offer does

    def lines(self, goods: Goods | None) -> Sequence[int]:
        """The lines meant. The sale of a gift card never counts."""
        if goods is None:
            found: Sequence[int] = self.aimed
        else:
            known = self._goods.get(id(goods))
            if known is None:
                named = Named(goods)
                known = [i for i, line in enumerate(self.basket.lines) if named.hold(line)]
                self._goods[id(goods)] = known
            found = known
        if self.work.has_flags:
            return [i for i in found if not self.basket.lines[i].gift_card_sale]
        return found

    def qty_milli(self, goods: Goods | None) -> int:
        return sum([self.basket.lines[i].qty_milli for i in self.lines(goods)])

    def units(self, goods: Goods | None) -> int:
        return sum([self.work.units[i] for i in self.lines(goods)])

    def amount_minor(self, goods: Goods | None, of: Literal["policy", "remaining", "original"]) -> int:
        remaining = (self.threshold_on if of == "policy" else of) == "remaining"
        column = self.left if remaining else self.original
        return sum([column[i] for i in self.lines(goods)]) - (self.less if remaining else 0)

    def attribute(self, of: Literal["customer", "basket"], name: str) -> Attribute | None:
        if of == "basket":
            return self.basket.attributes.get(name)
        return None if self.shopper is None else self.shopper.attributes.get(name)

    @property
    def today(self) -> date:
        if self._today is None:
            self._today = self.now.astimezone(ZoneInfo(self.basket.zone)).date()
        return self._today

    def days_to(self, month: int, day: int) -> int:
        today = self.today
        this_year = anniversary(today.year, month, day)
        following = this_year if this_year >= today else anniversary(today.year + 1, month, day)
        return (following - today).days

    def days_since(self, month: int, day: int) -> int:
        today = self.today
        this_year = anniversary(today.year, month, day)
        last = this_year if this_year <= today else anniversary(today.year - 1, month, day)
        return (today - last).days


def anniversary(year: int, month: int, day: int) -> date:
    """29 February is 1 March in a year that has none."""
    return date(year, month, 1) + timedelta(days=day - 1)
