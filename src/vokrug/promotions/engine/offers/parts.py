"""What every offer is made of: whom, where, when, what, how often, and who pays."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from vokrug.promotions.engine.basket import Channel, Positive

ShareBp = Annotated[int, Meta(ge=1, le=10_000)]  # 10 000 basis points are the whole
Days = Annotated[int, Meta(ge=1, le=36_500)]
Units = Annotated[int, Meta(ge=1, le=100_000)]  # pieces; a weighed line is one, whatever it weighs
Clocktime = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Name = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything an offer is made of: values, strict about unknown fields, silent about defaults."""


class Goods(Part, frozen=True, kw_only=True):
    """Which lines are meant: any that is named, all when none is, minus the exceptions.

    An attribute is written `name=value`, as lines carry them.
    """

    articles: tuple[int, ...] = ()
    skus: tuple[str, ...] = ()
    categories: tuple[int, ...] = ()
    brands: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    except_articles: tuple[int, ...] = ()
    except_skus: tuple[str, ...] = ()
    except_categories: tuple[int, ...] = ()
    except_brands: tuple[str, ...] = ()
    except_attributes: tuple[str, ...] = ()


class Where(Part, frozen=True, kw_only=True):
    """Channels and shops; nothing named means everywhere. Groups become shops when compiled."""

    channels: tuple[Channel, ...] = ()
    shops: tuple[int, ...] = ()
    shop_groups: tuple[str, ...] = ()
    except_shops: tuple[int, ...] = ()
    except_shop_groups: tuple[str, ...] = ()


class Who(Part, frozen=True, kw_only=True):
    """Any of the customers, tiers or segments named, or anyone with a card, or anyone at all.

    An imported list is the segment `list:<key>`. `personal`: only those to whom the offer was given.
    """

    members_only: bool = False
    tiers: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    customers: tuple[int, ...] = ()
    personal: bool = False


class Hours(Part, frozen=True, kw_only=True):
    """From `start` until just before `end`. A window over midnight belongs to the day it began on."""

    start: Clocktime
    end: Clocktime


class When(Part, frozen=True, kw_only=True):
    """Dates are of the shop's own calendar, both inclusive. Weekdays: 1 is Monday, 7 is Sunday.

    A calendar is a named set of days, such as public holidays: the offer runs on them, or on all others.
    """

    from_date: date | None = None
    until_date: date | None = None
    weekdays: tuple[Annotated[int, Meta(ge=1, le=7)], ...] = ()
    hours: tuple[Hours, ...] = ()
    on_calendar: str | None = None
    not_on_calendar: str | None = None


class Pick(Part, frozen=True, kw_only=True):
    """Which of the units aimed at a benefit reaches.

    `cheapest` and `dearest` take `units` of them; `nth` takes every nth, counted from the dearest.
    """

    which: Literal["all", "cheapest", "dearest", "nth"] = "all"
    units: Units = 1
    nth: Units = 2
    max_per_line: Units | None = None


Subject = Literal["customer", "household", "card", "shop", "shop_group", "cashier", "offer", "code", "check"]
Period = Literal["ever", "day", "week", "month", "year", "rolling"]
Measure = Literal["uses", "units", "amount", "points"]


class Limit(Part, frozen=True, kw_only=True):
    """How much of an offer one subject gets in one period. Amounts and points are minor units.

    The engine does not count: it is told what is left (`Left`), and keeps to it.
    """

    subject: Subject
    measure: Measure
    most: Positive
    period: Period = "ever"
    days: Days | None = None  # of a rolling period


class Funder(Part, frozen=True, kw_only=True):
    """Who pays which share of what the offer gives. The shares of an offer make 10 000."""

    funder: Annotated[str, Meta(min_length=1, max_length=64)]
    share_bp: ShareBp


class SetPart(Part, frozen=True, kw_only=True):
    """So many units of some goods, as a part of a set."""

    goods: Goods
    units: Units = 1


class Missing(Struct, frozen=True, gc=False, omit_defaults=True):
    """What an offer still asks for. `what` is the kind of condition; the rest says how much, of which goods."""

    what: str
    qty_milli: int = 0
    minor: int = 0
    points_minor: int = 0
    count: int = 0
    days: int = 0
    words: tuple[str, ...] = ()  # tiers, tenders, names of attributes
    goods: Goods | None = None  # None: those the offer aims at
