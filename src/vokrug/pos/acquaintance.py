"""The chain for promotions, which know it by names only: shops, goods, customers, the books of points."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug import customers, ledger, promotions
from vokrug.pos import store
from vokrug.pos.document import moment
from vokrug.runtime.database import Tx

NUMBERS: dict[promotions.NameOf, str] = {
    "shop": "select code as name, id from pos_shop where code = any($1)",
    "article": "select sku as name, id from pos_article where sku = any($1)",
    "category": "select code as name, id from pos_category where code = any($1)",
}
NAMES: dict[promotions.NameOf, str] = {
    "shop": "select id, code as name from pos_shop where id = any($1)",
    "article": "select id, sku as name from pos_article where id = any($1)",
    "category": "select id, code as name from pos_category where id = any($1)",
}
ARTICLES = "select id, sku, brand, category_ids from pos_article where id = any($1) or sku = any($2)"
PARENTS = """
    with recursive path as (
        select id, id as above, parent_id from pos_category where id = any($1)
        union all
        select p.id, c.id, c.parent_id from path p join pos_category c on c.id = p.parent_id)
    select id, array_agg(above) as ids from path group by id
"""
KNOWN = """
    select s.visits, s.metrics, customers_born($1) as born, customers_plain_attributes($1) as attributes
      from (values (1)) asked left join promotions_standing_of($1, $2) s on true
"""


class Acquaintance:
    """Answers what promotions ask. One per process."""

    def __init__(self, directory: customers.Directory, points_code: str = "PTS") -> None:
        self.directory, self.points_code = directory, points_code

    async def numbers(self, tx: Tx, of: promotions.NameOf, names: Collection[str]) -> dict[str, int]:
        return {row["name"]: row["id"] for row in await tx.rows(NUMBERS[of], list(names))}

    async def names(self, tx: Tx, of: promotions.NameOf, numbers: Collection[int]) -> dict[int, str]:
        return {row["id"]: row["name"] for row in await tx.rows(NAMES[of], list(numbers))}

    async def implied(
        self, tx: Tx, keys: Collection[promotions.Key]
    ) -> dict[promotions.Key, frozenset[promotions.Key]]:
        """An article is its sku, its brand and its categories; a category is those above it."""
        named: dict[str, list[int | str]] = {}
        for kind, name in keys:
            named.setdefault(kind, []).append(name)
        found: dict[promotions.Key, frozenset[promotions.Key]] = {}
        for row in await tx.rows(ARTICLES, named.get("article", []), named.get("sku", [])):
            names: set[promotions.Key] = {("article", row["id"]), ("sku", row["sku"])}
            names |= {("category", category) for category in row["category_ids"]}
            if row["brand"] is not None:
                names.add(("brand", row["brand"]))
            found["article", row["id"]] = found["sku", row["sku"]] = frozenset(names)
        for row in await tx.rows(PARENTS, named.get("category", [])):
            found["category", row["id"]] = frozenset(("category", above) for above in row["ids"])
        return found

    async def shopper(self, tx: Tx, customer: UUID, at: datetime) -> promotions.Shopper | None:
        """The customer as the till would know them today: tier, points, visits, birthday and attributes are not kept
        for every moment of the past.
        """
        try:
            person = await customers.customer(tx, self.directory, customer)
        except customers.CustomerUnknown:
            return None
        programme = await promotions.read_programme(tx)
        tier, _ = await promotions.standing_now(tx, programme, person.number, at)
        segments = await promotions.segments_of(tx, {person.number})
        unit = (await ledger.units(tx))[self.points_code].id
        points = await ledger.available(tx, ledger.wallet_of(person.number, unit), at)
        (row,) = await tx.rows(KNOWN, person.number, at)
        last_us = None if row["metrics"] is None else row["metrics"][5]
        return promotions.Shopper(
            tier=tier,
            segments=segments.get(person.number, frozenset()),
            available_minor=max(0, points.available),
            number=person.number,
            visits=row["visits"] or 0,
            last_purchase_at=None if last_us is None else moment(last_us),
            birthday=None if row["born"] is None else divmod(row["born"], 100),
            attributes={} if row["attributes"] is None else msgspec.json.decode(row["attributes"]),
        )

    async def points(self, tx: Tx, now: datetime) -> promotions.PointsBooks:
        """Issued less redeemed and expired is outstanding; returns have gone off each already."""
        issued = redeemed = expired = 0
        for line in await ledger.trial_balance(tx):
            if line.unit == self.points_code:
                account = line.code.partition("/")[0]
                issued += (line.debits - line.credits) * (account == "points.issued")
                redeemed += (line.credits - line.debits) * (account == "points.redeemed")
                expired += (line.credits - line.debits) * (account == "points.expired")
        num, den = await self._value(tx, now)
        return promotions.PointsBooks(max(0, issued - redeemed - expired), redeemed, expired, num, den)

    async def _value(self, tx: Tx, now: datetime) -> tuple[int, int]:
        """What a minor point is worth in the money of the first shop."""
        shops, units = await store.read_shops(tx), await ledger.units(tx)
        if not shops:
            return 1, 1
        return await ledger.rate(tx, units[self.points_code].id, units[shops[0].currency].id, now)
