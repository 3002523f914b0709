"""HTTP of OpenID Connect for browsers: a person comes from a product, agrees, goes back; and leaves."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from vokrug.accounts.errors import AuthorizationRefused, FormMalformed, FormStale, SignInExpired
from vokrug.accounts.operations import authorizing, logout, sessions
from vokrug.accounts.operations.authorizing import AskToConsent, AskToEnrol, AskToSignIn, Decision
from vokrug.accounts.telling import tell_logouts
from vokrug.accounts.types import SCOPE_WORDS
from vokrug.accounts.visits import Visit, form_of
from vokrug.kernel import Refusal
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("sign-on")

PUBLIC: dict[str, Any] = {"is_public": True, "roles": [Role.ANYONE]}
PAGE: dict[str, Any] = {"answers": {200: bytes, 303: bytes, 400: bytes, 410: bytes}, **PUBLIC}
GOING: dict[str, Any] = {"answers": {303: bytes, 400: bytes, 410: bytes}, **PUBLIC}


@routes.get("/oauth/authorize", refusals=[], **GOING)
async def authorize(call: Call) -> Answer[bytes]:
    """A browser has come from a product. It goes back at once, or to the page where its person signs in or agrees."""
    return await _authorize(call, call.query)


@routes.post("/oauth/authorize", refusals=[FormMalformed], **GOING)
async def authorize_by_post(call: Call, body: bytes) -> Answer[bytes]:
    """The same, for requests too long for an address."""
    return await _authorize(call, form_of(body))


async def _authorize(call: Call, params: Mapping[str, str]) -> Answer[bytes]:
    visit = Visit.of(call)
    try:
        async with call.db.transaction() as tx:
            session = await sessions.session_of(tx, visit.cookie, call.now)
            decision = await authorizing.authorize(tx, visit.provider, dict(params), session, call.now)
    except AuthorizationRefused as refusal:
        return refused(visit, refusal)
    return on_with(visit, decision)


@routes.get("/oauth/continue", refusals=[], query={"request": str}, query_needed=["request"], **GOING)
async def resume(call: Call) -> Answer[bytes]:
    """The person has signed in, or agreed: on with the request that waited."""
    visit = Visit.of(call)
    try:
        async with call.db.transaction() as tx:
            session = await sessions.session_of(tx, visit.cookie, call.now)
            decision = await authorizing.resume(tx, visit.provider, call.query["request"], session, call.now)
    except SignInExpired as refusal:
        return refused(visit, refusal)
    return on_with(visit, decision)


@routes.get("/consent", refusals=[], query={"request": str}, query_needed=["request"], **PAGE)
async def consent_page(call: Call) -> Answer[bytes]:
    """What the product would like to know, in plain words."""
    visit = Visit.of(call)
    try:
        async with call.db.transaction() as tx:
            if await sessions.session_of(tx, visit.cookie, call.now) is None:
                return visit.go("/oauth/continue", request=call.query["request"])
            client, waiting = await authorizing.waiting_request(tx, call.query["request"], call.now)
    except SignInExpired as refusal:
        return refused(visit, refusal)
    wanted = [
        SCOPE_WORDS[scope].say(visit.language) for scope in SCOPE_WORDS if scope in waiting.params["scope"].split()
    ]
    name = client.name.say(visit.language)
    origins = origin_of(waiting.params["redirect_uri"])
    return visit.page("consent.html", request=call.query["request"], client=name, wanted=wanted, origins=origins)


@routes.post("/consent", refusals=[FormMalformed, FormStale], **PAGE)
async def consent(call: Call, body: bytes) -> Answer[bytes]:
    """The person agrees, or does not."""
    visit, form = Visit.of(call), form_of(body)
    visit.require_own(form, call.headers)
    request = form.get("request", "")
    try:
        async with call.db.transaction() as tx:
            session = await sessions.session_of(tx, visit.cookie, call.now)
            if session is None:
                raise SignInExpired
            if form.get("answer") != "yes":
                return on_with(visit, await authorizing.refuse(tx, visit.provider, request, call.now))
            await authorizing.agree(tx, request, session, call.now)
    except SignInExpired as refusal:
        return refused(visit, refusal)
    return visit.go("/oauth/continue", request=request)


@routes.get("/oauth/end-session", refusals=[], **PAGE)
async def end_session(call: Call) -> Answer[bytes]:
    """A product wishes to end the session (RP-initiated logout). Without proof that it is this one we ask."""
    return await _end_session(call, dict(call.query))


@routes.post("/oauth/end-session", refusals=[FormMalformed], **PAGE)
async def end_session_by_post(call: Call, body: bytes) -> Answer[bytes]:
    """The same, for requests too long for an address; and the person's own answer."""
    return await _end_session(call, form_of(body))


async def _end_session(call: Call, params: dict[str, str]) -> Answer[bytes]:
    visit = Visit.of(call)
    is_answered = "answer" in params
    if is_answered:
        visit.require_own(params, call.headers)
    async with call.db.transaction() as tx:
        session = await sessions.session_of(tx, visit.cookie, call.now)
        asked = await logout.end_asked(tx, visit.provider, params, session, call.now)
        if session is not None and (asked.is_sure or is_answered):
            await logout.end_session(tx, session, call.now)
    if not asked.is_sure and not is_answered:
        kept = ("client_id", "id_token_hint", "post_logout_redirect_uri", "state")
        said = {name: params[name] for name in kept if name in params}
        return visit.page("leave.html", said=said, origins=origin_of(asked.return_to or ""))
    await tell_logouts(call.services, call.now)
    if asked.return_to is not None:
        return visit.go(asked.return_to)
    return visit.page("left.html")


def on_with(visit: Visit, decision: Decision) -> Answer[bytes]:
    """Where a decision leads."""
    if isinstance(decision, AskToSignIn):
        return visit.go("/sign-in/second" if decision.is_second else "/sign-in", request=decision.request_id)
    if isinstance(decision, AskToEnrol):
        return visit.go("/staff/second", request=decision.request_id)
    if isinstance(decision, AskToConsent):
        return visit.go("/consent", request=decision.request_id)
    return visit.go(decision.address)


def refused(visit: Visit, refusal: Refusal) -> Answer[bytes]:
    """A page that says why, for a person whom nobody may be sent on."""
    words = (refusal.customer or refusal.cashier).say(visit.language, **refusal.facts)
    return visit.page("refused.html", status=refusal.status, words=words)


def origin_of(uri: str) -> str:
    parts = urlsplit(uri)
    if parts.scheme in ("http", "https"):
        return f"{parts.scheme}://{parts.netloc}"
    return f"{parts.scheme}:" if parts.scheme else ""
