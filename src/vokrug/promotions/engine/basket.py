"""What is being bought, and by whom: the input of the engine."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

Channel = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9_-]{0,31}$")]  # pos, web, app, kiosk, call, or a chain's own
Natural = Annotated[int, Meta(ge=0, le=10**15)]
Positive = Annotated[int, Meta(ge=1, le=10**15)]
Attribute = str | int | bool
BY_OFFER = Meta(extra_json_schema={"propertyNames": {"pattern": "^[1-9][0-9]{0,8}$"}})  # keys are offers' numbers


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
    attributes: tuple[str, ...] = ()  # of the article, each as `name=value`
    cost_minor: Natural = 0  # what one piece or kilogram costs the merchant; 0 when nobody said


class Burn(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How many points the shopper wishes to pay with, or which reward to buy with them (the best one if none
    is named by its key)."""

    mode: Literal["none", "max", "amount", "reward"] = "none"
    points_minor: Natural = 0
    reward: str | None = None


class Tender(Struct, frozen=True, gc=False, array_like=True):
    """How a part of the check is planned to be paid: cash, card, sbp, gift_card …"""

    type: str
    amount_minor: Natural


class CodeState(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What the coupon's own books say of a code."""

    offer_id: int | None = None
    state: Literal["ok", "used", "expired", "unknown", "limit"] = "ok"


class Left(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is left of an offer's limits, the tightest of all that hold. None: as much as one likes."""

    uses: Natural | None = None  # checks
    units: Natural | None = None
    amount_minor: Natural | None = None
    points_minor: Natural | None = None


class Personal(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An offer given to this customer, on terms of its own: another value, another last moment.

    The value is basis points of a percentage or rate, minor units of an amount, price or fixed points.
    """

    value: Positive | None = None
    until: datetime | None = None


class Basket(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """A check on its way. `zone` is the shop's: its clock decides which offers are running.

    `coupons` tells of codes that are looked up elsewhere; a code of `codes` that is not there is looked for
    among the offers' own. `left` speaks of limits that are nobody's in particular: of a shop, of a code.
    """

    shop_id: int
    zone: str
    lines: tuple[Line, ...]
    channel: Channel = "pos"
    currency: str = "RUB"
    burn: Burn = Burn()
    codes: tuple[str, ...] = ()
    coupons: Mapping[str, CodeState] = {}
    tenders: tuple[Tender, ...] = ()
    delivery_minor: Natural = 0
    attributes: Mapping[str, Attribute] = {}
    left: Annotated[Mapping[int, Left], BY_OFFER] = {}


class Shopper(Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True):
    """What the engine needs to know of a customer, and nothing that names one."""

    tier: str | None = None
    segments: frozenset[str] = frozenset()  # an imported list is `list:<key>`
    available_minor: Natural = 0  # points that may be spent now
    number: int | None = None
    birthday: tuple[int, int] | None = None  # month, day
    visits: Natural = 0  # so far
    last_purchase_at: datetime | None = None
    attributes: Mapping[str, Attribute] = {}
    personal: Annotated[Mapping[int, Personal], BY_OFFER] = {}
    left: Annotated[Mapping[int, Left], BY_OFFER] = {}  # absent: without limit
