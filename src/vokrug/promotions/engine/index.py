"""Rules found by what lies in the basket and by who stands at the till, never by going through them all."""

from collections.abc import Iterable, Sequence

from vokrug.promotions.engine.basket import Basket, Line, Shopper
from vokrug.promotions.engine.rule import AnyRule, Named, names_all

Touched = dict[AnyRule, list[int]]  # rules with the lines they aim at


class Index:
    """Rules by what they name; those for somebody or some code in particular, by that."""

    __slots__ = (
        "by_article",
        "by_attribute",
        "by_brand",
        "by_category",
        "by_code",
        "by_customer",
        "by_offer",
        "by_segment",
        "by_sku",
        "everything",
        "is_for_some",
    )

    def __init__(self, rules: Iterable[AnyRule]) -> None:
        self.everything: list[AnyRule] = []
        self.by_article: dict[int, list[AnyRule]] = {}
        self.by_sku: dict[str, list[AnyRule]] = {}
        self.by_category: dict[int, list[AnyRule]] = {}
        self.by_brand: dict[str, list[AnyRule]] = {}
        self.by_attribute: dict[str, list[AnyRule]] = {}
        self.by_code: dict[str, list[AnyRule]] = {}
        self.by_offer: dict[int, list[AnyRule]] = {}
        self.by_customer: dict[int, list[AnyRule]] = {}
        self.by_segment: dict[str, list[AnyRule]] = {}
        self.is_for_some = False
        for rule in rules:
            self.file(rule)

    def file(self, rule: AnyRule) -> None:
        """Put one more rule where it will be looked for."""
        goods = rule.goods
        is_own = rule.code is not None or rule.coupon or rule.personal or bool(rule.customers)
        if is_own or (names_all(goods) and rule.segments):
            self.is_for_some = True
        if rule.code is not None or rule.coupon:
            if rule.code is not None:
                self.by_code.setdefault(rule.code, []).append(rule)
            if rule.coupon:
                self.by_offer.setdefault(rule.offer_id, []).append(rule)
        elif rule.personal:
            self.by_offer.setdefault(rule.offer_id, []).append(rule)
        elif rule.customers:
            for number in rule.customers:
                self.by_customer.setdefault(number, []).append(rule)
        elif names_all(goods):
            for segment in rule.segments:
                self.by_segment.setdefault(segment, []).append(rule)
            if not rule.segments:
                self.everything.append(rule)
        else:
            for article in set(goods.articles):
                self.by_article.setdefault(article, []).append(rule)
            for sku in set(goods.skus):
                self.by_sku.setdefault(sku, []).append(rule)
            for category in set(goods.categories):
                self.by_category.setdefault(category, []).append(rule)
            for brand in set(goods.brands):
                self.by_brand.setdefault(brand, []).append(rule)
            for attribute in set(goods.attributes):
                self.by_attribute.setdefault(attribute, []).append(rule)

    def touch(self, lines: Sequence[Line], touched: Touched) -> None:
        """Write down, for each rule that names something in the basket, the lines it names."""
        by_article, by_sku, by_category, by_brand, by_attribute = (
            self.by_article,
            self.by_sku,
            self.by_category,
            self.by_brand,
            self.by_attribute,
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
            if by_attribute:
                for attribute in line.attributes:
                    if found := by_attribute.get(attribute):
                        _note(touched, found, i)

    def touch_for_some(self, basket: Basket, shopper: Shopper | None, touched: Touched) -> None:
        """The rules for the codes that were shown, and for this customer in particular."""
        wanted: dict[AnyRule, None] = {}
        for code in basket.codes:
            wanted.update(dict.fromkeys(self.by_code.get(code, ())))
        for code, said in basket.coupons.items():
            if said.offer_id is not None and code in basket.codes:
                wanted.update(dict.fromkeys(self.by_offer.get(said.offer_id, ())))
        if shopper is not None:
            for offer_id in shopper.personal:
                wanted.update(dict.fromkeys(self.by_offer.get(offer_id, ())))
            if shopper.number is not None:
                wanted.update(dict.fromkeys(self.by_customer.get(shopper.number, ())))
            if self.by_segment:
                for segment in sorted(self.by_segment.keys() & shopper.segments):
                    wanted.update(dict.fromkeys(self.by_segment[segment]))
        for rule in wanted:
            named = Named(rule.goods)
            lines = [i for i, line in enumerate(basket.lines) if named.is_all or named.hold(line)]
            if lines:
                touched[rule] = lines


def _note(touched: Touched, rules: list[AnyRule], i: int) -> None:
    for rule in rules:
        lines = touched.get(rule)
        if lines is None:
            touched[rule] = [i]
        elif lines[-1] != i:  # once, though the offer may name the article and its category
            lines.append(i)
