"""Many documents at once, but one customer's strictly one after another."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")


async def each_in_order(
    documents: Iterable[T], send: Callable[[T], Awaitable[None]], *, key: Callable[[T], str | None], at_once: int
) -> None:
    """Send documents in the order given, `at_once` at a time. Those with one key wait for one another;
    those without a key wait for nobody. The first mistake of ours ends everything.
    """
    last: dict[str, asyncio.Task[None]] = {}
    slots = asyncio.Semaphore(at_once)

    async def one(document: T, before: asyncio.Task[None] | None) -> None:
        try:
            if before is not None:
                await before
            await send(document)
        finally:
            slots.release()

    async with asyncio.TaskGroup() as group:
        for document in documents:
            await slots.acquire()
            whose = key(document)
            task = group.create_task(one(document, last.get(whose) if whose is not None else None))
            if whose is not None:
                last[whose] = task
