"""Letting go of the past: by age, and of types where only the newest fact of a key matters.

What a subscription has not read is kept for it, unless it is further behind than it said it would ever be:
then it is moved on, and its skipped facts are counted, written into its trail and logged.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from vokrug.events import operations as log_operations
from vokrug.events import rules as log_rules
from vokrug.events.jobs import drop_expired
from vokrug.events.subscriptions import lifecycle, store, sweeping
from vokrug.events.subscriptions.types import OURSELVES
from vokrug.runtime.database import Database, Tx

logger = logging.getLogger(__name__)

KEEP_ROUNDS = timedelta(days=14)
SLICE = 1_000


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep has done."""

    skipped: int  # facts that somebody never read
    compacted: int
    expired: int
    retired: int  # replays that had told everything


async def sweep(db: Database, now: datetime, *, keep_days: int) -> Swept:
    """Everything that is due, in slices: nobody waits for the past to be swept."""
    skipped = 0
    async with db.transaction(readonly=True) as tx:
        late = await sweeping.find_overrun(tx, now)
    for name in late:
        async with db.transaction() as tx:
            skipped += await _skip(tx, name, now)
    async with db.transaction() as tx:
        finished = await sweeping.finished_replays(tx)
        for name in finished:
            await lifecycle.retire(tx, name, OURSELVES, now, reason="everything was told again")
        await sweeping.forget_rounds(tx, now - KEEP_ROUNDS)
    compacted = await _compact_all(db)
    expired = await drop_expired(db, now, keep_days=keep_days)
    return Swept(skipped, compacted, expired, len(finished))


async def _skip(tx: Tx, name: str, now: datetime) -> int:
    """Move a subscription past what is older than its limit, and say so."""
    known = await store.lock(tx, name)
    if known is None or known.lag_limit_days is None:
        return 0
    skipped = await sweeping.skip(tx, name, now - timedelta(days=known.lag_limit_days))
    if skipped:
        await store.write_act(
            tx, name, OURSELVES, "skip", now, {"facts": skipped, "lag_limit_days": known.lag_limit_days}
        )
        logger.warning("subscription %s passed its lag limit: %s facts were skipped unread", name, skipped)
    return skipped


async def compact(tx: Tx, type: str, now: datetime) -> None:
    """From now on keep the newest fact of each key only."""
    await log_operations.require_types(tx, [type])
    await sweeping.compact(tx, log_rules.type_id_of(type), now)


async def stop_compacting(tx: Tx, type: str) -> None:
    """Keep every fact again. What is gone is gone."""
    await log_operations.require_types(tx, [type])
    await sweeping.stop_compacting(tx, log_rules.type_id_of(type))


async def _compact_all(db: Database) -> int:
    async with db.transaction(readonly=True) as tx:
        partitions = await store.heads(tx) if await sweeping.compacts_anything(tx) else {}
    gone = 0
    for partition in partitions:
        # What is not the newest never becomes it again, so the choice may be older than the deletion.
        async with db.transaction(readonly=True) as tx:
            victims = await sweeping.outdated(tx, partition)
        for at in range(0, len(victims), SLICE):
            async with db.transaction() as tx:
                gone += await sweeping.drop(tx, partition, victims[at : at + SLICE])
    return gone
