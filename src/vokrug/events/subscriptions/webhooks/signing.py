"""Signatures as Standard Webhooks describe them: HMAC-SHA-256 over `id.timestamp.body`, keyed with the
bytes behind `whsec_`. While a secret is being changed a message bears two, and either will do.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from uuid import UUID


def signature(secret: str, *, message_id: str, at_s: int, body: bytes) -> str:
    key = b64decode(secret.removeprefix("whsec_"))
    return "v1," + b64encode(hmac.digest(key, f"{message_id}.{at_s}.".encode() + body, "sha256")).decode()


def headers(secrets: Iterable[str], *, message_id: str, at_s: int, body: bytes) -> dict[str, str]:
    signed = [signature(secret, message_id=message_id, at_s=at_s, body=body) for secret in secrets]
    return {"webhook-id": message_id, "webhook-timestamp": str(at_s), "webhook-signature": " ".join(signed)}


def message_id(subscription: str, facts: Sequence[UUID]) -> str:
    """The same facts for the same subscriber are the same message, whoever sends it and how often."""
    digest = hashlib.sha256(subscription.encode())
    for fact in facts:
        digest.update(fact.bytes)
    return f"msg_{digest.hexdigest()[:32]}"
