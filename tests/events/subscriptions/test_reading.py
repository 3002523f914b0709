"""Reading page by page: at least once, in order, only what one may see, and not faster than agreed."""

import asyncio
from datetime import UTC, timedelta
from typing import Any

import msgspec
import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from tests.events.conftest import NOON, SHOPPER, Returned, Sold, StoppedClock, sell, tell
from tests.events.door import Town
from tests.events.subscriptions.conftest import ANNA, PARTNER, Brought, Desk, Guest, numbers
from vokrug.events import Envelope, Installation, cloud_event
from vokrug.events.errors import CursorMalformed
from vokrug.events.subscriptions import api, attributes, errors, reading_api, shaping
from vokrug.events.subscriptions.schemas import CommitCursor, Replay
from vokrug.events.subscriptions.webhooks import addresses
from vokrug.kernel import new_id


async def commit(desk: Desk, cursor: str, name: str = "audit") -> None:
    await reading_api.commit(desk.call(PARTNER, name), CommitCursor(cursor))


async def test_what_was_not_committed_comes_again(desk: Desk) -> None:
    await desk.subscribe()
    await sell(desk.db, *((0, number) for number in range(5)))
    first = await desk.pull(limit=3)
    assert (numbers(first), first.has_more) == ([0, 1, 2], True)
    assert numbers(await desk.pull(limit=3)) == [0, 1, 2], "nothing was committed"
    second = await desk.pull(limit=3, cursor=first.next)
    assert (numbers(second), second.has_more) == ([3, 4], False)
    await commit(desk, second.next)
    await commit(desk, first.next)
    assert numbers(await desk.pull()) == [], "an earlier cursor moves nothing back"


