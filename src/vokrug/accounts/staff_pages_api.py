"""Pages of a member of staff: the invitation, and the second proof that is set up on the first day."""

from typing import Any

import msgspec

from vokrug import customers
from vokrug.accounts.authorize_api import refused
from vokrug.accounts.errors import (
    AlreadyStaff,
    AttemptOver,
    CodeWrong,
    EmailHeld,
    FreshSignInNeeded,
    InvitationNotYours,
    InvitationOver,
    PasskeyRefused,
    SignInNeeded,
    TooManyTries,
)
from vokrug.accounts.me import Me, me, own, to_sign_in
from vokrug.accounts.operations import inviting, passkeys, second, sessions
from vokrug.accounts.operations.staff import post_of_account
from vokrug.accounts.second_api import ceremony
from vokrug.accounts.settings import SignInSettings
from vokrug.accounts.sign_in_pages import ASKED, FORMS, PAGE, attempt_of, digits, on_with_request, visitor_of
from vokrug.accounts.types import ROLE_WORDS
from vokrug.accounts.visits import Visit
from vokrug.kernel import Refusal
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Json, Routes

routes = Routes("staff")

DECLINED = (InvitationOver, InvitationNotYours, AlreadyStaff, EmailHeld)
IDENTIFIERS = (customers.IdentifierMalformed, customers.IdentifierBlocked, customers.IdentifierTaken)


@routes.get("/staff/invitation", query={"code": str}, query_needed=["code"], **PAGE)
async def invitation(call: Call) -> Answer[bytes]:
    """What the link is good for. Programs that look into mail open links, too, so there is a button."""
    visit, code = Visit.of(call), call.query["code"]
    try:
        async with call.db.transaction() as tx:
            found = await inviting.look_at(tx, code, call.now)
            is_signed_in = await sessions.session_of(tx, visit.cookie, call.now) is not None
    except InvitationOver as refusal:
        return refused(visit, refusal)
    roles = [ROLE_WORDS[role].say(visit.language) for role in sorted(found.post.roles)]
    return visit.page("invitation.html", code=code, roles=roles, is_signed_in=is_signed_in, back=_page_of(code))


@routes.post("/staff/invitation", refusals=FORMS, **PAGE)
async def accept(call: Call, body: bytes) -> Answer[bytes]:
    """Whoever has just signed in and holds the link works here from now on."""
    visit, form = own(call, body)
    code, directory = form.get("code", ""), call.services.get(customers.Directory)
    try:
        async with call.db.transaction() as tx:
            await inviting.look_at(tx, code, call.now)
            here = await me(tx, visit, call.now, is_fresh=True)
            await inviting.accept(tx, visit.provider, directory, here.account, code, call.now)
    except (SignInNeeded, FreshSignInNeeded):
        return to_sign_in(visit, _page_of(code))
    except (*DECLINED, *IDENTIFIERS) as refusal:
        return refused(visit, refusal)
    return visit.go(call.services.get(SignInSettings).staff_home)


def _page_of(code: str) -> str:
    return f"/staff/invitation?code={code}"


@routes.get("/staff/second", query=ASKED, **PAGE)
async def enrol(call: Call) -> Answer[bytes]:
    """A second proof, asked of every member of staff who has none: a passkey, or an app with codes."""
    return await _enrolment(call, Visit.of(call), call.query.get("request", ""))


@routes.post("/staff/second", refusals=FORMS, **PAGE)
async def begin_app(call: Call, body: bytes) -> Answer[bytes]:
    """A secret for an authenticator app, shown this once."""
    visit, form = own(call, body)
    request = form.get("request", "")
    try:
        async with call.db.transaction() as tx:
            here = await _newcomer(tx, visit, call)
            made = await second.begin_totp(tx, visit.provider, here.account, "staff")
    except (SignInNeeded, FreshSignInNeeded):
        return to_sign_in(visit, "/staff/second")
    return visit.page("staff-app.html", request=request, secret=made.secret, address=made.address, problem="")


