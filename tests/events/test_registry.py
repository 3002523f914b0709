"""Other systems declare types and say what they read; whoever would break somebody is refused by name."""

from datetime import timedelta
from typing import Any

import pytest

from tests.events.conftest import NOON, Returned, Sold, StoppedClock
from tests.events.door import ANNA, ORDER, ORDERED, Door, Town, event, picture
from vokrug.events import Catalogue, Event, publish, synchronise
from vokrug.events.errors import ConsumerWouldBreak
from vokrug.runtime.database import Database

CONSUMER: dict[str, Any] = {
    "words": "Sends parcels.",
    "contact": "parcels@example.ru",
    "retention_days": 90,
    "reads": [],
}


def order(**fields: Any) -> dict[str, Any]:
    """The order's schema with other fields; None takes one away."""
    properties = {name: field for name, field in (ORDER["properties"] | fields).items() if field is not None}
    return ORDER | {"properties": properties}


async def test_a_type_is_declared_shown_and_found(partner: Door) -> None:
    declared = await partner.declares("web.ordered.v1", **ORDERED)
    assert declared["affected"] == []
    assert (await partner.declares("web.ordered.v1", **ORDERED)) == declared, "a repeat changes nothing"
    shown = await partner.asks("GET", "/v1/events/types/web.ordered.v1")
    assert (shown["owner"], shown["origin"], shown["publishers"]) == ("web shop", "http", [partner.key_id])
    assert shown["personal"] == [
        {"field": "lines[].who", "purpose": "delivery"},
        {"field": "phone", "purpose": "delivery"},
    ] or shown["personal"] == [
        {"field": "phone", "purpose": "delivery"},
        {"field": "lines[].who", "purpose": "delivery"},
    ]
    assert [one["revision"] for one in shown["revisions"]] == [1]
    for words, names in {
        "paid": ["web.ordered.v1"],
        "SKU": ["web.ordered.v1"],
        "delivery ordered": ["web.ordered.v1"],
        "final": ["shop.sold.v1"],
        "nobody says this": [],
    }.items():
        listed = await partner.asks("GET", f"/v1/events/types?q={words}")
        assert [type["name"] for type in listed["types"]] == names
    owned = await partner.asks("GET", "/v1/events/types?owner=shop")
    assert [type["name"] for type in owned["types"]] == ["shop.returned.v1", "shop.sold.v1"]


BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("web.ordered", {}, 422, "event_type_name_malformed"),
    ("Web.Ordered.v1", {}, 422, "event_type_name_malformed"),
    ("shop.sold.v1", {}, 403, "event_type_not_yours"),
    ("shop.stolen.v1", {}, 403, "event_type_not_yours"),
    ("web.ordered.v1", {"schema": {"type": "string"}}, 422, "event_schema_malformed"),
    ("web.ordered.v1", {"schema": {"type": "nothing"}}, 422, "event_schema_malformed"),
    ("web.ordered.v1", {"schema": {"$ref": "http://127.0.0.1:1/s"}}, 422, "event_schema_malformed"),
    ("web.ordered.v1", {"schema": {"$ref": "#/$defs/No"}}, 422, "event_schema_malformed"),
    (
        "web.ordered.v1",
        {"schema": {"$ref": "#/$defs/A", "$defs": {"A": {"$ref": "#/$defs/A"}}}},
        422,
        "event_schema_malformed",
    ),
    ("web.ordered.v1", {"schema": order(a={"type": "string", "pattern": "(?=a)"})}, 422, "event_schema_malformed"),
    ("web.ordered.v1", {"schema": order(**{"$vokrug": {}})}, 422, "event_schema_malformed"),
    ("web.ordered.v1", {"schema": ORDER | {"required": ["phone"]}}, 422, "event_schema_malformed"),
    ("web.ordered.v1", {"schema": order(a={"if": {"x-personal": "ads"}})}, 422, "event_schema_malformed"),
    (
        "web.ordered.v1",
        {"schema": order(a={"type": "array", "items": {"x-personal": "ads"}})},
        422,
        "event_schema_malformed",
    ),
    ("web.ordered.v1", {"schema": order(phone={"type": "string"})}, 422, "event_schema_malformed"),
    ("web.ordered.v1", {"examples": [{"order_id": "7"}]}, 422, "event_example_malformed"),
    ("web.ordered.v1", {"examples": [{"order_id": "7", "total_minor": 1, "more": 1}]}, 422, "event_example_malformed"),
    ("web.ordered.v1", {"upcast": [{"op": "explode"}]}, 422, "body_invalid"),
]


