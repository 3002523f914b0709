"""Server-sent events: what was missed comes first, news as it comes, and nobody's slowness costs memory."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.events.conftest import sell
from tests.events.subscriptions.conftest import PARTNER, Desk
from vokrug.events.subscriptions import api, errors, reading_api
from vokrug.runtime.streaming import Stream

Event = dict[str, str]


class Reader:
    """An EventSource: keeps the last id, as a browser does."""

    def __init__(self, chunks: AsyncIterator[bytes]) -> None:
        self._chunks = chunks
        self._blocks: list[str] = []
        self.last_id = ""

    async def next(self) -> Event:
        while True:
            while not self._blocks:
                self._blocks = (await asyncio.wait_for(anext(self._chunks), 15)).decode().split("\n\n")
            fields = dict(line.split(": ", 1) for line in self._blocks.pop(0).splitlines() if ": " in line)
            self.last_id = fields.get("id", self.last_id)
            if "data" in fields:
                return fields

    async def numbers(self, count: int) -> list[int]:
        return [json.loads((await self.next())["data"])["data"]["number"] for _ in range(count)]


@asynccontextmanager
async def reading(desk: Desk, last_id: str = "") -> AsyncIterator[Reader]:
    headers = {"last-event-id": last_id} if last_id else {}
    answer = await reading_api.stream(desk.call(PARTNER, "audit", headers))
    assert isinstance(answer.body, Stream)
    try:
        yield Reader(answer.body.chunks)
    finally:
        await answer.body.chunks.aclose()


async def test_what_was_missed_comes_first_and_then_news(desk: Desk) -> None:
    await desk.subscribe(delivery="sse")
    await sell(desk.db, (0, 1), (1, 2))
    async with reading(desk) as reader:
        assert await reader.numbers(2) == [1, 2]
        await sell(desk.db, (0, 3))
        told = await reader.next()
        assert told["event"] == "shop.sold.v1"
        assert json.loads(told["data"])["data"]["number"] == 3
        assert desk.services.get(reading_api.Streams).open == 1
    assert desk.services.get(reading_api.Streams).open == 0


async def test_who_comes_back_goes_on_after_the_last_event(desk: Desk) -> None:
    """The id of an event is a cursor; coming back with it is also how a reader says that it is done so far."""
    await desk.subscribe(delivery="sse")
    await sell(desk.db, (0, 1), (0, 2), (8, 3), (1, 4))
    async with reading(desk) as reader:
        assert await reader.numbers(2) == [1, 2]
        last_id = reader.last_id
    async with reading(desk, last_id) as reader:
        assert await reader.numbers(2) == [3, 4]
    async with reading(desk) as reader:
        assert await reader.numbers(2) == [3, 4], "without an id: after what was committed"


async def test_a_stream_ends_with_its_subscription(desk: Desk) -> None:
    await desk.subscribe(delivery="sse")
    async with reading(desk) as reader:
        waiting = asyncio.create_task(reader.next())
        await api.pause(desk.call(PARTNER, "audit"), None)
        await sell(desk.db, (0, 1))
        told = await waiting
    assert told["event"] == "vokrug.end"
    assert json.loads(told["data"])["code"] == "subscription_state_forbids"


async def test_there_is_a_last_free_stream(desk: Desk) -> None:
    await desk.subscribe(delivery="sse")
    desk.services.get(reading_api.Streams).open = reading_api.MOST_STREAMS
    with pytest.raises(errors.TooManyStreams):
        await reading_api.stream(desk.call(PARTNER, "audit"))


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Pipe:
    """The server's side of a connection whose reader may stop reading."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.flows = asyncio.Event()
        self.flows.set()
        self.gone = asyncio.Event()

    async def send(self, message: Any) -> None:
        await self.flows.wait()
        self.sent.append(message)

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}


async def test_a_slow_reader_holds_one_chunk_and_no_more() -> None:
    asked = 0

    async def endless() -> Any:
        nonlocal asked
        while True:
            asked += 1
            yield b"x" * 1000

    pipe, stopping = Pipe(), asyncio.Event()
    sending = asyncio.create_task(
        Stream(endless(), write_within_s=0.2).send(200, [], pipe.receive, pipe.send, stopping)
    )
    await turns(50)
    assert asked > 1
    pipe.flows.clear()
    await turns(50)
    before = asked
    await turns(50)
    assert asked == before, "nothing is made while nothing leaves"
    await asyncio.wait_for(sending, 10)  # a write that takes too long ends the stream


@pytest.mark.parametrize("end", ["stopping", "gone"])
async def test_a_stream_that_waits_ends_at_once(end: str) -> None:
    closed = asyncio.Event()

    async def silent() -> Any:
        try:
            yield b"first"
            await asyncio.Event().wait()
        finally:
            closed.set()

    pipe, stopping = Pipe(), asyncio.Event()
    sending = asyncio.create_task(Stream(silent()).send(200, [], pipe.receive, pipe.send, stopping))
    await turns(50)
    assert len(pipe.sent) == 2
    (stopping if end == "stopping" else pipe.gone).set()
    await asyncio.wait_for(sending, 10)
    assert closed.is_set()
    assert (pipe.sent[-1] == {"type": "http.response.body", "body": b""}) is (end == "stopping")