@routes.post("/staff/second:confirm", refusals=FORMS, **PAGE)
async def confirm_app(call: Call, body: bytes) -> Answer[bytes]:
    """The app's first code: two proofs were shown, and the device gets a new token."""
    visit, form = own(call, body)
    request, code = form.get("request", ""), digits(form.get("code", ""))
    try:
        async with call.db.transaction() as tx:
            here = await _newcomer(tx, visit, call)
            is_right = await second.check_totp(tx, visit.provider, here.account.id, code, call.now, is_first=True)
            token = await _raised(tx, here, ("otp",), call) if is_right else None
    except (SignInNeeded, FreshSignInNeeded):
        return to_sign_in(visit, "/staff/second")
    except TooManyTries as refusal:
        return await _enrolment(call, visit, request, refusal)
    if token is None:
        return await _enrolment(call, visit, request, CodeWrong())
    return on_with_request(visit, request, token)


PASSKEYS = [*FORMS, SignInNeeded, FreshSignInNeeded, AttemptOver, PasskeyRefused]


@routes.post("/staff/second/passkey-options", refusals=PASSKEYS, **PAGE)
async def passkey_options(call: Call, body: bytes) -> Answer[Json]:
    """What the device needs to make a passkey."""
    visit, _ = own(call, body)
    async with call.db.transaction() as tx:
        here = await _newcomer(tx, visit, call)
        visitor = visitor_of(call, visit)
        id, options = await passkeys.begin_passkey(tx, visit.provider, visitor, here.account, "staff", call.now)
    return ceremony(id, options)


@routes.post("/staff/second/passkey", refusals=PASSKEYS, **PAGE)
async def finish_passkey(call: Call, body: bytes) -> Answer[Json]:
    """The device has made one, and has asked its owner for a finger, a face or a PIN."""
    visit, form = own(call, body)
    credential = passkeys.read_credential(form.get("credential", ""))
    async with call.db.transaction() as tx:
        here = await _newcomer(tx, visit, call)
        visitor, attempt = visitor_of(call, visit), attempt_of(form)
        await passkeys.finish_passkey(
            tx, visit.provider, visitor, here.account, attempt, credential, "Passkey", call.now
        )
        token = await _raised(tx, here, ("hwk", "user"), call)
    answer = on_with_request(visit, form.get("request", ""), token)
    headers = {"set-cookie": answer.headers["set-cookie"], "cache-control": "no-store"}
    return Answer(Json(msgspec.json.encode({"go": answer.headers["location"]})), headers=headers)


async def _enrolment(call: Call, visit: Visit, request: str, refusal: Refusal | None = None) -> Answer[bytes]:
    try:
        async with call.db.transaction() as tx:
            here = await me(tx, visit, call.now)
            post = await post_of_account(tx, here.account.id)
    except SignInNeeded:
        return to_sign_in(visit, "/staff/second")
    if post is None:
        return visit.go("/me")
    if here.account.has_second:
        return visit.go("/sign-in/second", request=request or call.services.get(SignInSettings).staff_home)
    said: dict[str, Any] = {"request": request or call.services.get(SignInSettings).staff_home}
    problem = "" if refusal is None else refusal.cashier.say(visit.language, **refusal.facts)
    status = 200 if refusal is None else refusal.status
    return visit.page("staff-second.html", status=status, problem=problem, **said)


async def _newcomer(tx: Tx, visit: Visit, call: Call) -> Me:
    """A member of staff who has just signed in and has no second proof yet: who has one uses it."""
    here = await me(tx, visit, call.now, is_fresh=True)
    if here.account.has_second or await post_of_account(tx, here.account.id) is None:
        raise FreshSignInNeeded
    return here


async def _raised(tx: Tx, here: Me, ways: tuple[str, ...], call: Call) -> str:
    amr = (*here.session.amr, *ways, "mfa")
    device = call.headers.get("user-agent", "")
    return await sessions.open_session(tx, here.account, amr=amr, device=device, now=call.now, earlier=here.session)
