"""Reading a step: every field is asked for by name, and one that nobody asked for is not passed over."""

from collections.abc import Mapping
from typing import Any

MISSING: Any = object()
SAID_ASIDE = frozenset({"op", "note", "notes", "comment", "title", "why"})


class Difference(Exception):
    """What was expected, and what came instead."""

    def __init__(self, what: str, expected: object, got: object) -> None:
        super().__init__(f"{what}: expected {expected!r}, got {got!r}")


class NotUnderstood(Exception):
    """The case says something that this adapter has no words for."""


class Fields:
    """The fields of one step."""

    def __init__(self, step: Mapping[str, Any], what: str) -> None:
        if not isinstance(step, Mapping):
            raise NotUnderstood(f"{what} is not an object: {step!r}")
        self.step, self.what = step, what
        self.asked = set(SAID_ASIDE)

    def take(self, *names: str, default: Any = MISSING) -> Any:
        """The first of these fields that is there; they are names for one thing."""
        self.asked.update(names)
        for name in names:
            if name in self.step:
                return self.step[name]
        if default is MISSING:
            raise NotUnderstood(f"{self.what} has no {' or '.join(names)}")
        return default

    def has(self, *names: str) -> bool:
        return any(name in self.step for name in names)

    def done(self) -> None:
        """Nothing may be left over: an unread field could be the point of the case."""
        if left := [name for name in self.step if name not in self.asked]:
            raise NotUnderstood(f"{self.what} has fields not understood: {', '.join(left)}")


def same(what: str, expected: object, got: object) -> None:
    if expected != got:
        raise Difference(what, expected, got)
