"""What the centre puts its name to for tills without a line: bundles, and how many points may be taken on trust."""

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vokrug.kernel import Mac
from vokrug.pos.offline.bundle import signed_part
from vokrug.pos.offline.schemas import BundleKey

PASS_LIFETIME = timedelta(hours=24)
_PASS = struct.Struct(">QQI")
_MAC_BYTES = 16


@dataclass(frozen=True)
class Pass:
    """A customer's points that a till may take without asking, all uses of it together."""

    customer_number: int
    allowed_minor: int
    until: datetime
    key: bytes


class Seals:
    """Keys derived from the installation's secret: every process has the same."""

    def __init__(self, secret: bytes, allowance_minor: int = 0) -> None:
        seed = hashlib.sha256(b"vokrug pos bundle 1" + secret).digest()
        self._signer = Ed25519PrivateKey.from_private_bytes(seed)
        self._mac = Mac(hashlib.sha256(b"vokrug pos pass 1" + secret).digest())
        self.allowance_minor = allowance_minor
        self.public_key = self._signer.public_key().public_bytes_raw()
        self.key_id = hashlib.sha256(self.public_key).hexdigest()[:16]

    def sign(self, body: bytes) -> str:
        return _text(self._signer.sign(signed_part(body)))

    def jwk(self) -> BundleKey:
        return BundleKey(kty="OKP", crv="Ed25519", x=_text(self.public_key), kid=self.key_id, use="sig")

    def make_pass(self, customer_number: int, available_minor: int, now: datetime) -> tuple[str, Pass] | None:
        """A word for no more than the customer has. None: nothing may be taken on trust."""
        allowed = min(self.allowance_minor, available_minor)
        if allowed <= 0:
            return None
        body = _PASS.pack(customer_number, allowed, int((now + PASS_LIFETIME).timestamp()))
        token = _text(body + self._mac(body)[:_MAC_BYTES])
        known = self.read_pass(token)
        assert known is not None, "what we made we can read"
        return token, known

    def read_pass(self, token: str) -> Pass | None:
        """What a token of ours allows; None for any other. Whether it is still good is asked of the sale's moment."""
        try:
            raw = urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
            body, mac = raw[: _PASS.size], raw[_PASS.size :]
            number, allowed, until = _PASS.unpack(body)
        except (ValueError, struct.error):
            return None
        if not hmac.compare_digest(mac, self._mac(body)[:_MAC_BYTES]):
            return None
        return Pass(number, allowed, datetime.fromtimestamp(until, UTC), hashlib.sha256(raw).digest()[:16])


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
