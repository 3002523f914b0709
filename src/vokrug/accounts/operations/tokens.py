"""Tokens: exchanged for a code, renewed, asked about, given up. One seen a second time ends its whole family."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote_plus

from vokrug import customers
from vokrug.accounts import rules
from vokrug.accounts.errors import AccessTokenWanted, ScopeNotGranted
from vokrug.accounts.operations import keys
from vokrug.accounts.operations.clients import client_at_work
from vokrug.accounts.operations.staff import post_of_account
from vokrug.accounts.provider.judge import Desk, authenticated, token_answer
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import grants as store
from vokrug.accounts.store import people
from vokrug.accounts.types import Account, Client, Code, Scope, Token
from vokrug.accounts.vault import hashed
from vokrug.runtime.database import Tx

Form = Mapping[str, str]
AT = "utf-8"


@dataclass(frozen=True, slots=True)
class TokenAnswer:
    status: int
    body: Any = field(repr=False)
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Holder:
    """The person behind an access token, and what they let its product do."""

    account: Account
    scopes: frozenset[str]


async def exchange(tx: Tx, provider: Provider, form: Form, headers: Mapping[str, str], now: datetime) -> TokenAnswer:
    """A code or a refresh token for new tokens. The transaction commits either way: a replay has consequences."""
    desk = await _desk(tx, provider, form, headers, now)
    if desk.client is not None and form.get("grant_type") == "authorization_code" and "code" in form:
        desk.code = await store.find_code(tx, hashed(form["code"]))
        if (replayed := desk.code) is not None and replayed.used_at is not None:
            await _end_family(tx, replayed, now, "a code was used twice")
    elif desk.client is not None and form.get("grant_type") == "refresh_token" and "refresh_token" in form:
        found = await store.find_token(tx, hashed(form["refresh_token"]), is_locked=True)
        desk.refresh = found if found is not None and found.kind == "refresh" else None
        if (replayed_token := desk.refresh) is not None and replayed_token.ended_at is not None:
            await _end_family(tx, replayed_token, now, "a refresh token was used twice")
            await people.end_session(tx, replayed_token.session_id, now, "a refresh token was used twice")
    if desk.client is not None and (desk.code or desk.refresh):
        desk.signing_key = await keys.current_key(tx, desk.client.id_token_alg)
        desk.private_key = provider.signers.of(desk.signing_key)
    status, body, more = token_answer(desk, form, headers)
    if desk.issued is not None:
        await _keep(tx, desk, form, now)
    return TokenAnswer(status, body, more)


async def _end_family(tx: Tx, origin: Code | Token, now: datetime, why: str) -> None:
    """Somebody else has it. All that came of it is worth nothing, whoever holds it."""
    await store.revoke_grant(tx, origin.grant_id, now, why)


async def _keep(tx: Tx, desk: Desk, form: Form, now: datetime) -> None:
    issued, origin = desk.issued, desk.origin
    assert issued is not None, "there is something to keep"
    if desk.code is not None:
        await store.use_code(tx, hashed(form["code"]), now)
    else:
        await store.end_token(tx, hashed(form["refresh_token"]), now)
        await store.end_access(tx, origin.grant_id, now)
    scope, until = issued["scope"], now + timedelta(seconds=issued["expires_in"])
    access = hashed(issued["access_token"])
    await store.insert_token(tx, access, origin.grant_id, "access", scope, now=now, expires_at=until)
    if (refresh := issued.get("refresh_token")) is not None:
        # A request for less narrows this access token, not what may be asked for next time.
        whole, until = origin.scope, now + rules.REFRESH_LIFE
        await store.insert_token(tx, hashed(refresh), origin.grant_id, "refresh", whole, now=now, expires_at=until)


async def introspect(
    tx: Tx, provider: Provider, form: Form, headers: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """What a token is worth. A product asks of its own tokens; one that guards an API, of everybody's."""
    client = await authenticated_client(tx, provider, form, headers, now)
    token = await store.find_token(tx, hashed(form.get("token", "")))
    if token is None or not token.is_good(now) or not (client.may_introspect or token.client_id == client.id):
        return {"active": False}
    holder = await client_at_work(tx, token.client_id)
    if holder is None:
        return {"active": False}
    account = await people.find_account(tx, token.account_id)
    assert account is not None, "a token is of an account"
    return {
        "active": True,
        "iss": provider.issuer,
        "sub": provider.keys.subject(holder.sector, token.account_id),
        "client_id": token.client_id,
        "scope": token.scope,
        "token_type": "Bearer",
        "iat": int(token.issued_at.timestamp()),
        "exp": int(token.expires_at.timestamp()),
        "auth_time": int(token.auth_time.timestamp()),
        "acr": token.acr,
        "sid": str(token.session_id),
        **({"customer_id": str(account.customer_id)} if Scope.CUSTOMER_ID in token.scope.split() else {}),
        **(await _post(tx, account) if Scope.ROLES in token.scope.split() else {}),
    }


