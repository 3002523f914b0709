"""What a till takes along for when it is without a line, and how it prices then.

Pure, and packed for tills (`vokrug till kit`): the bundle is signed by the centre, kept in step by deltas, and prices
by the centre's own engine. Here there is nobody to ask, so nothing is known of the customer but that there is one.
"""

import hashlib
from base64 import urlsafe_b64decode
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from vokrug import promotions
from vokrug.kernel import Text, format_minor
from vokrug.pos.baskets import basket_of
from vokrug.pos.schemas import Calculate
from vokrug.pos.types import Article, Shop

POINTS_LATER = Text(en="Points will be credited later", ru="Баллы начислим позже")
DISCOUNT = Text(en="You saved", ru="Ваша скидка")

Verify = Callable[[bytes, bytes, bytes], bool]  # public key, signature, what is signed


class BundleRefused(Exception):
    """The bundle is not the centre's, not for this till, or not the next one: what was there before stays in use."""


class ShopTaken(msgspec.Struct, frozen=True, kw_only=True):
    """The shop that the bundle is for."""

    id: int
    code: str
    name: str
    zone: str
    currency: str
    legal_entity: str
    groups: list[str]
    tolerance_line_minor: int
    tolerance_check_minor: int

    def as_shop(self) -> Shop:
        return Shop(**{**msgspec.structs.asdict(self), "groups": tuple(self.groups)})


class ArticleTaken(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A thing on sale, as far as its price goes. What it costs the chain stays at the centre."""

    sku: str
    id: int
    name: str
    category_ids: list[int] = []
    brand: str | None = None
    is_weighed: bool = False
    min_price_minor: int = 0
    no_discount: bool = False
    no_burn: bool = False
    no_earn: bool = False

    def as_article(self) -> Article:
        return Article(
            self.id,
            self.sku,
            self.name,
            tuple(self.category_ids),
            self.brand,
            self.is_weighed,
            self.min_price_minor,
            self.no_discount,
            self.no_burn,
            self.no_earn,
        )


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """One download. `since` 0 is everything; else what became different after that version, and what is gone."""

    version: int
    since: int
    made_at: datetime
    valid_until: datetime
    shop: ShopTaken
    policy: promotions.Policy
    groups: dict[str, list[int]]
    calendars: dict[str, list[Any]]
    offers: list[promotions.OfferVersion]
    offers_gone: list[int]
    articles: list[ArticleTaken]
    articles_gone: list[str]


class LinePriced(msgspec.Struct, frozen=True, kw_only=True):
    n: int
    discount: str
    net: str
    split: list[tuple[str, str, str]]  # quantity, price, sum: rows of the fiscal receipt


class PricedApart(msgspec.Struct, frozen=True, kw_only=True):
    """What a till prints. `bundle` goes with the sale, so that the centre judges it by the same rules."""

    bundle: int
    lines: list[LinePriced]
    before: str
    discount: str
    points: str
    to_pay: str
    receipt: list[str]


def verify_taken(body: bytes, signature: str, public_key: bytes, verify: Verify) -> Taken:
    """A download, if the centre signed these very bytes."""
    if not verify(public_key, urlsafe_b64decode(signature + "=" * (-len(signature) % 4)), signed_part(body)):
        raise BundleRefused("the signature is not the centre's")
    return msgspec.json.decode(body, type=Taken)


def signed_part(body: bytes) -> bytes:
    """What is signed: a word for the purpose, and the digest of the bytes as they were sent."""
    return b"vokrug bundle 1\n" + hashlib.sha256(body).digest()


class Bundle:
    """What a till has, at one version. Lives in its memory; `taken` is what to keep on its disk."""

    def __init__(self, taken: Taken) -> None:
        if taken.since:
            raise BundleRefused("a delta needs what it follows")
        self.taken = taken
        self._use()

    def follow(self, delta: Taken) -> None:
        """Take what is new. A delta of something else changes nothing."""
        had = self.taken
        if delta.shop.code != had.shop.code:
            raise BundleRefused("the bundle is for another shop")
        if delta.since == 0:
            self.taken = delta
        elif delta.since != had.version:
            raise BundleRefused(f"the till has version {had.version}, this follows {delta.since}")
        else:
            offers = {offer.offer_id: offer for offer in (*had.offers, *delta.offers)}
            articles = {article.sku: article for article in (*had.articles, *delta.articles)}
            self.taken = msgspec.structs.replace(
                delta,
                since=0,
                offers=[offer for id, offer in sorted(offers.items()) if id not in delta.offers_gone],
                offers_gone=[],
                articles=[one for sku, one in sorted(articles.items()) if sku not in delta.articles_gone],
                articles_gone=[],
            )
        self._use()

    def _use(self) -> None:
        taken = self.taken
        rules = promotions.RulesApart(
            offers=taken.offers, groups=taken.groups, calendars=taken.calendars, policy=taken.policy
        )
        self._offers = rules.compiled()
        self._shop = taken.shop.as_shop()
        self._articles = {article.sku: article.as_article() for article in taken.articles}

    def is_usable(self, now: datetime) -> bool:
        """Past its end prices may have changed: sell without offers."""
        return now < self.taken.valid_until

    def price(self, check: Calculate, now: datetime, *, allowance_minor: int = 0, language: str = "ru") -> PricedApart:
        """Price a check. Points pay up to what the last identification allowed (`allowance_minor`), if asked to."""
        known = self._articles
        articles = {line.n: known[line.sku] for line in check.lines if line.sku in known}
        basket = basket_of(check, self._shop, articles)
        has_card = check.identifier is not None or check.customer_token is not None
        shopper = promotions.Shopper(tier=None, available_minor=allowance_minor) if has_card else None
        priced = promotions.price(basket, shopper, self._offers, now)
        totals = priced.totals
        words = [f"{DISCOUNT.say(language)} {format_minor(totals.discount_minor)}"] if totals.discount_minor else []
        return PricedApart(
            bundle=self.taken.version,
            lines=[
                LinePriced(
                    n=line.n,
                    discount=format_minor(line.gross_minor - line.net_minor - line.points_off_minor),
                    net=format_minor(line.net_minor),
                    split=[
                        (format_minor(row.qty_milli, 3), format_minor(row.price_minor), format_minor(row.sum_minor))
                        for row in line.split
                    ],
                )
                for line in priced.lines
            ],
            before=format_minor(totals.gross_minor),
            discount=format_minor(totals.discount_minor),
            points=format_minor(totals.points_burn_minor),
            to_pay=format_minor(totals.net_minor),
            receipt=[*words, POINTS_LATER.say(language)] if has_card else words,
        )
