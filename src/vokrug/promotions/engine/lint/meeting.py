"""Whether two offers can ever meet: on the same goods, in the same check."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from vokrug.promotions.engine.lint.findings import Key, Known
from vokrug.promotions.engine.lint.place import shops_of
from vokrug.promotions.engine.offers import Goods, Hours, OfferBody, OfferVersion, When, Where, Who
from vokrug.promotions.engine.schedule import minute_of

DIMENSIONS = (
    ("article", "articles", "except_articles"),
    ("sku", "skus", "except_skus"),
    ("category", "categories", "except_categories"),
    ("brand", "brands", "except_brands"),
    ("attribute", "attributes", "except_attributes"),
)
A_DAY = 24 * 60


def keys_of(goods: Goods) -> list[Key]:
    """What goods are named by; nothing when all are meant."""
    return [(kind, name) for kind, field, _ in DIMENSIONS for name in getattr(goods, field)]


def exceptions_of(goods: Goods) -> set[Key]:
    return {(kind, name) for kind, _, field in DIMENSIONS for name in getattr(goods, field)}


def _names_nothing(goods: Goods) -> bool:
    return not any(getattr(goods, field) for _, field, _ in DIMENSIONS)


def _named_among(goods: Goods, wanted: Mapping[str, set[int | str]]) -> list[Key]:
    return [(kind, name) for kind, field, _ in DIMENSIONS for name in wanted[kind].intersection(getattr(goods, field))]


class Neighbours:
    """Offers by what they name, so that who meets whom is not asked of every pair. `near` are the goods that will be
    asked about, when it is not all of them: an offer may name ten thousand others.
    """

    def __init__(self, offers: Iterable[OfferVersion], known: Known, near: Iterable[Goods] | None = None) -> None:
        self.known = known
        self.everything: list[OfferVersion] = []
        self._local: dict[Key, list[OfferVersion]] = {}
        self._meets: dict[tuple[int, int], bool] = {}
        self.by_key: dict[Key, list[OfferVersion]] = {}
        wanted = None if near is None else self._wanted(near)
        for offer in offers:
            keys = keys_of(offer.body.goods) if wanted is None else _named_among(offer.body.goods, wanted)
            if not keys and _names_nothing(offer.body.goods):
                self.everything.append(offer)
            for key in keys:
                self.by_key.setdefault(key, []).append(offer)
        self._with_exceptions = [offer for offer in self.everything if exceptions_of(offer.body.goods)]

    def _wanted(self, near: Iterable[Goods]) -> dict[str, set[int | str]] | None:
        """What the goods are called, by kind; None when all goods are among them."""
        wanted: dict[str, set[int | str]] = {kind: set() for kind, _, _ in DIMENSIONS}
        for goods in near:
            if _names_nothing(goods):
                return None
            for key in keys_of(goods):
                for kind, name in self.known.closure(key):
                    wanted[kind].add(name)
        return wanted

    def local(self, key: Key) -> list[OfferVersion]:
        """The offers that name the goods called so, or what contains them."""
        if (found := self._local.get(key)) is None:
            closure = self.known.closure(key)
            named = {offer.offer_id: offer for name in closure for offer in self.by_key.get(name, ())}
            found = [offer for offer in named.values() if closure.isdisjoint(exceptions_of(offer.body.goods))]
            self._local[key] = found
        return found

    def wide(self, key: Key) -> list[OfferVersion]:
        """The offers for everything that these goods are a part of."""
        if not self._with_exceptions:
            return self.everything
        closure = self.known.closure(key)
        out = {one.offer_id for one in self._with_exceptions if not closure.isdisjoint(exceptions_of(one.body.goods))}
        return [one for one in self.everything if one.offer_id not in out] if out else self.everything

    def keys_near(self, goods: Goods) -> Iterator[Key]:
        """What the goods are called, one by one; everything is called by every name that an offer uses."""
        excepted = exceptions_of(goods)
        for key in keys_of(goods) or [("anything", ""), *self.by_key]:
            if self.known.closure(key).isdisjoint(excepted):
                yield key

    def around(self, goods: Goods) -> Iterator[OfferVersion]:
        """Every offer that meets on some of the goods, once."""
        told: set[int] = set()
        for count, key in enumerate(self.keys_near(goods)):
            wide = self.wide(key) if not count or self._with_exceptions else ()
            for offer in (*self.local(key), *wide):
                if offer.offer_id not in told:
                    told.add(offer.offer_id)
                    yield offer

    def meets(self, one: OfferVersion, other: OfferVersion) -> bool:
        """`can_meet`, asked once of a pair."""
        pair = (one.offer_id, other.offer_id) if one.offer_id < other.offer_id else (other.offer_id, one.offer_id)
        known = self._meets.get(pair)
        if known is None:
            known = self._meets[pair] = can_meet(one.body, other.body, self.known)
        return known


def can_meet(one: OfferBody, other: OfferBody, known: Known) -> bool:
    """May both be open for one customer, at one till, at one moment?"""
    return (
        _in_time(one.when, other.when)
        and _in_place(one.where, other.where, known)
        and _for_somebody(one.who, other.who)
    )


def _in_time(one: When, other: When) -> bool:
    starts = [when.from_date for when in (one, other) if when.from_date]
    ends = [when.until_date for when in (one, other) if when.until_date]
    if starts and ends and max(starts) > min(ends):
        return False
    if one.weekdays and other.weekdays and not set(one.weekdays) & set(other.weekdays):
        return False
    if one.on_calendar is not None and one.on_calendar == other.not_on_calendar:
        return False
    if other.on_calendar is not None and other.on_calendar == one.not_on_calendar:
        return False
    if not one.hours or not other.hours:
        return True
    return any(a < d and c < b for a, b in _minutes(one.hours) for c, d in _minutes(other.hours))


def _minutes(hours: Iterable[Hours]) -> Iterator[tuple[int, int]]:
    for window in hours:
        start, end = minute_of(window.start), minute_of(window.end)
        if start < end:
            yield start, end
        else:  # over midnight
            yield start, A_DAY
            yield 0, end


def _in_place(one: Where, other: Where, known: Known) -> bool:
    if one.channels and other.channels and not set(one.channels) & set(other.channels):
        return False
    mine, theirs = shops_of(one, known), shops_of(other, known)
    if mine is not None and theirs is not None:
        return bool(mine & theirs)
    named, against = (mine, other) if mine is not None else (theirs, one)
    return named is None or bool(named - set(against.except_shops))


def _for_somebody(one: Who, other: Who) -> bool:
    """Tiers exclude each other; whoever is on a list or in a segment may be anybody."""
    for mine, theirs in ((one, other), (other, one)):
        if mine.segments or not (mine.tiers or mine.customers):
            return True
        if theirs.segments or not (theirs.tiers or theirs.customers):
            return True
    return (
        bool(set(one.tiers) & set(other.tiers))
        or bool(set(one.customers) & set(other.customers))
        or bool((one.tiers and other.customers) or (one.customers and other.tiers))
    )


# Wider terms


def covers(wide: OfferBody, narrow: OfferBody, known: Known) -> bool:
    """Wherever the narrow offer is open, the wide one is."""
    if wide.code is not None or wide.coupon or wide.limits or wide.who.personal:
        return False
    if any(condition not in narrow.conditions for condition in wide.conditions):
        return False
    for field in ("min_minor", "min_qty_milli"):
        if getattr(wide, field, 0) > getattr(narrow, field, 0):
            return False
    return (
        _covers_goods(wide.goods, narrow.goods, known)
        and _covers_time(wide.when, narrow.when)
        and _covers_place(wide.where, narrow.where, known)
        and _covers_who(wide.who, narrow.who)
    )


def _covers_goods(wide: Goods, narrow: Goods, known: Known) -> bool:
    if not exceptions_of(wide) <= exceptions_of(narrow):
        return False
    named = set(keys_of(wide))
    if not named:
        return True
    keys = keys_of(narrow)
    return bool(keys) and all(not named.isdisjoint(known.closure(key)) for key in keys)


def _covers_time(wide: When, narrow: When) -> bool:
    return (
        (wide.from_date is None or (narrow.from_date is not None and wide.from_date <= narrow.from_date))
        and (wide.until_date is None or (narrow.until_date is not None and wide.until_date >= narrow.until_date))
        and _within(narrow.weekdays, wide.weekdays)
        and (not wide.hours or wide.hours == narrow.hours)
        and wide.on_calendar in (None, narrow.on_calendar)
        and wide.not_on_calendar in (None, narrow.not_on_calendar)
    )


def _covers_place(wide: Where, narrow: Where, known: Known) -> bool:
    if not _within(narrow.channels, wide.channels):
        return False
    excepted = set(wide.except_shops).union(*((known.groups or {}).get(name, ()) for name in wide.except_shop_groups))
    theirs, ours = shops_of(wide, known), shops_of(narrow, known)
    if theirs is not None:
        return ours is not None and ours <= theirs
    return not excepted or (ours is not None and not ours & excepted) or excepted <= set(narrow.except_shops)


def _covers_who(wide: Who, narrow: Who) -> bool:
    if not (wide.tiers or wide.segments or wide.customers):
        return not wide.members_only or narrow.members_only or bool(narrow.tiers or narrow.segments or narrow.customers)
    return bool(narrow.tiers or narrow.segments or narrow.customers) and (
        set(narrow.tiers) <= set(wide.tiers)
        and set(narrow.segments) <= set(wide.segments)
        and set(narrow.customers) <= set(wide.customers)
    )


def _within(narrow: Collection[object], wide: Collection[object]) -> bool:
    """Nothing named is everything."""
    return not wide or (bool(narrow) and set(narrow) <= set(wide))
