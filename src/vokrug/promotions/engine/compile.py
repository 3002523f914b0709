"""Offers made ready for the till: a published set, swapped as a whole and never changed."""

import hashlib
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from vokrug.promotions.engine.basket import Line
from vokrug.promotions.engine.index import Index
from vokrug.promotions.engine.offers import AttributeIs, Birthday, Condition, OfferVersion, Where
from vokrug.promotions.engine.offers.conditions import OURS
from vokrug.promotions.engine.policy import DEFAULT, Policy
from vokrug.promotions.engine.rule import AnyRule, Named, Rule, plainly
from vokrug.promotions.engine.schedule import Calendars, local_time
from vokrug.promotions.engine.tree import Tree

Reference = tuple[int, int]  # an offer and its version
Scope = tuple[frozenset[str] | None, frozenset[int] | None, frozenset[int]]  # channels, shops, and not these shops
EVERYWHERE: Scope = (None, None, frozenset())
SLICE = 50  # offers between two moments at which somebody else may run
DAYS_KEPT = 4


def is_of(scope: Scope, channel: str, shop_id: int) -> bool:
    channels, shops, not_shops = scope
    return (
        (channels is None or channel in channels) and (shops is None or shop_id in shops) and shop_id not in not_shops
    )


def touched_by(rules: Iterable[AnyRule]) -> Callable[[Line], bool]:
    """Whether goods are among those that bring one of these offers to a basket."""
    named = [Named(rule.goods) for rule in rules]
    return lambda line: any(one.hold(line) for one in named)


class CompiledOffers:
    """Offers for everywhere share one index; a shop's own ones are gathered at its first check.

    Where offers have dates, an index holds those that may run that day, and is made at the day's first check.
    """

    def __init__(self, rules: list[tuple[Scope, AnyRule]], version: str, policy: Policy = DEFAULT) -> None:
        self.version, self.policy, self.tree = version, policy, Tree(policy)
        self.size = len(rules)
        self.asks_traits = any(asks_traits(one) for _, rule in rules for one in rule.conditions)
        self.codes = frozenset(rule.code for _, rule in rules if rule.code is not None)
        self._scopes: dict[Scope, list[AnyRule]] = {EVERYWHERE: []}
        for scope, rule in rules:
            self._scopes.setdefault(scope, []).append(rule)
        self._has_dates = any(rule.schedule is not None for _, rule in rules)
        self._days: dict[int, dict[tuple[str, int], tuple[Index, ...]]] = {}
        self._shared: dict[tuple[int, Scope | tuple[Scope, ...]], Index] = {}

    def at_work(self, channel: str, shop_id: int, zone: str, now: datetime) -> dict[Reference, AnyRule]:
        """The offers that a check of this shop meets just now, by number and version."""
        day, minute = local_time(now, zone)
        return {
            (rule.offer_id, rule.version): rule
            for scope, rules in self._scopes.items()
            if is_of(scope, channel, shop_id)
            for rule in rules
            if rule.schedule is None or rule.schedule.is_open(day, minute)
        }

    def indexes_for(self, channel: str, shop_id: int, day: int) -> tuple[Index, ...]:
        """The offers for everywhere, and those that single out this shop or channel, as of a day of the shop's."""
        key = day if self._has_dates else 0
        shops = self._days.get(key)
        if shops is not None and (found := shops.get((channel, shop_id))) is not None:
            return found
        return self._gather(channel, shop_id, key)

    def _gather(self, channel: str, shop_id: int, day: int) -> tuple[Index, ...]:
        if day not in self._days and len(self._days) >= DAYS_KEPT:
            oldest = min(self._days)
            del self._days[oldest]
            self._shared = {key: index for key, index in self._shared.items() if key[0] != oldest}
        own = tuple(scope for scope in self._scopes if scope != EVERYWHERE and is_of(scope, channel, shop_id))
        indexes = tuple(self._index(day, scopes) for scopes in ((EVERYWHERE,), own) if scopes)
        self._days.setdefault(day, {})[channel, shop_id] = indexes
        return indexes

    def _index(self, day: int, scopes: tuple[Scope, ...]) -> Index:
        """Shops with the same offers share one."""
        index = self._shared.get((day, scopes))
        if index is None:
            index = self._shared[day, scopes] = Index(self._running(day, scopes))
        return index

    def _running(self, day: int, scopes: tuple[Scope, ...]) -> list[AnyRule]:
        rules = [rule for scope in scopes for rule in self._scopes[scope]]
        if day:
            rules = [rule for rule in rules if rule.schedule is None or rule.schedule.may_open(day)]
        return rules

    @property
    def days(self) -> frozenset[int]:
        """The shops' days that were asked about lately; none where no offer has dates."""
        return frozenset(self._days) - {0}

    def get_ready(self, days: Iterable[int]) -> Generator[None, None, None]:
        """Make the index that all shops share before the first check waits for it, a slice at a time."""
        for day in sorted(days) if self._has_dates else [0]:
            index = Index(())
            for at, rule in enumerate(self._running(day, (EVERYWHERE,)), start=1):
                index.file(rule)
                if at % SLICE == 0:
                    yield
            self._shared[day, (EVERYWHERE,)] = index
            yield


