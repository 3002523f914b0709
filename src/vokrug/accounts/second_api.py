"""Pages of other proofs: a password, a second factor, a passkey."""

from uuid import UUID

import msgspec

from vokrug import customers
from vokrug.accounts.authorize_api import refused
from vokrug.accounts.errors import AttemptOver, PasskeyRefused, SignInExpired, TooManyTries
from vokrug.accounts.operations import authorizing, passkeys, passwords, second, sessions
from vokrug.accounts.sign_in_pages import (
    ASKED,
    FORMS,
    PAGE,
    attempt_of,
    begin,
    digits,
    on_after,
    own_form,
    page,
    proved,
    visitor_of,
)
from vokrug.accounts.types import NeedsSecond, Outcome, Session, SignedIn
from vokrug.accounts.visits import Visit
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Json, Routes

routes = Routes("sign-in")


@routes.post("/sign-in/password", refusals=FORMS, **PAGE)
async def enter_password(call: Call, body: bytes) -> Answer[bytes]:
    """A phone or an e-mail with a password, for a product that insists."""
    visit, form = own_form(call, body)
    request = form.get("request", "")
    try:
        async with call.db.transaction() as tx:
            client, _ = await authorizing.waiting_request(tx, request, call.now)
            earlier = await sessions.session_of(tx, visit.cookie, call.now)
        if not client.allows_password:
            raise SignInExpired
        outcome = await passwords.enter_password(
            call.db,
            visit.provider,
            call.services.get(customers.Directory),
            visitor_of(call, visit),
            form.get("login", ""),
            form.get("password", ""),
            call.now,
            earlier,
        )
    except (customers.IdentifierMalformed, customers.IdentifierBlocked, TooManyTries) as refusal:
        return await begin(call, visit, request, refusal)
    except SignInExpired as refusal:
        return refused(visit, refusal)
    if isinstance(outcome, SignedIn | NeedsSecond):
        return on_after(visit, outcome, request)
    return await begin(call, visit, request, AttemptOver(), words="password")


@routes.get("/sign-in/second", query={"attempt": UUID, **ASKED}, **PAGE)
async def second_page(call: Call) -> Answer[bytes]:
    """One more proof: a code of an app, or a passkey."""
    return await page(call, Visit.of(call), "second.html", {"attempt": "", **call.query})


@routes.post("/sign-in/second", refusals=FORMS, **PAGE)
async def enter_second(call: Call, body: bytes) -> Answer[bytes]:
    """The second proof, right after the first or later, for a product that wants it."""
    visit, form = own_form(call, body)
    code = digits(form.get("code", ""))

    async def tell(tx: Tx, earlier: Session | None) -> Outcome:
        visitor = visitor_of(call, visit)
        if "attempt" in form:
            return await second.enter_second(tx, visit.provider, visitor, attempt_of(form), code, call.now, earlier)
        if earlier is None:
            raise AttemptOver
        return await second.step_up(tx, visit.provider, visitor, earlier, code, call.now)

    return await proved(call, visit, form, "second.html", tell)


@routes.post("/sign-in/passkey-options", refusals=[*FORMS, TooManyTries], **PAGE)
async def passkey_options(call: Call, body: bytes) -> Answer[Json]:
    """A challenge for whatever passkey of ours the device has."""
    visit, _ = own_form(call, body)
    async with call.db.transaction() as tx:
        id, options = await passkeys.begin_sign_in(tx, visit.provider, visitor_of(call, visit), call.now)
    return ceremony(id, options)


@routes.post("/sign-in/passkey", refusals=[*FORMS, AttemptOver, PasskeyRefused], **PAGE)
async def enter_passkey(call: Call, body: bytes) -> Answer[Json]:
    """The device's answer. Where to go on comes back, and the cookie."""
    visit, form = own_form(call, body)
    credential = passkeys.read_credential(form.get("credential", ""))
    async with call.db.transaction() as tx:
        earlier = await sessions.session_of(tx, visit.cookie, call.now)
        outcome = await passkeys.finish_sign_in(
            tx, visit.provider, visitor_of(call, visit), attempt_of(form), credential, call.now, earlier
        )
    assert isinstance(outcome, SignedIn), "a passkey is two proofs"
    answer = on_after(visit, outcome, form.get("request", ""))
    headers = {"set-cookie": answer.headers["set-cookie"], "cache-control": "no-store"}
    return Answer(Json(msgspec.json.encode({"go": answer.headers["location"]})), headers=headers)


def ceremony(id: UUID, options: bytes) -> Answer[Json]:
    """What the page's script hands to the device."""
    said = msgspec.json.encode({"attempt": str(id), "options": msgspec.Raw(options)})
    return Answer(Json(said), headers={"cache-control": "no-store"})