@pytest.mark.parametrize(("name", "body", "status", "code"), BAD)
async def test_a_bad_declaration_is_refused_and_nothing_changes(
    db: Database, partner: Door, name: str, body: dict[str, Any], status: int, code: str
) -> None:
    before = await picture(db)
    refused = await partner.declares(name, status=status, **(ORDERED | body))
    assert refused["code"] == code
    assert await picture(db) == before


async def test_a_domain_belongs_to_who_began_it_and_a_key_may_bring_its_heir(
    db: Database, partner: Door, stranger: Door, staff: Door
) -> None:
    await partner.declares("web.ordered.v1", **ORDERED)
    before = await picture(db)
    for name in ("web.ordered.v1", "web.shipped.v1"):
        refused = await stranger.declares(name, status=403, **ORDERED)
        assert (refused["code"], refused["facts"]["owner"]) == ("event_type_not_yours", "web shop")
    assert await picture(db) == before
    await partner.declares("web.ordered.v1", **ORDERED, publishers=[stranger.key_id])
    await stranger.declares("web.ordered.v1", **ORDERED | {"words": "An order was paid for, at last."})
    kept = await staff.declares("web.ordered.v1", **ORDERED)
    assert sorted(kept["type"]["publishers"]) == sorted([partner.key_id, stranger.key_id])


# What changes, what a consumer of `channel` (closed) and `total_minor` is broken by, and what the promise forbids.
CHANGES: list[tuple[dict[str, Any], str | None, str | None]] = [
    ({"schema": order(note={"type": "string"})}, None, None),
    ({"schema": order(channel={"enum": ["site", "app", "bot"]})}, "channel", None),
    ({"schema": order(channel=None)}, "channel", None),
    ({"schema": order(lines=None)}, None, None),
    ({"schema": ORDER | {"required": ["order_id"]}}, "total_minor", None),
    ({"schema": order(total_minor={"type": "number"})}, "total_minor", None),
    ({"schema": ORDER | {"required": ["order_id", "total_minor", "channel"]}}, None, "channel"),
    ({"schema": order(channel={"enum": ["site"]})}, None, "channel"),
    ({"schema": order(total_minor={"type": "integer", "minimum": 100_000})}, None, "total_minor"),
]


@pytest.mark.parametrize(("body", "breaks", "forbidden"), CHANGES)
async def test_a_change_asks_whom_it_breaks(
    db: Database, partner: Door, body: dict[str, Any], breaks: str | None, forbidden: str | None
) -> None:
    await partner.declares("web.ordered.v1", **ORDERED)
    reads = [{"type": "web.ordered.v1", "fields": ["channel", "total_minor"], "is_closed": True}]
    await partner.asks("PUT", "/v1/events/consumers/parcels", CONSUMER | {"reads": reads})
    before = await picture(db)
    if breaks is not None:
        refused = await partner.declares("web.ordered.v1", status=409, **ORDERED | {"examples": []} | body)
        assert refused["code"] == "event_consumer_would_break"
        assert (refused["facts"]["consumer"], refused["facts"]["field"]) == ("parcels", breaks)
        assert "parcels" in refused["cashier_text"]
        assert await picture(db) == before
        await partner.asks("DELETE", "/v1/events/consumers/parcels", status=204)
    if forbidden is not None:
        refused = await partner.declares("web.ordered.v1", status=409, **ORDERED | {"examples": []} | body)
        assert (refused["code"], refused["facts"]["field"]) == ("event_schema_incompatible", forbidden)
        assert await picture(db) == before
        return
    declared = await partner.declares("web.ordered.v1", **ORDERED | {"examples": []} | body)
    assert declared["type"]["revision"] == 2


