"""Workers that reckon: processes of their own, so that a backtest slows no till.

They are nice, compile the offers once, and get slices of receipts; a few slices are on their way at any time,
whatever the length of the past.
"""

import asyncio
import contextlib
import multiprocessing
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from concurrent.futures import ProcessPoolExecutor

import msgspec

from vokrug.promotions.backtest.reckoning import Reckoner, Tally
from vokrug.promotions.backtest.types import Plan
from vokrug.promotions.outside import Reader, Slice

NICE = 10
A_HANDFUL = 500
AHEAD = 3  # slices a worker may have waiting

Progress = Callable[[int], Awaitable[bool]]  # receipts reckoned so far; False stops

_reckoner: Reckoner
_reader: Reader


def workers_for(receipts: int) -> int:
    """As many as cores, but none for a handful: to begin takes a process longer than to reckon them."""
    return 0 if receipts <= A_HANDFUL else cores()


def cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


async def reckon(
    plan: Plan, reader: Reader, slices: AsyncGenerator[Slice, None], progress: Progress, *, workers: int
) -> Tally | None:
    """The tally of all slices; None when `progress` stopped it. Without workers a thread of ours reckons."""
    if workers == 0:
        return await _reckon_here(plan, reader, slices, progress)
    tally = Tally()
    begun = 0
    pool = ProcessPoolExecutor(
        max_workers=workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin,
        initargs=(msgspec.json.encode(plan), reader),
    )
    try:
        waiting: set[asyncio.Future[tuple[int, bytes]]] = set()
        async with contextlib.aclosing(slices) as coming:
            async for part in coming:
                waiting.add(asyncio.wrap_future(pool.submit(_reckon, part)))
                while len(waiting) >= workers * AHEAD:
                    waiting, begun = await _gather(waiting, tally, begun)
                    if not await progress(begun):
                        return None
        while waiting:
            waiting, begun = await _gather(waiting, tally, begun)
            if not await progress(begun):
                return None
        return tally
    finally:
        await asyncio.to_thread(pool.shutdown, wait=True, cancel_futures=True)


async def _reckon_here(
    plan: Plan, reader: Reader, slices: AsyncGenerator[Slice, None], progress: Progress
) -> Tally | None:
    tally, reckoner, done = Tally(), Reckoner(plan), 0
    async with contextlib.aclosing(slices) as coming:
        async for part in coming:
            tally.merge(await asyncio.to_thread(lambda part=part: reckoner.reckon(reader(part))))  # type: ignore[misc]
            done += part.receipts
            if not await progress(done):
                return None
    return tally


async def _gather(
    waiting: set["asyncio.Future[tuple[int, bytes]]"], tally: Tally, so_far: int
) -> tuple[set["asyncio.Future[tuple[int, bytes]]"], int]:
    done, left = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for one in done:
        receipts, raw = one.result()
        tally.merge(_read_tally(raw))
        so_far += receipts
    return left, so_far


_read_tally = msgspec.msgpack.Decoder(Tally).decode


# In a worker


def _begin(plan: bytes, reader: Reader) -> None:
    global _reckoner, _reader
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us decides
    with contextlib.suppress(OSError):
        os.nice(NICE)
    _reckoner, _reader = Reckoner(msgspec.json.decode(plan, type=Plan)), reader


def _reckon(part: Slice) -> tuple[int, bytes]:
    return part.receipts, msgspec.msgpack.encode(_reckoner.reckon(_reader(part)))
