"""Reading over HTTP: pages, places, and the envelope that the world expects."""

import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.conftest import NOON, SHOPPER, Returned, Sold, sell, tell
from vokrug.events import Installation, api
from vokrug.events.errors import CursorMalformed, EventTypeUnknown, LimitMalformed
from vokrug.events.rules import format_cursor, parse_cursor
from vokrug.events.schemas import EventPage
from vokrug.kernel import Clock, Refusal, new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Call, Caller, Role, Services


def call(db: Database, *, name: str = "", **query: str) -> Call:
    services = Services(db=db, reports=db, clock=Clock())
    services.add(Installation("mall"))
    return Call(services, Caller("k", Role.PARTNER), NOON, "en", {"name": name}, query, {}, new_id())


async def page_of(db: Database, **query: str) -> EventPage:
    return (await api.read_events(call(db, **query))).body


def numbers(page: EventPage) -> list[int]:
    return [msgspec.json.decode(event)["data"]["number"] for event in page.events]


async def test_a_fact_goes_out_as_a_cloud_event(log: Database) -> None:
    await sell(log, (3, 7))
    (raw,) = (await page_of(log)).events
    told = JSONFormat().read(CloudEvent, bytes(raw))
    attributes = told.get_attributes()
    assert told.get_data() == {"number": 7, "total_minor": 0}
    assert (attributes["type"], attributes["source"]) == ("shop.sold.v1", "/vokrug/mall/shop")
    assert (attributes["subject"], attributes["time"]) == (str(SHOPPER), NOON)
    assert attributes["dataschema"] == Sold.__event__.schema["$id"]
    assert (attributes["partitionkey"], attributes["sequence"]) == ("3", "0000000000000000001")
    async with log.transaction() as tx:
        row = (await tx.rows("select id, recorded_at from events_log"))[0]
    assert attributes["id"] == str(row["id"])
    assert attributes["recordedtime"] == row["recorded_at"].isoformat().replace("+00:00", "Z")


async def test_a_reader_walks_one_partition_by_its_position(log: Database) -> None:
    await sell(log, *((0, number) for number in range(5)), (1, 99))
    first = await page_of(log, partition="0", limit="3")
    assert (numbers(first), first.next, first.has_more) == ([0, 1, 2], "0:3", True)
    second = await page_of(log, partition="0", after="3", limit="3")
    assert (numbers(second), second.next, second.has_more) == ([3, 4], "0:5", False)


async def test_a_reader_walks_all_partitions_and_sees_each_fact_once(log: Database) -> None:
    sales = [(key, key * 100 + number) for number in range(7) for key in range(6)]
    await sell(log, *sales)
    seen: list[int] = []
    after, has_more = "", True
    while has_more:
        page = await page_of(log, after=after, limit="16")
        assert len(page.events) <= 16
        seen += numbers(page)
        after, has_more = page.next, page.has_more
    assert sorted(seen) == sorted(number for _, number in sales)
    for key in range(6):
        assert [n for n in seen if n // 100 == key] == [n for k, n in sales if k == key]


async def test_a_page_of_some_types_moves_past_the_others(log: Database) -> None:
    async with log.transaction() as tx:
        for number in range(4):
            await tell(tx, Sold(number), key=0)
        await tell(tx, Returned(4), key=0)
    page = await page_of(log, partition="0", limit="4", types="shop.returned.v1")
    assert (page.events, page.next, page.has_more) == ([], "0:4", True)
    assert numbers(await page_of(log, partition="0", after=page.next, types="shop.returned.v1")) == [4]


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ({"partition": "8"}, CursorMalformed),
        ({"partition": "-1"}, CursorMalformed),
        ({"partition": "x"}, CursorMalformed),
        ({"partition": "0", "after": "-1"}, CursorMalformed),
        ({"after": "5"}, CursorMalformed),
        ({"after": "0:1,"}, CursorMalformed),
        ({"after": "8:1"}, CursorMalformed),
        ({"after": "0:" + "9" * 5_000}, CursorMalformed),
        ({"after": "0:9223372036854775808"}, CursorMalformed),
        ({"limit": "0"}, LimitMalformed),
        ({"limit": "1001"}, LimitMalformed),
        ({"limit": "ten"}, LimitMalformed),
        ({"types": "shop.sold.v2"}, EventTypeUnknown),
    ],
)
async def test_a_place_that_does_not_exist_is_refused(
    log: Database, query: dict[str, str], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        await page_of(log, **query)


@settings(deadline=None)
@given(st.dictionaries(st.integers(0, 7), st.integers(0, 2**63 - 1), min_size=1))
def test_a_place_is_read_as_it_was_written(positions: dict[int, int]) -> None:
    assert parse_cursor(format_cursor(positions), 8) == dict.fromkeys(range(8), 0) | positions


def test_tills_do_not_read_the_log() -> None:
    assert [route.roles for route in api.routes.all] == [{Role.PARTNER, Role.STAFF}]
