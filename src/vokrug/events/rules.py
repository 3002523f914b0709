"""Decisions of the stream without I/O: where a key lives, which schema may follow which."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

from vokrug.events.errors import CursorMalformed
from vokrug.events.types import PERSONAL, PersonalField

NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v([1-9][0-9]*)")

# Keywords that describe and do not restrict: changing them breaks no reader.
WORDS_ONLY = frozenset({"$id", "$schema", "$defs", "title", "description", "examples", PERSONAL})

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


class Breach(NamedTuple):
    """How a schema breaks what the previous one promised."""

    field: str
    reason: str


def breach(old: Mapping[str, Any], new: Mapping[str, Any]) -> Breach | None:
    """The first promise of `old` that `new` breaks, or None for a compatible addition.

    A version may gain optional fields, at any depth, and better words. Everything else would break
    either today's readers or a replay of what was written under the old schema: a field that is gone,
    restricted in another way, newly required or no longer promised; also a longer list of choices,
    because a reader may have declared it closed.
    """
    return next(_breaches(old, new, old, new, "", set()), None)


def _breaches(
    old: Any, new: Any, old_root: Any, new_root: Any, at: str, seen: set[tuple[str, str]]
) -> Iterator[Breach]:
    if "$ref" in old and "$ref" in new:
        pair = (old["$ref"], new["$ref"])
        if pair in seen:
            return  # a type that contains itself: this pair is being compared already
        seen = seen | {pair}
    old, new = _follow(old, old_root), _follow(new, new_root)
    yield from _broken_fields(old, new, old_root, new_root, at, seen)
    for keyword in sorted((old.keys() | new.keys()) - WORDS_ONLY - {"properties", "required"}):
        before, after = old.get(keyword), new.get(keyword)
        if keyword in ELEMENTS and isinstance(before, dict) and isinstance(after, dict):
            yield from _breaches(before, after, old_root, new_root, f"{at}[]", seen)
        elif keyword in ("anyOf", "prefixItems") and before and after and len(before) == len(after):
            for one, other in zip(before, after, strict=True):
                yield from _breaches(one, other, old_root, new_root, at, seen)
        elif (keyword in old) != (keyword in new) or before != after:
            yield Breach(at or "(the whole event)", f"has another {keyword}")


def _broken_fields(
    old: Any, new: Any, old_root: Any, new_root: Any, at: str, seen: set[tuple[str, str]]
) -> Iterator[Breach]:
    before, after = old.get("properties", {}), new.get("properties", {})
    was_required, is_required = set(old.get("required", ())), set(new.get("required", ()))
    for name in before:
        field = f"{at}.{name}".lstrip(".")
        if name not in after:
            yield Breach(field, "was removed")
            continue
        if (name in was_required) != (name in is_required):
            yield Breach(field, "became required" if name in is_required else "is no longer required")
        yield from _breaches(before[name], after[name], old_root, new_root, field, seen)
    for name in after.keys() - before.keys():
        if name in is_required:
            yield Breach(f"{at}.{name}".lstrip("."), "was added as required")


def _follow(schema: Any, root: Any) -> Any:
    """A schema with its `$ref` replaced by what it points at; words beside a reference stay."""
    while "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        schema = root["$defs"][name] | {word: schema[word] for word in schema if word != "$ref"}
    return schema


def personal_fields(schema: Mapping[str, Any]) -> list[PersonalField]:
    """Every field marked with `Personal`, at any depth."""
    return list(dict.fromkeys(_personal(schema, schema, "", ())))


def _personal(schema: Any, root: Any, at: str, path: tuple[str, ...]) -> Iterator[PersonalField]:
    if PERSONAL in schema:
        yield PersonalField(at, schema[PERSONAL])
    if "$ref" in schema:
        if schema["$ref"] in path:
            return
        path = (*path, schema["$ref"])
    schema = _follow(schema, root)
    for name, field in schema.get("properties", {}).items():
        yield from _personal(field, root, f"{at}.{name}".lstrip("."), path)
    for option in schema.get("anyOf", ()):
        yield from _personal(option, root, at, path)
    for keyword in ELEMENTS:
        if isinstance(schema.get(keyword), dict):
            yield from _personal(schema[keyword], root, f"{at}[]", path)


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
