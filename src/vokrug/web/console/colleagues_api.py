"""Who works here: invited, given other roles, revoked, and what was changed. For owners."""

from collections.abc import Mapping
from uuid import UUID

from vokrug import accounts, customers
from vokrug.accounts import ROLE_WORDS, Messenger, Post, Provider, SignInSettings, StaffRole
from vokrug.kernel import Refusal, Text, new_id
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Routes
from vokrug.web.console.here import FORMS, PAGE, Here, at_console, by_form
from vokrug.web.console.staff import Duty

routes = Routes("console")

STAFF = "/console/staff"
WHAT = {
    "invited": Text(en="invited", ru="приглашение отправлено"),
    "withdrawn": Text(en="invitation withdrawn", ru="приглашение отозвано"),
    "joined": Text(en="joined", ru="начал работать"),
    "roles_changed": Text(en="other roles", ru="другие роли"),
    "second_forgotten": Text(en="second proof forgotten", ru="второе подтверждение сброшено"),
    "revoked": Text(en="access ended", ru="доступ закрыт"),
}


@routes.get(STAFF, query={"lang": str, "sent": str}, **PAGE)
async def staff(call: Call) -> Answer[bytes]:
    """Everybody who works here, who did, and who is invited."""
    return await at_console(call, lambda here: listed(here), Duty.OWNER)


async def listed(here: Here, refusal: Refusal | None = None) -> Answer[bytes]:
    provider = here.call.services.get(Provider)
    async with here.call.db.transaction(readonly=True) as tx:
        found = await accounts.staff(tx, provider)
        waiting = await accounts.invitations(tx, provider, here.now)
    is_sent = here.call.query.get("sent") == "yes" and refusal is None
    return here.page(
        "console/staff.html",
        status=200 if refusal is None else refusal.status if refusal.status in (403, 404, 409) else 422,
        problem="" if refusal is None else here.said(refusal),
        done=here.t("The link is on its way.", "Ссылка отправлена.") if is_sent else "",
        colleagues=found,
        waiting=waiting,
        roles=ROLE_WORDS,
        shops=sorted(here.reference.shops),
        uid=new_id(),
    )


@routes.post(STAFF, refusals=FORMS, **PAGE)
async def invite(call: Call, body: bytes) -> Answer[bytes]:
    """A link to a mailbox or a phone."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        address = form.get("to", "").strip()
        login = ("email" if "@" in address else "phone", address)
        services, name = call.services, form.get("name", "").strip()[:60]
        try:
            async with call.db.transaction() as tx:
                message = await accounts.invite(
                    tx,
                    services.get(Provider),
                    services.get(customers.Directory),
                    services.get(SignInSettings).policy,
                    uid_of(form),
                    name or address[:3],
                    login,
                    post_of(form),
                    by=here.staff.id,
                    language=here.language,
                    now=here.now,
                )
        except Refusal as refusal:
            return await listed(here, refusal)
        services.get(Messenger).post(message)
        return here.go(f"{STAFF}?sent=yes")

    return await by_form(call, body, tell, Duty.OWNER)


@routes.post(STAFF + "/withdraw", refusals=FORMS, **PAGE)
async def withdraw(call: Call, body: bytes) -> Answer[bytes]:
    """An invitation is worth nothing from now on."""

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        try:
            async with call.db.transaction() as tx:
                await accounts.withdraw_invitation(tx, uid_of(form), by=here.staff.id, now=here.now)
        except Refusal as refusal:
            return await listed(here, refusal)
        return here.go(STAFF)

    return await by_form(call, body, tell, Duty.OWNER)


@routes.get(STAFF + "/{id:uuid}", query={"lang": str}, **PAGE)
async def one(call: Call) -> Answer[bytes]:
    """A member of staff: roles, shops, history."""
    return await at_console(call, lambda here: shown(here, UUID(call.path["id"])), Duty.OWNER)


async def shown(here: Here, id: UUID, refusal: Refusal | None = None) -> Answer[bytes]:
    provider = here.call.services.get(Provider)
    try:
        async with here.call.db.transaction(readonly=True) as tx:
            found = await accounts.colleague(tx, provider, id)
            changes = await accounts.changes_of(tx, id)
            names = {str(one.id): one.called for one in await accounts.staff(tx, provider)}
    except Refusal:
        return here.go(STAFF)
    return here.page(
        "console/colleague.html",
        status=200 if refusal is None else refusal.status if refusal.status in (403, 404, 409) else 422,
        problem="" if refusal is None else here.said(refusal),
        colleague=found,
        is_self=str(id) == here.staff.id,
        changes=changes,
        names=names,
        what={name: words.say(here.language) for name, words in WHAT.items()},
        roles=ROLE_WORDS,
        shops=sorted(set(here.reference.shops) | found.post.shops),
        uid=new_id(),
    )


@routes.post(STAFF + "/{id:uuid}", refusals=FORMS, **PAGE)
async def change(call: Call, body: bytes) -> Answer[bytes]:
    """Other roles, no access any more, or a second proof to be set up anew."""
    id = UUID(call.path["id"])

    async def tell(here: Here, form: Mapping[str, str]) -> Answer[bytes]:
        async def story(tx: Tx) -> None:
            uid, by, why, now = uid_of(form), here.staff.id, form.get("why", "").strip()[:500], here.now
            if not why:
                raise accounts.FormMalformed
            if form.get("do") == "revoke":
                await accounts.revoke_staff(tx, id, uid=uid, by=by, why=why, now=now)
            elif form.get("do") == "forget-second":
                await accounts.forget_second(tx, id, uid=uid, by=by, why=why, now=now)
            else:
                await accounts.change_post(tx, id, post_of(form), uid=uid, by=by, why=why, now=now)

        try:
            async with call.db.transaction() as tx:
                await story(tx)
        except Refusal as refusal:
            return await shown(here, id, refusal)
        await accounts.tell_logouts(call.services, here.now)
        return here.go(f"{STAFF}/{id}")

    return await by_form(call, body, tell, Duty.OWNER)


def post_of(form: Mapping[str, str]) -> Post:
    """Ticked roles and shops."""
    roles = [role for role in StaffRole if form.get(f"role.{role}") == "yes"]
    shops = [name.removeprefix("shop.") for name, said in form.items() if name.startswith("shop.") and said == "yes"]
    return Post.of(roles, shops)


def uid_of(form: Mapping[str, str]) -> UUID:
    """The id that the page was made with: a form sent twice counts once."""
    try:
        return UUID(form.get("uid", ""))
    except ValueError:
        raise accounts.FormMalformed from None
