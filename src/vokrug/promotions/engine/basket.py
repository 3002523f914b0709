"""What is being bought, and by whom: the input of the engine."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Channel = Literal["pos", "web", "app", "kiosk", "call"]
Natural = Annotated[int, Meta(ge=0, le=10**15)]
Positive = Annotated[int, Meta(ge=1, le=10**15)]


class Line(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """One row of the check. Quantities are thousandths: 2 pieces are 2000, 0.350 kg is 350."""

    n: int
    sku: str
    qty_milli: Positive
    price_minor: Natural  # of one piece, or of one kilogram
    article_id: int | None = None
    category_ids: tuple[int, ...] = ()  # the whole path, so that an offer may name any level
    brand: str | None = None
    is_weighed: bool = False
    min_price_minor: Natural = 0  # no discount and no points take the price of a unit below this
    manual_discount_minor: Natural = 0  # given by the cashier, on the whole line
    no_discount: bool = False
    no_burn: bool = False
    no_earn: bool = False
    gift_card_sale: bool = False  # money changes its form: no discount, no points either way


class Burn(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How many points the shopper wishes to pay with."""

    mode: Literal["none", "max", "amount"] = "none"
    points_minor: Natural = 0


class Basket(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """A check on its way. `zone` is the shop's: its clock decides which offers are running."""

    shop_id: int
    zone: str
    lines: tuple[Line, ...]
    channel: Channel = "pos"
    currency: str = "RUB"
    burn: Burn = Burn()
    codes: tuple[str, ...] = ()


class Shopper(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """What the engine needs to know of a customer, and nothing personal."""

    tier: str | None = None
    segments: frozenset[str] = frozenset()
    available_minor: Natural = 0  # points that may be spent now
