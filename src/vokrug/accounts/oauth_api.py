"""HTTP of OpenID Connect for programs: discovery, keys, tokens, userinfo. Answers are in OAuth's own words."""

from collections.abc import Mapping
from typing import Any

import msgspec

from vokrug import customers
from vokrug.accounts import rules
from vokrug.accounts.errors import FormMalformed
from vokrug.accounts.operations import authorizing, keys, tokens
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.provider.signing import ALGORITHMS, public_set
from vokrug.accounts.types import Acr, Scope
from vokrug.accounts.visits import form_of
from vokrug.runtime.http import Answer, Call, Json, Role, Routes

routes = Routes("sign-on")

PUBLIC: dict[str, Any] = {"is_public": True, "roles": [Role.ANYONE]}
NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}
# Pages of products read these themselves; nothing here goes by a cookie.
ANY_ORIGIN = {"access-control-allow-origin": "*"}
PREFLIGHT = {
    **ANY_ORIGIN,
    "access-control-allow-methods": "GET, POST",
    "access-control-allow-headers": "authorization, content-type",
    "access-control-max-age": "3600",
}


@routes.get("/.well-known/openid-configuration", answers={200: bytes}, **PUBLIC)
async def discovery(call: Call) -> Answer[Json]:
    """What this provider can do and where, as OpenID Connect Discovery 1.0 has it."""
    issuer = call.services.get(Provider).issuer
    methods = ["client_secret_basic", "client_secret_post"]
    said = {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/oauth/jwks",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "pushed_authorization_request_endpoint": f"{issuer}/oauth/par",
        "end_session_endpoint": f"{issuer}/oauth/end-session",
        "scopes_supported": list(Scope),
        "claims_supported": [
            *("sub", "iss", "aud", "exp", "iat", "auth_time", "acr", "amr", "sid", "name", "nickname", "locale"),
            *("phone_number", "phone_number_verified", "email", "email_verified", "customer_id", "roles", "shops"),
        ],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": list(ALGORITHMS),
        "token_endpoint_auth_methods_supported": [*methods, "none"],
        "revocation_endpoint_auth_methods_supported": [*methods, "none"],
        "introspection_endpoint_auth_methods_supported": methods,
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": list(Acr),
        "prompt_values_supported": ["none", "login", "consent"],
        "ui_locales_supported": ["ru", "en"],
        "authorization_response_iss_parameter_supported": True,
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "claims_parameter_supported": False,
    }
    return _json(said, {"cache-control": "public, max-age=300", **ANY_ORIGIN})


@routes.get("/oauth/jwks", answers={200: bytes}, **PUBLIC)
async def jwks(call: Call) -> Answer[Json]:
    """The keys to verify with: the one that signs, the next one, and those that signed what may still be good."""
    found = await keys.signing_keys(call.db, call.services.get(Provider), call.now)
    return _json(public_set(found), {"cache-control": "public, max-age=300", **ANY_ORIGIN})


@routes.post("/oauth/par", answers={201: bytes, 400: bytes, 401: bytes}, refusals=[FormMalformed], **PUBLIC)
async def push(call: Call, body: bytes) -> Answer[Json]:
    """A product tells its authorization request beforehand (RFC 9126) and gets a `request_uri` for 90 s."""
    form, provider = form_of(body), call.services.get(Provider)
    try:
        async with call.db.transaction() as tx:
            client = await tokens.authenticated_client(tx, provider, form, call.headers, call.now, may_be_public=True)
            address = await authorizing.push(tx, provider, client, form, call.now)
    except rules.ProtocolError as error:
        return _declined(error)
    until = int(rules.PUSHED_LIFE.total_seconds())
    return _json({"request_uri": address, "expires_in": until}, NO_STORE, status=201)