async def test_every_fact_comes_once_and_each_key_in_order(desk: Desk) -> None:
    await desk.subscribe()
    sales = [(key, key * 100 + number) for number in range(7) for key in range(9)]
    await sell(desk.db, *sales)
    seen: list[int] = []
    has_more = True
    while has_more:
        page = await desk.pull(limit=16)
        seen += numbers(page)
        await commit(desk, page.next)
        has_more = page.has_more
    assert sorted(seen) == sorted(number for _, number in sales)
    for key in range(9):
        assert [n for n in seen if n // 100 == key] == [n for k, n in sales if k == key]


async def test_facts_of_other_types_and_those_that_the_filter_leaves_out_are_passed_by(desk: Desk) -> None:
    await desk.subscribe(filter="int(sequence) % 2 = 0 AND partitionkey = '0'")
    async with desk.db.transaction() as tx:
        for number in range(6):
            await tell(tx, Sold(number), key=0)
        await tell(tx, Returned(6), key=0)
        await tell(tx, Sold(7), key=1)
    page = await desk.pull()
    assert (numbers(page), page.has_more) == ([1, 3, 5], False)
    await commit(desk, page.next)
    shown = await desk.show("audit")
    assert shown.lag is not None
    assert shown.lag.behind == 0


@pytest.mark.parametrize(
    ("cursor", "refusal"),
    [("0:99", errors.CursorAhead), ("x", CursorMalformed), ("99:1", CursorMalformed)],
)
async def test_a_cursor_that_cannot_be_is_refused_and_moves_nothing(desk: Desk, cursor: str, refusal: Any) -> None:
    await desk.subscribe()
    await sell(desk.db, (0, 1))
    with pytest.raises(refusal):
        await commit(desk, cursor)
    assert numbers(await desk.pull()) == [1]


async def test_who_waits_is_woken_by_news(desk: Desk) -> None:
    await desk.subscribe()
    page = await desk.pull()
    waiting = asyncio.create_task(desk.pull(cursor=page.next, wait_s=20))
    await sell(desk.db, (3, 7))
    assert numbers(await asyncio.wait_for(waiting, 15)) == [7]


async def test_who_waits_for_nothing_gets_an_empty_page(desk: Desk) -> None:
    await desk.subscribe(filter="partitionkey = '9'")
    await sell(desk.db, (3, 7))
    page = await desk.pull(wait_s=0.05)
    assert (page.events, page.has_more) == ([], False)


async def test_no_more_than_agreed_is_read_in_a_second(desk: Desk, clock: StoppedClock) -> None:
    await desk.subscribe(max_per_s=2)
    await sell(desk.db, *((0, number) for number in range(5)))
    first = await desk.pull()
    assert numbers(first) == [0, 1]
    with pytest.raises(errors.TooFast):
        await desk.pull(cursor=first.next)
    clock.moment += timedelta(milliseconds=500)
    assert numbers(await desk.pull(cursor=first.next)) == [2]


async def test_a_subscription_is_read_in_the_way_it_was_asked_for_and_only_while_active(desk: Desk) -> None:
    await desk.webhook()
    with pytest.raises(errors.DeliveryOtherwise):
        await desk.pull("hook")
    await desk.subscribe()
    await api.pause(desk.call(ANNA, "audit"), None)
    with pytest.raises(errors.StateForbids):
        await desk.pull()


@pytest.mark.parametrize(
    ("purposes", "seen"),
    [
        ([], {"number": 1, "guests": [{"age": 7}]}),
        (["delivery"], {"number": 1, "phone": "+7", "guests": [{"age": 7}]}),
        (["contact"], {"number": 1, "guests": [{"name": "Ольга", "age": 7}]}),
        (["contact", "delivery"], {"number": 1, "phone": "+7", "guests": [{"name": "Ольга", "age": 7}]}),
    ],
)
async def test_a_field_is_shown_for_its_purpose_only(desk: Desk, purposes: list[str], seen: dict[str, Any]) -> None:
    await desk.subscribe(types=["shop.brought.v1"], purposes=purposes)
    async with desk.db.transaction() as tx:
        await tell(tx, Brought(1, "+7", [Guest("Ольга", 7)]), key=0)
    (event,) = (await desk.pull()).events
    assert msgspec.json.decode(event)["data"] == seen


async def test_who_said_no_and_who_was_erased_is_not_read_whatever_the_purpose(desk: Desk, town: Town) -> None:
    """A pull and a webhook alike: the mark says why a field is absent, and nothing sealed leaves the house."""
    await desk.subscribe(types=["shop.brought.v1"], purposes=["contact", "delivery"])
    for mode in ("structured", "binary"):
        wish = {"types": ["shop.brought.v1"], "purposes": ["contact", "delivery"]}
        await desk.webhook(f"hook-{mode}", mode=mode, wish=wish)
    async with desk.db.transaction() as tx:
        await tell(tx, Brought(1, "+7", [Guest("Ольга", 7)]), key=0)
    town.declined[SHOPPER].add("delivery")
    event = msgspec.json.decode((await desk.pull()).events[0])
    assert event["data"] == {"number": 1, "guests": [{"name": "Ольга", "age": 7}]}
    assert event["hiddenfields"] == "phone=declined"
    del town.keys[SHOPPER]
    event = msgspec.json.decode((await desk.pull()).events[0])
    assert event["data"] == {"number": 1, "guests": [{"age": 7}]}
    await desk.deliverer().run_once()
    told = {request.url[-6:]: request for request in desk.receiver.asked if request.method == "POST"}
    assert told["binary"].headers["ce-hiddenfields"] == "guests[].name=erased%20phone=erased"
    assert msgspec.json.decode(told["binary"].body) == event["data"]
    assert msgspec.json.decode(told["ctured"].body) == event
    assert all(b'vokrug"' not in request.body for request in told.values())


async def test_a_type_that_is_read_for_a_purpose_only(desk: Desk) -> None:
    async with desk.db.transaction() as tx:
        await tx.run("update events_type set purpose = 'audit', changed_at = $1 where name = 'shop.sold.v1'", NOON)
    with pytest.raises(errors.PurposeNeeded):
        await desk.request()
    await desk.subscribe(purposes=["audit"])
    await sell(desk.db, (0, 1))
    assert numbers(await desk.pull()) == [1]
    async with desk.db.transaction() as tx:
        await tx.run("update events_type set purpose = 'science', revision = revision + 1")
    assert numbers(await desk.pull()) == [], "it asked for another purpose"


async def test_an_older_version_comes_as_the_one_that_was_asked_for(desk: Desk) -> None:
    async with desk.db.transaction() as tx:
        await tx.run(
            """
            insert into events_type (id, name, version, owner, key, words, schema, personal, upcast, registered_at,
                                     changed_at)
            select events_type_id('shop.sold.v2'), 'shop.sold.v2', 2, owner, key, words, schema, personal,
                   '[{"op": "rename", "from": "total_minor", "to": "sum_minor"}]', registered_at, changed_at
              from events_type where name = 'shop.sold.v1'
            """
        )
    await desk.subscribe(types=["shop.sold.v2"], filter="type = 'shop.sold.v2'")
    await sell(desk.db, (0, 1))
    event = msgspec.json.decode((await desk.pull()).events[0])
    assert (event["type"], event["data"]) == ("shop.sold.v2", {"number": 1, "sum_minor": 0})


async def test_a_field_that_becomes_personal_is_left_out_from_then_on(desk: Desk) -> None:
    await desk.subscribe()
    await sell(desk.db, (0, 1))
    assert msgspec.json.decode((await desk.pull()).events[0])["data"] == {"number": 1, "total_minor": 0}
    async with desk.db.transaction() as tx:
        tag = '[{"field": "total_minor", "purpose": "audit"}]'
        await tx.run(
            "update events_type set personal = $1, changed_at = $2 where name = 'shop.sold.v1'",
            tag,
            NOON + timedelta(days=1),
        )
    assert msgspec.json.decode((await desk.pull()).events[0])["data"] == {"number": 1}


async def test_a_replay_tells_the_past_again_under_its_own_name_and_mark(desk: Desk, clock: StoppedClock) -> None:
    await desk.subscribe()
    await sell(desk.db, (0, 1), (0, 2), (0, 3))
    await commit(desk, (await desk.pull()).next)
    again = (await api.replay(desk.call(PARTNER, "audit"), Replay(name="audit-again", cursor="0:1"))).body
    assert (again.state, again.replays) == ("active", "audit")
    await sell(desk.db, (0, 4))
    page = await desk.pull("audit-again")
    assert numbers(page) == [2, 3], "what came later stays with the subscription itself"
    assert [msgspec.json.decode(event)["replay"] for event in page.events] == [True, True]
    assert numbers(await desk.pull()) == [4]
    assert "replay" not in msgspec.json.decode((await desk.pull()).events[0])
    with pytest.raises(errors.SubscriptionNameTaken):
        await api.replay(desk.call(PARTNER, "audit"), Replay(name="audit-again", cursor=""))


async def test_a_replay_may_begin_at_a_moment(desk: Desk) -> None:
    await desk.webhook()
    await sell(desk.db, (0, 1), (0, 2), (0, 3))
    async with desk.db.transaction() as tx:
        await tx.run("update events_log set recorded_at = $1::timestamptz + position * interval '1 day'", NOON)
    await desk.deliverer().run_once()
    await api.replay(desk.call(PARTNER, "hook"), Replay(name="hook-2", from_time=NOON + timedelta(days=2)))
    await desk.deliverer().run_once()
    assert desk.receiver.delivered == [(0, 1), (0, 2), (0, 3), (0, 2), (0, 3)]
    assert desk.receiver.asked[-1].events[0]["replay"] is True
    assert desk.receiver.asked[-1].headers["webhook-id"] != desk.receiver.asked[-3].headers["webhook-id"]


# --- laws ---

MOMENTS = st.datetimes(timezones=st.just(UTC))

ENVELOPES = st.builds(
    Envelope,
    partition=st.integers(0, 7),
    position=st.integers(1, 2**62),
    type=st.sampled_from(["shop.sold.v1", "pos.sale_committed.v2"]),
    id=st.builds(new_id),
    key=st.integers(-(2**63), 2**63 - 1),
    subject=st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1),
    time=MOMENTS,
    recorded_at=MOMENTS,
    data=st.dictionaries(st.text(), st.integers() | st.text()).map(msgspec.json.encode),
    is_replay=st.just(False),
)


