"""What does a cancellation cancel? The histories do not say, so a rule has to. No I/O.

The rule: among the same customer's earlier sales of the same article with units that have not come back yet,
first those at the very price that is cancelled, the most recent one first; then those at other prices, the
most recent one first. One cancelled line may so be spread over several sales. What is charged for rather than
sold (postage, manual entries, samples) is one article only by its code, so there the price has to be the same.

Why: a cancellation mostly undoes the latest order; the same price makes the refund equal to what the file
says; and where only another price is left the goods did come back, so refusing would keep points for goods that
are not kept. The refund is always what the sale itself took, never what the cancellation claims.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID


@dataclass(slots=True)
class Sold:
    """A line of a sale, and how many of its units can still come back."""

    check_id: UUID
    n: int
    price_minor: int
    units: int
    left: int
    at: datetime


@dataclass(slots=True)
class Purchases:
    """Everything customers bought so far, by customer and article, in the order of time."""

    _sold: dict[tuple[str, str], list[Sold]] = field(default_factory=dict)

    def sell(self, customer: str, sku: str, sold: Sold) -> None:
        self._sold.setdefault((customer, sku), []).append(sold)

    def take_back(
        self, customer: str, sku: str, units: int, price_minor: int, *, at_any_price: bool
    ) -> list[tuple[Sold, int]]:
        """Which lines the units come from. Fewer than asked when there was no more to return."""
        latest_first = [sold for sold in reversed(self._sold.get((customer, sku), ())) if sold.left]
        candidates = [sold for sold in latest_first if sold.price_minor == price_minor]
        if at_any_price:
            candidates += [sold for sold in latest_first if sold.price_minor != price_minor]
        taken = []
        for sold in candidates:
            part = min(units, sold.left)
            if not part:
                break
            sold.left -= part
            units -= part
            taken.append((sold, part))
        return taken
