"""Goods that an offer names and excepts in one breath."""

from collections.abc import Iterator

from vokrug.promotions.engine.lint.findings import Finding, refuse
from vokrug.promotions.engine.offers import Goods


def goods_findings(field: str, goods: Goods) -> Iterator[Finding]:
    """Goods that are all named and all excepted."""
    pairs = (
        (goods.articles, goods.except_articles),
        (goods.skus, goods.except_skus),
        (goods.categories, goods.except_categories),
        (goods.brands, goods.except_brands),
        (goods.attributes, goods.except_attributes),
    )
    named = [(set(names), set(exceptions)) for names, exceptions in pairs if names]
    if named and all(names <= exceptions for names, exceptions in named):
        yield refuse("goods_all_excepted", field, "all its goods are excepted", "все товары исключены")


def needed_goods(field: str, needed: Goods, own: Goods) -> Iterator[Finding]:
    """A part of a set: its goods must be able to lie there and take part."""
    yield from goods_findings(field, needed)
    for name in ("articles", "skus", "categories", "brands", "attributes"):
        wanted, excepted = set(getattr(needed, name)), set(getattr(own, f"except_{name}"))
        if wanted and wanted <= excepted:
            yield refuse(
                "set_needs_excepted_goods",
                field,
                "needs goods that the offer excepts",
                "нужны товары, которые акция исключает",
            )
