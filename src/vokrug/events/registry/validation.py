"""Is this a schema that facts can be checked by, and does a fact fit it?

Schemas come from outside: nothing they point at is fetched, and their patterns are matched in linear time.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

import jsonschema_rs
import msgspec

from vokrug.events import rules
from vokrug.events.errors import EventMalformed, SchemaMalformed
from vokrug.events.extras import EXTRAS
from vokrug.events.types import PERSONAL

LOCAL: Final = "#/$defs/"

PROBLEMS: Mapping[str, tuple[str, str]] = {
    "schema": ("it is not JSON Schema 2020-12", "это не JSON Schema 2020-12"),
    "object": ("a fact is an object", "событие должно быть объектом"),
    "reference": (
        "a reference leads to `#/$defs/…` of the same schema",
        "ссылка ведёт только в `#/$defs/…` этой схемы",
    ),
    "circle": ("references lead in a circle", "ссылки замкнуты по кругу"),
    "reserved": ("the name is ours", "это имя занято системой"),
    "purpose": ("`x-personal` names a purpose", "`x-personal` называет цель"),
    "unnamed": ("mark a field of its own as personal", "пометьте персональным отдельное поле"),
    "required": ("personal data may be erased, so it is not required", "персональное поле не может быть обязательным"),
    "hidden": ("personal data cannot be found behind this keyword", "за этим словом персональное поле не найти"),
}


def require_schema(name: str, schema: Mapping[str, Any]) -> None:
    """Refuse what is no schema, what leads elsewhere, and marks of personal data that could not be kept."""
    _require_references(name, schema)
    try:
        validator_of(msgspec.json.encode(schema))
    except ValueError as error:
        place = "/".join(map(str, getattr(error, "instance_path", ()))) or "/"
        raise _malformed(name, place, "schema") from None
    if rules.follow(schema, schema).get("type") != "object":
        raise _malformed(name, "type", "object")
    if EXTRAS in schema.get("properties", {}):
        raise _malformed(name, EXTRAS, "reserved")
    for tag in rules.tags(schema):
        if not isinstance(tag.purpose, str) or not tag.purpose:
            raise _malformed(name, tag.field, "purpose")
        if not tag.is_named:
            raise _malformed(name, tag.field, "unnamed")
        if tag.is_required:
            raise _malformed(name, tag.field, "required")
    _require_marks_in_sight(name, schema)


def _require_references(name: str, schema: Any) -> None:
    definitions = schema.get("$defs", {})
    for place, node in _nodes(schema, ""):
        for keyword in ("$ref", "$dynamicRef", "$recursiveRef"):
            target = node.get(keyword)
            if target is not None and not (
                keyword == "$ref"
                and isinstance(target, str)
                and target.startswith(LOCAL)
                and isinstance(definitions, dict)
                and isinstance(definitions.get(target.removeprefix(LOCAL)), dict)
            ):
                raise _malformed(name, f"{place}/{keyword}", "reference")
    for part in [schema, *(each for each in definitions.values() if isinstance(each, dict))]:
        seen = set()
        while (target := part.get("$ref")) is not None:
            if target in seen:
                raise _malformed(name, target, "circle")
            seen.add(target)
            part = definitions[target.removeprefix(LOCAL)]


def _require_marks_in_sight(name: str, schema: Any) -> None:
    """A mark where sealing does not look, such as behind `if`, would leave personal data in the open."""
    seen: set[int] = set()

    def look(part: Any) -> None:
        if id(part) in seen:
            return
        seen.add(id(part))
        if "$ref" in part:
            look(schema["$defs"][part["$ref"].removeprefix(LOCAL)])
        for _, inner in rules.parts(part):
            look(inner)

    look(schema)
    for place, node in _nodes(schema, ""):
        if PERSONAL in node and id(node) not in seen and not place.startswith("/examples"):
            raise _malformed(name, place, "hidden")


def _nodes(value: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object within a schema, wherever it lies."""
    if isinstance(value, dict):
        yield place, value
        for word, inner in value.items():
            yield from _nodes(inner, f"{place}/{word}")
    elif isinstance(value, list):
        for i, inner in enumerate(value):
            yield from _nodes(inner, f"{place}/{i}")


def _malformed(name: str, field: str, problem: str) -> SchemaMalformed:
    english, russian = PROBLEMS[problem]
    return SchemaMalformed(name=name, field=field or "/", problem=english, problem_ru=russian)


def require_fit(name: str, schema: bytes, fact: Any) -> None:
    """Refuse a fact that does not fit, with the first field that shows it."""
    for error in validator_of(schema).iter_errors(fact):
        raise EventMalformed(name=name, field=field_of(error))
    if isinstance(fact, dict) and EXTRAS in fact:
        raise EventMalformed(name=name, field=EXTRAS)


def field_of(error: jsonschema_rs.ValidationError) -> str:
    """Where it is, as `lines/0/sku`; of a field that is missing or not declared, its own place."""
    place = [str(step) for step in error.instance_path]
    named = getattr(error.kind, "property", None) or next(iter(getattr(error.kind, "unexpected", ())), None)
    return "/".join([*place, named] if named else place) or "/"


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema, which also declines what it does not name.

    A fact from outside holds what its type declares: a field that is declared later then clashes with nothing that
    lies in the log, and no personal data come in unnoticed. `additionalProperties` leaves an object open on purpose.
    """
    shut: dict[str, Any] = _closed(schema, schema, is_value=True)
    return shut


def _closed(schema: Any, root: Any, *, is_value: bool) -> Any:
    """`is_value`: it describes a value of its own, and is not one of several views on it."""
    if not isinstance(schema, dict):
        return schema
    shut = dict(schema)
    for keyword in ("properties", "$defs"):
        if keyword in schema:
            parts = schema[keyword].items()
            shut[keyword] = {name: _closed(part, root, is_value=keyword == "properties") for name, part in parts}
    for keyword in rules.ELEMENTS:
        if keyword in schema:
            shut[keyword] = _closed(schema[keyword], root, is_value=True)
    for keyword in ("prefixItems", "anyOf", "oneOf", "allOf"):
        if keyword in schema:
            shut[keyword] = [_closed(part, root, is_value=keyword == "prefixItems") for part in schema[keyword]]
    if is_value and _names_fields(schema, root, ()):
        shut.setdefault("unevaluatedProperties", False)
    return shut


def _names_fields(schema: Any, root: Any, path: tuple[str, ...]) -> bool:
    if not isinstance(schema, dict) or schema.get("$ref") in path:
        return False
    if "$ref" in schema:
        path = (*path, schema["$ref"])
    plain = rules.follow(schema, root)
    options = [option for keyword in ("anyOf", "oneOf", "allOf") for option in plain.get(keyword, ())]
    return "properties" in plain or any(_names_fields(option, root, path) for option in options)


@lru_cache(maxsize=1024)
def validator_of(schema: bytes) -> jsonschema_rs.Draft202012Validator:
    """Patterns are matched in linear time, and nothing is fetched."""
    return jsonschema_rs.Draft202012Validator(
        msgspec.json.decode(schema),
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
    )
