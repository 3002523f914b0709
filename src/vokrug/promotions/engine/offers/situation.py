"""What a condition may ask about: the check, the customer, the moment. Ready answers, no I/O."""

from datetime import datetime
from typing import Literal, Protocol

from vokrug.promotions.engine.basket import Basket, Shopper
from vokrug.promotions.engine.offers.parts import Goods


class Situation(Protocol):
    """The moment one offer is looked at. Goods of None are those the offer aims at."""

    basket: Basket
    shopper: Shopper | None
    now: datetime

    def qty_milli(self, goods: Goods | None) -> int:
        """Thousandths of the goods in the basket. The sale of a gift card never counts."""
        raise NotImplementedError

    def units(self, goods: Goods | None) -> int:
        """Pieces of the goods; a weighed line is one."""
        raise NotImplementedError

    def amount_minor(self, goods: Goods | None, of: Literal["policy", "remaining", "original"]) -> int:
        """What the goods cost: by their first prices, or what earlier offers left of them."""
        raise NotImplementedError

    def attribute(self, of: Literal["customer", "basket"], name: str) -> str | int | bool | None:
        """A custom attribute."""
        raise NotImplementedError

    def days_to(self, month: int, day: int) -> int:
        """Days of the shop's calendar until the next such date; 0 today."""
        raise NotImplementedError

    def days_since(self, month: int, day: int) -> int:
        """Days since the last such date; 0 today."""
        raise NotImplementedError
