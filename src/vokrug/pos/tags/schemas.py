"""Bodies about shelf prices and their labels."""

from typing import Annotated

import msgspec

from vokrug.pos.schemas import Body, Code, Money, Reply


class ShelfPrice(Body, frozen=True, kw_only=True):
    """Of a piece or a kilogram. Without a price the goods have left the shelf."""

    sku: Code
    price: Money | None = None


class ShelfPrices(Body, frozen=True, kw_only=True):
    shop: Code
    prices: Annotated[list[ShelfPrice], msgspec.Meta(min_length=1, max_length=10_000)]


class ShelfPricesTaken(Reply, frozen=True, kw_only=True):
    """`changed` labels say something else now."""

    prices: int
    changed: int
    version: str


class PriceTag(Reply, frozen=True, kw_only=True):
    """A shelf label. `price` stands on the shelf, `now` is what anybody pays for one, `member` what a card makes of it,
    with nothing else needed; `points` is what a member earns. `is_gone`: there is no such label any more.
    """

    sku: str
    is_gone: bool
    price: str | None
    now: str | None
    member: str | None
    points: str | None
    promos: list[str]
    text_ru: str
    text_en: str


class PriceTags(Reply, frozen=True, kw_only=True):
    """`version`: pass it as `since` next time. `more`: ask again at once. `is_whole`: this begins from nothing, so
    labels that are not told of are gone.
    """

    shop: str
    currency: str
    version: str
    more: bool
    is_whole: bool
    tags: list[PriceTag]
