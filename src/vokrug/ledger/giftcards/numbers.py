"""Numbers and PINs of cards. Both follow from the installation's secret and the batch: a batch asked for again
prints the same cards, and nothing of them is kept but keyed hashes.
"""

import hmac
from collections.abc import Iterator
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vokrug.ledger.giftcards.types import CardBatch, PrintedCard

SHORTEST, LONGEST = 12, 19
PIN_DIGITS = 4
MASK_DIGITS = 4


class GiftKeys:
    """The installation's keys for cards: to make numbers, to look them up, to judge a PIN."""

    def __init__(self, secret: bytes) -> None:
        self._make = _derive(secret, b"vokrug gift cards make 1")
        self._lookup = _derive(secret, b"vokrug gift cards lookup 1")
        self._pin = _derive(secret, b"vokrug gift cards pin 1")

    def __repr__(self) -> str:
        return "GiftKeys(…)"

    def lookup(self, number: str) -> bytes:
        """What stands for a printed number in the tables."""
        return hmac.digest(self._lookup, plain(number).encode(), "sha256")

    def pin_hash(self, number: str, pin: str) -> bytes:
        """Bound to the number: equal PINs don't show."""
        return hmac.digest(self._pin, f"{plain(number)}\0{pin}".encode(), "sha256")

    def cards(self, batch: CardBatch) -> Iterator[PrintedCard]:
        """The batch's cards, always the same ones in the same order."""
        met: set[str] = set()
        n = 0
        while len(met) < batch.count:
            number = self._number(batch, n)
            if number not in met:
                met.add(number)
                pin = self._digits(batch.id, f"pin {n}", PIN_DIGITS) if batch.has_pin else None
                yield PrintedCard(number, pin)
            n += 1

    def _number(self, batch: CardBatch, n: int) -> str:
        body = batch.prefix + self._digits(batch.id, f"card {n}", batch.digits - len(batch.prefix) - 1)
        return body + check_digit(body)

    def _digits(self, batch_id: UUID, what: str, count: int) -> str:
        drawn = hmac.digest(self._make, batch_id.bytes + what.encode(), "sha256")
        return f"{int.from_bytes(drawn, 'big') % 10**count:0{count}d}"


def plain(number: str) -> str:
    """A number as cards bear it, without the spaces and hyphens that people type."""
    return "".join(character for character in number if character not in " -")


def is_number(number: str) -> bool:
    digits = plain(number)
    fits = digits.isascii() and digits.isdigit() and SHORTEST <= len(digits) <= LONGEST
    return fits and digits[-1] == check_digit(digits[:-1])


def check_digit(body: str) -> str:
    """Luhn's: a digit mistyped or two neighbours swapped are noticed before any look-up."""
    total = 0
    for place, digit in enumerate(map(int, reversed(body))):
        total += digit if place % 2 else (digit * 2 - 9 if digit > 4 else digit * 2)
    return str(-total % 10)


def mask_of(number: str) -> str:
    return f"…{plain(number)[-MASK_DIGITS:]}"


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)
