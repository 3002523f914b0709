"""Returns whose sale does not come: somebody has to ask the shop."""

from datetime import datetime, timedelta

from vokrug.pos import store
from vokrug.pos.schemas import ReturnsWaiting, ReturnWaiting
from vokrug.runtime.database import Tx

# A till's queue outlives a broken line by days. After a month the sale is lost, not late.
ORPHANED_AFTER_DAYS = 30
PAGE = 500


async def returns_waiting(tx: Tx, now: datetime, *, days: int, shop: str) -> ReturnsWaiting:
    """Returns that have waited `days` for their sale, the longest first. A sale that comes after all takes its
    returns off the list by posting them.
    """
    rows = await store.returns_waiting(tx, now - timedelta(days=days), shop, PAGE + 1)
    waiting = [
        ReturnWaiting(
            return_uid=row["return_id"],
            check_uid=row["check_id"] if row["fiscal"] is None else None,
            fiscal=row["fiscal"],
            shop=row["shop"],
            till=row["till"],
            at=row["at"],
            waits_since=row["recorded_at"],
        )
        for row in rows[:PAGE]
    ]
    return ReturnsWaiting(returns=waiting, more=len(rows) > PAGE)
