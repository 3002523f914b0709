"""Codes by the million: how fast they are issued, and that memory does not grow with them."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import msgspec
import psutil

from vokrug import promotions
from vokrug.app.bench.stage import staged
from vokrug.kernel import new_id
from vokrug.promotions.coupons import issuing, operations
from vokrug.promotions.coupons.types import Pool
from vokrug.promotions.engine.offers import ItemDiscount, PercentOff
from vokrug.runtime.database import Database
from vokrug.runtime.migrations import migrate


class Report(msgspec.Struct):
    """Codes are in the database before they are told. Growth is of this process's memory, from first to last."""

    codes: int
    seconds: float
    codes_s: float
    growth_mib: float


def measure(count: int, say: Callable[[str], None]) -> Report:
    with staged(say) as stage:
        asyncio.run(migrate(stage.database.url))
        return asyncio.run(_measure(stage.database.url, count, say))


async def _measure(url: str, count: int, say: Callable[[str], None]) -> Report:
    db, now, keys = await Database.connect(url, max_size=2), datetime.now(UTC), promotions.CouponKeys(b"b" * 32)
    wanted = msgspec.convert(POOL | {"id": str(new_id())}, Pool)
    try:
        async with db.transaction() as tx:
            offer = await promotions.create_offer(
                tx, new_id(), key="bench", name="bench", owner="bench", body=ItemDiscount(**OFF), by="bench", now=now
            )
            pool = await operations.create_pool(
                tx, keys, wanted, offer=offer.offer.id, bundle_of=(), word=None, by="bench", now=now
            )
            pool, begun = await issuing.begin_issue(tx, pool.id, uuid4(), count, by="bench", now=now)
        began, done, first_mib = time.perf_counter(), 0, 0.0
        async for codes in issuing.issued(db, keys, pool, begun):
            done += len(codes)
            first_mib = first_mib or _memory_mib()
            if done % 1_000_000 < len(codes):
                say(f"{done:,} codes, {time.perf_counter() - began:.0f} s, {_memory_mib():.0f} MiB")
        seconds = time.perf_counter() - began
        return Report(done, seconds, done / seconds, _memory_mib() - first_mib)
    finally:
        await db.close()


OFF: dict[str, Any] = {"benefit": PercentOff(percent_bp=1_000)}
POOL = {
    "number": 0,
    "key": "bench",
    "name": "bench",
    "kind": "unique",
    "offer": None,
    "bundle_of": [],
    "prefix": "B",
    "alphabet": "letters",
    "length": 12,
    "check_kind": "damm",
    "uses": 1,
    "is_restorable": False,
    "needs_activation": False,
    "from_at": None,
    "until_at": None,
    "valid_days": None,
    "first_serial": None,
    "last_serial": None,
    "is_hashed": True,
    "state": "open",
}


def _memory_mib() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


def page(report: Report) -> str:
    return (
        f"{report.codes:,} codes in {report.seconds:.0f} s, {report.codes_s:,.0f} a second; memory grew by "
        f"{report.growth_mib:.0f} MiB."
    )
