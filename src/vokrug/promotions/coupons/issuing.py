"""Codes by the million, as a stream: each chunk is written, committed, and only then handed out.

A stream that breaks off is asked for again with the same id: what was made already is made again from the
issue's number, letter by letter, and the rest follows.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from vokrug.promotions.coupons import rules, store
from vokrug.promotions.coupons.errors import IssueIdReused, PoolNonsense, PoolUnknown
from vokrug.promotions.coupons.minting import CouponKeys, mint
from vokrug.promotions.coupons.types import Issue, Pool
from vokrug.runtime.database import Database, Tx

CHUNK = 20_000  # codes: some 3 MB in hand at a time, whatever the size of the issue


async def begin_issue(tx: Tx, pool_id: UUID, id: UUID, count: int, *, by: str, now: datetime) -> tuple[Pool, Issue]:
    """Promise so many codes. Safe to repeat."""
    pool = await store.find_pool(tx, pool_id)
    if pool is None:
        raise PoolUnknown(pool=str(pool_id))
    if pool.kind not in ("unique", "signed", "bundle"):
        raise PoolNonsense(field="kind", why="its codes are not made here", why_ru="коды этой серии не выпускаются")
    if pool.kind != "signed":
        rules.require_unguessable(pool, count)
    elif count >= 32**5:
        raise PoolNonsense(field="count", why="too many for signed codes", why_ru="слишком много подписанных кодов")
    await store.begin_issue(tx, id, pool.number, count, by=by, now=now)
    issue = await store.lock_issue(tx, id)
    assert issue is not None, "it was written down a moment ago"
    if (issue.pool, issue.count) != (pool.number, count):
        raise IssueIdReused(issue=str(id))
    return pool, issue


async def issued(db: Database, keys: CouponKeys, pool: Pool, issue: Issue) -> AsyncIterator[list[str]]:
    """The codes of an issue, chunk by chunk, each in the books before it is answered."""
    if pool.kind == "signed":
        # The serials of an issue follow those of the issues before it; codes are written down when used.
        async with db.transaction() as tx:
            first = await store.signed_before(tx, issue)
        for start in range(0, issue.count, CHUNK):
            yield [keys.sign(pool.number, first + i) for i in range(start, min(start + CHUNK, issue.count))]
        return
    async for chunk in _again(keys, pool, issue):
        yield chunk
    while issue.made < issue.count:
        async with db.transaction() as tx:
            locked = await store.lock_issue(tx, issue.id)
            assert locked is not None, "an issue is never removed"
            if locked.made > issue.made:  # the same stream, asked for twice at once: this one only tells
                before = issue
                issue = locked
                codes = [code async for chunk in _again(keys, pool, issue, start=before.position) for code in chunk]
            else:
                codes, issue = await _make(tx, keys, pool, issue)
        yield codes


async def _again(keys: CouponKeys, pool: Pool, issue: Issue, start: int = 0) -> AsyncIterator[list[str]]:
    """What is in the books already, made once more."""
    skipped = set(issue.skipped)
    for place in range(start, issue.position, CHUNK):
        count = min(CHUNK, issue.position - place)
        codes = minted(keys, pool, issue, place, count)
        if skipped:
            codes = [code for i, code in enumerate(codes, place) if i not in skipped]
        yield codes


def minted(keys: CouponKeys, pool: Pool, issue: Issue, start: int, count: int) -> list[str]:
    return mint(
        keys.minting, issue.number, start, count,
        prefix=pool.prefix, length=pool.length, alphabet=pool.alphabet, check=pool.check_kind,
    )  # fmt: skip


async def _make(tx: Tx, keys: CouponKeys, pool: Pool, issue: Issue) -> tuple[list[str], Issue]:
    """Write the next chunk down. A code that somebody has already is passed over."""
    count = min(CHUNK, issue.count - issue.made)
    codes = minted(keys, pool, issue, issue.position, count)
    rows = rows_of(keys, pool, codes, issue.position)
    skipped = list(issue.skipped)
    try:
        async with tx.connection.transaction():
            await store.copy_codes(tx, rows)
    except store.CLASH:
        new = await store.add_codes(tx, rows)
        lost = [issue.position + i for i in range(count) if issue.position + i not in new]
        skipped += lost
        codes = [code for i, code in enumerate(codes, issue.position) if i in new]
    if pool.kind == "bundle":
        await _write_members(tx, keys, pool, codes, issue.position)
    position, made = issue.position + count, issue.made + len(codes)
    await store.move_issue(tx, issue.id, made=made, position=position, skipped=skipped)
    return codes, Issue(issue.number, issue.id, issue.pool, issue.count, made, position, tuple(skipped))


def rows_of(keys: CouponKeys, pool: Pool, codes: list[str], start: int) -> list[store.CodeRow]:
    state, number, uses = b"i" if pool.needs_activation else b"a", pool.number, pool.uses
    kept = [keys.kept(code, is_hashed=pool.is_hashed) for code in codes]
    return [(code, number, serial, uses, state, None, None, None) for serial, code in enumerate(kept, start)]


async def _write_members(tx: Tx, keys: CouponKeys, pool: Pool, codes: list[str], start: int) -> None:
    """What a bundle's codes stand for: one hidden code of each pool."""
    pools = rules.Pools(await store.list_pools(tx)).by_number
    for place, number in enumerate(pool.bundle_of):
        part = pools[number]
        hidden = [rules.member(code, place) for code in codes]
        await store.copy_codes(tx, rows_of(keys, part, hidden, start))
