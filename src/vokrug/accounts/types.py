"""The nouns of the domain. Frozen: an operation answers with new ones."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from vokrug.kernel import Text


class Acr(StrEnum):
    """How sure we are of who signed in."""

    ONE = "urn:vokrug:one"  # one proof
    TWO = "urn:vokrug:two"  # two, or a passkey that knew its owner


class Scope(StrEnum):
    """What a product may ask for."""

    OPENID = "openid"
    PROFILE = "profile"  # how to call the person
    PHONE = "phone"
    EMAIL = "email"
    CUSTOMER_ID = "customer_id"  # the single ID, the same for every product
    OFFLINE = "offline_access"  # refresh tokens
    WALLET = "wallet"  # see points
    CONSENTS = "consents"  # read and change what one agreed to
    SPEND = "spend"  # spend points: a fresh sign-in each time
    ROLES = "roles"  # what a member of staff is here for; nobody else gets in


class StaffRole(StrEnum):
    """What somebody works here as."""

    OWNER = "owner"
    MARKETER = "marketer"
    MANAGER = "manager"
    SUPPORT = "support"
    STEWARD = "steward"
    ANALYST = "analyst"
    FRANCHISEE = "franchisee"


ROLE_WORDS: Mapping[str, Text] = {
    StaffRole.OWNER: Text(en="owner", ru="владелец"),
    StaffRole.MARKETER: Text(en="marketer", ru="маркетолог"),
    StaffRole.MANAGER: Text(en="manager", ru="управляющий"),
    StaffRole.SUPPORT: Text(en="support", ru="поддержка"),
    StaffRole.STEWARD: Text(en="data steward", ru="хранитель данных"),
    StaffRole.ANALYST: Text(en="analyst", ru="аналитик"),
    StaffRole.FRANCHISEE: Text(en="franchisee", ru="франчайзи"),
}


SCOPE_WORDS: Mapping[str, Text] = {
    Scope.PROFILE: Text(en="How to call you", ru="Как к вам обращаться"),
    Scope.PHONE: Text(en="Your phone number", ru="Ваш номер телефона"),
    Scope.EMAIL: Text(en="Your e-mail address", ru="Ваш адрес электронной почты"),
    Scope.CUSTOMER_ID: Text(en="Your customer ID, common to all our products", ru="Ваш единый номер покупателя"),
    Scope.OFFLINE: Text(en="Access while you are away", ru="Доступ, пока вас нет на сайте"),
    Scope.WALLET: Text(en="Your points and purchases", ru="Ваши баллы и покупки"),
    Scope.CONSENTS: Text(en="To read and change what you agreed to", ru="Видеть и менять ваши согласия"),
    Scope.SPEND: Text(en="To spend your points", ru="Списание ваших баллов"),
    Scope.ROLES: Text(en="What you work here as", ru="Ваши роли сотрудника"),
}


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs in."""

    id: UUID
    customer_id: UUID
    customer_number: int
    has_totp: bool = False
    has_password: bool = False
    has_passkey: bool = False

    @property
    def has_second(self) -> bool:
        return self.has_totp or self.has_passkey


