"""The arithmetic of keys: how a request is signed, how a secret is sealed. No I/O.

    Authorization: VOKRUG-HMAC-SHA256 key=<id>, ts=<unix seconds>, signature=<hex>

The signature is HMAC-SHA-256, keyed with the secret's text, over four lines joined by a newline:
method, path with its query as sent, the timestamp, and the hex SHA-256 of the body.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vokrug.kernel import Mac, Refusal, Retry, Text

SCHEME = "VOKRUG-HMAC-SHA256"
MAX_SKEW_S = 300

_SIGNED = re.compile(rf"{SCHEME} +key=([\w-]{{1,80}}), *ts=([0-9]{{1,12}}), *signature=([0-9a-fA-F]{{64}})", re.ASCII)
_BORNE = re.compile(r"[Bb]earer +(([\w-]{1,80})\.[\w-]{20,200})", re.ASCII)

ASK_SUPPORT = Text(
    en="The till's key was not accepted. Please tell your support.",
    ru="Ключ кассы не принят. Сообщите в поддержку.",
)


class KeyMissing(Refusal):
    """The request carries no key in a form that we know."""

    code, status, cashier = "key_missing", 401, ASK_SUPPORT


class KeyUnknown(Refusal):
    """There is no such key, or it is not valid now."""

    code, status, cashier = "key_unknown", 401, ASK_SUPPORT


class KeyAsleep(Refusal):
    """The key is good and not in use: its shop is not live yet, or is suspended."""

    code, status, retry = "key_asleep", 401, Retry.LATER
    cashier = Text(
        en="This till is not switched on at the centre. Please tell your support.",
        ru="Касса ещё не включена в центре или отключена. Сообщите в поддержку.",
    )


class SignatureWrong(Refusal):
    """The signature does not belong to this request and this key."""

    code, status, cashier = "signature_wrong", 401, ASK_SUPPORT


class StaleSignature(Refusal):
    """The signature was made too long ago, or the caller's clock is wrong."""

    code, status = "stale_signature", 401
    cashier = Text(
        en="The till's clock is off by {skew_s} s. Please set it right: our time is {server_time}.",
        ru="Часы кассы расходятся с нашими на {skew_s} с. Поправьте время: у нас {server_time}.",
    )


AUTHENTICATION_REFUSALS: tuple[type[Refusal], ...] = (
    KeyMissing,
    KeyUnknown,
    KeyAsleep,
    SignatureWrong,
    StaleSignature,
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signed request claims."""

    key_id: str
    at_s: int
    signature: str


@dataclass(frozen=True, slots=True)
class Borne:
    """What a bearer of a token claims."""

    key_id: str
    token: str


def read_claim(authorization: str) -> Signed | Borne:
    """What an Authorization header says. Raises KeyMissing for anything we do not know."""
    if found := _SIGNED.fullmatch(authorization):
        return Signed(found[1], int(found[2]), found[3].lower())
    if found := _BORNE.fullmatch(authorization):
        return Borne(found[2], found[1])
    raise KeyMissing()


@lru_cache(maxsize=4_096)
def _mac_of(secret: str) -> Mac:
    return Mac(secret.encode())


def sign(secret: str, *, method: str, target: str, at_s: int, body: bytes) -> str:
    """The hex signature of a request. `target` is the path with its query, exactly as sent."""
    lines = f"{method}\n{target}\n{at_s}\n{hashlib.sha256(body).hexdigest()}"
    return _mac_of(secret)(lines.encode()).hex()


def authorization(key_id: str, secret: str, *, method: str, target: str, at_s: int, body: bytes) -> str:
    """The whole header, as a till writes it."""
    signature = sign(secret, method=method, target=target, at_s=at_s, body=body)
    return f"{SCHEME} key={key_id}, ts={at_s}, signature={signature}"


def hash_token(token: str) -> bytes:
    """How a bearer token is kept. It is random and long, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


class Vault:
    """Seals secrets under a key derived from the installation's secret, so that a copy of the database
    signs nothing. The key's id is bound in: a sealed secret does not open under another key's name.
    """

    _FORM = b"\x01"

    def __init__(self, installation_secret: str) -> None:
        if len(installation_secret) < 16:
            raise ValueError("the installation secret is shorter than 16 characters")
        derived = HKDF(SHA256(), length=32, salt=None, info=b"vokrug runtime_key 1")
        self._aes = AESGCM(derived.derive(installation_secret.encode()))

    def seal(self, key_id: str, secret: str) -> bytes:
        nonce = os.urandom(12)
        return self._FORM + nonce + self._aes.encrypt(nonce, secret.encode(), key_id.encode())

    def open(self, key_id: str, sealed: bytes) -> str:
        """Raises cryptography's InvalidTag when the installation secret is another one."""
        return self._aes.decrypt(sealed[1:13], sealed[13:], key_id.encode()).decode()
