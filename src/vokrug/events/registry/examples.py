"""An example made from a schema, for types whose owner gave none."""

from collections.abc import Mapping
from typing import Any

from vokrug.events import rules

BY_FORMAT = {
    "date-time": "2026-11-23T12:00:00Z",
    "date": "2026-11-23",
    "time": "12:00:00Z",
    "uuid": "01900000-0000-7000-8000-000000000001",
    "email": "somebody@example.ru",
    "uri": "https://example.ru/",
}
DEEPEST = 6


def examples_of(schema: Mapping[str, Any], given: list[dict[str, Any]]) -> list[Any]:
    """The owner's examples, or one that shows every field."""
    return list(given) or [example_of(schema)]


def example_of(schema: Mapping[str, Any]) -> Any:
    """Every field once, with plain values. It shows the shape; a pattern or a sum of fields it may miss."""
    return _example(schema, schema, 0)


def _example(schema: Any, root: Any, depth: int) -> Any:
    schema = rules.follow(schema, root)
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    for keyword in ("const", "default"):
        if schema.get(keyword) not in (None, [], {}):
            return schema[keyword]
    for keyword in ("anyOf", "oneOf", "allOf"):
        if schema.get(keyword):
            return _example(schema[keyword][0], root, depth)
    type = schema.get("type", "object" if "properties" in schema else "string")
    return _of_type(type[0] if isinstance(type, list) else type, schema, root, depth)


def _of_type(type: str, schema: Any, root: Any, depth: int) -> Any:
    match type:
        case "object":
            fields = schema.get("properties", {}) if depth < DEEPEST else {}
            return {name: _example(field, root, depth + 1) for name, field in fields.items()}
        case "array":
            elements = schema.get("prefixItems") or ([schema["items"]] if schema.get("items") else [])
            return [_example(each, root, depth + 1) for each in elements] if depth < DEEPEST else []
        case "integer" | "number":
            return max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "null":
            return None
        case _:
            return BY_FORMAT.get(schema.get("format", ""), "text")
