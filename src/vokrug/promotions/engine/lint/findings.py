"""The words of the lint: what it finds, and what it has to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from msgspec import Struct

from vokrug.promotions.engine.policy import DEFAULT, Policy

Severity = Literal["refuse", "warn"]
Key = tuple[str, int | str]  # what goods are named by: ("article", 7), ("sku", "A7"), ("category", 3), ("brand", "X")


class Finding(Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong, and where. `others` are the keys of other offers that have a part in it."""

    code: str
    severity: Severity
    field: str
    en: str
    ru: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the world an offer comes into. None: nobody knows, so nothing is said about it."""

    groups: Mapping[str, frozenset[int]] | None = None  # of shops
    tiers: frozenset[str] | None = None
    series: frozenset[str] | None = None  # of coupons
    calendars: Mapping[str, frozenset[date]] | None = None
    policy: Policy = DEFAULT
    today: date | None = None
    implied: Mapping[Key, frozenset[Key]] = field(default_factory=dict)  # an article's categories and brand …
    most_bp: int = 5_000  # that offers may together take off an article or a check

    def closure(self, key: Key) -> frozenset[Key]:
        """A name of goods, with every wider name of the same goods."""
        return self.implied.get(key, frozenset()) | {key}


def refuse(code: str, field: str, en: str, ru: str, *others: str) -> Finding:
    return Finding(code, "refuse", field, en, ru, others)


def warn(code: str, field: str, en: str, ru: str, *others: str) -> Finding:
    return Finding(code, "warn", field, en, ru, others)
