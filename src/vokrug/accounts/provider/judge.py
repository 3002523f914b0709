"""Authlib as a judge: it reads no database and writes none.

Its classes are synchronous, so the story reads what a request may need, lays it on a `Desk`, lets Authlib
decide, and writes what was decided, all in one transaction. What Authlib leaves open is closed here: proof
of the code's owner (PKCE, S256) binds every client, lifetimes are ours, and nothing is decided by a clock
of its own.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from authlib.oauth2 import AuthorizationServer, OAuth2Error, OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationCodeMixin, ClientMixin, InvalidRequestError, TokenMixin
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, RefreshTokenGrant
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core.grants.code import OpenIDCode, OpenIDToken

from vokrug.accounts import rules
from vokrug.accounts.types import Client, Code, SigningKey, Token
from vokrug.accounts.vault import AccountKeys, new_token

# Authlib writes issued tokens to its log at debug level.
logging.getLogger("authlib").setLevel(logging.INFO)

NEVER_OVER_PLAIN_HTTP = "https://provider.invalid/"  # Authlib asks for the scheme; ours is the issuer's business


class ClientAsAuthlib(ClientMixin):
    """A client in the words of Authlib."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.id_token_signed_response_alg = client.id_token_alg

    def get_client_id(self) -> str:
        return self.client.id

    def get_default_redirect_uri(self) -> None:
        return None  # every request says where to return to

    def get_allowed_scope(self, scope: str | None) -> str | None:
        return rules.allowed_scope(self.client, scope)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri in self.client.redirect_uris

    def check_client_secret(self, secret: str) -> bool:
        return rules.is_secret_of(self.client, secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return (method == "none") == self.client.is_public

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in ("authorization_code", "refresh_token")


class CodeAsAuthlib(AuthorizationCodeMixin):
    def __init__(self, code: Code) -> None:
        self.code = code
        self.code_challenge, self.code_challenge_method = code.challenge, "S256"

    def get_redirect_uri(self) -> str:
        return self.code.redirect_uri

    def get_scope(self) -> str:
        return self.code.scope

    def get_nonce(self) -> str | None:
        return self.code.nonce

    def get_auth_time(self) -> int:
        return int(self.code.auth_time.timestamp())

    def get_acr(self) -> str:
        return self.code.acr

    def get_amr(self) -> list[str]:
        return list(self.code.amr)


class TokenAsAuthlib(TokenMixin):
    def __init__(self, token: Token) -> None:
        self.token = token

    def check_client(self, client: ClientAsAuthlib) -> bool:
        return self.token.client_id == client.client.id

    def get_scope(self) -> str:
        return self.token.scope


@dataclass(slots=True)
class Desk:
    """What was read for one request, and what was decided on it."""

    keys: AccountKeys
    issuer: str
    now: datetime
    client: Client | None = None
    code: Code | None = None
    refresh: Token | None = None
    signing_key: SigningKey | None = None
    private_key: Any = field(default=None, repr=False)
    issued: dict[str, Any] | None = field(default=None, repr=False)

    @property
    def origin(self) -> Code | Token:
        found = self.code or self.refresh
        assert found is not None, "tokens come of a code or of a token"
        return found


class AsAsked(OAuth2Request):
    """A request as Authlib wants to see it."""

    def __init__(self, method: str, params: Mapping[str, str], headers: Mapping[str, str]) -> None:
        super().__init__(method, NEVER_OVER_PLAIN_HTTP, headers={"Authorization": headers.get("authorization", "")})
        self.params = dict(params)
        self.payload = BasicOAuth2Payload(self.params)

    @property
    def args(self) -> dict[str, str]:
        return self.params

    @property
    def form(self) -> dict[str, str]:
        return self.params


class ProvedByEveryone(CodeChallenge):
    """PKCE with S256 from every client, asked for before a code exists."""

    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]  # noqa: RUF012, Authlib's own spelling

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        asked = grant.request.payload.data
        if not asked.get("code_challenge") or asked.get("code_challenge_method") != "S256":
            raise InvalidRequestError("A code_challenge with the method S256 is needed.")
        super().validate_code_challenge(grant, redirect_uri)


class ByCode(AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]  # noqa: RUF012

    def query_authorization_code(self, code: str, client: ClientAsAuthlib) -> CodeAsAuthlib | None:
        desk: Desk = self.server.desk
        kept = desk.code
        return CodeAsAuthlib(kept) if kept is not None and rules.is_code_good(kept, client.client, desk.now) else None

    def authenticate_user(self, authorization_code: CodeAsAuthlib) -> Code:
        return authorization_code.code

    def delete_authorization_code(self, authorization_code: CodeAsAuthlib) -> None:
        """The story marks it as used: a code seen again has something to tell."""