def asks_traits(condition: Condition) -> bool:
    """Does it look at what the customer is beside their purchases? A kind from outside may."""
    if isinstance(condition, AttributeIs):
        return condition.of == "customer"
    return isinstance(condition, Birthday) or type(condition) not in OURS


def compile_offers(
    offers: Iterable[OfferVersion],
    groups: Mapping[str, frozenset[int]] | None = None,
    *,
    policy: Policy = DEFAULT,
    calendars: Calendars | None = None,
) -> CompiledOffers:
    """Published versions to what the till asks. The order they come in does not matter.

    A shop group nobody knows holds no shops: such an offer runs nowhere rather than everywhere.
    """
    steps = compile_in_steps(offers, groups, policy=policy, calendars=calendars)
    while True:
        try:
            next(steps)
        except StopIteration as done:
            compiled: CompiledOffers = done.value
            return compiled


def compile_in_steps(
    offers: Iterable[OfferVersion],
    groups: Mapping[str, frozenset[int]] | None = None,
    *,
    policy: Policy = DEFAULT,
    calendars: Calendars | None = None,
    days: Iterable[int] = (),
) -> Generator[None, None, CompiledOffers]:
    """The same, a slice at a time: between the slices the process may answer a till. Returns the set, with what
    the first check of these days (ordinals) would wait for.
    """
    groups, calendars = groups or {}, calendars or {}
    ordered = sorted(offers, key=lambda offer: offer.offer_id)
    told = hashlib.sha256(msgspec.json.encode([policy, sorted(calendars), *_named(ordered, groups)]))
    for _, dates in sorted(calendars.items()):
        told.update(msgspec.json.encode(sorted(dates)))
    rules: list[tuple[Scope, AnyRule]] = []
    for at, offer in enumerate(ordered):
        told.update(msgspec.json.encode([offer.offer_id, offer.version, offer.key, offer.body]))
        rules.append((scope_of(offer.body.where, groups), Rule(offer, plainly(offer.body, policy), calendars)))
        if at % SLICE == SLICE - 1:
            yield
    # A fingerprint: two sets with the same one price every basket alike.
    compiled = CompiledOffers(rules, told.hexdigest()[:32], policy)
    yield from compiled.get_ready(days)
    return compiled


def _named(offers: Sequence[OfferVersion], groups: Mapping[str, frozenset[int]]) -> list[object]:
    named = {
        group for offer in offers for group in (*offer.body.where.shop_groups, *offer.body.where.except_shop_groups)
    }
    return [[group, sorted(groups.get(group, ()))] for group in sorted(named)]


def scope_of(where: Where, groups: Mapping[str, frozenset[int]]) -> Scope:
    """Channels and shops of an offer, with its groups resolved."""
    shops: frozenset[int] | None = None
    if where.shops or where.shop_groups:
        shops = frozenset(where.shops).union(*(groups.get(group, ()) for group in where.shop_groups))
    never = frozenset(where.except_shops).union(*(groups.get(group, ()) for group in where.except_shop_groups))
    return (frozenset(where.channels) if where.channels else None), shops, never
