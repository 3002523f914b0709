"""Nouns of the till."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop, with the summed wallets its sales touch."""

    id: int
    code: str
    name: str
    zone: str
    currency: str
    legal_entity: str
    groups: tuple[str, ...]
    tolerance_line_minor: int
    tolerance_check_minor: int


@dataclass(frozen=True, slots=True)
class Till:
    id: int
    shop_id: int
    code: str


@dataclass(frozen=True, slots=True)
class Article:
    """What the centre knows of a thing on sale."""

    id: int
    sku: str
    name: str
    category_ids: tuple[int, ...]
    brand: str | None
    is_weighed: bool
    min_price_minor: int
    no_discount: bool
    no_burn: bool
    no_earn: bool
    cost_minor: int = 0  # of a piece or a kilogram; 0 when nobody said
