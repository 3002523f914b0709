"""How a code is written, and read again however it was typed: case, spaces, look-alikes, Cyrillic twins."""

import re
from typing import Literal

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # no I, L, O, U: what is read aloud comes back the same
DIGITS = "0123456789"
CheckKind = Literal["none", "luhn", "damm"]

_TWINS = str.maketrans("ОАВЕЁКМНРСТХУЗIILO", "0ABEEKMHPCTXY31110")
_NOT_CODE = re.compile(r"[\W_]+")
_DAMM = [
    "0317598642", "7092154863", "4206871359", "1750983426", "6123045978",
    "3674209581", "5869720134", "8945362017", "9438617205", "2581436790",
]  # fmt: skip


def normalise(typed: str) -> str:
    """What a code is whatever it looks like: capitals, no spaces or hyphens, look-alikes as one."""
    return _NOT_CODE.sub("", typed.upper()).translate(_TWINS)


def alphabet_of(name: str) -> str:
    return DIGITS if name == "digits" else LETTERS


def check_character(text: str, kind: CheckKind, alphabet: str) -> str:
    """The character that catches a slip of a finger. `text` may hold others than the alphabet: they do not count."""
    values = [alphabet.index(letter) for letter in text if letter in alphabet]
    if kind == "none":
        return ""
    if kind == "luhn":
        return alphabet[_luhn(values, len(alphabet))]
    return alphabet[_damm(values, len(alphabet))]


def is_well_formed(code: str, kind: CheckKind, alphabet: str) -> bool:
    return kind == "none" or (code[-1:] in alphabet and code[-1:] == check_character(code[:-1], kind, alphabet))


def _luhn(values: list[int], base: int) -> int:
    """Luhn's formula in any even base: catches each wrong digit and nearly every swap of neighbours."""
    total = 0
    for place, value in enumerate(reversed(values)):
        doubled = value * 2 if place % 2 == 0 else value
        total += doubled // base + doubled % base
    return -total % base


def _damm(values: list[int], base: int) -> int:
    """Damm's: catches each wrong digit and every swap of neighbours. Base 32 is multiplication by 2 in GF(32)."""
    state = 0
    for value in values:
        state = int(_DAMM[state][value]) if base == 10 else twice(state ^ value)
    return state


def twice(value: int) -> int:
    """Times x in GF(2^5) by x^5 + x^2 + 1."""
    value <<= 1
    return value ^ 0b100101 if value & 32 else value


def grouped(code: str, size: int = 4) -> str:
    """For people: in groups of four."""
    return "-".join(code[i : i + size] for i in range(0, len(code), size))