@given(ENVELOPES)
def test_our_own_cloud_event_is_the_one_of_the_sdk(told: Envelope) -> None:
    where = Installation("mall")
    ours = JSONFormat().read(CloudEvent, attributes.structured(told, where))
    theirs = cloud_event(told, where)
    assert ours.get_data() == theirs.get_data()
    assert _as_text(ours.get_attributes()) == _as_text(theirs.get_attributes())
    by_name = {name: read(told) for name, read in attributes.reader_of(where).items()}
    assert {name: value for name, value in by_name.items() if value is not None} == {
        name: value for name, value in msgspec.json.decode(attributes.structured(told, where)).items() if name != "data"
    }


def _as_text(found: Any) -> dict[str, str]:
    return {name: value.isoformat() if hasattr(value, "isoformat") else _z(str(value)) for name, value in found.items()}


def _z(text: str) -> str:
    """The SDK keeps a moment of an extension as the text it came in."""
    return text.removesuffix("Z") + "+00:00" if text.endswith("Z") else text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-99, 99) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=12,
)
FIELDS = st.lists(st.sampled_from(["a", "a.b", "a[].b", "b[]", "c[][].a", "a.b.c"]), max_size=3)


@given(value=JSON, fields=FIELDS)
def test_what_is_left_out_is_gone_and_everything_else_stays(value: Any, fields: list[str]) -> None:
    strip = shaping.stripper(fields)
    data = msgspec.json.encode(value)
    left = data if strip is None else strip(data)
    assert _paths(msgspec.json.decode(left)) == {
        path: leaf for path, leaf in _paths(value).items() if not any(_reaches(field, path) for field in fields)
    }


