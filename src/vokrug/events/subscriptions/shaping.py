"""Leaving out what a subscriber may not see: personal fields that are kept for another purpose."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

Strip = Callable[[bytes], bytes]


def left_out(personal: Iterable[Mapping[str, str]], purposes: Iterable[str]) -> list[str]:
    """The fields that these purposes do not open. One field may serve several: any of them opens it."""
    allowed = set(purposes)
    opened = {tag["field"] for tag in personal if tag["purpose"] in allowed}
    return sorted({tag["field"] for tag in personal} - opened)


def stripper(fields: Iterable[str]) -> Strip | None:
    """Takes the fields out of a fact's JSON; None when there is nothing to take out."""
    paths = [_steps(field) for field in fields]
    if not paths:
        return None

    def strip(data: bytes) -> bytes:
        value = msgspec.json.decode(data)
        for path in paths:
            value = _without(value, path)
        return msgspec.json.encode(value)

    return strip


def _steps(field: str) -> list[str]:
    """`"guests[].name"` to `["guests", "[]", "name"]`."""
    steps: list[str] = []
    for part in field.split("."):
        name, *elements = part.split("[]")
        steps += [name] if name else []
        steps += ["[]"] * len(elements)
    return steps


def _without(value: Any, path: list[str]) -> Any:
    """The same value without what the path leads to. Elements are those of a list or of a dictionary."""
    if not path:
        return msgspec.UNSET
    step, rest = path[0], path[1:]
    if step == "[]" and isinstance(value, list):
        return [kept for one in value if (kept := _without(one, rest)) is not msgspec.UNSET]
    if isinstance(value, dict) and (step == "[]" or step in value):
        names = list(value) if step == "[]" else [step]
        kept = {name: _without(value[name], rest) for name in names}
        return {name: kept.get(name, one) for name, one in value.items() if kept.get(name, one) is not msgspec.UNSET}
    return value
