"""The customer's token: what `identify` hands to the till instead of personal data.

The customer's number, public id and language, with an end of life, under a MAC of the installation's
secret. A till can neither read a person out of it nor make one up, and `calculate` needs no look-up.
"""

import base64
import hashlib
import hmac
import struct
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug.kernel import Mac
from vokrug.pos.errors import TokenStale

LIFETIME_S = 30 * 60
_BODY = struct.Struct(">Q16sBI")
_MAC_BYTES = 12


@dataclass(frozen=True)
class Known:
    """Who a token stands for."""

    number: int
    id: UUID
    language: str
    may_burn: bool = True  # a card that is not activated earns only


class Tokens:
    def __init__(self, secret: bytes) -> None:
        self._seal = Mac(hashlib.sha256(b"vokrug pos token 1" + secret).digest())

    def make(self, known: Known, now: datetime) -> str:
        until = int(now.timestamp()) + LIFETIME_S
        body = _BODY.pack(known.number, known.id.bytes, (known.language == "en") + 2 * (not known.may_burn), until)
        return base64.urlsafe_b64encode(body + self._mac(body)).rstrip(b"=").decode()

    def read(self, token: str, now: datetime, *, is_late: bool = False) -> Known:
        """Who a token of ours stands for. A receipt that is printed may come `is_late`: days after its token's end."""
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
            body, mac = raw[: _BODY.size], raw[_BODY.size :]
            number, id_bytes, flags, until = _BODY.unpack(body)
        except (ValueError, struct.error):
            raise TokenStale() from None
        if not hmac.compare_digest(mac, self._mac(body)) or (until < now.timestamp() and not is_late):
            raise TokenStale()
        return Known(number, UUID(bytes=id_bytes), "en" if flags & 1 else "ru", not flags & 2)

    def _mac(self, body: bytes) -> bytes:
        return self._seal(body)[:_MAC_BYTES]