@routes.post("/oauth/token", answers={200: bytes, 400: bytes, 401: bytes}, refusals=[FormMalformed], **PUBLIC)
async def token(call: Call, body: bytes) -> Answer[Json]:
    """A code, or a refresh token, for new tokens. What is seen a second time ends all that came of it."""
    form, provider = form_of(body), call.services.get(Provider)
    if not provider.has_keys:
        await keys.signing_keys(call.db, provider, call.now)
    async with call.db.transaction() as tx:
        answer = await tokens.exchange(tx, provider, form, call.headers, call.now)
    said = answer.body if isinstance(answer.body, dict) else dict(answer.body)
    more = {name: value for name, value in answer.headers.items() if name.lower() == "www-authenticate"}
    return _json(said, {**NO_STORE, **ANY_ORIGIN, **more}, status=answer.status)


@routes.get("/oauth/userinfo", answers={200: bytes, 401: bytes}, **PUBLIC)
async def userinfo(call: Call) -> Answer[Json]:
    """Who the bearer's person is, as far as they agreed to tell."""
    scheme, _, borne = call.headers.get("authorization", "").partition(" ")
    said = None
    if scheme.lower() == "bearer" and borne:
        async with call.db.transaction() as tx:
            found = await tokens.bearer(tx, borne.strip(), call.now)
            if found is not None:
                directory = call.services.get(customers.Directory)
                said = await tokens.userinfo(tx, call.services.get(Provider), directory, found)
    if said is None:
        wrong = 'Bearer error="invalid_token"' if borne else "Bearer"
        return _json({"error": "invalid_token"}, {**NO_STORE, **ANY_ORIGIN, "www-authenticate": wrong}, status=401)
    return _json(said, {**NO_STORE, **ANY_ORIGIN})


@routes.post("/oauth/userinfo", answers={200: bytes, 401: bytes}, **PUBLIC)
async def userinfo_by_post(call: Call) -> Answer[Json]:
    """The same, for those who prefer to post."""
    return await userinfo(call)


@routes.post("/oauth/introspect", answers={200: bytes, 400: bytes, 401: bytes}, refusals=[FormMalformed], **PUBLIC)
async def introspect(call: Call, body: bytes) -> Answer[Json]:
    """What a token is worth (RFC 7662)."""
    form = form_of(body)
    try:
        async with call.db.transaction() as tx:
            said = await tokens.introspect(tx, call.services.get(Provider), form, call.headers, call.now)
    except rules.ProtocolError as error:
        return _declined(error)
    return _json(said, NO_STORE)


@routes.post("/oauth/revoke", answers={200: bytes, 400: bytes, 401: bytes}, refusals=[FormMalformed], **PUBLIC)
async def revoke(call: Call, body: bytes) -> Answer[Json]:
    """A product gives a token up (RFC 7009)."""
    form = form_of(body)
    try:
        async with call.db.transaction() as tx:
            await tokens.revoke(tx, call.services.get(Provider), form, call.headers, call.now)
    except rules.ProtocolError as error:
        return _declined(error)
    return _json({}, {**NO_STORE, **ANY_ORIGIN})


def _preflight(path: str) -> None:
    """Browsers ask before a page of another origin may call."""

    async def preflight(call: Call) -> Answer[None]:
        """May a page of another origin call this? Yes: nothing here goes by a cookie."""
        return Answer(None, status=204, headers=PREFLIGHT)

    preflight.__name__ = f"preflight_{path}"
    routes.options(f"/oauth/{path}", answers={204: None}, **PUBLIC)(preflight)


for _path in ("token", "userinfo", "revoke"):
    _preflight(_path)


def _json(said: Mapping[str, Any], headers: Mapping[str, str], *, status: int = 200) -> Answer[Json]:
    return Answer(Json(msgspec.json.encode(said)), status=status, headers=headers)


def _declined(error: rules.ProtocolError) -> Answer[Json]:
    said = {"error": error.error, **({"error_description": error.description} if error.description else {})}
    if error.error == "invalid_client":
        return _json(said, {**NO_STORE, "www-authenticate": "Basic"}, status=401)
    return _json(said, {**NO_STORE, **ANY_ORIGIN}, status=400)
