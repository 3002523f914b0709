"""Decisions without I/O: what a client may be, which code is good, when somebody has to sign in again."""

import hmac
import ipaddress
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit

from vokrug.accounts.errors import ClientMalformed, StaffPostMalformed
from vokrug.accounts.types import Acr, Client, Code, Post, Scope, Session, StaffRole
from vokrug.accounts.vault import hashed

ACCESS_TOKEN_S = 600
ID_TOKEN_S = 600
CODE_LIFE = timedelta(seconds=60)
REFRESH_LIFE = timedelta(days=30)
PUSHED_LIFE = timedelta(seconds=90)
REQUEST_LIFE = timedelta(minutes=30)  # a person who was called away comes back to the same page
SESSION_LIFE = timedelta(days=30)
SESSION_IDLE = timedelta(days=14)
SPENDING_AGE_S = 300  # points are spent by somebody who has proved who they are within this time

STAFF_DAY = timedelta(hours=12)  # staff prove who they are once a day
INVITATION_LIFE = timedelta(hours=24)

SIGNING_KEY_AGE = timedelta(days=90)
# Longer than an identity token lives and verifiers keep a copy of our keys.
SIGNING_KEY_GRACE = timedelta(days=2)

CLIENT_ID = re.compile(r"[a-z][a-z0-9_.-]{1,47}")
LONGEST_URI = 500


class ProtocolError(Exception):
    """A refusal in the words of OAuth: programs of others read it. `redirect_uri` is where it may be said."""

    def __init__(self, error: str, redirect_uri: str | None = None, description: str | None = None) -> None:
        super().__init__(error)
        self.error, self.redirect_uri, self.description = error, redirect_uri, description


# Clients


def require_sound(client: Client) -> None:
    """Whatever could lead a code elsewhere is refused at registration."""
    problem = None
    returns = [*client.redirect_uris, *client.post_logout_uris]
    if not CLIENT_ID.fullmatch(client.id):
        problem = "id"
    elif not 1 <= len(client.redirect_uris) <= 20 or len(client.post_logout_uris) > 20:
        problem = "too_many_uris"
    elif not all(is_return_address(uri, is_public=client.is_public) for uri in returns):
        problem = "redirect_uris"
    elif client.backchannel_logout_uri is not None and not _is_web(client.backchannel_logout_uri):
        problem = "backchannel_logout_uri"
    elif Scope.OPENID not in client.scopes or not set(client.scopes) <= set(Scope):
        problem = "scopes"
    elif not re.fullmatch(r"[a-z0-9.-]{1,100}", client.sector):
        problem = "sector"
    elif client.is_public and client.may_introspect:
        problem = "may_introspect"
    elif not all(1 <= len(name.strip()) <= 100 for name in (client.name.en, client.name.ru)):
        problem = "name"
    if problem:
        raise ClientMalformed(problem=problem)


def is_return_address(uri: str, *, is_public: bool) -> bool:
    """An address of the web, encrypted unless it is on the same machine; an app may have a scheme of its own."""
    if _is_web(uri):
        return True
    try:
        scheme = urlsplit(uri).scheme
    except ValueError:
        return False
    return (
        is_public
        and "." in scheme
        and len(uri) <= LONGEST_URI
        and bool(re.fullmatch(r"[a-z0-9.+-]+:/[\x21-\x7e]*", uri))
    )


def _is_web(uri: str) -> bool:
    try:
        parts = urlsplit(uri)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if len(uri) > LONGEST_URI or not re.fullmatch(r"[\x21-\x7e]+", uri) or parts.fragment or "#" in uri or "*" in uri:
        return False
    if parts.username is not None or not host or "\\" in uri:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host))


def is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def default_sector(redirect_uris: Sequence[str]) -> str:
    """The host of the first return address: products of one site see one subject."""
    parts = urlsplit(redirect_uris[0])
    return re.sub(r"[^a-z0-9.-]", "-", (parts.hostname or parts.scheme).lower())[:100]


def is_secret_of(client: Client, secret: str) -> bool:
    return client.secret_hash is not None and hmac.compare_digest(client.secret_hash, hashed(secret))


def allowed_scope(client: Client, scope: str | None) -> str | None:
    """What the client may have of what it asks for; None when it must not ask so."""
    asked = (scope or Scope.OPENID).split()
    if Scope.OPENID not in asked or not set(asked) <= set(client.scopes):
        return None
    return " ".join(sorted(set(asked)))


def brings_refresh(scope: str) -> bool:
    return Scope.OFFLINE in scope.split()


# Codes and sign-ins


def is_code_good(code: Code, client: Client, now: datetime) -> bool:
    return code.client_id == client.id and code.used_at is None and code.revoked_at is None and code.expires_at > now


def must_sign_in(session: Session | None, params: Mapping[str, str], asked_at: datetime, now: datetime) -> bool:
    """Has the person to prove who they are, for this request? `asked_at` is when the request came in."""
    if session is None:
        return True
    if session.auth_time >= asked_at:
        return False  # for this very request
    if "login" in params.get("prompt", "").split():
        return True
    max_age_s = oldest_sign_in_s(params)
    return max_age_s is not None and (now - session.auth_time).total_seconds() > max_age_s


def oldest_sign_in_s(params: Mapping[str, str]) -> int | None:
    """How long ago somebody may have signed in; None: it does not matter. Spending sets a limit of its own."""
    said = params.get("max_age", "")
    limits = [int(said)] if said.isascii() and said.isdigit() and len(said) < 10 else []
    if Scope.SPEND in params.get("scope", "").split():
        limits.append(SPENDING_AGE_S)
    return min(limits, default=None)


def wants_second(params: Mapping[str, str]) -> bool:
    """Does the product insist on a second proof?"""
    return Acr.TWO in params.get("acr_values", "").split()


def needs_consent(client: Client, params: Mapping[str, str], given: Collection[str]) -> bool:
    if client.is_trusted:
        return False
    asked = set(params.get("scope", "").split()) - {Scope.OPENID}
    return "consent" in params.get("prompt", "").split() or not asked <= set(given)


def return_address(uri: str, **said: str | None) -> str:
    """The address with parameters added, for a browser to go to."""
    query = urlencode({name: value for name, value in said.items() if value is not None})
    if not query:
        return uri
    return uri + ("&" if "?" in uri else "?") + query


OWN_PAGE = re.compile(r"/(?![/\\])[\x21-\x5b\x5d-\x7e]{0,300}")


def own_page(address: str) -> str | None:
    """The address, if it is a page of ours: a path, which no browser takes for another site's."""
    return address if OWN_PAGE.fullmatch(address) else None


# Staff


def require_sound_post(post: Post) -> None:
    is_limited = bool(post.shops)
    roles = post.roles
    if (
        not roles
        or (StaffRole.OWNER in roles and is_limited)
        or (StaffRole.FRANCHISEE in roles and not is_limited)
        or not all(re.fullmatch(r"[^\s\x00-\x1f]{1,64}", shop) for shop in post.shops)
    ):
        raise StaffPostMalformed


def is_at_work(session: Session, now: datetime) -> bool:
    """A member of staff who signed in yesterday proves once more who they are."""
    return now - session.auth_time <= STAFF_DAY
