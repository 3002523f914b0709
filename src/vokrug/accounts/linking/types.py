"""The nouns of linking. Frozen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from vokrug.kernel import Text


class PeerKind(StrEnum):
    OIDC = "oidc"  # it signs people in by OpenID Connect
    LEGACY = "legacy"  # it checks a login and a password when asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A product that has logins of its own, as staff declared it."""

    code: str
    kind: PeerKind
    name: Text
    address: str
    client_id: str | None = None
    secret_sealed: bytes = field(repr=False)
    scopes: Sequence[str] = ()
    document_version: str
    declared_at: datetime
    paused_at: datetime | None = None

    @property
    def identifier_type(self) -> str:
        return f"ext:{self.code}"

    @property
    def purpose(self) -> str:
        return f"link.{self.code}"


class LinkState(StrEnum):
    BEGUN = "begun"
    PROVED_THERE = "proved_there"
    LINKED = "linked"
    UNLINKED = "unlinked"


@dataclass(frozen=True, slots=True)
class Link:
    """A login elsewhere on its way to an account here, or there already."""

    id: UUID
    peer: str
    account_id: UUID
    session_id: UUID
    begun_at: datetime
    expires_at: datetime
    proved_there_at: datetime | None
    subject_hash: bytes | None
    subject_sealed: bytes | None = field(repr=False)
    login_hash: bytes | None
    password_hash: str | None = field(repr=False)
    agreed_at: datetime | None
    document_version: str | None
    linked_at: datetime | None
    customer_id: UUID | None
    identifier_id: int | None
    consent_before: Mapping[str, Any] | None
    unlinked_at: datetime | None
    unlinked_by: str | None

    @property
    def state(self) -> LinkState:
        if self.unlinked_at is not None:
            return LinkState.UNLINKED
        if self.linked_at is not None:
            return LinkState.LINKED
        return LinkState.BEGUN if self.proved_there_at is None else LinkState.PROVED_THERE


@dataclass(frozen=True, slots=True)
class Trip:
    """A browser that was sent to a peer."""

    peer: str
    visit_hash: bytes | None
    link_id: UUID | None
    request: str
    nonce: str
    verifier_sealed: bytes = field(repr=False)
    begun_at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """Who somebody is at a peer. Of a legacy one also what they typed, hashed."""

    subject: str = field(repr=False)
    login_hash: bytes | None = None
    password_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a peer's discovery document says of it."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    says_iss: bool
