"""A person's own pages on how they sign in: devices, passkeys, an authenticator app, e-mail, password."""

from typing import Any
from uuid import UUID

import msgspec
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url

from vokrug import customers
from vokrug.accounts.errors import (
    AttemptOver,
    CodeWrong,
    EmailHeld,
    FreshSignInNeeded,
    PasskeyRefused,
    PasswordWeak,
    SessionUnknown,
    SignInNeeded,
    TooManyTries,
)
from vokrug.accounts.gateways import Messenger
from vokrug.accounts.me import me, own, to_sign_in
from vokrug.accounts.operations import codes, passkeys, passwords, second, sessions
from vokrug.accounts.second_api import ceremony
from vokrug.accounts.sign_in_pages import FORMS, PAGE, attempt_of, digits, visitor_of
from vokrug.accounts.telling import tell_logouts
from vokrug.accounts.visits import Visit
from vokrug.kernel import Refusal
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Json, Routes

routes = Routes("me")


@routes.get("/me/security", **PAGE)
async def security(call: Call) -> Answer[bytes]:
    """Devices that are signed in, and the ways to sign in."""
    return await _security(call, Visit.of(call))


@routes.post("/me/sign-out", refusals=FORMS, **PAGE)
async def sign_out(call: Call, body: bytes) -> Answer[bytes]:
    """Sign a device out, or all others. Products that were entered from it hear of it."""
    visit, form = own(call, body)

    async def story(tx: Tx) -> None:
        here = await me(tx, visit, call.now)
        if "device" in form:
            await sessions.end_device(tx, here.account.id, UUID(form["device"]), call.now)
        else:
            await sessions.end_all(tx, here.account.id, call.now, "signed out", but=here.session.id)

    answer = await _changed(call, visit, story)
    await tell_logouts(call.services, call.now)
    return answer


@routes.post("/me/passkeys-options", refusals=[*FORMS, SignInNeeded, FreshSignInNeeded, PasskeyRefused], **PAGE)
async def new_passkey_options(call: Call, body: bytes) -> Answer[Json]:
    """What the device needs to make a passkey. Wants a fresh sign-in."""
    visit, _ = own(call, body)
    async with call.db.transaction() as tx:
        here = await me(tx, visit, call.now, is_fresh=True)
        person = await customers.customer(tx, call.services.get(customers.Directory), here.account.customer_id)
        id, options = await passkeys.begin_passkey(
            tx, visit.provider, visitor_of(call, visit), here.account, person.called, call.now
        )
    return ceremony(id, options)


@routes.post("/me/passkeys", refusals=[*FORMS, SignInNeeded, FreshSignInNeeded, AttemptOver, PasskeyRefused], **PAGE)
async def new_passkey(call: Call, body: bytes) -> Answer[Json]:
    """The device has made one."""
    visit, form = own(call, body)
    credential = passkeys.read_credential(form.get("credential", ""))
    async with call.db.transaction() as tx:
        here = await me(tx, visit, call.now, is_fresh=True)
        visitor, name = visitor_of(call, visit), form.get("name", "")
        await passkeys.finish_passkey(
            tx, visit.provider, visitor, here.account, attempt_of(form), credential, name, call.now
        )
    return Answer(Json(msgspec.json.encode({"go": "/me/security"})), headers={"cache-control": "no-store"})


@routes.post("/me/passkeys:remove", refusals=FORMS, **PAGE)
async def drop_passkey(call: Call, body: bytes) -> Answer[bytes]:
    """A passkey opens nothing from now on."""
    visit, form = own(call, body)

    async def story(tx: Tx) -> None:
        here = await me(tx, visit, call.now, is_fresh=True)
        await passkeys.drop_passkey(tx, here.account, base64url_to_bytes(form.get("passkey", "")))

    return await _changed(call, visit, story)


@routes.post("/me/totp", refusals=FORMS, **PAGE)
async def begin_totp(call: Call, body: bytes) -> Answer[bytes]:
    """A new secret for an authenticator app, shown this once; or none any more."""
    visit, form = own(call, body)
    try:
        async with call.db.transaction() as tx:
            here = await me(tx, visit, call.now, is_fresh=True)
            if form.get("answer") == "remove":
                await second.drop_totp(tx, here.account)
                return visit.go("/me/security")
            made = await second.begin_totp(tx, visit.provider, here.account, "customer")
    except (SignInNeeded, FreshSignInNeeded):
        return to_sign_in(visit)
    return visit.page("totp.html", secret=made.secret, address=made.address)


