"""Who guesses codes is slowed down. A code has 80 bits; this keeps the noise low."""

from collections import deque
from collections.abc import Callable
from time import monotonic

from vokrug.pos.onboarding.errors import ClaimsTooMany

WRONG_A_MINUTE = 10  # from one address
WRONG_A_MINUTE_IN_ALL = 200
WINDOW_S = 60.0


class ClaimGuard:
    """One per process: wrong codes of the last minute, by address."""

    def __init__(self, ticks_s: Callable[[], float] = monotonic) -> None:
        self._ticks_s = ticks_s
        self._wrong: deque[tuple[float, str]] = deque()

    def require_calm(self, peer: str) -> None:
        until_s = self._ticks_s() - WINDOW_S
        while self._wrong and self._wrong[0][0] < until_s:
            self._wrong.popleft()
        from_there = sum(1 for _, address in self._wrong if address == peer)
        if from_there >= WRONG_A_MINUTE or len(self._wrong) >= WRONG_A_MINUTE_IN_ALL:
            raise ClaimsTooMany()

    def was_wrong(self, peer: str) -> None:
        self._wrong.append((self._ticks_s(), peer))
