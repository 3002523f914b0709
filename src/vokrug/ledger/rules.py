"""Decisions about amounts, without I/O: shares, fees, sources, lots, deferred revenue."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from vokrug.kernel import Rounding, round_ratio
from vokrug.ledger.errors import InsufficientFunds, InsufficientLots, InvalidSplit, UnboundedSource


def share(text: str) -> Fraction:
    """`"35.5%"` or `"2/25"` as an exact fraction. Raises InvalidSplit for anything else."""
    try:
        return Fraction(text[:-1]) / 100 if text.endswith("%") else Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise InvalidSplit() from None


def split(amount: int, parts: Sequence[str]) -> list[int]:
    """Divide a whole number by shares: every share is floored, the units then missing are handed out
    one by one from the first share on. One part may be `"rest"`: what the other shares leave.

    Rule: Numscript's allotment (formancehq/numscript). Raises InvalidSplit unless the shares make one.
    """
    shares = [None if part == "rest" else share(part) for part in parts]
    named = sum((part for part in shares if part is not None), Fraction(0))
    rests = sum(part is None for part in shares)
    if rests > 1 or named > 1 or (rests == 0 and named != 1) or any(part is not None and part < 0 for part in shares):
        raise InvalidSplit()
    exact = [1 - named if part is None else part for part in shares]
    out = [amount * part.numerator // part.denominator for part in exact]
    missing = amount - sum(out)
    for i, part in enumerate(exact):
        if missing and part > 0:
            out[i] += 1
            missing -= 1
    return out


@dataclass(frozen=True)
class Source:
    """Where value may be drawn from: at most `cap`, down to `overdraft` below zero (None: no limit)."""

    key: str
    balance: int
    cap: int | None = None
    overdraft: int | None = 0


def draw(amount: int | None, sources: Sequence[Source]) -> list[tuple[str, int]]:
    """Fill one total from sources in their order, all or nothing; None draws all there is.

    A source already below its overdraft gives nothing; one named twice gives once what it has.
    Raises InsufficientFunds, or UnboundedSource for all of what has no limit.
    """
    taken: list[tuple[str, int]] = []
    given: dict[str, int] = {}
    left = amount
    for source in sources:
        limits = [limit for limit in (left, source.cap) if limit is not None]
        if source.overdraft is not None:
            limits.append(max(0, source.balance + source.overdraft - given.get(source.key, 0)))
        if not limits:
            raise UnboundedSource(wallet=source.key)
        part = min(limits)
        if part > 0:
            taken.append((source.key, part))
            given[source.key] = given.get(source.key, 0) + part
            left = None if left is None else left - part
    if left:
        raise InsufficientFunds(missing=left)
    return taken


def fee(amount: int, rate: str, cap: int | None = None) -> int:
    """A share of an amount, rounded down, with a ceiling."""
    exact = amount * share(rate)
    whole = exact.numerator // exact.denominator
    return whole if cap is None else min(whole, cap)


@dataclass(frozen=True)
class AcquiredLot:
    """Units acquired on a day."""

    key: str
    quantity: int
    acquired: date


def reduce_lots(lots: Sequence[AcquiredLot], quantity: int, method: str = "fifo") -> list[tuple[str, int]]:
    """Take units in order of acquisition, oldest first (`fifo`) or last (`lifo`); of one day, as listed.

    Too few units is an error, never a guess (Beancount's booking rule): InsufficientLots.
    """
    if method not in ("fifo", "lifo"):
        raise ValueError(f"unknown method {method!r}: fifo or lifo")
    taken: list[tuple[str, int]] = []
    left = quantity
    for lot in sorted(lots, key=lambda lot: lot.acquired, reverse=method == "lifo"):
        part = min(left, lot.quantity)
        if part > 0:
            taken.append((lot.key, part))
            left -= part
    if left:
        raise InsufficientLots(missing=left)
    return taken


def defer(price: int, goods_value: int, points_value: int) -> tuple[int, int]:
    """Divide a sale between goods and the points it grants by their stand-alone prices (IFRS 15.B40).

    The points' part is rounded half up; goods keep the rest, so the two always make the price.
    """
    total = goods_value + points_value
    if total <= 0:
        return price, 0
    points = round_ratio(price * points_value, total, Rounding.HALF_UP)
    return price - points, points


def recognise(liability: int, redeemed: int, expected: int, recognised: int) -> int:
    """Revenue to take from a points liability now: its share redeemed so far of what is expected to be
    redeemed in all, rounded half up, less what was taken before.
    """
    assert expected > 0, "nothing expected leaves nothing to recognise by"
    return round_ratio(liability * min(redeemed, expected), expected, Rounding.HALF_UP) - recognised
