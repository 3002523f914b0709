"""From a product's request to a code: who is asked to sign in, to prove more, to agree; who is sent back at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from vokrug import customers
from vokrug.accounts import rules
from vokrug.accounts.errors import AuthorizationRefused, SignInExpired
from vokrug.accounts.operations.clients import client_at_work
from vokrug.accounts.provider.judge import Desk, authorization_problem
from vokrug.accounts.provider.part import Provider
from vokrug.accounts.store import grants as store
from vokrug.accounts.store import people
from vokrug.accounts.store.staff import is_staff
from vokrug.accounts.types import Account, Acr, AuthorizationRequest, Client, Scope, Session
from vokrug.accounts.vault import hashed, new_token
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx

KEPT = frozenset(
    ("response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge")
    + ("code_challenge_method", "prompt", "max_age", "acr_values", "login_hint", "ui_locales")
    + ("response_mode", "request")
)
PUSHED = "urn:ietf:params:oauth:request_uri:"


@dataclass(frozen=True, slots=True)
class SendBack:
    """To the product, with a code or with an error."""

    address: str


@dataclass(frozen=True, slots=True)
class AskToSignIn:
    request_id: str
    is_second: bool = False  # who they are is known; one more proof is wanted


@dataclass(frozen=True, slots=True)
class AskToConsent:
    request_id: str


@dataclass(frozen=True, slots=True)
class AskToEnrol:
    """A member of staff on their first day has no second proof yet."""

    request_id: str


Decision = SendBack | AskToSignIn | AskToConsent | AskToEnrol


@dataclass(frozen=True, slots=True)
class Asked:
    """A sound request: of whom, what, since when, and under which id it waits if it does."""

    client: Client
    params: Mapping[str, str]
    at: datetime
    request_id: str | None = None


async def push(tx: Tx, provider: Provider, client: Client, params: Mapping[str, str], now: datetime) -> str:
    """A product tells its request beforehand, out of the browser's sight. Raises Authlib's error."""
    kept = _kept({**params, "client_id": client.id})
    if (problem := _problem(provider, client, kept, now)) is not None:
        raise problem
    address = PUSHED + new_token("vks_pushed")
    await store.insert_request(
        tx, hashed(address), client.id, kept, is_pushed=True, now=now, expires_at=now + rules.PUSHED_LIFE
    )
    return address


async def authorize(
    tx: Tx, provider: Provider, params: Mapping[str, str], session: Session | None, now: datetime
) -> Decision:
    """A browser has come from a product. Nobody is sent to an address that was not registered."""
    client = await client_at_work(tx, params.get("client_id", ""))
    if client is None:
        raise AuthorizationRefused(problem="client_id")
    if "request_uri" in params:
        kept = dict(await _taken_up(tx, client, params["request_uri"], now))
    elif client.needs_par:
        raise AuthorizationRefused(problem="request_uri")
    else:
        kept = _kept(params)
    if (problem := _problem(provider, client, kept, now)) is not None:
        if problem.redirect_uri is None or problem.redirect_uri not in client.redirect_uris:
            raise AuthorizationRefused(problem=str(problem.error))
        return _declined(provider, kept, problem.error, problem.description or None)
    return await _decide(tx, provider, Asked(client, kept, now), session, now)


async def resume(tx: Tx, provider: Provider, request_id: str, session: Session | None, now: datetime) -> Decision:
    """The person has signed in, or agreed: on with the request that waited."""
    client, waiting = await waiting_request(tx, request_id, now)
    return await _decide(tx, provider, Asked(client, waiting.params, waiting.created_at, request_id), session, now)


async def waiting_request(tx: Tx, request_id: str, now: datetime) -> tuple[Client, AuthorizationRequest]:
    found = await store.find_request(tx, hashed(request_id))
    if found is None or found.is_pushed or found.used_at is not None or found.expires_at <= now:
        raise SignInExpired
    if (client := await client_at_work(tx, found.client_id)) is None:
        raise SignInExpired
    return client, found


async def agree(tx: Tx, request_id: str, session: Session, now: datetime) -> None:
    """The person lets the product know what it asks for. The words are kept with the customer, too."""
    client, waiting = await waiting_request(tx, request_id, now)
    scopes = waiting.params["scope"].split()
    account = await people.find_account(tx, session.account_id)
    assert account is not None, "a session is of an account"
    await store.give_consent(tx, account.id, client.id, scopes, now)
    word = customers.Consent(f"share.{client.id}", " ".join(scopes)[:64], True, {"session": str(session.id)})
    await customers.state_consents(tx, account.customer_id, [word], source=customers.Source.SITE, now=now)


async def refuse(tx: Tx, provider: Provider, request_id: str, now: datetime) -> SendBack:
    """The person does not agree."""
    _, waiting = await waiting_request(tx, request_id, now)
    await store.use_request(tx, hashed(request_id), now)
    return _declined(provider, waiting.params, "access_denied")


async def _decide(tx: Tx, provider: Provider, asked: Asked, session: Session | None, now: datetime) -> Decision:
    is_silent = "none" in asked.params.get("prompt", "").split()
    account = None if session is None else await people.find_account(tx, session.account_id)
    if session is None or account is None or rules.must_sign_in(session, asked.params, asked.at, now):
        if is_silent:
            return await _done_with(tx, provider, asked, "login_required", now)
        return AskToSignIn(await _waiting(tx, asked, now))
    is_for_staff = Scope.ROLES in asked.params["scope"].split()
    if is_for_staff and not await is_staff(tx, account.id):
        return await _done_with(tx, provider, asked, "access_denied", now)
    if session.acr != Acr.TWO and (is_for_staff or _needs_second(account, asked.params)):
        if is_silent:
            return await _done_with(tx, provider, asked, "login_required", now)
        if not account.has_second and is_for_staff:
            return AskToEnrol(await _waiting(tx, asked, now))
        if not account.has_second:
            return await _done_with(tx, provider, asked, "unmet_authentication_requirements", now)
        return AskToSignIn(await _waiting(tx, asked, now), is_second=True)
    given = () if asked.client.is_trusted else await store.consent(tx, account.id, asked.client.id)
    # "Ask them again" is answered once: by an agreement that came after the question.
    has_just_agreed = asked.request_id is not None and await store.agreed_after(
        tx, account.id, asked.client.id, asked.at
    )
    params = {**asked.params, "prompt": ""} if has_just_agreed else asked.params
    if rules.needs_consent(asked.client, params, given):
        if is_silent:
            return await _done_with(tx, provider, asked, "consent_required", now)
        return AskToConsent(await _waiting(tx, asked, now))
    return await _granted(tx, provider, asked, account, session, now)


def _needs_second(account: Account, params: Mapping[str, str]) -> bool:
    """A product may insist; to spend points, whoever has a second proof uses it."""
    spends = Scope.SPEND in params["scope"].split()
    return rules.wants_second(params) or (spends and account.has_second)


async def _granted(
    tx: Tx, provider: Provider, asked: Asked, account: Account, session: Session, now: datetime
) -> SendBack:
    if asked.request_id is not None and not await store.use_request(tx, hashed(asked.request_id), now):
        raise SignInExpired
    params, grant_id, code = asked.params, new_id(), new_token("vks_code")
    await store.insert_grant(
        tx,
        grant_id,
        account_id=account.id,
        client_id=asked.client.id,
        session_id=session.id,
        scope=params["scope"],
        now=now,
    )
    await store.insert_code(
        tx,
        hashed(code),
        grant_id,
        redirect_uri=params["redirect_uri"],
        challenge=params["code_challenge"],
        nonce=params.get("nonce"),
        expires_at=now + rules.CODE_LIFE,
    )
    address = rules.return_address(params["redirect_uri"], code=code, state=params.get("state"), iss=provider.issuer)
    return SendBack(address)


async def _waiting(tx: Tx, asked: Asked, now: datetime) -> str:
    """The id under which the request waits for its person."""
    if asked.request_id is not None:
        return asked.request_id
    request_id = new_token("vks_request")
    await store.insert_request(
        tx,
        hashed(request_id),
        asked.client.id,
        asked.params,
        is_pushed=False,
        now=now,
        expires_at=now + rules.REQUEST_LIFE,
    )
    return request_id


async def _taken_up(tx: Tx, client: Client, address: str, now: datetime) -> Mapping[str, str]:
    found = await store.find_request(tx, hashed(address))
    is_good = found is not None and found.is_pushed and found.client_id == client.id and found.expires_at > now
    if found is None or not is_good or not await store.use_request(tx, hashed(address), now):
        raise AuthorizationRefused(problem="request_uri")
    return found.params


async def _done_with(tx: Tx, provider: Provider, asked: Asked, error: str, now: datetime) -> SendBack:
    if asked.request_id is not None:
        await store.use_request(tx, hashed(asked.request_id), now)
    return _declined(provider, asked.params, error)


def _declined(provider: Provider, params: Mapping[str, str], error: str, words: str | None = None) -> SendBack:
    return SendBack(
        rules.return_address(
            params["redirect_uri"],
            error=error,
            error_description=words,
            state=params.get("state"),
            iss=provider.issuer,
        )
    )


def _kept(params: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in params.items() if name in KEPT}


def _problem(provider: Provider, client: Client, params: dict[str, str], now: datetime) -> rules.ProtocolError | None:
    """Why it is declined. A sound request has its scope written out."""
    desk = Desk(provider.keys, provider.issuer, now, client=client)
    if (problem := authorization_problem(desk, params)) is not None:
        return problem
    if "request" in params:
        return rules.ProtocolError("request_not_supported", params["redirect_uri"])
    prompts = params.get("prompt", "").split()
    if params.get("response_mode", "query") != "query" or ("none" in prompts and len(prompts) > 1):
        return rules.ProtocolError("invalid_request", params["redirect_uri"])
    params["scope"] = rules.allowed_scope(client, params.get("scope")) or ""
    return None
