"""A check in a till's hands."""

from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, cast
from uuid import uuid4

from vokrug_till.contract import BurnAsked, Calculate, Calculated, GiftCardAsked, Identifier, LineAsked


@dataclass
class Check:
    """Its id is made once, at the first article, and kept whatever happens."""

    uid: str = field(default_factory=lambda: str(uuid4()))
    rev: int = 0
    lines: list[LineAsked] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    gift_cards: list[GiftCardAsked] = field(default_factory=list)
    cashier: str = ""
    shift: str = ""
    identifier: Identifier | None = None
    customer_token: str = ""
    customer_name: str = ""
    asked: Calculate | None = None  # what was sent last
    answer: Calculated | None = None  # what was promised
    is_offline: bool = False
    cashier_text: str = ""

    def add(self, sku: str, qty: str, price: str, **more: Any) -> None:
        """An article; `more` are the other fields of a line: vat, barcode, mark_code_hash, manual_discount, flags."""
        line = {"n": len(self.lines) + 1, "sku": sku, "qty": qty, "price": price, **more}
        self.lines.append(cast(LineAsked, line))

    @property
    def to_pay(self) -> str:
        """What to charge: as the centre says, or, without it, the till's own prices."""
        if self.answer is not None:
            return self.answer["totals"]["to_pay"]
        total = Decimal(0)
        for line in self.lines:
            total += (Decimal(line["qty"]) * Decimal(line["price"])).quantize(Decimal("0.01"), ROUND_HALF_UP)
            if "manual_discount" in line and (discount := line["manual_discount"]) is not None:
                total -= Decimal(discount["amount"])
        return f"{total:.2f}"

    def print_rows(self) -> list[tuple[str, str, str, str]]:
        """Rows of the fiscal receipt: article, quantity, price, sum. The centre has spread the kopecks already."""
        if self.answer is None:
            return [
                (line["sku"], line["qty"], line["price"], f"{Decimal(line['qty']) * Decimal(line['price']):.2f}")
                for line in self.lines
            ]
        return [
            (self.lines[line["n"] - 1]["sku"], row["qty"], row["price"], row["sum"])
            for line in self.answer["lines"]
            for row in line["split"]
        ]

    def body(self, shop: str, till: str, burn: BurnAsked, at: str) -> Calculate:
        asked: Calculate = {
            "rev": self.rev,
            "shop": shop,
            "till": till,
            "at": at,
            "lines": self.lines,
            "codes": self.codes,
            "gift_cards": self.gift_cards,
            "burn": burn,
            "hold": True,
        }
        if self.cashier:
            asked["cashier"] = self.cashier
        if self.shift:
            asked["shift"] = self.shift
        if self.customer_token:
            asked["customer_token"] = self.customer_token
        elif self.identifier is not None:
            asked["identifier"] = self.identifier
        return asked
