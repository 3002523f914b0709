"""The desk on which one basket is priced: the same lines, column by column, in whole minor units."""

from collections.abc import Sequence

from vokrug.promotions.engine.allocate import times
from vokrug.promotions.engine.basket import Line
from vokrug.promotions.engine.funding import shares_of
from vokrug.promotions.engine.priced import Discount, Verdict
from vokrug.promotions.engine.rule import AnyRule


class Work:
    """Columns of the basket. `left` is what a line still costs; it goes down from layer to layer."""

    __slots__ = (
        "discounts",
        "floor",
        "gross",
        "has_flags",
        "has_floors",
        "is_uneven",
        "left",
        "lines",
        "units",
        "verdicts",
    )

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.gross: list[int] = []
        self.units: list[int] = []
        self.floor: list[int] = []  # what the whole line must at least cost
        self.discounts: list[list[Discount]] = [[] for _ in lines]
        self.verdicts: list[Verdict] = []
        # Most checks have none of these, and need not be asked line by line.
        self.has_flags = self.has_floors = self.is_uneven = False
        manual: list[tuple[int, int]] = []
        for i, line in enumerate(lines):
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
            if floor:
                self.has_floors = True
            if line.manual_discount_minor:
                manual.append((i, line.manual_discount_minor))
            self.gross.append(gross)
            self.units.append(pieces)
            self.floor.append(floor)
        self.left = list(self.gross)
        for i, amount in manual:
            # The cashier's word comes first, and stops at the floor like every other.
            amount = min(amount, self.gross[i] - self.floor[i])
            self.discounts[i].append(Discount(0, 0, "manual", amount, "merchant"))
            self.left[i] -= amount
            if self.left[i] % self.units[i]:
                self.is_uneven = True  # units of a line that differ by a kopeck

    def is_weighed(self, i: int) -> bool:
        return self.lines[i].is_weighed or self.lines[i].qty_milli % 1000 != 0

    def take(self, i: int, amount: int, rule: AnyRule, layer: str) -> None:
        """An offer takes its amount off a line."""
        self.left[i] -= amount
        self.note(i, amount, rule, layer)

    def note(self, i: int, amount: int, rule: AnyRule, layer: str) -> None:
        """Write down what was taken."""
        shares = () if len(rule.shares) == 1 else shares_of(amount, rule.shares)
        self.discounts[i].append(Discount(rule.offer_id, rule.version, layer, amount, rule.funder, shares))
