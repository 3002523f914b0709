"""AsyncAPI's own parser reads our document, and CloudEvents' JavaScript SDK and we read each other."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.events.door import ANNA, ORDERED, Door, Town, event
from tests.events.judges import judged, needs_node
from vokrug.app.pages import told_types
from vokrug.events.registry.asyncapi import document
from vokrug.events.registry.writing import card_of

CONSUMER = {
    "words": "Sends.",
    "contact": "parcels@example.ru",
    "retention_days": 9,
    "reads": [{"type": "web.ordered.v1"}],
}
ERROR = 0  # the gravest of the parser's severities


@needs_node
async def test_the_asyncapi_document_has_no_errors(partner: Door) -> None:
    """Our own types and another system's, among them one that contains itself and one of fixed places."""
    await partner.declares("web.ordered.v1", **ORDERED)
    node = {"type": "object", "properties": {"inner": {"$ref": "#/$defs/Node", "description": "Within."}}}
    odd = {
        "type": "object",
        "properties": {
            "node": {"$ref": "#/$defs/Node"},
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        },
        "$defs": {"Node": node},
    }
    await partner.declares("web.odd.v1", owner="web", words="Odd.", key="oddity", schema=odd)
    await partner.asks("PUT", "/v1/events/consumers/parcels", CONSUMER)
    served = await partner.asks("GET", "/v1/events/asyncapi.json")
    assert served["components"]["messages"]["web.ordered.v1"]["x-consumers"] == ["parcels"]
    ours = document([card_of(type, datetime(2026, 1, 1, tzinfo=UTC)) for type in told_types()])
    for each, names in ((served, {"web.ordered.v1", "shop.sold.v1"}), (ours, {"pos.sale_committed.v1"})):
        said = judged("asyncapi.cjs", each)
        assert [one for one in said["diagnostics"] if one["severity"] == ERROR] == []
        assert names <= set(said["channels"])
        assert names <= set(said["messages"])


@needs_node
async def test_the_javascript_sdk_and_we_read_each_other(partner: Door, town: Town) -> None:
    """There in all three modes, and back: every attribute is what it was."""
    await partner.declares("web.ordered.v1", **ORDERED)
    given = [event(id, channel="app") | {"tenant": "north", "count": 3} for id in ("plain", "with space", "№ 5")]
    sent = judged(
        "cloudevents.cjs",
        [
            {"what": "structured", "event": given[0]},
            {"what": "binary", "event": given[1]},
            {"what": "batched", "events": [given[2], given[0]]},
        ],
    )
    for message in sent:
        headers = {name.lower(): str(value) for name, value in message["headers"].items()}
        answer = await partner.asks("POST", "/v1/events", message["body"].encode(), headers=headers)
        assert {one["status"] for one in answer["events"]} == {"taken"}
    page = await partner.asks("GET", "/v1/events")
    assert len(page["events"]) == len(given), "the one that came twice counts once"
    read = judged(
        "cloudevents.cjs",
        [
            {"what": "read", "headers": {"content-type": "application/cloudevents+json"}, "body": json.dumps(one)}
            for one in page["events"]
        ],
    )
    by_id: dict[str, Any] = {one["id"]: one for (one,) in read}
    for one in given:
        back = by_id[one["id"]]
        assert back["time"].replace(".000", "") == one["time"]
        for name in ("source", "type", "subject", "data", "tenant"):
            assert back[name] == one[name], name
        assert str(back["count"]) == str(one["count"]), "in binary mode every attribute is a text"
    assert {one["subject"] for one in by_id.values()} == {str(ANNA)}
