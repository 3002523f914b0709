"""A stream over a real connection of a real server."""

import asyncio
import threading
from pathlib import Path

import httpx

from vokrug.runtime.database import Database

from .shopkeeper import keys_of, serving

SUBSCRIBE = """
    with one as (
        insert into events_subscription
               (name, owner_key, words, types, filter, delivery, start_from, purposes, keeps_days, max_in_flight,
                state, requested_by, approved_by, requested_at, changed_at)
        values ('live', 'nobody', 'a test', '{customers.registered.v1}', '', 'sse', 'now', '{}', 1, 100,
                'active', 'a', 'b', now(), now())
    )
    insert into events_offset (reaction, partition, position)
    select 'subscription/live', partition, next_position - 1 from events_head
"""

TELL = """
    select events_append('{0}', array[events_type_id('customers.registered.v1')], array[gen_random_uuid()],
                         array[now()], '{x}', array['{}'::bytea])
"""


async def run(url: str, sql: str) -> None:
    db = await Database.connect(url)
    async with db.transaction() as tx:
        await tx.run(sql)
    await db.close()


def test_events_come_as_they_are_told_and_a_server_that_stops_ends_the_stream(
    database_url: str, tmp_path: Path
) -> None:
    """Without a proper end the reader would have noticed a connection that broke."""
    _, token = asyncio.run(keys_of(database_url))
    lines: list[str] = []
    began, told, broke = threading.Event(), threading.Event(), threading.Event()

    def read(url: str) -> None:
        headers = {"authorization": f"Bearer {token}"}
        try:
            with httpx.stream("GET", url, headers=headers, timeout=30) as answer:
                for line in answer.iter_lines():
                    lines.append(line)
                    began.set()
                    if line.startswith("event: "):
                        told.set()
        except httpx.HTTPError:
            broke.set()

    with serving(database_url, tmp_path) as url:
        asyncio.run(run(database_url, SUBSCRIBE))
        reader = threading.Thread(target=read, args=[f"{url}/v1/events/subscriptions/live/stream"])
        reader.start()
        assert began.wait(20)
        asyncio.run(run(database_url, TELL))
        assert told.wait(20)
    reader.join(20)
    assert lines[0] == "retry: 2000"
    assert "event: customers.registered.v1" in lines
    assert not broke.is_set()
