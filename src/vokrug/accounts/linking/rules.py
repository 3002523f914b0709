"""Decisions without I/O: what may be declared, whom a peer's words are believed about, when a link has run out."""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from vokrug.accounts.linking.errors import PeerMalformed, ProofRefused
from vokrug.accounts.linking.types import Metadata, Peer, PeerKind
from vokrug.accounts.rules import is_this_machine

LINK_LIFE = timedelta(minutes=30)  # to prove both sides and agree
TRIP_LIFE = timedelta(minutes=15)
UNDO_LIFE = timedelta(days=90)
PROOF_AGE_S = 600  # a peer is asked for a sign-in no older than this
CLOCKS_APART_S = 60

# What is signed by a shared secret, or by nothing, is believed of nobody.
ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"]


def require_sound(peer: Peer) -> None:
    problem = None
    if not re.fullmatch(r"[a-z][a-z0-9_.-]{0,39}", peer.code):
        problem = "code"
    elif not is_web(peer.address):
        problem = "address"
    elif (peer.kind is PeerKind.OIDC) != bool(peer.client_id):
        problem = "client_id"
    elif (peer.kind is PeerKind.OIDC and "openid" not in peer.scopes) or any(
        not re.fullmatch(r"[a-zA-Z0-9_.:/-]{1,64}", scope) for scope in peer.scopes
    ):
        problem = "scopes"
    if problem:
        raise PeerMalformed(problem=problem)


def is_web(uri: str) -> bool:
    """Encrypted, unless it is on the same machine."""
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if not re.fullmatch(r"[\x21-\x7e]{8,500}", uri) or "#" in uri or "\\" in uri or not host or parts.username:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))


def metadata_of(peer: Peer, said: Mapping[str, Any]) -> Metadata:
    """A document that names another issuer than the declared one is somebody else's."""
    places = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    if said.get("issuer") != peer.address or not all(isinstance(one, str) and is_web(one) for one in places):
        raise ProofRefused
    says_iss = said.get("authorization_response_iss_parameter_supported") is True
    authorize, token, keys = map(str, places)
    return Metadata(peer.address, authorize, token, keys, says_iss=says_iss)


def require_from(metadata: Metadata, iss: str | None) -> None:
    """An answer of one issuer brought to another's address (RFC 9207)."""
    if iss != metadata.issuer and (iss is not None or metadata.says_iss):
        raise ProofRefused


def subject_of(token: str, keys: KeySet, metadata: Metadata, peer: Peer, nonce: str, now: datetime) -> str:
    """Who signed in there, if the identity token is of this issuer, for us, for this very trip, and fresh. Nothing
    else in it is read: an e-mail that a peer says is somebody's joins nobody here.
    """
    try:
        claims = jwt.decode(token, keys, algorithms=ALGORITHMS).claims
    except (JoseError, ValueError):
        raise ProofRefused from None
    at, audience = now.timestamp(), claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    times = [claims.get(name) for name in ("exp", "iat", "auth_time")]
    if not all(isinstance(one, int | float) and not isinstance(one, bool) for one in times):
        raise ProofRefused
    expires, issued, signed_in = (float(str(one)) for one in times)
    subject = claims.get("sub")
    is_good = (
        claims.get("iss") == metadata.issuer
        and peer.client_id in audiences
        and (claims.get("azp", peer.client_id) == peer.client_id)
        and (len(audiences) == 1 or "azp" in claims)
        and claims.get("nonce") == nonce
        and expires > at - CLOCKS_APART_S
        and issued < at + CLOCKS_APART_S
        and signed_in > at - PROOF_AGE_S - CLOCKS_APART_S
    )
    if not is_good or not isinstance(subject, str) or not 1 <= len(subject) <= 255:
        raise ProofRefused
    return subject


def challenge_of(verifier: str) -> str:
    """PKCE, S256."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
