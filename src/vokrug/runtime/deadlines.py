"""Limits of time for many tasks, on one timer.

A timer a request would be set and taken back a thousand times a second for the one that rings once a day.
"""

import asyncio
from types import TracebackType

from vokrug.kernel import Refusal


class Deadline:
    """Cancels the work inside when its time is up, and says so with a refusal."""

    __slots__ = ("_deadlines", "is_over", "refusal", "task", "until_s")

    def __init__(self, deadlines: "Deadlines", task: "asyncio.Task[object]", until_s: float, refusal: type[Refusal]):
        self._deadlines = deadlines
        self.task, self.until_s, self.refusal = task, until_s, refusal
        self.is_over = False

    def __enter__(self) -> "Deadline":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._deadlines.running.discard(self)
        if self.is_over and self.task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise self.refusal() from None


class Deadlines:
    """Those of one event loop."""

    def __init__(self) -> None:
        self.running: set[Deadline] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def within(self, limit_s: float, task: "asyncio.Task[object] | None", refusal: type[Refusal]) -> Deadline:
        """`with deadlines.within(…):` around work of the running task."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:  # a trial begins a new one for each test
            self._loop, self._timer = loop, None
            self.running.clear()
        task = task or asyncio.current_task()
        assert task is not None, "work with a deadline runs in a task"
        until_s = loop.time() + limit_s
        deadline = Deadline(self, task, until_s, refusal)
        self.running.add(deadline)
        if self._timer is None or until_s < self._timer.when():
            self._ring_at(until_s)
        return deadline

    def _ring_at(self, at_s: float) -> None:
        assert self._loop is not None, "there is a loop once there is a deadline"
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at_s, self._end_overdue)

    def _end_overdue(self) -> None:
        assert self._loop is not None, "there is a loop once there is a deadline"
        self._timer = None
        now_s = self._loop.time() + 0.001  # a timer may ring a little early
        for deadline in [deadline for deadline in self.running if deadline.until_s <= now_s]:
            self.running.discard(deadline)
            deadline.is_over = True
            deadline.task.cancel()
        if self.running:
            self._ring_at(min(deadline.until_s for deadline in self.running))