class ByRefresh(RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "none"]  # noqa: RUF012
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> TokenAsAuthlib | None:
        desk: Desk = self.server.desk
        kept = desk.refresh
        return TokenAsAuthlib(kept) if kept is not None and kept.is_good(desk.now) else None

    def authenticate_user(self, refresh_token: TokenAsAuthlib) -> Token:
        return refresh_token.token

    def revoke_old_credential(self, refresh_token: TokenAsAuthlib) -> None:
        """The story ends it, and keeps it: a refresh token seen again has something to tell."""


class Identity:
    """The identity token's contents, for both grants."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def resolve_client_private_key(self, client: ClientAsAuthlib) -> Any:
        return self.desk.private_key

    def get_encode_header(self, client: ClientAsAuthlib) -> dict[str, str]:
        assert self.desk.signing_key is not None, "the story reads the key"
        return {"alg": self.desk.signing_key.alg, "kid": self.desk.signing_key.kid}

    def get_client_claims(self, client: ClientAsAuthlib) -> dict[str, Any]:
        desk, origin = self.desk, self.desk.origin
        at = int(desk.now.timestamp())
        return {
            "iss": desk.issuer,
            "aud": client.client.id,
            "iat": at,
            "exp": at + rules.ID_TOKEN_S,
            "auth_time": int(origin.auth_time.timestamp()),
            "acr": origin.acr,
            "amr": list(origin.amr),
            "sid": str(origin.session_id),
        }

    def generate_user_info(self, user: Code | Token, scope: str) -> dict[str, Any]:
        """The subject alone: what else was agreed to is read at the userinfo endpoint."""
        assert self.desk.client is not None, "a token is issued to a client"
        return {"sub": self.desk.keys.subject(self.desk.client.sector, user.account_id)}

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        return False  # one code is exchanged once: a nonce travels no further than its code


class IdentityByCode(Identity, OpenIDCode):
    pass


class IdentityByRefresh(Identity, OpenIDToken):
    pass


class Judge(AuthorizationServer):
    """One for a request."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(scopes_supported=None)
        self.desk = desk
        self.register_token_generator(
            "default",
            BearerTokenGenerator(
                access_token_generator=lambda **_: new_token("vks_access"),
                refresh_token_generator=lambda *, scope, **_: new_token("vks_refresh"),
                expires_generator=rules.ACCESS_TOKEN_S,
            ),
        )
        self.register_grant(ByCode, [ProvedByEveryone(required=True), IdentityByCode(desk)])
        self.register_grant(ByRefresh, [IdentityByRefresh(desk)])

    def query_client(self, client_id: str) -> ClientAsAuthlib | None:
        client = self.desk.client
        return ClientAsAuthlib(client) if client is not None and client.id == client_id else None

    def save_token(self, token: dict[str, Any], request: AsAsked) -> None:
        """Kept by the story; here it is only shaped."""
        if not rules.brings_refresh(token["scope"]):
            token.pop("refresh_token", None)
        self.desk.issued = token

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def create_oauth2_request(self, request: AsAsked) -> AsAsked:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, dict[str, str]]:
        return status, body, dict(headers)


def authorization_problem(desk: Desk, params: Mapping[str, str]) -> rules.ProtocolError | None:
    """Why an authorization request is declined; None when it is sound. Who signs in is not looked at here."""
    judge = Judge(desk)
    # The prompt is our own business: Authlib would judge by a person whom we have not met yet.
    asked = AsAsked("GET", {name: value for name, value in params.items() if name != "prompt"}, {})
    try:
        judge.get_consent_grant(asked)
    except OAuth2Error as error:
        return rules.ProtocolError(error.error, error.redirect_uri, error.get_error_description() or None)
    except ValueError:
        # Authlib repeats what was asked in its words, and refuses to when that has letters no error may have.
        return rules.ProtocolError("invalid_request")
    return None


def token_answer(desk: Desk, form: Mapping[str, str], headers: Mapping[str, str]) -> tuple[int, Any, dict[str, str]]:
    """Status, body and headers of the token endpoint. What was issued lies on the desk."""
    try:
        answer: tuple[int, Any, dict[str, str]] = Judge(desk).create_token_response(AsAsked("POST", form, headers))
    except ValueError:
        return 400, [("error", "invalid_request")], {}
    return answer


def authenticated(desk: Desk, form: Mapping[str, str], headers: Mapping[str, str], *, may_be_public: bool) -> Client:
    """The client that asks, or ProtocolError."""
    methods = ["client_secret_basic", "client_secret_post", *(["none"] if may_be_public else [])]
    try:
        found: ClientAsAuthlib = Judge(desk).authenticate_client(AsAsked("POST", form, headers), methods)
    except (OAuth2Error, ValueError):
        raise rules.ProtocolError("invalid_client") from None
    return found.client
