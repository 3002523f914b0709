"""Offers made ready for the till: found by what lies in the basket, never by going through them all."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import msgspec

from vokrug.promotions.engine.basket import Line
from vokrug.promotions.engine.offers import (
    BasketDiscount,
    BurnCap,
    EarnMultiplier,
    EarnRule,
    Goods,
    ItemDiscount,
    OfferBody,
    OfferVersion,
    PointProgramme,
    Where,
)
from vokrug.promotions.engine.schedule import compile_schedule

B_co = TypeVar("B_co", bound=OfferBody, covariant=True)
Scope = tuple[frozenset[str] | None, frozenset[int] | None]  # channels and shops; None is all of them


class Rule(Generic[B_co]):
    """One offer version, with what is asked most often worked out beforehand."""

    __slots__ = (
        "body",
        "closed",
        "code",
        "exceptions",
        "funder",
        "is_for_all_goods",
        "key",
        "members_only",
        "offer_id",
        "rank",
        "schedule",
        "segments",
        "tiers",
        "version",
    )

    def __init__(self, offer: OfferVersion, body: B_co) -> None:
        self.offer_id, self.version, self.key = offer.offer_id, offer.version, offer.key
        self.body = body
        # Equal money: first what a partner pays for, then the higher priority, then the lower id.
        self.rank = (body.funder != "merchant", body.priority, -offer.offer_id)
        self.funder = body.funder
        self.code = body.code
        self.schedule = compile_schedule(body.when)
        self.tiers, self.segments = frozenset(body.who.tiers), frozenset(body.who.segments)
        self.members_only = body.who.members_only
        self.is_for_all_goods = names_all(body.goods)
        self.exceptions = exceptions_of(body.goods)
        self.closed = named_by(body.closed) if isinstance(body, BurnCap) else None


AnyRule = Rule[OfferBody]


class Named:
    """Goods that are named: what an offer leaves out, or what a cap closes to points."""

    __slots__ = ("articles", "brands", "categories", "skus")

    def __init__(
        self, articles: Iterable[int], skus: Iterable[str], categories: Iterable[int], brands: Iterable[str]
    ) -> None:
        self.articles, self.skus = frozenset(articles), frozenset(skus)
        self.categories, self.brands = frozenset(categories), frozenset(brands)

    def hold(self, line: Line) -> bool:
        return (
            line.article_id in self.articles
            or line.sku in self.skus
            or line.brand in self.brands
            or not self.categories.isdisjoint(line.category_ids)
        )


def exceptions_of(goods: Goods) -> Named | None:
    named = goods.except_articles, goods.except_skus, goods.except_categories, goods.except_brands
    return Named(*named) if any(named) else None


def named_by(goods: Goods) -> Named | None:
    named = goods.articles, goods.skus, goods.categories, goods.brands
    return Named(*named) if any(named) else None


class Index:
    """Rules by what they name."""

    __slots__ = ("by_article", "by_brand", "by_category", "by_sku", "everything")

    def __init__(self, rules: Iterable[AnyRule]) -> None:
        self.everything: list[AnyRule] = []
        self.by_article: dict[int, list[AnyRule]] = {}
        self.by_sku: dict[str, list[AnyRule]] = {}
        self.by_category: dict[int, list[AnyRule]] = {}
        self.by_brand: dict[str, list[AnyRule]] = {}
        for rule in rules:
            goods = rule.body.goods
            if rule.is_for_all_goods:
                self.everything.append(rule)
                continue
            for article in set(goods.articles):
                self.by_article.setdefault(article, []).append(rule)
            for sku in set(goods.skus):
                self.by_sku.setdefault(sku, []).append(rule)
            for category in set(goods.categories):
                self.by_category.setdefault(category, []).append(rule)
            for brand in set(goods.brands):
                self.by_brand.setdefault(brand, []).append(rule)

    def touch(self, lines: Sequence[Line], touched: dict[AnyRule, list[int]]) -> None:
        """Write down, for each rule that names something in the basket, the lines it names."""
        by_article, by_sku, by_category, by_brand = (
            self.by_article,
            self.by_sku,
            self.by_category,
            self.by_brand,
        )
        for i, line in enumerate(lines):
            if by_article and (found := by_article.get(line.article_id)):  # type: ignore[arg-type]
                _note(touched, found, i)
            if by_sku and (found := by_sku.get(line.sku)):
                _note(touched, found, i)
            if by_category:
                for category in line.category_ids:
                    if found := by_category.get(category):
                        _note(touched, found, i)
            if by_brand and (found := by_brand.get(line.brand)):  # type: ignore[arg-type]
                _note(touched, found, i)


def _note(touched: dict[AnyRule, list[int]], rules: list[AnyRule], i: int) -> None:
    for rule in rules:
        lines = touched.get(rule)
        if lines is None:
            touched[rule] = [i]
        elif lines[-1] != i:  # once, though the offer may name the article and its category
            lines.append(i)


class CompiledOffers:
    """A published set of offers: swapped as a whole, never changed.

    Offers for everywhere share one index; a shop's own ones are gathered at its first check.
    """

    def __init__(self, rules: list[tuple[Scope, AnyRule]], version: str) -> None:
        self.version = version
        self.size = len(rules)
        self._everywhere = Index(rule for scope, rule in rules if scope == (None, None))
        self._scopes: dict[Scope, list[AnyRule]] = {}
        for scope, rule in rules:
            if scope != (None, None):
                self._scopes.setdefault(scope, []).append(rule)
        self._own: dict[tuple[str, int], tuple[Index, ...]] = {}
        self._by_scopes: dict[tuple[Scope, ...], tuple[Index, ...]] = {}

    def indexes_for(self, channel: str, shop_id: int) -> tuple[Index, ...]:
        """The offers for everywhere, and those that single out this shop or channel."""
        found = self._own.get((channel, shop_id))
        return found if found is not None else self._gather(channel, shop_id)

    def _gather(self, channel: str, shop_id: int) -> tuple[Index, ...]:
        scopes = tuple(
            (channels, shops)
            for channels, shops in self._scopes
            if (channels is None or channel in channels) and (shops is None or shop_id in shops)
        )
        indexes = self._by_scopes.get(scopes)  # shops with the same offers share one index
        if indexes is None:
            own = Index(rule for scope in scopes for rule in self._scopes[scope])
            indexes = (self._everywhere, own) if scopes else (self._everywhere,)
            self._by_scopes[scopes] = indexes
        self._own[channel, shop_id] = indexes
        return indexes


def names_all(goods: Goods) -> bool:
    """An offer that names no goods is for all of them."""
    return not (goods.articles or goods.skus or goods.categories or goods.brands)


def compile_offers(
    offers: Iterable[OfferVersion], groups: Mapping[str, frozenset[int]] | None = None
) -> CompiledOffers:
    """Published versions to what the till asks. The order they come in does not matter.

    A shop group nobody knows holds no shops: such an offer runs nowhere rather than everywhere.
    """
    ordered = sorted(offers, key=lambda offer: offer.offer_id)
    rules = [(scope_of(offer.body.where, groups or {}), Rule(offer, offer.body)) for offer in ordered]
    return CompiledOffers(rules, rules_version(ordered, groups or {}))


def scope_of(where: Where, groups: Mapping[str, frozenset[int]]) -> Scope:
    """Channels and shops of an offer, with its groups resolved."""
    shops: frozenset[int] | None = None
    if where.shops or where.shop_groups:
        shops = frozenset(where.shops).union(*(groups.get(group, ()) for group in where.shop_groups))
    return (frozenset(where.channels) if where.channels else None), shops


def rules_version(offers: Sequence[OfferVersion], groups: Mapping[str, frozenset[int]]) -> str:
    """A fingerprint: two sets with the same one price every basket alike."""
    named = sorted({group for offer in offers for group in offer.body.where.shop_groups})
    told = msgspec.json.encode(
        [[offer.offer_id, offer.version, offer.key, offer.body] for offer in offers]
        + [[group, sorted(groups.get(group, ()))] for group in named]
    )
    return hashlib.sha256(told).hexdigest()[:32]


ItemRule = Rule[ItemDiscount]
BasketRule = Rule[BasketDiscount]
EarnRuleCompiled = Rule[EarnRule]
MultiplierRule = Rule[EarnMultiplier]
CapRule = Rule[BurnCap]
ProgrammeRule = Rule[PointProgramme]
