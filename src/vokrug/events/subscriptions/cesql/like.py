"""Patterns of LIKE. Not one regular expression: with several `%` that can take for ever on a long text."""

import re
from collections.abc import Callable

# `\\%` and `\\_` stand for themselves; a backslash before anything else does too.
_PART = re.compile(r"\\[%_]|.", re.DOTALL)


def matcher(pattern: str) -> Callable[[str], bool]:
    """Does a text match? The pieces between the `%` are looked for one after the other, never twice."""
    pieces: list[list[str]] = [[]]
    for part in _PART.findall(pattern):
        if part == "%":
            pieces.append([])
        else:
            pieces[-1].append("." if part == "_" else re.escape(part[-1]))
    first, *others = [re.compile("".join(piece), re.DOTALL) for piece in pieces]
    if not others:
        return lambda text: first.fullmatch(text) is not None
    return _between(first, others[:-1], others[-1], len(pieces[-1]))


def _between(
    first: re.Pattern[str], middle: list[re.Pattern[str]], last: re.Pattern[str], last_length: int
) -> Callable[[str], bool]:
    def matches(text: str) -> bool:
        if (found := first.match(text)) is None:
            return False
        at = found.end()
        for piece in middle:
            if (found := piece.search(text, at)) is None:
                return False
            at = found.end()
        # A piece has a fixed length, so the last one can only stand at one place.
        return len(text) - last_length >= at and last.fullmatch(text, len(text) - last_length) is not None

    return matches