@dataclass(frozen=True, slots=True)
class Post:
    """What somebody is here for. `shops`: these only; none named is all of them."""

    roles: frozenset[StaffRole]
    shops: frozenset[str] = frozenset()

    @classmethod
    def of(cls, roles: Sequence[str], shops: Sequence[str]) -> "Post":
        return cls(frozenset(map(StaffRole, roles)), frozenset(shops))


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A member of staff on a device. `acr` is how sure we are; `has_second`: whether they could prove more."""

    id: UUID
    account_id: UUID
    called: str
    post: Post
    session_id: UUID
    acr: str
    has_second: bool

    @property
    def is_sure(self) -> bool:
        return self.acr == Acr.TWO


@dataclass(frozen=True, slots=True)
class StaffRow:
    """A member of staff as they are kept."""

    id: UUID
    account_id: UUID
    called_sealed: bytes | None = field(repr=False)
    roles: Sequence[str]
    shops: Sequence[str]
    since: datetime
    revoked_at: datetime | None
    has_second: bool
    seen_at: datetime | None

    @property
    def post(self) -> Post:
        return Post.of(self.roles, self.shops)


@dataclass(frozen=True, slots=True)
class Colleague:
    """A member of staff for those who look after staff."""

    id: UUID
    called: str
    post: Post
    since: datetime
    revoked_at: datetime | None
    has_second: bool
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    id: UUID
    channel: str
    login_hash: bytes = field(repr=False)
    called_sealed: bytes | None = field(repr=False)
    login_sealed: bytes | None = field(repr=False)
    roles: Sequence[str]
    shops: Sequence[str]
    invited_by: str
    invited_at: datetime
    expires_at: datetime
    used_at: datetime | None
    withdrawn_at: datetime | None

    @property
    def post(self) -> Post:
        return Post.of(self.roles, self.shops)

    def is_open(self, now: datetime) -> bool:
        return self.used_at is None and self.withdrawn_at is None and self.expires_at > now


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """One that waits, for those who look after staff."""

    id: UUID
    called: str
    channel: str
    post: Post
    invited_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class StaffChange:
    """What was changed, by whom, and why. Roles and shops are as they are from then on."""

    id: UUID
    subject_id: UUID
    at: datetime
    by: str
    what: str
    roles: Sequence[str]
    shops: Sequence[str]
    why: str


@dataclass(frozen=True, slots=True)
class Session:
    """A device on which somebody is signed in."""

    id: UUID
    account_id: UUID
    created_at: datetime
    auth_time: datetime
    amr: Sequence[str]
    acr: str
    device: str
    seen_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A product that signs people in through us."""

    id: str
    name: Text
    secret_hash: bytes | None = field(default=None, repr=False)
    redirect_uris: Sequence[str]
    post_logout_uris: Sequence[str] = ()
    backchannel_logout_uri: str | None = None
    scopes: Sequence[str]
    sector: str
    id_token_alg: str = "RS256"
    is_trusted: bool = False
    needs_par: bool = False
    may_introspect: bool = False
    allows_password: bool = False
    created_at: datetime
    disabled_at: datetime | None = None

    @property
    def is_public(self) -> bool:
        return self.secret_hash is None


class KeyState(StrEnum):
    NEXT = "next"  # published, so that verifiers know it before it signs
    CURRENT = "current"
    PREVIOUS = "previous"  # verifies what it has signed
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    alg: str
    state: KeyState
    public_jwk: Mapping[str, Any]
    private_sealed: bytes | None = field(repr=False)
    made_at: datetime
    since: datetime


@dataclass(frozen=True, slots=True)
class NewKey:
    """A pair made outside any transaction: that of RSA takes a tenth of a second."""

    kid: str
    alg: str
    public_jwk: Mapping[str, Any]
    private_sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """What a client asked for, waiting for its person."""

    client_id: str
    params: Mapping[str, str]
    is_pushed: bool
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code as it was kept, with the grant it began."""

    grant_id: UUID
    account_id: UUID
    client_id: str
    session_id: UUID
    scope: str
    redirect_uri: str
    challenge: str
    nonce: str | None
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    auth_time: datetime
    amr: Sequence[str]
    acr: str


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it was kept, with its grant and session."""

    grant_id: UUID
    account_id: UUID
    client_id: str
    session_id: UUID
    kind: str
    scope: str
    issued_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    revoked_at: datetime | None
    auth_time: datetime
    amr: Sequence[str]
    acr: str

    def is_good(self, now: datetime) -> bool:
        return self.ended_at is None and self.revoked_at is None and self.expires_at > now


@dataclass(frozen=True, slots=True)
class LinkedProduct:
    """A product that somebody has entered or lets know something."""

    client_id: str
    name: Text
    scopes: Sequence[str]
    since: datetime


@dataclass(frozen=True, slots=True)
class LogoutNotice:
    """A product that has still to hear that a session ended."""

    id: UUID
    client_id: str
    account_id: UUID
    session_id: UUID
    tries: int
    backchannel_logout_uri: str
    id_token_alg: str
    sector: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody on the way to prove who they are."""

    id: UUID
    kind: str
    login_hash: bytes | None
    login_sealed: bytes | None = field(repr=False)
    code_mac: bytes | None = field(repr=False)
    challenge: bytes | None
    account_id: UUID | None
    amr: Sequence[str]
    tries: int
    created_at: datetime
    proved_at: datetime | None


@dataclass(frozen=True, slots=True)
class Passkey:
    credential_id: bytes
    account_id: UUID
    public_key: bytes = field(repr=False)
    sign_count: int
    name: str
    is_synced: bool
    made_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """Words for a phone or a mailbox. Its repr hides both: logs are read."""

    channel: str  # sms, call (the text is the last digits of the number that calls), or email
    address: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The token of a device, for its cookie."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NeedsName:
    """Somebody new has proved a phone."""

    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class NeedsSecond:
    attempt_id: UUID


@dataclass(frozen=True, slots=True)
class Wrong:
    """Not proved; whether they may try again."""

    may_retry: bool


Outcome = SignedIn | NeedsName | NeedsSecond | Wrong
