"""What a fact carries beside its own fields: one reserved member of the JSON text that lies in the log.

The log's columns are those that every sale needs. What only some facts have (sealed personal data, the source
and id that another system gave) rides here; readers that decode a fact's fields pass over it.
"""

from typing import Any, TypedDict

import msgspec

EXTRAS = "$vokrug"
_MARK = b'"$vokrug"'


class Box(TypedDict):
    """Personal fields of one purpose, sealed under the person's key."""

    purpose: str
    fields: list[str]  # "lines[].who": where the values belong, not the values
    sealed: str | None  # base64; None: the key was gone before the fact was told


class Extras(TypedDict, total=False):
    """The reserved member."""

    sealed: list[Box]
    hidden: dict[str, str]  # field to why it is absent: "purpose", "declined", "erased"
    source: str
    id: str
    attributes: dict[str, Any]  # extension attributes of another system's event


def has_extras(data: bytes) -> bool:
    """Cheap, and at worst mistaken about a fact that speaks of the mark in a text."""
    return _MARK in data


def take_apart(data: bytes) -> tuple[Any, Extras]:
    """The fact's own fields, and what rides with them."""
    fact = msgspec.json.decode(data)
    extras: Extras = fact.pop(EXTRAS, {}) if isinstance(fact, dict) else {}
    return fact, extras


def put_together(fact: Any, extras: Extras) -> bytes:
    return msgspec.json.encode({**fact, EXTRAS: extras} if extras else fact)
