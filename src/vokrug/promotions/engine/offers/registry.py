"""Kinds that may be added from outside: conditions and benefits, found by entry points.

A package adds a kind by naming its struct under `vokrug.conditions` or `vokrug.benefits`; from then on
offers may be written, checked, compiled and explained with it like with those that stand here.
"""

from collections.abc import Iterable
from importlib.metadata import entry_points
from typing import Any

CONDITIONS = "vokrug.conditions"
BENEFITS = "vokrug.benefits"


def with_plugged(group: str, ours: Iterable[type[Any]], base: type[Any]) -> tuple[type[Any], ...]:
    """Our kinds and the ones other packages bring. A tag that is taken stops the start, by its name."""
    kinds = list(ours)
    tags = {tag_of(kind): kind for kind in kinds}
    for point in sorted(entry_points(group=group), key=lambda point: point.name):
        kind = point.load()
        if not (isinstance(kind, type) and issubclass(kind, base)):
            raise TypeError(f"{point.value} is no {base.__name__}")
        if tag_of(kind) in tags:
            raise TypeError(f"{point.value}: the kind {tag_of(kind)!r} is taken")
        tags[tag_of(kind)] = kind
        kinds.append(kind)
    return tuple(kinds)


def tag_of(kind: type[Any]) -> str:
    """The word a struct is tagged with in JSON."""
    return str(kind.__struct_config__.tag)
