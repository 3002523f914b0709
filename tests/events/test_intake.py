"""Other systems tell facts: in three modes, once each, keyed to the customer; what fails is kept and mended."""

import base64
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from prometheus_client import REGISTRY

from tests.events.conftest import NOON, StoppedClock
from tests.events.door import ANNA, BATCHED, BORIS, ORDERED, STRUCTURED, Door, Town, event, picture
from vokrug.events import forget_old
from vokrug.events.intake.doors import broker_door, parse_topics
from vokrug.runtime.database import Database

PLACES: dict[str, Any] = {
    "owner": "web shop",
    "words": "A place of the site was looked at.",
    "schema": {"type": "object", "properties": {"page": {"type": "string"}}},
    "key": "place",
}


@pytest.fixture(autouse=True)
async def declared(partner: Door, town: Town) -> None:
    await partner.declares("web.ordered.v1", **ORDERED)
    await partner.declares("web.looked.v1", **PLACES)


async def told(door: Door) -> list[dict[str, Any]]:
    """Everything in the log, as readers see it."""
    page = await door.asks("GET", "/v1/events?limit=1000")
    events: list[dict[str, Any]] = page["events"]
    return events


def statuses(answer: Any) -> list[str]:
    return [each["status"] for each in answer["events"]]


async def test_a_fact_keeps_its_source_and_id_and_is_keyed_to_its_customer(partner: Door) -> None:
    answer = await partner.tells(event("order 7", subject=None, phone="+79161234567") | {"tenant": "north"})
    assert answer == {
        "events": [{"source": "/web", "id": "order 7", "status": "taken"}],
        "taken": 1,
        "dead": 0,
        "refused": 0,
    }
    (one,) = await told(partner)
    assert (one["source"], one["id"], one["type"]) == ("/web", "order 7", "web.ordered.v1")
    assert (one["subject"], one["partitionkey"], one["time"]) == (str(ANNA), "1", "2026-11-23T11:59:00Z")
    assert (one["tenant"], one["hiddenfields"]) == ("north", "phone=purpose")
    assert one["data"] == {"order_id": "order 7", "total_minor": 100_00}, "the phone that found her is sealed"


MODES: list[tuple[dict[str, str], Any]] = [
    ({"content-type": STRUCTURED}, event()),
    ({"content-type": STRUCTURED + "; charset=utf-8"}, event()),
    ({"content-type": "application/json"}, event()),
    ({"content-type": BATCHED}, [event()]),
    (
        {
            "content-type": "application/json",
            "ce-specversion": "1.0",
            "ce-id": "1",
            "ce-source": "/web",
            "ce-type": "web.ordered.v1",
            "ce-time": "2026-11-23T11:59:00Z",
            "ce-subject": str(ANNA),
        },
        event()["data"],
    ),
    (
        {"content-type": STRUCTURED},
        {name: value for name, value in event().items() if name != "data"}
        | {"data_base64": base64.b64encode(msgspec.json.encode(event()["data"])).decode()},
    ),
]


@pytest.mark.parametrize(("headers", "body"), MODES)
async def test_every_mode_tells_the_same_fact(partner: Door, headers: dict[str, str], body: Any) -> None:
    answer = await partner.asks("POST", "/v1/events", body, headers=headers)
    assert statuses(answer) == ["taken"]
    (one,) = await told(partner)
    assert one["data"] == event()["data"]
    assert (one["id"], one["source"], one["subject"]) == ("1", "/web", str(ANNA))


async def test_a_repeat_is_answered_the_same_and_appends_nothing(db: Database, partner: Door) -> None:
    first = await partner.tells(event())
    before = await picture(db)
    assert await partner.tells(event()) == first
    assert await partner.tells(event() | {"traceparent": "00-1-1-01"}) == first, "another try is no other event"
    assert (await partner.tells(event(total_minor=1), status=409))["code"] == "event_id_reused"
    assert await picture(db) == before


async def test_a_repeat_is_answered_the_same_after_the_schema_has_moved_on(partner: Door) -> None:
    first = await partner.tells(event())
    narrow = ORDERED["schema"] | {"properties": ORDERED["schema"]["properties"] | {"shop": {"type": "string"}}}
    await partner.declares("web.ordered.v1", **ORDERED | {"schema": narrow})
    assert await partner.tells(event()) == first


