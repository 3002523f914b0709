"""The installation's secret at work for accounts: what is sealed, what is only compared, whom a product knows."""

import base64
import hashlib
import os
import secrets
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vokrug.kernel import Mac

_FORM = b"\x01"


class AccountKeys:
    """Keys derived from the installation's secret, each for one purpose."""

    def __init__(self, secret: bytes) -> None:
        self._aes = AESGCM(_derived(secret, b"vokrug accounts seal 1"))
        self._subject = Mac(_derived(secret, b"vokrug accounts subject 1"))
        self._form = Mac(_derived(secret, b"vokrug accounts form 1"))
        self._code = Mac(_derived(secret, b"vokrug accounts code 1"))
        self._meter = Mac(_derived(secret, b"vokrug accounts meter 1"))

    def __repr__(self) -> str:
        return "AccountKeys(…)"

    def seal(self, use: str, plain: bytes) -> bytes:
        """`use` is bound in: a sealed value does not open in another's place."""
        nonce = os.urandom(12)
        return _FORM + nonce + self._aes.encrypt(nonce, plain, use.encode())

    def open(self, use: str, sealed: bytes) -> bytes:
        return self._aes.decrypt(sealed[1:13], sealed[13:], use.encode())

    def subject(self, sector: str, account_id: UUID) -> str:
        """What a sector calls a person. Two sectors cannot tell that theirs are one."""
        return base64.urlsafe_b64encode(self._subject(sector.encode() + b"\0" + account_id.bytes)).decode().rstrip("=")

    def form_token(self, cookie: str) -> str:
        """What a form carries to show that our page sent it, from the browser that holds the cookie."""
        return self._form(cookie.encode()).hex()

    def code_mac(self, attempt: UUID, code: str) -> bytes:
        """A short code is guessed at once from a plain hash."""
        return self._code(attempt.bytes + code.encode())

    def meter_key(self, kind: str, value: str) -> bytes:
        """What stands for a phone or an address in the meters."""
        return self._meter(f"{kind}\0{value}".encode())


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret)


def new_token(prefix: str) -> str:
    """Random and long. The prefix lets a scanner of repositories and logs know what it has found."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def hashed(token: str) -> bytes:
    """How a token is kept. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
