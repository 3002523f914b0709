"""Goods and their tree, as people choose among them."""

from collections.abc import Sequence
from dataclasses import dataclass

from vokrug.runtime.database import Tx

# Parents before their children, children by name. A tree has hundreds of categories, not millions.
CATEGORIES = """
    with recursive tree as (
        select id, code, name, 0 as depth, array[name] as place from pos_category where parent_id is null
        union all
        select c.id, c.code, c.name, t.depth + 1, t.place || c.name
          from pos_category c join tree t on c.parent_id = t.id
         where t.depth < 20)
    select id, code, name, depth from tree order by place limit $1
"""
MOST_CATEGORIES = 2_000
SOME_ARTICLES = "select sku, name from pos_article order by id limit $1"


@dataclass(frozen=True, slots=True)
class Category:
    """A category with how deep it stands."""

    id: int
    code: str
    name: str
    depth: int


@dataclass(frozen=True, slots=True)
class ArticleName:
    sku: str
    name: str


async def categories(tx: Tx) -> Sequence[Category]:
    """The tree, top first."""
    return await tx.all(Category, CATEGORIES, MOST_CATEGORIES)


async def some_articles(tx: Tx, limit: int) -> Sequence[ArticleName]:
    """The first so many, to choose from."""
    return await tx.all(ArticleName, SOME_ARTICLES, limit)
