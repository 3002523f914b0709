"""Counting what may be done only so often."""

from collections.abc import Sequence
from datetime import UTC, datetime

from vokrug.accounts.errors import TooManyTries
from vokrug.accounts.limits import Limit
from vokrug.accounts.store import attempts as store
from vokrug.accounts.vault import AccountKeys
from vokrug.runtime.database import Tx


async def count(tx: Tx, keys: AccountKeys, limits: Sequence[Limit], now: datetime) -> int:
    """One more of each, or TooManyTries. In one order for everybody, so that none wait for each other in a ring.
    Answers the highest count.
    """
    highest = 0
    for limit in sorted(limits, key=lambda limit: (limit.kind, limit.within, limit.value)):
        seconds = int(limit.within.total_seconds())
        start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
        key = keys.meter_key(f"{limit.kind} {seconds}", limit.value)
        counted = await store.count(tx, key, start, start + limit.within)
        highest = max(highest, counted)
        if counted > limit.most:
            left_s = (start + limit.within - now).total_seconds()
            raise TooManyTries(minutes=max(1, -int(-left_s // 60)))
    return highest