BAD: list[tuple[Any, str, str]] = [
    (b"nonsense", "event_not_a_cloud_event", "$"),
    (b"[]", "event_not_a_cloud_event", "$"),
    (event() | {"specversion": "0.3"}, "event_not_a_cloud_event", "specversion"),
    (event() | {"id": ""}, "event_not_a_cloud_event", "id"),
    (event() | {"source": 5}, "event_not_a_cloud_event", "source"),
    (event() | {"time": "yesterday"}, "event_not_a_cloud_event", "time"),
    (event() | {"time": "2026-11-23T12:00:00"}, "event_not_a_cloud_event", "time"),
    (event() | {"Bad_Name": "x"}, "event_not_a_cloud_event", "Bad_Name"),
    (event() | {"ext": {"a": 1}}, "event_not_a_cloud_event", "ext"),
    (event() | {"id": "x" * 301}, "event_not_a_cloud_event", "id"),
    (event() | {"datacontenttype": "text/plain"}, "event_not_a_cloud_event", "datacontenttype"),
    (event() | {"data_base64": "?"}, "event_not_a_cloud_event", "data"),
    (event(order_id="a\0b"), "event_not_a_cloud_event", "\\u0000"),
    (event(type="web.unheard.v1"), "event_type_unknown", "type"),
    (event() | {"data": None}, "event_malformed", "/"),
    (event() | {"data": []}, "event_malformed", "/"),
    (event(total_minor="100"), "event_malformed", "total_minor"),
    (event(total_minor=-1), "event_malformed", "total_minor"),
    (event(more=1), "event_malformed", "more"),
    (event(lines=[{"sku": "a"}, {}]), "event_malformed", "lines/1/sku"),
    (event(subject="nobody"), "event_customer_unknown", "subject"),
    (event(subject=None), "event_customer_unknown", "phone, subject"),
    (event(subject=None, phone="+70000000001"), "event_customer_unknown", "phone"),
    (
        {"specversion": "1.0", "id": "1", "source": "/w", "type": "web.looked.v1", "data": {}},
        "event_not_a_cloud_event",
        "subject",
    ),
]


@pytest.mark.parametrize(("body", "code", "field"), BAD)
async def test_what_cannot_be_taken_is_kept_once_with_its_reason(
    db: Database, partner: Door, body: Any, code: str, field: str
) -> None:
    before = await picture(db)
    refused = await partner.tells(body, status=404 if code == "event_type_unknown" else 422)
    assert refused["code"] == code
    again = await partner.tells(body, status=refused["status"])
    assert again["facts"] == refused["facts"], "a repeat is answered the same"
    (letter,) = (await partner.asks("GET", "/v1/events/dead-letters"))["letters"]
    assert (letter["id"], letter["reason"], letter["field"]) == (refused["facts"]["dead_letter"], code, field)
    assert (letter["tries"], letter["state"], letter["publisher"]) == (2, "open", partner.key_id)
    after = await picture(db)
    assert {name for name in after if after[name] != before[name]} == {"events_dead_letter"}


@pytest.mark.parametrize("name", ["shop.sold.v1", "web.ordered.v1"])
async def test_nobody_tells_what_is_anothers(db: Database, stranger: Door, staff: Door, name: str) -> None:
    before = await picture(db)
    refused = await stranger.tells(event(type=name), status=403)
    assert refused["code"] == "event_type_not_yours"
    assert (await staff.tells(event(type="shop.sold.v1"), status=403))["code"] == "event_type_not_yours"
    assert await picture(db) == before, "not even a dead letter"


