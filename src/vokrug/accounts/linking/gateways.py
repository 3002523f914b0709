"""Peers as they are reached: discovery, keys and codes of OpenID Connect; a password checked by a call."""

import hashlib
import hmac
from base64 import b64encode
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

import aiohttp
import msgspec
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vokrug.accounts.linking import rules
from vokrug.accounts.linking.errors import PeerSilent, ProofRefused
from vokrug.accounts.linking.types import Metadata, Peer

ANSWER_WITHIN_S = 5.0
KNOWN_FOR = timedelta(minutes=10)


class Peers:
    """Redirects are not followed: staff declared these addresses and no others."""

    def __init__(self) -> None:
        self._http: aiohttp.ClientSession | None = None
        self._known: dict[str, tuple[datetime, Metadata]] = {}

    async def metadata(self, peer: Peer, now: datetime) -> Metadata:
        """Its discovery document, asked for again every ten minutes."""
        known = self._known.get(peer.address)
        if known is not None and now - known[0] < KNOWN_FOR:
            return known[1]
        status, said = await self._asks("GET", peer.address.rstrip("/") + "/.well-known/openid-configuration")
        if status != 200:
            raise PeerSilent
        found = rules.metadata_of(peer, said)
        self._known[peer.address] = (now, found)
        return found

    async def subject(
        self, peer: Peer, secret: str, code: str, verifier: str, nonce: str, back: str, now: datetime
    ) -> str:
        """The code for an identity token, and who it speaks of. Keys are read each time: they change when they like."""
        metadata = await self.metadata(peer, now)
        basic = b64encode(f"{quote_plus(peer.client_id or '')}:{quote_plus(secret)}".encode()).decode()
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
        status, said = await self._asks(
            "POST", metadata.token_endpoint, data=form, headers={"authorization": f"Basic {basic}"}
        )
        if status >= 500:
            raise PeerSilent
        token = said.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise ProofRefused
        status, keys = await self._asks("GET", metadata.jwks_uri)
        if status != 200:
            raise PeerSilent
        try:
            found = KeySet.import_key_set(keys)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError):
            raise ProofRefused from None
        return rules.subject_of(token, found, metadata, peer, nonce, now)

    async def check(self, peer: Peer, secret: str, login: str, password: str, now: datetime) -> str | None:
        """Does a legacy store know this login by this password? Its own id of the person, or None.

        Signed as `HMAC-SHA-256(secret, timestamp "." body)`, so that the store knows who asks.
        """
        body = msgspec.json.encode({"login": login, "password": password})
        stamp = str(int(now.timestamp()))
        mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        headers = {
            "content-type": "application/json",
            "x-vokrug-timestamp": stamp,
            "x-vokrug-signature": mac,
        }
        status, said = await self._asks("POST", peer.address, data=body, headers=headers)
        if status in (401, 403, 404, 422):
            return None
        subject = said.get("subject")
        if status != 200 or not isinstance(subject, str) or not 1 <= len(subject) <= 255:
            raise PeerSilent
        return subject

    async def _asks(self, method: str, address: str, **more: Any) -> tuple[int, dict[str, Any]]:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S))
        try:
            async with self._http.request(method, address, allow_redirects=False, **more) as answer:
                raw = await answer.read()
                said = msgspec.json.decode(raw) if raw.lstrip().startswith(b"{") else {}
                return answer.status, said
        except (TimeoutError, aiohttp.ClientError, OSError, msgspec.DecodeError):
            raise PeerSilent from None

    async def close(self) -> None:
        if self._http is not None:
            await self._http.close()
