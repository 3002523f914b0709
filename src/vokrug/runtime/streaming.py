"""Answers that go on for a while: `Answer(Stream(chunks), headers={"content-type": "text/event-stream"})`
of a route with `is_stream=True`.

A chunk is asked for when the one before has left for the socket, so a slow reader holds one chunk and the
server's buffer, never more. The stream ends with the chunks, with the reader's connection, when a write
takes too long, or when the process is told to stop.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

STOP_STREAMS = "vokrug.stop_streams"  # in the lifespan's state: what the server calls when it shuts down


@dataclass(slots=True)
class Stream:
    """The body of an answer, piece by piece."""

    chunks: AsyncGenerator[bytes, None]
    write_within_s: float = 30

    async def send(
        self,
        status: int,
        headers: list[tuple[bytes, bytes]],
        receive: Receive,
        send: Send,
        stopping: asyncio.Event,
    ) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers})
        gone = asyncio.create_task(_disconnected(receive))
        stopped = asyncio.create_task(stopping.wait())
        try:
            while (chunk := await _unless(anext(self.chunks, None), gone, stopped)) is not None:
                async with asyncio.timeout(self.write_within_s):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            if not gone.done():
                await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            pass  # the server closes a connection whose answer was left unfinished
        finally:
            for task in (gone, stopped):
                task.cancel()
            await asyncio.gather(gone, stopped, return_exceptions=True)
            await self.chunks.aclose()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _unless(wanted: Awaitable[bytes | None], *ends: asyncio.Task[Any]) -> bytes | None:
    """What is wanted, or None when one of the ends comes first."""
    asked = asyncio.ensure_future(wanted)
    try:
        await asyncio.wait([asked, *ends], return_when=asyncio.FIRST_COMPLETED)
        return None if any(end.done() for end in ends) else asked.result()
    finally:
        if not asked.done():
            asked.cancel()
            with suppress(asyncio.CancelledError):
                await asked
