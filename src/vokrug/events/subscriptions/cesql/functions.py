"""The functions that every engine has."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from vokrug.events.subscriptions.cesql.values import LEAST, MOST, ErrorKind, Failed, Kind

# What Unicode calls white space. Python's `strip` would take separators of records with it.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


@dataclass(frozen=True, slots=True)
class Function:
    """`call` receives arguments that have their parameters' types already."""

    parameters: Sequence[Kind]
    returns: Kind
    call: Callable[..., Any]
    rest: Kind | None = None  # what may follow the parameters, any number of times

    def takes(self, count: int) -> bool:
        return count == len(self.parameters) or (self.rest is not None and count > len(self.parameters))

    def kinds(self, count: int) -> list[Kind]:
        more = [] if self.rest is None else [self.rest] * (count - len(self.parameters))
        return [*self.parameters, *more]


def _left(text: str, count: int) -> str:
    if count < 0:
        raise Failed(ErrorKind.FUNCTION_EVALUATION, text)
    return text[:count]


def _right(text: str, count: int) -> str:
    if count < 0:
        raise Failed(ErrorKind.FUNCTION_EVALUATION, text)
    return text[len(text) - count :] if count < len(text) else text


def _substring(text: str, position: int, length: int = MOST) -> str:
    """Positions count from 1, or from the end when they are negative; position 0 holds nothing."""
    if position > len(text) or position < -len(text) or length < 0:
        raise Failed(ErrorKind.FUNCTION_EVALUATION, "")
    if position == 0:
        return ""
    begin = position - 1 if position > 0 else len(text) + position
    return text[begin : begin + length]


def _absolute(value: int) -> int:
    if value == LEAST:
        raise Failed(ErrorKind.MATH, MOST)
    return abs(value)


def _itself(value: Any) -> Any:
    """An explicit cast: its argument has been cast on the way in."""
    return value


FUNCTIONS: dict[str, list[Function]] = {
    "LENGTH": [Function([str], int, len)],
    "CONCAT": [Function([], str, lambda *texts: "".join(texts), rest=str)],
    "CONCAT_WS": [Function([str], str, lambda between, *texts: between.join(texts), rest=str)],
    "LOWER": [Function([str], str, str.lower)],
    "UPPER": [Function([str], str, str.upper)],
    "TRIM": [Function([str], str, lambda text: text.strip(WHITE_SPACE))],
    "LEFT": [Function([str, int], str, _left)],
    "RIGHT": [Function([str, int], str, _right)],
    "SUBSTRING": [Function([str, int], str, _substring), Function([str, int, int], str, _substring)],
    "ABS": [Function([int], int, _absolute)],
    "INT": [Function([int], int, _itself)],
    "BOOL": [Function([bool], bool, _itself)],
    "STRING": [Function([str], str, _itself)],
}


def find(name: str, count: int) -> Function | None:
    """The function of this name that takes so many arguments."""
    return next((one for one in FUNCTIONS.get(name, ()) if one.takes(count)), None)
