"""The catalogue as an AsyncAPI 3.0 document: a channel for each type, its message, and what may be done with it."""

from collections.abc import Iterable, Sequence
from typing import Any

from vokrug.events.catalogue import schema_urn
from vokrug.events.registry.examples import examples_of
from vokrug.events.registry.store import Reading
from vokrug.events.types import Origin, TypeCard

Json = dict[str, Any]

# The readers of such documents know draft 7. Facts differ from it in one keyword, `prefixItems`.
DIALECT = "application/schema+json;version=draft-07"

ENVELOPE: Json = {
    "type": "object",
    "description": "CloudEvents 1.0 in JSON.",
    "required": ["specversion", "id", "source", "type", "subject", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "description": "Unique within its source: read twice, it is the same fact."},
        "source": {"type": "string", "format": "uri-reference"},
        "type": {"type": "string"},
        "subject": {"type": "string", "description": "Whom or what it is about; of a customer, the customer ID."},
        "time": {"type": "string", "format": "date-time", "description": "When it happened."},
        "recordedtime": {"type": "string", "format": "date-time", "description": "When it was written down."},
        "datacontenttype": {"const": "application/json"},
        "dataschema": {"type": "string", "format": "uri"},
        "partitionkey": {"type": "string", "description": "Facts of one key keep their order."},
        "sequence": {"type": "string", "description": "The place within the partition."},
        "hiddenfields": {"type": "string", "description": "Personal fields that are absent, each with its reason."},
        "data": {"type": "object"},
    },
}


def document(cards: Iterable[TypeCard], readings: Sequence[Reading] = (), *, title: str = "Vokrug") -> Json:
    """The whole document; it refers to nothing outside itself."""
    types = list(cards)
    schemas: Json = {"CloudEvent": {"schemaFormat": DIALECT, "schema": ENVELOPE}}
    for card in types:
        schemas |= _schemas(card)
    return {
        "asyncapi": "3.0.0",
        "id": "urn:vokrug:events",
        "info": {
            "title": f"{title}: facts about customers",
            "version": "1.0.0",
            "description": "Facts in order per key, at least once each. A version of a type only changes in ways that "
            "its promise allows; anything else is a new version, and facts of the old one are raised to it.",
            "license": {"name": "Apache-2.0"},
            "tags": [{"name": owner} for owner in sorted({card.owner for card in types})],
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "http": {
                "host": "{host}",
                "protocol": "http",
                "pathname": "/v1/events",
                "description": "Read with GET, tell with POST.",
                "variables": {"host": {"default": "127.0.0.1:8080"}},
            }
        },
        "channels": {card.name: _channel(card) for card in types},
        "operations": {name: operation for card in types for name, operation in _operations(card)},
        "components": {"messages": {card.name: _message(card, readings) for card in types}, "schemas": schemas},
    }


def _channel(card: TypeCard) -> Json:
    return {
        "address": card.name,
        "title": card.name,
        "description": card.words,
        "messages": {"fact": {"$ref": f"#/components/messages/{card.name}"}},
        "servers": [{"$ref": "#/servers/http"}],
        "tags": [{"name": card.owner}],
    }


def _operations(card: TypeCard) -> Iterable[tuple[str, Json]]:
    """We send every fact; those of other systems we receive first."""
    actions = ["send", "receive"] if card.origin is Origin.HTTP else ["send"]
    for action in actions:
        yield (
            f"{action}.{card.name}",
            {
                "action": action,
                "channel": {"$ref": f"#/channels/{card.name}"},
                "summary": card.words.partition("\n")[0],
                "messages": [{"$ref": f"#/channels/{card.name}/messages/fact"}],
            },
        )


def _message(card: TypeCard, readings: Sequence[Reading]) -> Json:
    message: Json = {
        "name": card.name,
        "title": card.name,
        "summary": card.words.partition("\n")[0],
        "description": card.words,
        "contentType": "application/cloudevents+json",
        "payload": {"schemaFormat": DIALECT, "schema": _payload(card)},
        "examples": [
            {"name": f"example {number}", "payload": _as_told(card, example)}
            for number, example in enumerate(examples_of(card.schema, card.examples), 1)
        ],
        "tags": [{"name": card.owner}],
        "x-owner": card.owner,
        "x-version": card.version,
        "x-revision": card.revision,
        "x-key": card.key,
        "x-compatibility": card.compatibility,
        "x-personal": card.personal,
        "x-retention-days": card.retention_days,
        "x-consumers": [one.consumer for one in readings if one.type == card.name],
    }
    if card.purpose is not None:
        message["x-consent-purpose"] = card.purpose
    if card.acknowledge_days is not None:
        message["x-acknowledge-days"] = card.acknowledge_days
    return message


def _payload(card: TypeCard) -> Json:
    data = {"properties": {"type": {"const": card.name}, "data": {"$ref": f"#/components/schemas/{card.name}/schema"}}}
    return {"allOf": [{"$ref": "#/components/schemas/CloudEvent/schema"}, data]}


def _as_told(card: TypeCard, example: Any) -> Json:
    return {
        "specversion": "1.0",
        "id": "01900000-0000-7000-8000-00000000000a",
        "source": f"/vokrug/local/{card.name.partition('.')[0]}",
        "type": card.name,
        "subject": "01900000-0000-7000-8000-000000000001",
        "time": "2026-11-23T12:00:00Z",
        "datacontenttype": "application/json",
        "dataschema": schema_urn(card.name),
        "partitionkey": "1",
        "data": example,
    }


def _schemas(card: TypeCard) -> Json:
    """The type's schema and its parts, under names of their own."""
    whole = {word: value for word, value in card.schema.items() if word not in ("$schema", "$id", "$defs")}
    parts = {f"{card.name}.{name}": part for name, part in card.schema.get("$defs", {}).items()}
    return {
        name: {"schemaFormat": DIALECT, "schema": _draft_7(schema, card.name)}
        for name, schema in {card.name: whole, **parts}.items()
    }


def _draft_7(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_draft_7(each, name) for each in value]
    if not isinstance(value, dict):
        return value
    if isinstance(value.get("$ref"), str):
        target = value["$ref"].removeprefix("#/$defs/")
        # In draft 7 words beside a reference are passed over, so it stands among them instead.
        beside = {word: _draft_7(value[word], name) for word in value if word != "$ref"}
        reference = {"$ref": f"#/components/schemas/{name}.{target}/schema"}
        return {"allOf": [reference], **beside} if beside else reference
    written = {word: _draft_7(inner, name) for word, inner in value.items()}
    if isinstance(written.get("prefixItems"), list):
        rest = written.pop("items", None)
        written["items"] = written.pop("prefixItems")
        if rest is not None:
            written["additionalItems"] = rest
    return written