async def test_a_batch_is_answered_for_each_of_its_events(db: Database, partner: Door) -> None:
    batch = [
        event("1"),
        event("2", total_minor="much"),
        event("1"),
        event("1", total_minor=1),
        event("3", subject=str(BORIS)),
        event("4", type="shop.sold.v1"),
        "nonsense",
    ]
    answer = await partner.tells_all(batch)
    assert statuses(answer) == ["taken", "dead", "taken", "refused", "taken", "refused", "dead"]
    assert (answer["taken"], answer["dead"], answer["refused"]) == (3, 2, 2)
    assert [each.get("code") for each in answer["events"]][3] == "event_id_reused"
    assert [(one["id"], one["partitionkey"]) for one in await told(partner)] == [("1", "1"), ("3", "2")]
    before = await picture(db)
    assert await partner.tells_all(batch) == answer
    after = await picture(db)
    assert {name for name in after if after[name] != before[name]} == {"events_dead_letter"}, "tries were counted"
    for bad in (b"{}", b"nonsense"):
        assert statuses(await partner.tells_all(bad)) == ["dead"]
    assert (await partner.tells_all([]))["events"] == []
    too_many = [event(str(n)) for n in range(1_001)]
    refused = await partner.asks("POST", "/v1/events", too_many, status=422, headers={"content-type": BATCHED})
    assert refused["code"] == "event_batch_too_long"


async def test_facts_of_one_place_keep_their_order(partner: Door) -> None:
    looks = [event(str(n), type="web.looked.v1", subject="/cakes") | {"data": {"page": str(n)}} for n in range(9)]
    await partner.tells_all(looks)
    seen = await told(partner)
    assert [one["data"]["page"] for one in seen] == [str(n) for n in range(9)]
    assert len({one["partitionkey"] for one in seen}) == 1


async def test_a_dead_letter_is_mended_or_waits_for_what_it_lacks(partner: Door, town: Town, db: Database) -> None:
    """One is corrected, one waits for its customer, one for its type; each is taken in the end."""
    wrong = (await partner.tells(event("1", total_minor="much"), status=422))["facts"]["dead_letter"]
    early = (await partner.tells(event("2", subject=None, phone="+79990000000"), status=422))["facts"]["dead_letter"]
    newest = event("3", type="web.shipped.v1")
    strange = (await partner.tells(newest, status=404))["facts"]["dead_letter"]

    async def resubmit(letter: str, body: Any = None, status: int = 200) -> Any:
        return await partner.asks("POST", f"/v1/events/dead-letters/{letter}:resubmit", body, status=status)

    assert (await resubmit(wrong, event("1", total_minor="more"), 422))["facts"]["dead_letter"] == wrong
    shown = await partner.asks("GET", f"/v1/events/dead-letters/{wrong}")
    assert (shown["tries"], msgspec.json.decode(shown["raw"])["data"]["total_minor"]) == (2, "more")
    assert statuses(await resubmit(wrong, event("1"))) == ["taken"]
    assert (await resubmit(early, status=422))["code"] == "event_customer_unknown"
    town.phones["phone", "+79990000000"] = BORIS
    assert statuses(await resubmit(early)) == ["taken"]
    assert (await resubmit(strange, status=404))["code"] == "event_type_unknown"
    await partner.declares("web.shipped.v1", **ORDERED)
    assert statuses(await resubmit(strange)) == ["taken"]
    assert sorted(one["id"] for one in await told(partner)) == ["1", "2", "3"]
    before = await picture(db)
    ended = await resubmit(strange, status=409)
    assert (ended["code"], ended["facts"]["state"]) == ("event_dead_letter_ended", "taken")
    assert await picture(db) == before


async def test_a_publisher_that_mends_by_itself_closes_its_letter(partner: Door) -> None:
    await partner.tells(event("1", total_minor="much"), status=422)
    await partner.tells(event("1"))
    (letter,) = (await partner.asks("GET", "/v1/events/dead-letters"))["letters"]
    assert (letter["state"], letter["ended_by"]) == ("taken", partner.key_id)


