"""Amounts are whole minor units (kopecks, hundredths of a point). No float comes near them."""

from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache

MAX_MINOR = 10**15  # ten trillion roubles: anything larger is a slip of the finger, not a price


class Rounding(StrEnum):
    """How a fraction of a minor unit is settled. Every rule names its own."""

    DOWN = "down"
    HALF_UP = "half_up"
    HALF_EVEN = "half_even"
    UP = "up"


def round_ratio(numerator: int, denominator: int, rounding: Rounding) -> int:
    """`numerator / denominator` to a whole number, exactly. The denominator is positive.

    DOWN and UP mean towards minus and plus infinity; halves of HALF_UP go away from zero.
    """
    assert denominator > 0, "a ratio needs a positive denominator"
    whole, rest = divmod(numerator, denominator)
    match rounding:
        case Rounding.DOWN:
            return whole
        case Rounding.UP:
            return whole + (rest > 0)
        case Rounding.HALF_UP:
            if 2 * rest == denominator:
                return whole + (numerator >= 0)
            return whole + (2 * rest > denominator)
        case Rounding.HALF_EVEN:
            if 2 * rest == denominator:
                return whole + (whole & 1)
            return whole + (2 * rest > denominator)


@lru_cache(maxsize=16_384)  # a chain has some thousands of prices
def parse_minor(text: str, scale: int = 2) -> int:
    """`"149.90"` to `14990`. Raises ValueError for anything but a plain decimal that fits the scale."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, point, fraction = digits.partition(".")
    if not (whole.isascii() and whole.isdigit()) or (point and not (fraction.isascii() and fraction.isdigit())):
        raise ValueError(f"not a plain decimal: {text[:40]!r}")
    if len(fraction) > scale:
        raise ValueError(f"more than {scale} digits after the point: {text[:40]!r}")
    if len(whole) > 16:
        raise ValueError("larger than any amount we keep")
    minor = sign * int(whole + fraction.ljust(scale, "0"))
    if abs(minor) > MAX_MINOR:
        raise ValueError("larger than any amount we keep")
    return minor


_HUNDREDTHS = [f".{hundredths:02d}" for hundredths in range(100)]


def format_minor(minor: int, scale: int = 2) -> str:
    """`14990` to `"149.90"`, the inverse of `parse_minor`."""
    if scale == 2 and minor >= 0:  # nearly always; a cache of what was written would cost more than writing
        return f"{minor // 100}{_HUNDREDTHS[minor % 100]}"
    if scale == 0:
        return str(minor)
    sign, size = ("-", -minor) if minor < 0 else ("", minor)
    text = str(size).rjust(scale + 1, "0")
    return f"{sign}{text[:-scale]}.{text[-scale:]}"


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Divide a whole number by weights, losing and inventing nothing: largest remainder first,
    equal remainders to the earlier one (Hamilton's method). Weights are not negative, one is positive.
    """
    whole = sum(weights)
    assert whole > 0, "something must carry the share"
    assert min(weights) >= 0, "a weight is not negative"
    parts = [divmod(total * weight, whole) for weight in weights]
    shares = [share for share, _ in parts]
    if missing := total - sum(shares):
        remainders = [-remainder for _, remainder in parts]
        for i in sorted(range(len(parts)), key=remainders.__getitem__)[:missing]:  # stable: earlier first
            shares[i] += 1
    return shares
