"""Decisions of the stream without I/O: where a key lives, what is personal, which place a cursor means."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from vokrug.events.errors import CursorMalformed
from vokrug.events.types import PERSONAL, PersonalField

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v([1-9][0-9]*)")

ELEMENTS = ("items", "additionalProperties")  # what a list or a dictionary is made of

RETRY_FIRST = timedelta(seconds=2)
RETRY_LONGEST = timedelta(hours=1)
MAX_POSITION = 2**63 - 1


def partition_of(key: int, partitions: int) -> int:
    """Where a key's facts live. `events_partition` says the same in SQL."""
    return key % partitions


def type_id_of(name: str) -> int:
    """A name in 31 bits. `events_type_id` says the same in SQL."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) & 0x7FFFFFFF


def key_of(id: UUID) -> int:
    """A key for what has no number of its own. The low bits of a UUIDv7 are its random ones."""
    return id.int & 0x7FFFFFFFFFFFFFFF


def retry_after(tries: int) -> timedelta:
    """How long to wait after so many failures: 2 s, 8 s, 32 s, 2 min …, at most an hour."""
    wait = RETRY_FIRST
    for _ in range(tries - 1):
        wait = min(wait * 4, RETRY_LONGEST)
    return wait


def follow(schema: Any, root: Any) -> Any:
    """A schema with its `$ref` replaced by what it points at; words beside a reference stay."""
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    while "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        schema = root["$defs"][name] | {word: schema[word] for word in schema if word != "$ref"}
    return schema


class Tag(NamedTuple):
    """A mark of personal data in a schema, and what speaks against it."""

    field: str
    purpose: str
    is_named: bool  # a field of its own, not an element of a list nor the whole fact
    is_required: bool  # promised to be there, which no erasure can keep


def personal_fields(schema: Mapping[str, Any]) -> list[PersonalField]:
    """Every field marked with `Personal`, at any depth."""
    return list(dict.fromkeys(PersonalField(tag.field, tag.purpose) for tag in tags(schema)))


def tags(schema: Mapping[str, Any]) -> Iterator[Tag]:
    """Every mark of personal data, once for each place that leads to it."""
    return _tags(schema, schema, "", (), is_named=False, is_required=False)


def _tags(
    schema: Any, root: Any, at: str, path: tuple[str, ...], *, is_named: bool, is_required: bool
) -> Iterator[Tag]:
    if "$ref" in schema:
        if schema["$ref"] in path:
            return
        path = (*path, schema["$ref"])
    schema = follow(schema, root)
    if PERSONAL in schema:
        yield Tag(at, schema[PERSONAL], is_named, is_required)
    for step, part in parts(schema):
        named, required = (
            (is_named, is_required) if not step else (step != "[]", step[1:] in schema.get("required", ()))
        )
        yield from _tags(part, root, f"{at}{step}".lstrip("."), path, is_named=named, is_required=required)


def parts(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The schemas within one, each with the step that leads there: ".name", "[]", or "" for the same place."""
    steps = [(f".{name}", field) for name, field in schema.get("properties", {}).items()]
    steps += [("", option) for keyword in ("anyOf", "oneOf", "allOf") for option in schema.get(keyword, ())]
    steps += [("[]", schema.get(keyword)) for keyword in ELEMENTS]
    steps += [("[]", element) for element in schema.get("prefixItems", ())]
    yield from ((step, part) for step, part in steps if isinstance(part, dict))  # true and false hold nothing


def whole(text: str, most: int = MAX_POSITION) -> int | None:
    """A number without a sign, up to `most`; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most))):
        return None
    return int(text) if int(text) <= most else None


def parse_cursor(text: str, partitions: int, only: int | None = None) -> dict[int, int]:
    """`"0:12,3:40"` to positions; a partition that is not named is read from its start. With `only`,
    a single partition is read and its position may stand alone.
    """
    if only is not None and (position := whole(text)) is not None:
        return {only: position}
    positions = dict.fromkeys(range(partitions) if only is None else [only], 0)
    for part in text.split(",") if text else ():
        left, _, right = part.partition(":")
        partition, position = whole(left, partitions - 1), whole(right)
        if partition is None or position is None:
            raise CursorMalformed(given=text[:80])
        if partition in positions:
            positions[partition] = position
    return positions


def format_cursor(positions: Mapping[int, int]) -> str:
    """The inverse of `parse_cursor`."""
    return ",".join(f"{partition}:{position}" for partition, position in sorted(positions.items()))