async def test_dead_letters_are_found_seen_by_their_own_and_let_go(
    db: Database, partner: Door, stranger: Door, staff: Door
) -> None:
    first = (await partner.tells(event("1", total_minor="much"), status=422))["facts"]["dead_letter"]
    second = (await partner.tells(event("two", type="web.unheard.v1"), status=404))["facts"]["dead_letter"]
    path = "/v1/events/dead-letters"
    for query, found in {
        "": [second, first],
        "?q=TWO": [second],
        "?q=much": [first],
        "?q=%25": [],
        "?reason=event_malformed": [first],
        "?type=web.unheard.v1": [second],
        "?state=discarded": [],
        f"?before={second}": [first],
    }.items():
        assert [one["id"] for one in (await staff.asks("GET", path + query))["letters"]] == found, query
    assert (await staff.asks("GET", path + "?limit=1"))["next"] == second
    assert (await stranger.asks("GET", path))["letters"] == []
    before = await picture(db)
    for method, end in [("GET", ""), ("POST", ":resubmit"), ("POST", ":discard")]:
        body = {"reason": "no"} if end == ":discard" else None
        refused = await stranger.asks(method, f"{path}/{first}{end}", body, status=404)
        assert refused["code"] == "event_dead_letter_unknown", "absent and out of reach look the same"
    assert (await staff.asks("GET", path + "?limit=0", status=422))["code"] == "event_limit_malformed"
    assert await picture(db) == before
    await staff.asks("POST", f"{path}/{first}:discard", {"reason": "sent by a test"}, status=204)
    shown = await partner.asks("GET", f"{path}/{first}")
    assert (shown["state"], shown["ended_by"], shown["ended_because"]) == ("discarded", staff.key_id, "sent by a test")


async def test_what_was_mended_by_staff_is_told_with_the_publishers_rights(
    partner: Door, stranger: Door, staff: Door
) -> None:
    """A stranger's event of a type that is declared later, by another: staff cannot push it in for them."""
    letter = (await stranger.tells(event("1", type="web.shipped.v1"), status=404))["facts"]["dead_letter"]
    await partner.declares("web.shipped.v1", **ORDERED)
    refused = await staff.asks("POST", f"/v1/events/dead-letters/{letter}:resubmit", status=403)
    assert refused["code"] == "event_type_not_yours"


async def test_the_old_is_swept(db: Database, partner: Door, clock: StoppedClock) -> None:
    await partner.tells(event("1", total_minor="much"), status=422)
    await partner.tells(event("2"))
    assert await forget_old(db, NOON + timedelta(days=29)) == 0
    assert await forget_old(db, NOON + timedelta(days=91)) == 2
    assert len(await told(partner)) == 1, "the log has its own keeping"


async def test_what_came_is_counted(partner: Door) -> None:
    def count(outcome: str) -> float:
        return REGISTRY.get_sample_value("vokrug_events_intake_total", {"outcome": outcome}) or 0.0

    before = {name: count(name) for name in ("taken", "dead", "refused")}
    await partner.tells_all([event("1"), event("1"), event("2", total_minor="?"), event("1", total_minor=1)])
    assert {name: count(name) - before[name] for name in before} == {"taken": 2, "dead": 1, "refused": 1}


async def test_what_comes_from_a_broker_has_the_rights_of_its_key(
    partner: Door, stranger: Door, staff: Door, db: Database, clock: StoppedClock
) -> None:
    """The same checks and the same dead letters as over HTTP; a topic that names no key speaks for staff."""
    topics = parse_topics(f" web.facts={partner.key_id}, else={stranger.key_id},trusted ,")
    assert topics == {"web.facts": partner.key_id, "else": stranger.key_id, "trusted": None}
    door = broker_door(topics, clock)
    async with db.transaction() as tx:
        good = await door(tx, "web.facts", [event("1"), event("1"), {"data": "not an event"}])
        foreign = await door(tx, "else", [event("2")])
        trusted = await door(tx, "trusted", [event("3"), event("4") | {"type": "web.nothing.v1"}])
    assert [one.refused for one in good] == [None, None, "event_not_a_cloud_event"]
    assert [one.refused for one in foreign] == ["event_type_not_yours"]
    assert [one.refused for one in trusted] == [None, "event_type_unknown"]
    assert [one["id"] for one in await told(partner)] == ["1", "3"]
    seen = await partner.asks("GET", "/v1/events/dead-letters")
    assert [one["reason"] for one in seen["letters"]] == ["event_not_a_cloud_event"], (
        "a partner's topic has its letters"
    )
    seen = await staff.asks("GET", "/v1/events/dead-letters")
    assert {one["publisher"] for one in seen["letters"]} == {partner.key_id, "topic:trusted"}
