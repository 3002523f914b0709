"""The desk on which one basket is priced: the same lines, column by column, in whole minor units."""

from collections.abc import Sequence

from vokrug.promotions.engine.allocate import times
from vokrug.promotions.engine.basket import Line
from vokrug.promotions.engine.funding import shares_of
from vokrug.promotions.engine.priced import Discount, Verdict
from vokrug.promotions.engine.rule import AnyRule


class Work:
    """Columns of the basket. `left` is what a line still costs; it goes down from layer to layer."""

    __slots__ = ("discounts", "floor", "gross", "has_flags", "left", "lines", "units", "verdicts")

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
        shares = () if len(rule.shares) == 1 else shares_of(amount, rule.shares)
        self.discounts[i].append(Discount(rule.offer_id, rule.version, layer, amount, rule.funder, shares))
