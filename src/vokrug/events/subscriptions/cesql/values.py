"""The three types of the language, its errors, and how one type becomes another."""

import re
from enum import StrEnum
from typing import TypeAlias

Value: TypeAlias = str | int | bool
Kind: TypeAlias = type[str] | type[int] | type[bool]

LEAST, MOST = -(2**31), 2**31 - 1

ZERO: dict[Kind, Value] = {str: "", int: 0, bool: False}

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)


class ErrorKind(StrEnum):
    """The errors that the specification names, as its test kit spells them."""

    PARSE = "parse"
    MATH = "math"
    CAST = "cast"
    MISSING_ATTRIBUTE = "missingAttribute"
    MISSING_FUNCTION = "missingFunction"
    FUNCTION_EVALUATION = "functionEvaluation"
    GENERIC = "generic"


class ParseError(ValueError):
    """The text is not an expression. Says where."""

    def __init__(self, problem: str, at: int) -> None:
        super().__init__(problem)
        self.problem = problem
        self.at = at  # which character, from 0


class Failed(Exception):
    """Ends an evaluation. A function may name the value that stands beside its error."""

    def __init__(self, kind: ErrorKind, value: Value = False) -> None:
        super().__init__(kind)
        self.kind = kind
        self.value = value


def to_str(value: Value) -> str:
    if value is True or value is False:
        return "true" if value else "false"
    return str(value)


def to_int(value: Value) -> int:
    if isinstance(value, int):
        return int(value)
    # More digits than a 32-bit number has may still be zeros in front of one.
    if _INTEGER.fullmatch(value) and len(value.lstrip("+-0")) <= 10 and LEAST <= int(value) <= MOST:
        return int(value)
    raise Failed(ErrorKind.CAST, 0)


def to_bool(value: Value) -> bool:
    if isinstance(value, int):
        return bool(value)
    if (low := value.lower()) in ("true", "false"):
        return low == "true"
    raise Failed(ErrorKind.CAST, False)


def cast(value: Value, kind: Kind) -> Value:
    if kind is str:
        return to_str(value)
    return to_bool(value) if kind is bool else to_int(value)


def kind_of(value: Value) -> Kind:
    if isinstance(value, bool):
        return bool
    return int if isinstance(value, int) else str


def in_range(value: int) -> int:
    """A number of 32 bits: sums are not bent round."""
    if LEAST <= value <= MOST:
        return value
    raise Failed(ErrorKind.MATH, 0)
