"""What the installation's secret makes for proofs: hashes of short codes, the app's codes and its QR.

A short code is guessed at once from a plain hash, so every one is kept under a key, and compared in constant time.
"""

import base64
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from vokrug.kernel import Mac
from vokrug.pos.proofs.errors import CardStale

STEP_S = 30  # a code of the app is shown for so long
CARD_LIFE_S = 90  # a QR is: the app draws a new one before
ANY_BURN = 2**62  # a QR that says no amount
_CARD = struct.Struct(">BQ16sBIq8s")
_MAC_BYTES = 12
_VERSION = 1


@dataclass(frozen=True, slots=True)
class ShownCard:
    """What a QR of the app says: who, until when, and how many points it lets a check burn (0: none)."""

    number: int
    customer_id: UUID
    language: str
    until: datetime
    points_minor: int
    nonce: bytes


class ProofKeys:
    def __init__(self, secret: bytes) -> None:
        self._code = Mac(_derived(secret, b"code"))
        self._pin = Mac(_derived(secret, b"pin"))
        self._app = Mac(_derived(secret, b"app"))
        self._card = Mac(_derived(secret, b"card"))
        self._supervisor = Mac(_derived(secret, b"supervisor"))

    def __repr__(self) -> str:
        return "ProofKeys(…)"

    def code_mac(self, check_id: UUID, customer: int, method: str, code: str) -> bytes:
        """The check and the customer are part of it: one check's code means nothing to another."""
        return self._code(check_id.bytes + customer.to_bytes(8) + method.encode() + b"\0" + code.encode())

    def pin_mac(self, customer: int, pin: str) -> bytes:
        return self._pin(customer.to_bytes(8) + pin.encode())

    def supervisor_mac(self, secret: str) -> bytes:
        return self._supervisor(secret.encode())

    def app_code(self, customer: int, step: int) -> str:
        """Six digits, as RFC 4226 draws them from a MAC."""
        drawn = self._app(customer.to_bytes(8) + step.to_bytes(8))
        at = drawn[-1] & 15
        return f"{(int.from_bytes(drawn[at : at + 4]) & 0x7FFFFFFF) % 1_000_000:06d}"

    def app_code_now(self, customer: int, now: datetime) -> tuple[str, datetime]:
        """What the app shows, and until when."""
        step = step_of(now)
        return self.app_code(customer, step), datetime.fromtimestamp((step + 1) * STEP_S, UTC)

    def app_step(self, customer: int, code: str, now: datetime) -> int | None:
        """Which moment's code this is: the one on the screen, or the one just before it."""
        step = step_of(now)
        right = [hmac.compare_digest(self.app_code(customer, one), code) for one in (step, step - 1)]
        return step if right[0] else step - 1 if right[1] else None

    def card(
        self, number: int, customer_id: UUID, language: str, now: datetime, *, points_minor: int
    ) -> tuple[str, datetime]:
        """The text of a QR, and when it runs out."""
        until = int(now.timestamp()) + CARD_LIFE_S
        flags, nonce = int(language == "en"), secrets.token_bytes(8)
        body = _CARD.pack(_VERSION, number, customer_id.bytes, flags, until, points_minor, nonce)
        text = base64.urlsafe_b64encode(body + self._card(body)[:_MAC_BYTES]).rstrip(b"=").decode()
        return text, datetime.fromtimestamp(until, UTC)

    def read_card(self, text: str, now: datetime, *, is_late: bool = False) -> ShownCard:
        """A receipt that is printed may come `is_late`: days after the QR's end."""
        try:
            raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
            body, mac = raw[: _CARD.size], raw[_CARD.size :]
            version, number, id, flags, until, points, nonce = _CARD.unpack(body)
        except (ValueError, struct.error):
            raise CardStale() from None
        is_ours = hmac.compare_digest(mac, self._card(body)[:_MAC_BYTES])
        if not is_ours or version != _VERSION or (until < now.timestamp() and not is_late):
            raise CardStale()
        language = "en" if flags else "ru"
        return ShownCard(number, UUID(bytes=id), language, datetime.fromtimestamp(until, UTC), points, nonce)


def step_of(now: datetime) -> int:
    return int(now.timestamp()) // STEP_S


def new_code(digits: int) -> str:
    return f"{secrets.randbelow(10**digits):0{digits}d}"


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return hashlib.sha256(b"vokrug pos proof " + purpose + b" 1" + secret).digest()
