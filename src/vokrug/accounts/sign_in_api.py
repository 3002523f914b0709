"""Pages on which people prove who they are: a code by SMS, a link by e-mail, a password where a product insists."""

from uuid import UUID

from vokrug import customers
from vokrug.accounts.errors import FormMalformed, PhoneNotServed, TooManyTries
from vokrug.accounts.gateways import Messenger
from vokrug.accounts.operations import codes
from vokrug.accounts.settings import SignInSettings
from vokrug.accounts.sign_in_pages import (
    ASKED,
    FORMS,
    PAGE,
    PUBLIC,
    attempt_of,
    begin,
    digits,
    own_form,
    page,
    proved,
    visitor_of,
)
from vokrug.accounts.types import Outcome, Session
from vokrug.accounts.visits import Visit, static
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes

routes = Routes("sign-in")


@routes.get("/sign-in/style.css", answers={200: bytes}, **PUBLIC)
async def style(call: Call) -> Answer[bytes]:
    """How the pages look."""
    return Answer(
        static("style.css"), headers={"content-type": "text/css; charset=utf-8", "cache-control": "max-age=3600"}
    )


@routes.get("/sign-in/passkey.js", answers={200: bytes}, **PUBLIC)
async def script(call: Call) -> Answer[bytes]:
    """What talks to the device's passkeys. All else works without it."""
    kind = {"content-type": "text/javascript; charset=utf-8", "cache-control": "max-age=3600"}
    return Answer(static("passkey.js"), headers=kind)


@routes.get("/sign-in", query=ASKED, **PAGE)
async def sign_in(call: Call) -> Answer[bytes]:
    """Where everybody begins: a phone, or another way."""
    return await begin(call, Visit.of(call), call.query.get("request", ""))


@routes.post("/sign-in", refusals=FORMS, **PAGE)
async def send_code(call: Call, body: bytes) -> Answer[bytes]:
    """A code goes to the phone."""
    visit, form = own_form(call, body)
    request = form.get("request", "")
    settings, directory = call.services.get(SignInSettings), call.services.get(customers.Directory)
    try:
        async with call.db.transaction() as tx:
            id, message = await codes.send_code(
                tx, visit.provider, directory, settings.policy, visitor_of(call, visit), form.get("phone", ""), call.now
            )
    except (customers.IdentifierMalformed, customers.IdentifierBlocked, PhoneNotServed, TooManyTries) as refusal:
        return await begin(call, visit, request, refusal)
    call.services.get(Messenger).post(message)
    return visit.go("/sign-in/code", attempt=str(id), request=request or None)


@routes.get("/sign-in/code", query={"attempt": UUID, **ASKED}, query_needed=["attempt"], **PAGE)
async def code_page(call: Call) -> Answer[bytes]:
    """Where the code is typed in."""
    return await page(call, Visit.of(call), "code.html", call.query)


@routes.post("/sign-in/code", refusals=FORMS, **PAGE)
async def enter_code(call: Call, body: bytes) -> Answer[bytes]:
    """The code has come back."""
    visit, form = own_form(call, body)
    directory, id, typed = call.services.get(customers.Directory), attempt_of(form), digits(form.get("code", ""))

    async def tell(tx: Tx, earlier: Session | None) -> Outcome:
        visitor = visitor_of(call, visit)
        return await codes.enter_code(tx, visit.provider, directory, visitor, id, typed, call.now, earlier)

    return await proved(call, visit, form, "code.html", tell)


@routes.get("/sign-in/welcome", query={"attempt": UUID, **ASKED}, query_needed=["attempt"], **PAGE)
async def welcome_page(call: Call) -> Answer[bytes]:
    """How shall we call you?"""
    return await page(call, Visit.of(call), "welcome.html", call.query)


@routes.post("/sign-in/welcome", refusals=FORMS, **PAGE)
async def introduce(call: Call, body: bytes) -> Answer[bytes]:
    """Somebody new says how to call them, and agrees to the terms."""
    visit, form = own_form(call, body)
    directory, id = call.services.get(customers.Directory), attempt_of(form)

    async def tell(tx: Tx, earlier: Session | None) -> Outcome:
        called, visitor = form.get("called", ""), visitor_of(call, visit)
        if form.get("terms") != "yes":
            raise FormMalformed
        return await codes.introduce(tx, visit.provider, directory, visitor, id, called, call.now, earlier)

    return await proved(call, visit, form, "welcome.html", tell)


@routes.post("/sign-in/email", refusals=FORMS, **PAGE)
async def send_link(call: Call, body: bytes) -> Answer[bytes]:
    """A link goes to the mailbox, if it is somebody's here. The page says the same either way."""
    visit, form = own_form(call, body)
    request, directory = form.get("request", ""), call.services.get(customers.Directory)
    try:
        async with call.db.transaction() as tx:
            _, message = await codes.send_link(
                tx,
                visit.provider,
                directory,
                visitor_of(call, visit),
                form.get("email", ""),
                call.now,
                request=request or None,
            )
    except (customers.IdentifierMalformed, customers.IdentifierBlocked, TooManyTries) as refusal:
        return await begin(call, visit, request, refusal)
    call.services.get(Messenger).post(message)
    return visit.page("sent.html")


@routes.get("/sign-in/link", query={"attempt": UUID, "code": str, **ASKED}, query_needed=["attempt", "code"], **PAGE)
async def link_page(call: Call) -> Answer[bytes]:
    """The link was opened. Programs that look into mail open links, too, so there is still a button."""
    return await page(call, Visit.of(call), "link.html", call.query)


@routes.post("/sign-in/link", refusals=FORMS, **PAGE)
async def follow_link(call: Call, body: bytes) -> Answer[bytes]:
    """The button under the link was pressed."""
    visit, form = own_form(call, body)
    id = attempt_of(form)

    async def tell(tx: Tx, earlier: Session | None) -> Outcome:
        visitor, code = visitor_of(call, visit), form.get("code", "")
        return await codes.follow_link(tx, visit.provider, visitor, id, code, call.now, earlier)

    return await proved(call, visit, form, "link.html", tell)