async def _post(tx: Tx, account: Account) -> dict[str, Any]:
    """What a member of staff is here for, as of now: nobody's roles are written into a token."""
    post = await post_of_account(tx, account.id)
    return {"roles": sorted(post.roles), "shops": sorted(post.shops)} if post else {"roles": [], "shops": []}


async def revoke(tx: Tx, provider: Provider, form: Form, headers: Mapping[str, str], now: datetime) -> None:
    """A product gives a token up. A refresh token takes its family along; what is not theirs stays."""
    client = await authenticated_client(tx, provider, form, headers, now, may_be_public=True)
    token = await store.find_token(tx, hashed(form.get("token", "")), is_locked=True)
    if token is None or token.client_id != client.id:
        return
    if token.kind == "refresh":
        await store.revoke_grant(tx, token.grant_id, now, "given up by the product")
    else:
        await store.end_token(tx, hashed(form["token"]), now)


async def bearer(tx: Tx, token: str, now: datetime) -> Token | None:
    """A good access token, whoever brings it."""
    found = await store.find_token(tx, hashed(token))
    if found is None or found.kind != "access" or not found.is_good(now):
        return None
    return found if await client_at_work(tx, found.client_id) is not None else None


async def holder_of(tx: Tx, authorization: str, scope: Scope, now: datetime) -> Holder:
    """Whose access token it is, if they let the product do this: the only way to a person for an app."""
    scheme, _, borne = authorization.partition(" ")
    token = await bearer(tx, borne.strip(), now) if scheme.lower() == "bearer" else None
    account = None if token is None else await people.find_account(tx, token.account_id)
    if token is None or account is None:
        raise AccessTokenWanted
    if scope not in token.scope.split():
        raise ScopeNotGranted(scope=scope)
    return Holder(account, frozenset(token.scope.split()))


async def userinfo(tx: Tx, provider: Provider, directory: customers.Directory, token: Token) -> dict[str, Any]:
    """What the person agreed to tell, and no more."""
    client = await client_at_work(tx, token.client_id)
    account = await people.find_account(tx, token.account_id)
    assert client is not None, "a good token is of a client at work"
    assert account is not None, "a good token is of an account"
    scopes = token.scope.split()
    said: dict[str, Any] = {"sub": provider.keys.subject(client.sector, account.id)}
    if Scope.CUSTOMER_ID in scopes:
        said["customer_id"] = str(account.customer_id)
    if Scope.ROLES in scopes:
        said |= await _post(tx, account)
    if Scope.PROFILE in scopes:
        person = await customers.customer(tx, directory, account.customer_id)
        said["name"] = said["nickname"] = person.called
        said["locale"] = person.language
    if Scope.PHONE in scopes or Scope.EMAIL in scopes:
        for contact in await customers.contacts(tx, directory, account.customer_id):
            is_proved = contact.strength is customers.Strength.VERIFIED
            if contact.type == "phone" and Scope.PHONE in scopes and "phone_number" not in said:
                said |= {"phone_number": contact.value, "phone_number_verified": is_proved}
            if contact.type == "email" and Scope.EMAIL in scopes and "email" not in said:
                said |= {"email": contact.value, "email_verified": is_proved}
    return said


async def authenticated_client(
    tx: Tx,
    provider: Provider,
    form: Form,
    headers: Mapping[str, str],
    now: datetime,
    *,
    may_be_public: bool = False,
) -> Client:
    """The program that asks has shown its secret. Raises ProtocolError otherwise."""
    desk = await _desk(tx, provider, form, headers, now)
    return authenticated(desk, form, headers, may_be_public=may_be_public)


async def _desk(tx: Tx, provider: Provider, form: Form, headers: Mapping[str, str], now: datetime) -> Desk:
    named = _basic_id(headers.get("authorization", "")) or form.get("client_id", "")
    return Desk(provider.keys, provider.issuer, now, client=await client_at_work(tx, named))


def _basic_id(authorization: str) -> str | None:
    scheme, _, rest = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        return unquote_plus(base64.b64decode(rest, validate=True).decode(AT).partition(":")[0])
    except (binascii.Error, UnicodeDecodeError):
        return None
