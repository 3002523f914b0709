"""Calls of each till as this process answered them: counted in memory, written down every minute."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from vokrug.pos.watching import store
from vokrug.pos.watching.rules import SLOT_S, UP_TO_MS, bucket_of
from vokrug.runtime.database import Database
from vokrug.runtime.http import Caller


@dataclass(slots=True)
class Traffic:
    """Of one till since the last writing."""

    calls: int = 0
    errors: int = 0
    refusals: int = 0
    times: list[int] = field(default_factory=lambda: [0] * (len(UP_TO_MS) + 1))


class TillMeter:
    """One per process. What it holds is lost when the process is killed: a minute of counts, and no document."""

    def __init__(self) -> None:
        self._tills: dict[int, Traffic] = {}

    def note(self, caller: Caller, status: int, took_s: float) -> None:
        """Called for every answer to a key; only tills are counted."""
        if caller.till_id is None:
            return
        traffic = self._tills.get(caller.till_id)
        if traffic is None:
            traffic = self._tills[caller.till_id] = Traffic()
        traffic.calls += 1
        if status >= 400:
            if status >= 500:
                traffic.errors += 1
            else:
                traffic.refusals += 1
        traffic.times[bucket_of(took_s * 1000)] += 1

    async def flush(self, db: Database, now: datetime) -> int:
        """Write what was counted, one statement for all tills; what cannot be written waits for the next time."""
        counted, self._tills = self._tills, {}
        if not counted:
            return 0
        slot = datetime.fromtimestamp(int(now.timestamp()) // SLOT_S * SLOT_S, UTC)
        try:
            async with db.transaction() as tx:
                await store.add_traffic(tx, slot, counted)
        except BaseException:
            self._put_back(counted)
            raise
        return len(counted)

    def _put_back(self, counted: dict[int, Traffic]) -> None:
        for till_id, old in counted.items():
            new = self._tills.setdefault(till_id, Traffic())
            new.calls, new.errors, new.refusals = (
                new.calls + old.calls,
                new.errors + old.errors,
                new.refusals + old.refusals,
            )
            new.times = [a + b for a, b in zip(new.times, old.times, strict=True)]
