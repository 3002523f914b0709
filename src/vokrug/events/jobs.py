"""When the clock strikes: the log lets go of what everybody has read and nobody has to keep."""

from datetime import datetime, timedelta

from vokrug.events import store
from vokrug.runtime.database import Database


async def drop_expired(db: Database, now: datetime, *, keep_days: int, batch: int = 1_000) -> int:
    """Drop facts older than their type's retention, or than `keep_days` where the type names none.

    Never past the slowest reaction nor a parked fact. Small batches, each its own transaction: nobody
    waits for the past to be swept.
    """
    async with db.transaction() as tx:
        shortest_days = await store.shortest_kept_days(tx, keep_days)
    dropped = 0
    while True:
        async with db.transaction() as tx:
            gone = await store.drop_expired(
                tx, now, kept_before=now - timedelta(days=shortest_days), keep_days=keep_days, batch=batch
            )
        dropped += gone
        if not gone:
            return dropped
