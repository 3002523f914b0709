"""How a till signs: HMAC-SHA-256 over method, path with query, unix seconds and the body's SHA-256, line by line."""

import hashlib
import hmac


def sign(secret: str, method: str, target: str, at_s: int, body: bytes) -> str:
    lines = f"{method}\n{target}\n{at_s}\n{hashlib.sha256(body).hexdigest()}"
    return hmac.new(secret.encode(), lines.encode(), hashlib.sha256).hexdigest()


def authorization(key_id: str, secret: str, method: str, target: str, at_s: int, body: bytes) -> str:
    signature = sign(secret, method, target, at_s, body)
    return f"VOKRUG-HMAC-SHA256 key={key_id}, ts={at_s}, signature={signature}"