async def test_a_schema_answers_for_all_that_came_before_it(partner: Door) -> None:
    """A field is taken away, which nobody minds; it cannot come back as something else, for old facts have it."""
    await partner.declares("web.ordered.v1", **ORDERED | {"examples": []})
    await partner.declares("web.ordered.v1", **ORDERED | {"examples": [], "schema": order(channel=None)})
    refused = await partner.declares(
        "web.ordered.v1", status=409, **ORDERED | {"examples": [], "schema": order(channel={"type": "integer"})}
    )
    assert (refused["code"], refused["facts"]["field"]) == ("event_schema_incompatible", "channel")
    shown = await partner.asks("GET", "/v1/events/types/web.ordered.v1", headers={"accept-language": "en"})
    assert [change["words"] for change in shown["revisions"][1]["changes"]] == ["was removed"]


async def test_our_own_change_is_refused_by_the_consumers_name_too(log: Database, partner: Door) -> None:
    reads = [{"type": "shop.sold.v1", "fields": ["total_minor"]}]
    await partner.asks("PUT", "/v1/events/consumers/reports", CONSUMER | {"reads": reads})
    catalogue = Catalogue()

    @catalogue.event("shop.sold.v1", owner="shop", key="customer")
    class Slimmer(Event, frozen=True):
        """A sale became final."""

        number: int

    before = await picture(log)
    with pytest.raises(ConsumerWouldBreak, match="reports"):
        async with log.transaction() as tx:
            await synchronise(tx, NOON, catalogue)
    assert await picture(log) == before


async def test_a_new_version_says_how_old_facts_become_new_ones(db: Database, partner: Door, town: Town) -> None:
    await partner.declares("web.ordered.v1", **ORDERED)
    reads = [{"type": "web.ordered.v1"}]
    await partner.asks("PUT", "/v1/events/consumers/parcels", CONSUMER | {"reads": reads})
    await partner.tells(event("1", channel="site"))
    second = ORDERED | {
        "schema": order(total_minor=None, sum={"type": "integer"}, currency={"type": "string"})
        | {"required": ["order_id", "sum", "currency"]},
        "examples": [],
    }
    before = await picture(db)
    assert (await partner.declares("web.ordered.v2", status=422, **second))["code"] == "event_upcast_missing"
    half = [{"op": "rename", "from": "total_minor", "to": "sum"}]
    refused = await partner.declares("web.ordered.v2", status=422, **second, upcast=half)
    assert (refused["code"], refused["facts"]["field"]) == ("event_upcast_malformed", "currency")
    assert await picture(db) == before
    declared = await partner.declares(
        "web.ordered.v2", **second, upcast=[*half, {"op": "default", "field": "currency", "value": "RUB"}]
    )
    assert declared["affected"] == ["parcels"]
    await partner.tells(event("2", type="web.ordered.v2") | {"data": {"order_id": "2", "sum": 5, "currency": "KZT"}})
    page = await partner.asks("GET", "/v1/events?types=web.ordered.v2")
    assert [(one["type"], one["data"]["sum"], one["data"]["currency"]) for one in page["events"]] == [
        ("web.ordered.v2", 100_00, "RUB"),
        ("web.ordered.v2", 5, "KZT"),
    ]
    page = await partner.asks("GET", "/v1/events?types=web.ordered.v1")
    assert [one["data"]["total_minor"] for one in page["events"]] == [100_00]