@routes.post("/me/totp:confirm", refusals=FORMS, **PAGE)
async def confirm_totp(call: Call, body: bytes) -> Answer[bytes]:
    """The app's first code: from now on it is asked for at each sign-in."""
    visit, form = own(call, body)

    async def story(tx: Tx) -> None:
        here = await me(tx, visit, call.now, is_fresh=True)
        await second.confirm_totp(tx, visit.provider, here.account, digits(form.get("code", "")), call.now)

    return await _changed(call, visit, story)


@routes.post("/me/email", refusals=FORMS, **PAGE)
async def send_confirmation(call: Call, body: bytes) -> Answer[bytes]:
    """A link goes to a mailbox that the person says is theirs."""
    visit, form = own(call, body)
    directory = call.services.get(customers.Directory)

    async def story(tx: Tx) -> None:
        here = await me(tx, visit, call.now, is_fresh=True)
        visitor, address = visitor_of(call, visit), form.get("email", "")
        message = await codes.send_confirmation(
            tx, visit.provider, directory, visitor, here.account.id, address, call.now
        )
        posted.append(message)

    posted: list[Any] = []
    answer = await _changed(call, visit, story)
    for message in posted:
        call.services.get(Messenger).post(message)
    return answer


@routes.get("/me/email", query={"attempt": UUID, "code": str}, query_needed=["attempt", "code"], **PAGE)
async def email_page(call: Call) -> Answer[bytes]:
    """The link from the letter: there is still a button to press."""
    return Visit.of(call).page("email.html", attempt=call.query["attempt"], code=call.query["code"])


@routes.post("/me/email:confirm", refusals=FORMS, **PAGE)
async def confirm_email(call: Call, body: bytes) -> Answer[bytes]:
    """The mailbox is theirs."""
    visit, form = own(call, body)
    directory = call.services.get(customers.Directory)

    async def story(tx: Tx) -> bool:
        here = await me(tx, visit, call.now)
        visitor, id, code = visitor_of(call, visit), attempt_of(form), form.get("code", "")
        return await codes.confirm_email(tx, visit.provider, directory, visitor, here.account.id, id, code, call.now)

    return await _changed(call, visit, story)


@routes.post("/me/password", refusals=FORMS, **PAGE)
async def put_password(call: Call, body: bytes) -> Answer[bytes]:
    """A password for products that insist; nothing typed: none any more. Other devices are signed out."""
    visit, form = own(call, body)
    typed = form.get("password")

    async def look(tx: Tx) -> None:
        await me(tx, visit, call.now, is_fresh=True)
        if typed is not None:
            passwords.require_strong(typed)

    answer = await _changed(call, visit, look)
    if answer.status != 303 or answer.headers["location"] != "/me/security":
        return answer
    hash = None if typed is None else await passwords.hashed_password(typed)

    async def story(tx: Tx) -> None:
        here = await me(tx, visit, call.now, is_fresh=True)
        await passwords.put_password(tx, here.account.id, hash)
        await sessions.end_all(tx, here.account.id, call.now, "the password was changed", but=here.session.id)

    return await _changed(call, visit, story)


async def _changed(call: Call, visit: Visit, story: Any) -> Answer[bytes]:
    """Back to the page, with what went wrong if something did. False from a story: a code was wrong, and is counted."""
    try:
        async with call.db.transaction() as tx:
            is_done = await story(tx)
        if is_done is False:
            raise CodeWrong
    except (SignInNeeded, FreshSignInNeeded):
        return to_sign_in(visit)
    except ValueError:
        return await _security(call, visit, SessionUnknown())
    except DECLINED as refusal:
        return await _security(call, visit, refusal)
    return visit.go("/me/security")


DECLINED = (
    *(SessionUnknown, CodeWrong, EmailHeld, PasswordWeak, TooManyTries, AttemptOver, PasskeyRefused),
    *(customers.IdentifierMalformed, customers.IdentifierBlocked, customers.IdentifierTaken),
)


async def _security(call: Call, visit: Visit, refusal: Refusal | None = None) -> Answer[bytes]:
    try:
        async with call.db.transaction() as tx:
            here = await me(tx, visit, call.now)
            found = await sessions.devices(tx, here.account.id, call.now)
            keys = await passkeys.passkeys(tx, here.account)
    except SignInNeeded:
        return to_sign_in(visit)
    problem = "" if refusal is None else (refusal.customer or refusal.cashier).say(visit.language, **refusal.facts)
    return visit.page(
        "security.html",
        status=200 if refusal is None else refusal.status,
        problem=problem,
        account=here.account,
        here=here.session.id,
        devices=found,
        passkeys=[(bytes_to_base64url(key.credential_id), key) for key in keys],
    )
