"""Group commit: what arrives while a worker is busy goes together in its next batch. No timer, so an
idle system adds no wait; a bounded queue, so an overloaded one refuses early instead of late.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

from vokrug.kernel import Refusal, Retry, Text

T = TypeVar("T")
R = TypeVar("R")


class Overloaded(Refusal):
    """More is waiting than can be done in time."""

    code, status, retry = "overloaded", 503, Retry.SAME
    cashier = Text(en="The centre is busy, please repeat.", ru="Центр перегружен, повторите запрос.")


class Batcher(Generic[T, R]):
    """`run` takes a batch and answers one result an item, an exception where an item failed.

    Two items with the same key never meet in one batch, nor in two batches at once.
    """

    def __init__(
        self,
        run: Callable[[Sequence[T]], Awaitable[Sequence[R | BaseException]]],
        *,
        key: Callable[[T], Hashable | None] = lambda _: None,
        workers: int = 2,
        limit: int = 64,
        queue_limit: int = 4_000,
    ) -> None:
        self._run, self._key = run, key
        self._limit, self._queue_limit = limit, queue_limit
        self._waiting: deque[tuple[T, asyncio.Future[R]]] = deque()
        self._busy: set[Hashable] = set()
        self._idle = workers
        self._workers = workers
        self._called = False
        self._tasks: set[asyncio.Task[None]] = set()
        self.batches = self.items = 0

    def submit(self, item: T) -> asyncio.Future[R]:
        """A future of the item's result. Raises Overloaded when too many wait."""
        if len(self._waiting) >= self._queue_limit:
            raise Overloaded()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[R] = loop.create_future()
        self._waiting.append((item, future))
        if self._idle and not self._called:
            self._called = True
            loop.call_soon(self._start)  # not at once: what else this turn of the loop brings comes along
        return future

    def _start(self) -> None:
        self._called = False
        while self._idle and (batch := self._take()):
            self._idle -= 1
            task = asyncio.create_task(self._work(batch))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _take(self) -> list[tuple[T, "asyncio.Future[R]"]]:
        taken: list[tuple[T, asyncio.Future[R]]] = []
        postponed: list[tuple[T, asyncio.Future[R]]] = []
        while self._waiting and len(taken) < self._limit:
            item, future = self._waiting.popleft()
            if future.cancelled():
                continue
            key = self._key(item)
            if key is not None:
                if key in self._busy:
                    postponed.append((item, future))
                    continue
                self._busy.add(key)
            taken.append((item, future))
        self._waiting.extendleft(reversed(postponed))
        return taken

    async def _work(self, batch: list[tuple[T, "asyncio.Future[R]"]]) -> None:
        while batch:
            try:
                results: Sequence[R | BaseException] = await self._run([item for item, _ in batch])
            except BaseException as error:
                results = [error] * len(batch)
            self.batches += 1
            self.items += len(batch)
            for (item, future), result in zip(batch, results, strict=True):
                key = self._key(item)
                if key is not None:
                    self._busy.discard(key)
                if future.done():
                    continue
                if isinstance(result, BaseException):
                    future.set_exception(result)
                else:
                    future.set_result(result)
            batch = self._take()
        self._idle += 1

    async def drain(self) -> None:
        """Finish what was accepted."""
        while self._tasks or self._waiting:
            if self._tasks:
                await asyncio.wait(set(self._tasks))
            else:
                self._start()
                await asyncio.sleep(0)
