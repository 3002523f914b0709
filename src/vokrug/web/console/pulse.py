"""How quickly the till's three calls are answered, over the last minutes."""

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from vokrug.runtime.telemetry import latencies

OVER = timedelta(minutes=5)
LOOKS_EVERY = timedelta(seconds=5)
# Routes, and what the protocol promises on average.
CALLS = {
    "/pos/v1/identify": 50,
    "/pos/v1/checks/{check_uid:uuid}:calculate": 200,
    "/pos/v1/checks/{check_uid:uuid}:commit": 200,
}
Counts = Mapping[str, Mapping[float, float]]


@dataclass(frozen=True, slots=True)
class CallSpeed:
    """Of a call: how many there were, and within how long half and 95 of a hundred were answered."""

    name: str
    count: int
    half_ms: int
    most_ms: int
    promise_ms: int


class Pulse:
    """Remembers what was counted a few minutes ago, so that a slow minute is seen and a slow morning forgotten."""

    def __init__(self) -> None:
        self._seen: deque[tuple[datetime, Counts]] = deque()

    def look(self, now: datetime) -> list[CallSpeed]:
        counts = latencies(CALLS)
        while self._seen and now - self._seen[0][0] > OVER:
            self._seen.popleft()
        before = self._seen[0][1] if self._seen else {}
        if not self._seen or now - self._seen[-1][0] > LOOKS_EVERY:
            self._seen.append((now, counts))
        return [
            speed_of(route, promise_ms, counts.get(route, {}), before.get(route, {}))
            for route, promise_ms in CALLS.items()
        ]


def speed_of(route: str, promise_ms: int, counts: Mapping[float, float], before: Mapping[float, float]) -> CallSpeed:
    """What was counted since; if nothing was, since the start."""
    fresh = {limit: count - before.get(limit, 0) for limit, count in counts.items()}
    if not fresh.get(math.inf):
        fresh = dict(counts)
    name = route.rpartition(":")[2] if ":" in route else route.rpartition("/")[2]
    count = int(fresh.get(math.inf, 0))
    return CallSpeed(name, count, within_ms(fresh, 0.5), within_ms(fresh, 0.95), promise_ms)


def within_ms(counts: Mapping[float, float], share: float) -> int:
    """The bucket's limit within which this share was answered."""
    wanted = counts.get(math.inf, 0) * share
    for limit, count in sorted(counts.items()):
        if count >= wanted > 0:
            return 10_000 if math.isinf(limit) else round(limit * 1000)
    return 0