def _paths(value: Any, at: tuple[tuple[str, Any], ...] = ()) -> dict[Any, Any]:
    """Every leaf by its path. Elements of lists move up when one before them goes, so only their count is kept."""
    if isinstance(value, dict):
        return {
            path: leaf for name, inner in value.items() for path, leaf in _paths(inner, (*at, ("field", name))).items()
        }
    if isinstance(value, list):
        return {
            path: leaf
            for place, inner in enumerate(value)
            for path, leaf in _paths(inner, (*at, ("element", place))).items()
        }
    return {at: value}


def _reaches(field: str, path: tuple[tuple[str, Any], ...]) -> bool:
    steps = shaping._steps(field)
    if len(path) < len(steps):
        return False
    return all(
        step == "[]" or (kind == "field" and name == step) for step, (kind, name) in zip(steps, path, strict=False)
    )


# --- where webhooks may go ---


@pytest.mark.parametrize(
    ("url", "is_sendable"),
    [
        ("https://partner.example/hook", True),
        ("https://partner.example:8443/hook?x=1", True),
        ("https://93.184.216.34/", True),
        ("https://[2606:2800:220:1:248:1893:25c8:1946]/", True),
        ("http://partner.example/", False),
        ("ftp://partner.example/", False),
        ("https://", False),
        ("https://user:pass@partner.example/", False),
        ("https://partner.example/#part", False),
        ("https://partner.example/" + "a" * 2000, False),
        ("https://partner.example/a b", False),
        ("https://пример.рф/", False),
        ("https://partner.example:99999/", False),
        ("https://localhost/", False),
        ("https://LOCALHOST./", False),
        ("https://127.0.0.1/", False),
        ("https://127.9.9.9/", False),
        ("https://0.0.0.0/", False),
        ("https://10.1.2.3/", False),
        ("https://172.16.0.1/", False),
        ("https://192.168.1.1/", False),
        ("https://169.254.169.254/", False),
        ("https://100.64.0.1/", False),
        ("https://224.0.0.1/", False),
        ("https://255.255.255.255/", False),
        ("https://[::1]/", False),
        ("https://[::]/", False),
        ("https://[fe80::1]/", False),
        ("https://[fd00::1]/", False),
        ("https://[::ffff:127.0.0.1]/", False),
        ("https://[64:ff9b::7f00:1]/", False),
        ("https://[2002:7f00:1::]/", False),
    ],
)
def test_webhooks_go_to_the_public_internet_only(url: str, is_sendable: bool) -> None:
    if is_sendable:
        addresses.require_sendable(url, allows_private=False)
        return
    with pytest.raises(errors.EndpointRefused):
        addresses.require_sendable(url, allows_private=False)


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0"])
async def test_a_name_that_leads_home_is_noticed_when_it_is_looked_up(host: str) -> None:
    with pytest.raises(addresses.AddressForbidden):
        await addresses.PublicResolver(allows_private=False).resolve(host, 443)
    assert await addresses.PublicResolver(allows_private=True).resolve(host, 443)
