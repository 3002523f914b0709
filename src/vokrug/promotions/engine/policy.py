"""How offers meet: layers in order, groups inside them, and which offers of a group a check gets.

A layer sees what the layers before it left. Its members are offers and groups; a group is resolved to one
result before its parent compares it with the other members. Groups nest two deep, as marketers know it
from 1C's tree of joint use.
"""

from typing import Annotated, Literal

from msgspec import Meta

from vokrug.promotions.engine.basket import Natural
from vokrug.promotions.engine.offers.parts import Name, Part

Mode = Literal["best_for_customer", "priority", "first", "lowest", "highest", "all"]
Count = Annotated[int, Meta(ge=1, le=100)]


class Group(Part, frozen=True, kw_only=True):
    """Offers that are resolved together, by one mode.

    best_for_customer  the set and order worth most to the customer, searched for
    priority           the higher first, each on what remains; an exclusive one shuts the others out
    first              the first, by order, that gives anything
    lowest, highest    the one worth least, or most, alone
    all                all, by order; each on what remains, or on what the group began with (`base`)
    """

    key: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    mode: Mode = "best_for_customer"
    per: Literal["check", "article"] = "check"  # `article`: chosen for each article by itself
    base: Literal["remaining", "original"] = "remaining"
    max_promotions: Count | None = None
    max_per_unit: Count | None = None  # offers of this group on one unit
    exclusive_with: tuple[Name, ...] = ()  # groups or layers that give nothing when this one does
    joint_with: tuple[Name, ...] = ()  # when named, the only groups it may be combined with
    priority: int = 0  # among its siblings, where the parent goes by priority
    order: int = 0
    groups: tuple["Group", ...] = ()


class Floors(Part, frozen=True, kw_only=True):
    """What the merchant will not go below, whatever offers say."""

    min_price_bp: Annotated[int, Meta(ge=0, le=10_000)] = 0  # of a unit's first price
    min_margin_bp: Annotated[int, Meta(ge=0, le=9_999)] | None = None  # of its net price, where its cost is known
    max_discount_bp: Annotated[int, Meta(ge=0, le=10_000)] = 10_000  # of the check
    max_discount_minor: Natural | None = None  # of the check


class Policy(Part, frozen=True, kw_only=True):
    """The whole of it."""

    name: str = "default"
    layers: Annotated[tuple[Group, ...], Meta(min_length=1, max_length=20)]
    threshold_on: Literal["remaining", "original"] = "remaining"
    floors: Floors = Floors()
    prefer: Literal["money", "points"] = "money"  # what is compared first; the other breaks ties
    point_value_bp: Annotated[int, Meta(ge=0, le=1_000_000)] = 0  # with it, points count as money at this rate
    node_budget: Annotated[int, Meta(ge=1, le=1_000_000)] = 2_000  # steps of the search, not time


def layer(key: str, mode: Mode, **more: object) -> Group:
    return Group(key=key, mode=mode, **more)  # type: ignore[arg-type]


PRICE = layer("price", "highest", per="article")
ITEM = layer("item", "best_for_customer", max_per_unit=1)
BASKET = layer("basket", "best_for_customer", max_promotions=1)
DELIVERY = layer("delivery", "best_for_customer", max_promotions=1)

DEFAULT = Policy(layers=(PRICE, ITEM, BASKET, DELIVERY))

TREE = (
    layer("min", "lowest", order=1),
    layer("max", "highest", order=2),
    layer("sum", "all", base="original", order=3),
    layer("product", "all", order=4),
    layer("displacement", "priority", order=5),
)

PRESETS: dict[str, Policy] = {
    "default": DEFAULT,
    "1c-tree": Policy(
        name="1c-tree",
        layers=(
            PRICE,
            layer("item", "all", groups=TREE),
            layer("basket", "all", groups=TREE),
            DELIVERY,
        ),
        threshold_on="original",
    ),
    "odoo": Policy(
        name="odoo",
        layers=(PRICE, layer("item", "all"), layer("basket", "highest"), layer("delivery", "first")),
        threshold_on="original",
    ),
    "sylius": Policy(
        name="sylius",
        layers=(PRICE, layer("item", "priority"), layer("basket", "priority"), layer("delivery", "priority")),
        threshold_on="original",
    ),
    "voucherify": Policy(
        name="voucherify",
        layers=(PRICE, layer("item", "all", max_promotions=5), layer("basket", "all", max_promotions=5), DELIVERY),
    ),
}
