"""What staff do with coupons, one story each."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.promotions import store as offers
from vokrug.promotions.coupons import rules, store
from vokrug.promotions.coupons.errors import CodeTaken, CodeUnknown, PoolKeyTaken, PoolNonsense, PoolUnknown
from vokrug.promotions.coupons.minting import CouponKeys
from vokrug.promotions.coupons.types import CodeCard, Life, Pool
from vokrug.promotions.coupons.writing import normalise
from vokrug.promotions.errors import OfferUnknown
from vokrug.runtime.database import Row, Tx


async def create_pool(
    tx: Tx,
    keys: CouponKeys,
    pool: Pool,
    *,
    offer: UUID | None,
    bundle_of: Iterable[str],
    word: str | None,
    by: str,
    now: datetime,
) -> Pool:
    """Write a pool down, and the word of a shared one. Safe to repeat with the same id and the same words."""
    pools = rules.Pools(await store.list_pools(tx))
    number = None
    if offer is not None:
        number = await store.offer_number(tx, offer)
        if number is None:
            raise OfferUnknown(offer_id=str(offer))
    members = []
    for key in bundle_of:
        part = pools.by_key.get(key)
        if part is None or part.kind != "unique":
            raise PoolNonsense(field="bundle_of", why=f"{key} is no pool of unique codes", why_ru=f"нет серии {key}")
        members.append(part.number)
    if (pool.kind == "bundle") != bool(members) or (pool.kind == "bundle") != (number is None):
        raise PoolNonsense(field="offer", why="an offer or a bundle", why_ru="нужна акция или набор серий")
    if (pool.kind == "shared") != (word is not None):
        raise PoolNonsense(field="word", why="goes with a shared code", why_ru="нужно только общему коду")
    pool = msgspec.structs.replace(
        pool, offer=number, bundle_of=tuple(members), number=await store.next_pool_number(tx)
    )
    rules.require_sense(pool, pools.by_key)
    if await store.insert_pool(tx, pool, by=by, now=now):
        made = await _found(tx, pool.id)
        if word is not None:
            await _add_word(tx, keys, made, word)
        await offers.raise_counter(tx)
        return made
    known = await store.find_pool(tx, pool.id)
    if known is None or known != msgspec.structs.replace(
        pool, number=known.number, is_hashed=known.is_hashed, state=known.state
    ):
        raise PoolKeyTaken(key=pool.key)
    return known


async def _add_word(tx: Tx, keys: CouponKeys, pool: Pool, word: str) -> None:
    code = keys.kept(normalise(word), is_hashed=pool.is_hashed)
    if not normalise(word) or not await store.add_codes(
        tx, [(code, pool.number, 0, pool.uses, b"a", None, None, None)]
    ):
        raise CodeTaken(typed=word)


async def _found(tx: Tx, id: UUID) -> Pool:
    pool = await store.find_pool(tx, id)
    if pool is None:
        raise PoolUnknown(pool=str(id))
    return pool


async def void_pool(tx: Tx, id: UUID) -> Pool:
    """No code of the pool is good any more. What was used stays used."""
    await _found(tx, id)
    await store.close_pool(tx, id)
    await offers.raise_counter(tx)
    return await _found(tx, id)


async def look_up(tx: Tx, keys: CouponKeys, typed: str, now: datetime) -> CodeCard:
    """What became of one code."""
    pools = rules.Pools(await store.list_pools(tx))
    code = normalise(typed)
    row = await store.find_code(tx, pools.kept(keys, code))
    if row is None:
        unwritten = pools.unwritten(keys, code)
        if unwritten is None:
            raise CodeUnknown()
        return CodeCard(unwritten[0].key, "active", 0, unwritten[0].uses, None, unwritten[0].until_at, [])
    pool = pools.by_number[row["pool"]]
    return CodeCard(
        pool=pool.key,
        state=_state(row, pool, now),
        uses=row["uses"],
        most=row["most"],
        customer_number=row["customer_number"],
        until_at=row["until_at"],
        used_by=[UUID(bytes=id.bytes) for id in row["used_by"]],
    )


def _state(row: Row, pool: Pool, now: datetime) -> Life:
    if row["most"] is not None and row["uses"] >= row["most"]:
        return "held" if row["is_held"] and not row["used_by"] else "used"
    if row["state"] == b"v" or pool.state == "void":
        return "void"
    if row["until_at"] is not None and row["until_at"] <= now:
        return "expired"
    return "issued" if row["state"] == b"i" else "active"


async def activate_code(tx: Tx, keys: CouponKeys, typed: str, now: datetime) -> CodeCard:
    """An issued code may be used from now on. Said again it does nothing."""
    await store.set_code_state(tx, await _kept(tx, keys, typed), b"a")
    return await look_up(tx, keys, typed, now)


async def void_code(tx: Tx, keys: CouponKeys, typed: str, now: datetime) -> CodeCard:
    """A code is not good any more, used or not."""
    pools = rules.Pools(await store.list_pools(tx))
    code = normalise(typed)
    if unwritten := pools.unwritten(keys, code):
        # A code that needs no row gets one, so that there is something to say it is void.
        pool, serial = unwritten
        kept = keys.kept(code, is_hashed=pool.is_hashed)
        await store.add_codes(tx, [(kept, pool.number, serial, pool.uses, b"a", None, None, None)])
    await store.set_code_state(tx, await _kept(tx, keys, typed), b"v")
    return await look_up(tx, keys, typed, now)


async def _kept(tx: Tx, keys: CouponKeys, typed: str) -> list[bytes]:
    return rules.Pools(await store.list_pools(tx)).kept(keys, normalise(typed))


async def import_codes(tx: Tx, keys: CouponKeys, id: UUID, lines: Iterable[str]) -> dict[str, int]:
    """A partner's list, a code a line. Those that are known already, to any pool, are counted and left alone."""
    pool = await _found(tx, id)
    if pool.kind != "partner":
        raise PoolNonsense(field="kind", why="not a partner's", why_ru="серия не партнёрская")
    codes = {code for line in lines if (code := normalise(line))}
    state = b"i" if pool.needs_activation else b"a"
    rows: list[store.CodeRow] = [
        (keys.kept(code, is_hashed=pool.is_hashed), pool.number, place, pool.uses, state, None, None, None)
        for place, code in enumerate(sorted(codes))
    ]
    added = await store.add_codes(tx, rows)
    return {"added": len(added), "known": len(codes) - len(added)}