async def test_a_consumer_says_what_it_reads(db: Database, partner: Door, stranger: Door, staff: Door) -> None:
    reads = [{"type": "shop.sold.v1", "fields": ["number"], "is_closed": True}, {"type": "shop.returned.v1"}]
    written = await partner.asks(
        "PUT", "/v1/events/consumers/reports", CONSUMER | {"reads": reads, "purposes": ["ads"]}
    )
    assert written["keys"] == [partner.key_id]
    assert written["reads"] == [
        {"type": "shop.returned.v1", "fields": None, "is_closed": False},
        {"type": "shop.sold.v1", "fields": ["number"], "is_closed": True},
    ]
    assert await stranger.asks("GET", "/v1/events/consumers/reports") == written
    assert [one["name"] for one in (await stranger.asks("GET", "/v1/events/consumers"))["consumers"]] == ["reports"]
    before = await picture(db)
    refusals: list[tuple[Door, str, Any, int, str]] = [
        (stranger, "reports", CONSUMER, 403, "event_consumer_not_yours"),
        (partner, "Reports!", CONSUMER, 422, "event_consumer_name_malformed"),
        (partner, "reports", CONSUMER | {"reads": [{"type": "shop.sold.v9"}]}, 404, "event_type_unknown"),
        (
            partner,
            "reports",
            CONSUMER | {"reads": [{"type": "shop.sold.v1", "fields": ["no"]}]},
            422,
            "event_field_unknown",
        ),
    ]
    for door, name, body, status, code in refusals:
        refused = await door.asks("PUT", f"/v1/events/consumers/{name}", body, status=status)
        assert refused["code"] == code
    assert (await stranger.asks("DELETE", "/v1/events/consumers/reports", status=403))[
        "code"
    ] == "event_consumer_not_yours"
    assert (await partner.asks("GET", "/v1/events/consumers/nobody", status=404))["code"] == "event_consumer_unknown"
    assert await picture(db) == before
    await staff.asks("DELETE", "/v1/events/consumers/reports", status=204)
    assert (await partner.asks("GET", "/v1/events/consumers"))["consumers"] == []


MUST_ACT = Catalogue()


@MUST_ACT.event("shop.erased.v1", owner="shop", key="customer", acknowledge_days=30)
class Erased(Event, frozen=True):
    """Somebody's data are gone."""


async def test_who_holds_data_says_that_they_acted(
    log: Database, clock: StoppedClock, partner: Door, stranger: Door, staff: Door
) -> None:
    """Those who read the type or hold personal data owe word, from those registered when it was told."""
    async with log.transaction() as tx:
        await synchronise(tx, NOON, MUST_ACT)
    consumers: list[tuple[Door, str, dict[str, Any]]] = [
        (partner, "reader", {"reads": [{"type": "shop.erased.v1"}]}),
        (partner, "holder", {"purposes": ["delivery"]}),
        (stranger, "counter", {"reads": [{"type": "shop.sold.v1"}]}),
    ]
    for door, name, more in consumers:
        await door.asks("PUT", f"/v1/events/consumers/{name}", CONSUMER | more)
    async with log.transaction() as tx:
        await publish(tx, Erased(), key=1, subject=str(ANNA), at=NOON)
        await publish(tx, Sold(1), key=1, subject=str(ANNA), at=NOON)
    (told,) = (await partner.asks("GET", "/v1/events?types=shop.erased.v1"))["events"]
    await partner.asks("PUT", "/v1/events/consumers/late", CONSUMER | {"purposes": ["delivery"]})

    async def missing(query: str = "") -> list[str]:
        page = await staff.asks("GET", f"/v1/events/acknowledgements{query}")
        assert all(one["event"] == told["id"] for one in page["missing"])
        return [one["consumer"] for one in page["missing"]]

    assert await missing() == [], "they have thirty days"
    assert await missing("?within_days=30") == ["holder", "reader"]
    clock.moment = NOON + timedelta(days=31)
    assert await missing() == ["holder", "reader"]
    acted = {"events": [told["id"]]}
    for _ in range(2):
        answer = await partner.asks("POST", "/v1/events/consumers/reader/acknowledgements", acted)
        assert answer == {"status": "acknowledged"}
    assert await missing() == ["holder"]
    before = await picture(log)
    for door, name, body, status, code in [
        (stranger, "holder", acted, 403, "event_consumer_not_yours"),
        (stranger, "counter", acted, 404, "event_nothing_to_acknowledge"),
        (partner, "holder", {"events": [told["id"], str(ANNA)]}, 404, "event_nothing_to_acknowledge"),
        (partner, "nobody", acted, 404, "event_consumer_unknown"),
    ]:
        refused = await door.asks("POST", f"/v1/events/consumers/{name}/acknowledgements", body, status=status)
        assert refused["code"] == code
    assert await picture(log) == before, "all or nothing"
    assert (await missing("?limit=1&consumer=reader")) == []


def test_the_shop_tells_what_this_test_says() -> None:
    assert {Sold.__event__.name, Returned.__event__.name} == {"shop.sold.v1", "shop.returned.v1"}
