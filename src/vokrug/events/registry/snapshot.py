"""The types of our code as they were last agreed upon, in a file of the repository.

`vokrug events check` compares the code with it, so that a change which breaks readers is seen where it is made, not
when a release starts. The file keeps every schema that was agreed, because each of them has facts in somebody's log.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from vokrug.events.registry.compatibility import Change, changes
from vokrug.events.registry.upcasts import previous_name
from vokrug.events.types import EventType

Schemas = dict[str, list[dict[str, Any]]]  # by type's name, the oldest first


@dataclass(frozen=True, slots=True)
class Finding:
    """A difference between the code and the snapshot."""

    type: str
    words: str
    is_breach: bool


def compare(types: Iterable[EventType], agreed: Schemas) -> list[Finding]:
    """What differs, breaches first."""
    declared = {type.name: type for type in types}
    found = [Finding(name, "is gone; readers are left with nothing", True) for name in agreed if name not in declared]
    for name, type in declared.items():
        if name not in agreed:
            found += _of_a_new_one(type, declared)
        else:
            found += _of_a_known_one(type, agreed[name])
    return sorted(set(found), key=lambda one: (not one.is_breach, one.type, one.words))


def _of_a_new_one(type: EventType, declared: Mapping[str, EventType]) -> list[Finding]:
    found = [Finding(type.name, "is new", False)]
    previous = previous_name(type.name)
    if previous in declared and type.model.__older__ is None:
        found.append(Finding(type.name, f"has no upcaster from {previous}", True))
    return found


def _of_a_known_one(type: EventType, agreed: list[dict[str, Any]]) -> list[Finding]:
    found = []
    for schema in agreed:
        breaking = [change for change in changes(schema, type.schema) if change.is_forbidden_by(type.compatibility)]
        found += [Finding(type.name, _words(change), True) for change in breaking]
    if dict(type.schema) != agreed[-1]:
        added = changes(agreed[-1], type.schema)
        said = "; ".join(_words(change) for change in added) or "is told in other words"
        found.append(Finding(type.name, said, False))
    return found


def _words(change: Change) -> str:
    directions = [
        name
        for name, breaks in (("old facts", change.breaks_backward), ("today's readers", change.breaks_forward))
        if breaks
    ]
    broken = f" (breaks {' and '.join(directions)})" if directions else ""
    return f"{change.field or '(the whole event)'} {change.say('en')}{broken}"


def agree(types: Iterable[EventType], agreed: Schemas) -> Schemas:
    """The snapshot with what the code says now: new schemas come after those they follow."""
    grown = dict(agreed)
    for type in types:
        known = grown.get(type.name, [])
        if not known or known[-1] != dict(type.schema):
            grown[type.name] = [*known, dict(type.schema)]
    return dict(sorted(grown.items()))


def read_snapshot(file: Path) -> Schemas:
    return msgspec.json.decode(file.read_bytes(), type=Schemas) if file.exists() else {}


def write_snapshot(file: Path, agreed: Schemas) -> None:
    file.write_bytes(msgspec.json.format(msgspec.json.encode(agreed), indent=1) + b"\n")
