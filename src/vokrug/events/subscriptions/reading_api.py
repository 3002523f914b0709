"""Reading over HTTP: page by page with a cursor, or as a stream of server-sent events."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Annotated

import msgspec
from msgspec import Meta

from vokrug.events import rules as log_rules
from vokrug.events import store as log_store
from vokrug.events.errors import CursorMalformed
from vokrug.events.subscriptions import lifecycle, reading
from vokrug.events.subscriptions.attributes import structured
from vokrug.events.subscriptions.errors import (
    CursorAhead,
    DeliveryOtherwise,
    StateForbids,
    SubscriptionUnknown,
    TooFast,
    TooManyStreams,
)
from vokrug.events.subscriptions.lifecycle import subscription_for
from vokrug.events.subscriptions.reading import Lenses
from vokrug.events.subscriptions.schemas import CommitCursor, SubscriptionPage
from vokrug.events.subscriptions.types import Delivery, State, Subscription
from vokrug.events.subscriptions.watch import LogWatch
from vokrug.events.types import Envelope, Page
from vokrug.kernel import Refusal
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes
from vokrug.runtime.streaming import Stream

routes = Routes("subscriptions-reading")

READERS = [Role.PARTNER, Role.STAFF]
ONE = "/v1/events/subscriptions/{name}"

Limit = Annotated[int, Meta(ge=1, le=1000)]
WaitS = Annotated[int, Meta(ge=0, le=25)]

HEARTBEAT_S = 15.0
STREAM_S = 300.0  # then the reader comes back and says, with Last-Event-ID, how far it has come
STREAM_PAGE = 100
MOST_STREAMS = 500


@routes.get(
    ONE + "/events",
    answers={200: SubscriptionPage},
    refusals=[SubscriptionUnknown, DeliveryOtherwise, StateForbids, CursorMalformed, TooFast],
    roles=READERS,
    query={"cursor": str, "limit": Limit, "wait_s": WaitS},
    answer_timeout_s=40,
)
async def pull(call: Call) -> Answer[SubscriptionPage]:
    """Read on from a cursor, or from what was committed.

    With `wait_s` an empty page waits for news. Facts come at least once: those after the last committed cursor
    come again. Order holds for each `partitionkey`.
    """
    lenses, watch = call.services.get(Lenses), call.services.get(LogWatch)
    cursor, limit = call.query.get("cursor", ""), call.asked.get("limit", 100)
    until_s = monotonic() + call.asked.get("wait_s", 0)
    while True:
        async with call.db.transaction() as tx:
            known = await _readable(tx, call, Delivery.PULL)
            after = log_rules.parse_cursor(cursor, await log_store.partitions(tx)) if cursor else None
            lens = await lenses.of(tx, known)
            page = await reading.read_page(tx, lens, known, after, limit, call.services.clock.now())
        left_s = until_s - monotonic()
        if page.envelopes or page.has_more or left_s <= 0 or not await watch.wait(page.next, left_s):
            break
        # What has been passed by need not be passed by again.
        cursor = log_rules.format_cursor(page.next)
    events = [msgspec.Raw(structured(told, lenses.installation)) for told in page.envelopes]
    return Answer(SubscriptionPage(events, log_rules.format_cursor(page.next), page.has_more, known.skipped))


@routes.post(
    ONE + "/cursor",
    answers={204: None},
    refusals=[SubscriptionUnknown, DeliveryOtherwise, StateForbids, CursorMalformed, CursorAhead],
    roles=READERS,
)
async def commit(call: Call, body: CommitCursor) -> Answer[None]:
    """Everything up to this cursor is dealt with. An earlier one than the last moves nothing back."""
    async with call.db.transaction() as tx:
        known = await _readable(tx, call, Delivery.PULL, Delivery.SSE)
        await lifecycle.commit_cursor(tx, known, body.cursor, await log_store.partitions(tx))
    return Answer(None, status=204)


@routes.get(
    ONE + "/stream",
    answers={200: bytes},
    refusals=[SubscriptionUnknown, DeliveryOtherwise, StateForbids, CursorMalformed, CursorAhead, TooManyStreams],
    roles=READERS,
    is_stream=True,
)
async def stream(call: Call) -> Answer[Stream]:
    """Facts as server-sent events, as they come.

    `Last-Event-ID` says what has been dealt with, and is committed; without it the stream begins at what was
    committed. It ends after five minutes, and the reader comes back: a browser's EventSource does so by itself.
    """
    streams = call.services.get(Streams)
    if streams.open >= MOST_STREAMS:
        raise TooManyStreams()
    last_id = call.headers.get("last-event-id", "")
    async with call.db.transaction() as tx:
        known = await _readable(tx, call, Delivery.SSE)
        if last_id:
            await lifecycle.commit_cursor(tx, known, last_id, await log_store.partitions(tx))
        after = log_rules.parse_cursor(last_id, await log_store.partitions(tx)) if last_id else None
    headers = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store"}
    return Answer(Stream(_events(call, streams, after)), headers=headers)


@dataclass(slots=True)
class Streams:
    """How many are open in this process."""

    open: int = 0


async def _events(call: Call, streams: Streams, after: Mapping[int, int] | None) -> AsyncGenerator[bytes, None]:
    streams.open += 1
    try:
        watch, until_s = call.services.get(LogWatch), monotonic() + STREAM_S
        yield b"retry: 2000\n\n"
        while monotonic() < until_s:
            try:
                page, before = await _next_page(call, after)
            except TooFast:
                await watch.wait({}, 1.0)
                continue
            except Refusal as refusal:
                yield _ended(refusal)
                return
            after = page.next
            if page.envelopes:
                yield b"".join(_block(told, before, call.services.get(Lenses)) for told in page.envelopes)
            elif not page.has_more and not await watch.wait(after, HEARTBEAT_S):
                # A block without data is no event, but the reader keeps its id.
                yield f"id: {log_rules.format_cursor(after)}\n\n".encode()
    finally:
        streams.open -= 1


async def _next_page(call: Call, after: Mapping[int, int] | None) -> tuple[Page, dict[int, int]]:
    """The next facts, and the positions before them: those of each event's id are counted on from there."""
    async with call.db.transaction() as tx:
        known = await _readable(tx, call, Delivery.SSE)
        lens = await call.services.get(Lenses).of(tx, known)
        before = await reading.start_of(tx, known, after)
        page = await reading.read_page(tx, lens, known, before, STREAM_PAGE, call.services.clock.now())
    return page, before


def _block(told: Envelope, positions: dict[int, int], lenses: Lenses) -> bytes:
    positions[told.partition] = told.position
    head = f"id: {log_rules.format_cursor(positions)}\nevent: {told.type}\ndata: "
    return head.encode() + structured(told, lenses.installation) + b"\n\n"


def _ended(refusal: Refusal) -> bytes:
    return b"event: vokrug.end\ndata: " + msgspec.json.encode({"code": refusal.code, "facts": refusal.facts}) + b"\n\n"


async def _readable(tx: Tx, call: Call, *ways: Delivery) -> Subscription:
    known = await subscription_for(tx, call.caller, call.path["name"])
    if known.delivery not in ways:
        raise DeliveryOtherwise(name=known.name, delivery=known.delivery)
    if known.state != State.ACTIVE:
        raise StateForbids(name=known.name, state=known.state)
    return known
