"""Webhooks signed in the manner of Standard Webhooks: HMAC-SHA256 over "id.timestamp.body"."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence

from vokrug_consumer.facts import Fact, from_cloudevent

TOLERANCE_S = 300


class SignatureRefused(ValueError):
    """Not signed with our secret, or too long ago: answer 401 and read no further."""


def sign(secret: str, id: str, timestamp: int, body: bytes) -> str:
    """What `webhook-signature` says for a body."""
    digest = hmac.new(_key(secret), f"{id}.{timestamp}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now_s: float | None = None) -> None:
    """Refuse what is not from Vokrug. Several secrets while one is being changed for another."""
    said = {name.lower(): value for name, value in headers.items()}
    try:
        id, timestamp = said["webhook-id"], int(said["webhook-timestamp"])
        given = said["webhook-signature"].split()
    except (KeyError, ValueError):
        raise SignatureRefused("the webhook's headers are missing or malformed") from None
    if abs((time.time() if now_s is None else now_s) - timestamp) > TOLERANCE_S:
        raise SignatureRefused("the webhook was signed too long ago")
    right = [sign(secret, id, timestamp, body) for secret in secrets]
    if not any(hmac.compare_digest(one.encode(), other.encode()) for one in given for other in right):
        raise SignatureRefused("the webhook's signature is not ours")


def from_webhook(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], *, now_s: float | None = None
) -> list[Fact]:
    """The facts of a webhook, in order: one, or a batch."""
    verify(headers, body, secrets, now_s=now_s)
    parsed = json.loads(body)
    attributes = {name.lower()[3:]: value for name, value in headers.items() if name.lower().startswith("ce-")}
    if attributes:
        return [from_cloudevent(attributes | {"data": parsed})]
    return [from_cloudevent(event) for event in (parsed if isinstance(parsed, list) else [parsed])]


def _key(secret: str) -> bytes:
    """Secrets look like `whsec_<base64>`; another text is taken as it is."""
    if secret.startswith("whsec_"):
        text = secret.removeprefix("whsec_")
        return base64.b64decode(text + "=" * (-len(text) % 4))
    return secret.encode()
