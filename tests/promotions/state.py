"""A desk to write offers, limits and codes down at, without a shop around it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

from vokrug.promotions import checks
from vokrug.promotions.coupons import operations as coupons
from vokrug.promotions.coupons.minting import CouponKeys
from vokrug.promotions.coupons.types import Pool
from vokrug.promotions.coupons.writing import normalise
from vokrug.promotions.engine.offers.parts import Limit
from vokrug.promotions.limits import store as limits
from vokrug.runtime.database import Database, Tx

T = TypeVar("T")
NOW = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
KEYS = CouponKeys(b"s" * 32)


@dataclass
class Desk:
    db: Database
    offer: int

    async def does(self, story: Callable[[Tx], Awaitable[T]]) -> T:
        async with self.db.transaction() as tx:
            return await story(tx)

    async def takes(self, wanted: checks.Wanted, customer: int | None = None) -> None:
        await self.does(lambda tx: checks.take(tx, uuid4(), wanted, customer, NOW, is_printed=False))

    async def releases(self, check: UUID) -> None:
        await self.does(lambda tx: checks.release(tx, check))

    async def rows(self, sql: str, *args: object) -> list[dict[str, Any]]:
        async with self.db.transaction(readonly=True) as tx:
            return [dict(row) for row in await tx.rows(sql, *args)]

    async def limits(self, *wanted: Limit) -> list[int]:
        """The limits of the offer from now on; answers with their numbers."""

        async def story(tx: Tx) -> list[int]:
            await limits.write_limits(tx, self.offer, None, wanted)
            rows = await tx.rows("select id from promotions_limit where offer = $1 and is_live order by id", self.offer)
            return [row["id"] for row in rows]

        return await self.does(story)

    async def pool(self, key: str = "gift", **given: Any) -> Pool:
        (row,) = await self.rows("select id from promotions_offer where number = $1", self.offer)
        more = {"offer": row["id"], "bundle_of": (), "word": None}
        more |= {name: given.pop(name) for name in list(given) if name in more}
        pool = new_pool(key, **given)
        return await self.does(lambda tx: coupons.create_pool(tx, KEYS, pool, **more, by="test", now=NOW))

    async def code(self, **given: Any) -> tuple[int, bytes]:
        """A code of a pool of its own, and how the database knows it."""
        word = f"word{uuid4().hex}"
        pool = await self.pool(f"p{uuid4().hex[:8]}", kind="shared", word=word, **{"uses": 1, **given})
        return pool.number, KEYS.kept(normalise(word), is_hashed=pool.is_hashed)


def new_pool(key: str, **given: Any) -> Pool:
    plain: dict[str, Any] = {
        "number": 0, "id": uuid4(), "key": key, "name": key, "kind": "unique", "offer": None, "bundle_of": (),
        "prefix": "", "alphabet": "letters", "length": 10, "check_kind": "damm", "uses": 1, "is_restorable": False,
        "needs_activation": False, "from_at": None, "until_at": None, "valid_days": None, "first_serial": None,
        "last_serial": None, "is_hashed": True, "state": "open",
    }  # fmt: skip
    return Pool(**{**plain, **given})


async def desk(db: Database) -> Desk:
    """An offer to hang limits and codes on."""
    async with db.transaction() as tx:
        for table in ("taking", "count", "alarm", "limit", "coupon_use", "coupon", "coupon_issue", "coupon_pool"):
            await tx.run(f"delete from promotions_{table}")
        number = await tx.value("select number from promotions_offer where key = 'offer'")
        if number is None:
            number = await tx.value(
                "insert into promotions_offer (id, key, name, kind, owner, created_at)"
                " values ($1, 'offer', 'Offer', 'basket_discount', 'marketing', $2) returning number",
                uuid4(),
                NOW,
            )
    return Desk(db, number)
