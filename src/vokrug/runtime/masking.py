"""What must not be read in a log: phones, cards, e-mails, secrets. Plain functions over text."""

import re
from collections.abc import Mapping

HIDDEN = "•••"

# Tried in this order; the first two stay as they are, so that ids and dates are not taken for phones.
_FINDINGS = re.compile(
    r"""
    (?P<uuid>\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b)
  | (?P<date>\b[12]\d{3}-[01]\d-[0-3]\d(?!\d)(?:[T\ ][0-2]\d:[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?
        (?:Z|[+-]\d\d:?\d\d)?)?)
  | (?P<jwt>\beyJ[\w-]+\.[\w-]+(?:\.[\w-]*)*)
  | (?P<url>(?<=://)[^\s/@:]*:[^\s@]+(?=@))
  | (?P<bearer>(?i:\b(?:bearer|basic)\s+)[^\s"',;]+)
  | (?P<ours>\bvks_[\w-]+)
  | (?P<named>(?i:\b[\w-]*(?:secret|password|passwd|token|api[_-]?key|signature|authorization|cookie|pin|otp))
        ["']?\s*[:=]\s*(?:(?i:bearer|basic)\s+)?(?:"[^"]*"|'[^']*'|[^\s,;&}\])]+))
  | (?P<email>[\w.+%-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+)
  | (?P<number>(?<![\w.])\+?\(?\d(?:[\s().\-\u2010-\u2015\u2212_/]{0,3}\d){9,18}(?!\d))
    """,
    re.VERBOSE,
)
_KEPT = ("uuid", "date")
_VALUE = re.compile(r"[:=]\s*")

# Names of fields whose values are personal or secret whatever they look like.
_PRIVATE_NAME = re.compile(
    r"(phone|e?mail|card|first_?name|last_?name|middle_?name|full_?name|display_?name|surname|birth|address"
    r"|passport|secret|password|token|api_?key|signature|authorization|cookie|\bpin\b|\botp\b|_code\b)",
    re.IGNORECASE,
)


def mask(text: str) -> str:
    """The text without phones, cards, e-mails, tokens, keys and passwords."""
    return _FINDINGS.sub(_hide, text)


def _hide(found: re.Match[str]) -> str:
    kind, text = found.lastgroup, found[0]
    if kind in _KEPT:
        return text
    if kind == "number":
        return HIDDEN + "".join(letter for letter in text if letter.isdigit())[-2:]
    if kind == "bearer":
        return text.split()[0] + " " + HIDDEN
    if kind == "named":
        cut = _VALUE.search(text)
        assert cut is not None, "a named secret has a sign before its value"
        return text[: cut.end()] + HIDDEN
    return HIDDEN


def mask_value(name: str, value: object) -> object:
    """A value of a log record's extras: hidden by its field's name, or masked by its looks, at any depth."""
    if _PRIVATE_NAME.search(name):
        return HIDDEN
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        # A number of ten digits or more may be a phone; counters and ids of ours are shorter or UUIDs.
        return value if abs(value) < 10**9 else mask(str(value))
    if isinstance(value, Mapping):
        return {str(key): mask_value(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [mask_value(name, inner) for inner in value]
    return mask(str(value))
