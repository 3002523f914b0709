"""What the pages of signing in share: where an outcome leads, and what is said when something was wrong."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from vokrug.accounts import limits, rules
from vokrug.accounts.authorize_api import origin_of, refused
from vokrug.accounts.errors import AttemptOver, FormMalformed, FormStale, SignInExpired
from vokrug.accounts.linking import store as linked
from vokrug.accounts.operations import authorizing, sessions
from vokrug.accounts.operations.codes import Visitor
from vokrug.accounts.settings import SignInSettings
from vokrug.accounts.types import NeedsName, NeedsSecond, Outcome, Session, SignedIn
from vokrug.accounts.visits import Visit, form_of
from vokrug.kernel import Refusal
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role

PUBLIC: dict[str, Any] = {"is_public": True, "roles": [Role.ANYONE]}
STATUSES = (200, 303, 400, 403, 404, 409, 410, 422, 429)
PAGE: dict[str, Any] = {"answers": dict.fromkeys(STATUSES, bytes), **PUBLIC}
ASKED = {"request": str}
FORMS = [FormMalformed, FormStale]

Tell = Callable[[Tx, Session | None], Awaitable[Outcome]]


def visitor_of(call: Call, visit: Visit) -> Visitor:
    trusted = call.services.get(SignInSettings).trusted_proxies
    network = limits.network_of(call.peer, call.headers, trusted)
    return Visitor(visit.cookie, network, visit.language, call.headers.get("user-agent", ""))


async def proved(call: Call, visit: Visit, form: Mapping[str, str], name: str, tell: Tell) -> Answer[bytes]:
    """Where an outcome leads. What was wrong is said on the same page; tries are committed either way."""
    request = form.get("request", "")
    try:
        async with call.db.transaction() as tx:
            earlier = await sessions.session_of(tx, visit.cookie, call.now)
            outcome = await tell(tx, earlier)
    except AttemptOver as refusal:
        return await begin(call, visit, request, refusal)
    except FormStale:
        raise
    except Refusal as refusal:
        if refusal.status >= 500:
            raise
        return await page(call, visit, name, form, refusal)
    if isinstance(outcome, SignedIn | NeedsName | NeedsSecond):
        return on_after(visit, outcome, request)
    if not outcome.may_retry:
        return await begin(call, visit, request, AttemptOver())
    return await page(call, visit, name, form, wrong=True)


def on_after(visit: Visit, outcome: SignedIn | NeedsName | NeedsSecond, request: str) -> Answer[bytes]:
    """On to the product, to one's own pages, or to the next question."""
    if isinstance(outcome, NeedsName):
        return visit.go("/sign-in/welcome", attempt=str(outcome.attempt_id), request=request or None)
    if isinstance(outcome, NeedsSecond):
        return visit.go("/sign-in/second", attempt=str(outcome.attempt_id), request=request or None)
    return on_with_request(visit, request, outcome.token)


def on_with_request(visit: Visit, request: str, token: str | None = None) -> Answer[bytes]:
    """To whom the sign-in was for. `request` is a product's that waits, or a page of ours."""
    if (page := rules.own_page(request)) is not None:
        return visit.go(page, cookie=token)
    return visit.go("/oauth/continue" if request else "/me", cookie=token, request=request or None)


async def begin(
    call: Call, visit: Visit, request: str, refusal: Refusal | None = None, *, words: str = ""
) -> Answer[bytes]:
    """The first page, with what went wrong if something did."""
    allows_password, origins, hint = False, "", ""
    if request and rules.own_page(request) is None:
        try:
            async with call.db.transaction() as tx:
                client, waiting = await authorizing.waiting_request(tx, request, call.now)
        except SignInExpired as expired:
            return refused(visit, expired)
        allows_password, hint = client.allows_password, waiting.params.get("login_hint", "")
        origins = origin_of(waiting.params["redirect_uri"])
    async with call.db.transaction(readonly=True) as tx:
        peers = [one for one in await linked.peers(tx) if one.paused_at is None]
    problem = "" if refusal is None else (refusal.customer or refusal.cashier).say(visit.language, **refusal.facts)
    return visit.page(
        "sign-in.html",
        peers=peers,
        status=200 if refusal is None else 422 if words else refusal.status,
        origins=origins,
        request=request,
        problem=words or problem,
        allows_password=allows_password,
        hint=hint if len(hint) < 100 else "",
    )


async def page(
    call: Call,
    visit: Visit,
    name: str,
    said: Mapping[str, str],
    refusal: Refusal | None = None,
    *,
    wrong: bool = False,
) -> Answer[bytes]:
    origins, request = "", said.get("request", "")
    if request and rules.own_page(request) is None:
        async with call.db.transaction() as tx:
            try:
                origins = origin_of(
                    (await authorizing.waiting_request(tx, request, call.now))[1].params["redirect_uri"]
                )
            except SignInExpired as expired:
                return refused(visit, expired)
    problem = "" if refusal is None else (refusal.customer or refusal.cashier).say(visit.language, **refusal.facts)
    return visit.page(
        name,
        status=refusal.status if refusal is not None else 422 if wrong else 200,
        origins=origins,
        request=request,
        attempt=said.get("attempt", ""),
        code=said.get("code", ""),
        problem=problem,
        wrong=wrong,
    )


def own_form(call: Call, body: bytes) -> tuple[Visit, dict[str, str]]:
    visit, form = Visit.of(call), form_of(body)
    visit.require_own(form, call.headers)
    return visit, form


def attempt_of(form: Mapping[str, str]) -> UUID:
    try:
        return UUID(form.get("attempt", ""))
    except ValueError:
        raise FormMalformed from None


def digits(text: str) -> str:
    """A code as people type it: with a gap, or pasted with a blank at its end."""
    return "".join(letter for letter in text if letter.isascii() and letter.isdigit())[:10]
