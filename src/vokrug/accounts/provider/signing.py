"""Keys that sign identity tokens: made, opened, used. Private parts rest sealed under the installation's secret."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey, import_key

from vokrug.accounts.types import KeyState, NewKey, SigningKey
from vokrug.accounts.vault import AccountKeys

ALGORITHMS = ("RS256", "ES256")
RSA_BITS = 2048

AnyKey: TypeAlias = "RSAKey | ECKey"


def make_key(alg: str, keys: AccountKeys) -> NewKey:
    kid = secrets.token_urlsafe(12)
    terms: Any = {"kid": kid, "alg": alg, "use": "sig"}
    made: AnyKey = (
        RSAKey.generate_key(RSA_BITS, terms) if alg == "RS256" else ECKey.generate_key("P-256", parameters=terms)
    )
    private = msgspec.json.encode(made.as_dict(private=True))
    return NewKey(kid, alg, dict(made.as_dict(private=False)), keys.seal(_use(kid), private))


def public_set(found: Sequence[SigningKey]) -> dict[str, Any]:
    """What verifiers read: what signs now, what will, and what has."""
    return {"keys": [dict(key.public_jwk) for key in found if key.state is not KeyState.RETIRED]}


class Signers:
    """Opened private keys, one for each kid. Opening an RSA key costs more than to sign with it."""

    def __init__(self, keys: AccountKeys) -> None:
        self._keys = keys
        self._opened: dict[str, Any] = {}

    def __repr__(self) -> str:
        return f"Signers({len(self._opened)})"

    def of(self, key: SigningKey) -> Any:
        if key.kid not in self._opened:
            assert key.private_sealed is not None, "a retired key signs nothing"
            raw: dict[str, Any] = msgspec.json.decode(self._keys.open(_use(key.kid), key.private_sealed))
            if len(self._opened) > 8:
                self._opened.clear()
            self._opened[key.kid] = import_key(raw)
        return self._opened[key.kid]

    def sign(self, key: SigningKey, claims: Mapping[str, Any], *, typ: str = "JWT") -> str:
        return jwt.encode({"alg": key.alg, "kid": key.kid, "typ": typ}, dict(claims), self.of(key), [key.alg])


def claims_of_ours(token: str, found: Sequence[SigningKey], *, issuer: str) -> dict[str, Any] | None:
    """The claims of an identity token that we signed, however old; None for anything else."""
    known = KeySet([import_key(dict(key.public_jwk)) for key in found])
    try:
        claims = jwt.decode(token, known, list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    return claims if claims.get("iss") == issuer else None


def is_due(key: SigningKey, now: datetime, max_age_s: float) -> bool:
    return (now - key.since).total_seconds() >= max_age_s


def _use(kid: str) -> str:
    return f"signing_key {kid}"
