"""Which facts this process tells. Declaring a type registers it; `synchronise` writes it down."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import msgspec

from vokrug.events import rules
from vokrug.events.types import Compatibility, Event, EventType

E = TypeVar("E", bound=Event)

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Catalogue:
    """Event types by name. A process has one, `CATALOGUE`; a test may make its own."""

    def __init__(self) -> None:
        self._types: dict[str, EventType] = {}

    def event(
        self,
        name: str,
        *,
        owner: str,
        key: str,
        retention_days: int | None = None,
        purpose: str | None = None,
        compatibility: Compatibility = Compatibility.FULL,
        acknowledge_days: int | None = None,
    ) -> Callable[[type[E]], type[E]]:
        """Declares a type of fact. The class's docstring says what became true."""

        def declare(model: type[E]) -> type[E]:
            self._add(
                EventType(
                    **described(model, name),
                    owner=owner,
                    key=key,
                    retention_days=retention_days,
                    model=model,
                    purpose=purpose,
                    compatibility=compatibility,
                    acknowledge_days=acknowledge_days,
                )
            )
            return model

        return declare

    def exemplify(self, *facts: Event) -> None:
        """What facts of a type look like, for readers; each of the facts' own type."""
        for fact in facts:
            known = self._types[fact.__event__.name]
            example = msgspec.to_builtins(fact)
            self._types[known.name] = type(fact).__event__ = replace(known, examples=(*known.examples, example))

    def _add(self, described: EventType) -> None:
        for other in self._types.values():
            if other.name == described.name or other.id == described.id:
                raise ValueError(f"{described.name} and {other.name} cannot both be in one catalogue")
        self._types[described.name] = described
        described.model.__event__ = described

    def __iter__(self) -> Iterator[EventType]:
        return iter(sorted(self._types.values(), key=lambda type: type.name))

    def find(self, name: str) -> EventType | None:
        return self._types.get(name)


def described(model: type[Event], name: str) -> dict[str, Any]:
    """What a class itself says of its type."""
    if not (matched := rules.NAME.fullmatch(name)):
        raise ValueError(f"an event is named like 'pos.sale_committed.v1', not {name!r}")
    if not (words := (model.__dict__.get("__doc__") or "").strip()):
        raise ValueError(f"{name} needs a docstring that says what became true")
    schema = schema_of(model, name)
    for tag in rules.tags(schema):
        if not tag.is_named or tag.is_required:
            raise ValueError(
                f"{name}: {tag.field or 'the whole'} is personal and may be erased: give the field a default"
            )
    return {
        "name": name,
        "id": rules.type_id_of(name),
        "version": int(matched[2]),
        "words": words,
        "schema": schema,
        "personal": tuple(rules.personal_fields(schema)),
    }


def schema_urn(name: str) -> str:
    """The `$id` of a type's schema, and the `dataschema` of its facts."""
    return f"urn:vokrug:event:{name}"


def schema_of(model: type[Event], name: str) -> dict[str, Any]:
    """JSON Schema 2020-12 of a class's fields."""
    (top,), parts = msgspec.json.schema_components([model])
    root = parts[top["$ref"].removeprefix("#/$defs/")]
    if top["$ref"] not in json.dumps(parts):  # an event that contains itself stays among the parts
        parts = {part: schema for part, schema in parts.items() if schema is not root}
    return {"$schema": DIALECT, "$id": schema_urn(name), **root} | ({"$defs": parts} if parts else {})


def catalogue_markdown(catalogue: Iterable[EventType] | None = None) -> str:
    """The page docs/events.md: every type with its words and its schema."""
    parts = [
        "# Events",
        "Generated from the catalogue. A version only ever gains optional fields; "
        "any other change is told as a new version.",
    ]
    for type in CATALOGUE if catalogue is None else catalogue:
        personal = ", ".join(f"`{tag.field}` ({tag.purpose})" for tag in type.personal)
        kept = f"{type.retention_days} days" if type.retention_days else "as long as the installation keeps"
        parts += [
            f"## {type.name}",
            "\n".join(line.strip() for line in type.words.splitlines()),
            f"- owner: {type.owner}\n- in order by: {type.key}\n- personal data: {personal or 'none'}\n- kept: {kept}",
            f"```json\n{json.dumps(type.schema, indent=2, ensure_ascii=False)}\n```",
        ]
    return "\n\n".join(parts) + "\n"


CATALOGUE = Catalogue()
event = CATALOGUE.event
exemplify = CATALOGUE.exemplify
