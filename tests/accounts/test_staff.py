"""Who works here: invited by a link, two proofs, roles that are changed by others, and gone at once when revoked."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pyotp
import pytest

from tests.accounts.street import Browser, Street, fields, query_of
from vokrug import accounts
from vokrug.accounts import Post, StaffMember
from vokrug.accounts.errors import LastOwner, OwnPost
from vokrug.accounts.operations.staff import add_staff, forget_person
from vokrug.accounts.rules import own_page
from vokrug.accounts.types import Account

PHONE = "+79161234567"
A_MINUTE = timedelta(minutes=1)
MAILBOX = {"by": "email", "address": "olga@example.org"}


async def who(street: Street, browser: Browser) -> StaffMember | None:
    """As pages for staff see the browser."""
    async with street.db.transaction() as tx:
        cookie = browser.http.cookies.get("vokrug_session")
        return await accounts.staff_of(tx, street.services.get(accounts.Provider), cookie, street.clock.now())


async def invited(street: Street, *, roles: tuple[str, ...] = ("marketer",), **more: Any) -> str:
    """The address of the page that the link leads to."""
    phone = more.pop("phone", None)
    to = {"by": "phone", "address": phone} if phone else {"by": "email", "address": "olga@example.org"}
    said = {"id": str(uuid4()), "name": "Ольга", "roles": roles, "language": "en", "to": to, **more}
    await street.asks("POST", "/v1/staff/invitations", said, status=202)
    link = next(word for word in (await street.message()).split() if word.startswith("http"))
    return link.removeprefix(street.issuer)


async def works(street: Street, account: Account, *roles: str, shops: tuple[str, ...] = ()) -> UUID:
    """A member of staff from before."""
    provider = street.services.get(accounts.Provider)
    async with street.db.transaction() as tx:
        post = Post.of(roles, shops)
        return await add_staff(tx, provider, account.id, "Ольга", post, by="test", now=street.clock.now())


async def sets_up_app(street: Street, browser: Browser, page: str) -> pyotp.TOTP:
    """The app with codes, from the page of the second proof on."""
    made = await browser.sends("/staff/second", fields(page[page.index('action="/staff/second"') - 40 :]))
    secret = unescape(re.findall(r'<code id="secret">(\w+)</code>', made.text)[0])
    totp = pyotp.TOTP(secret)
    form = fields(made.text)
    assert (await browser.sends("/staff/second:confirm", {**form, "code": "000000"})).status_code == 422
    done = await browser.sends("/staff/second:confirm", {**form, "code": totp.at(street.clock.now())})
    assert (done.status_code, done.headers["location"]) == (303, form["request"])
    return totp


async def test_an_invitation_by_mail_leads_to_the_desk_through_two_proofs(street: Street) -> None:
    """The link, a phone, the button, the app with codes; next time both are asked for, and the link is dead."""
    await street.person()
    link, olga = await invited(street), street.browser(**{"accept-language": "en"})
    page = await olga.opens(link)
    assert "marketer" in page.text
    back = unescape(re.findall(r'href="(/sign-in\?[^"]+)"', page.text)[0])
    answer = await street.enters(olga, request=query_of(back)["request"])
    assert answer.headers["location"] == link, "back to the invitation"
    assert await who(street, olga) is None, "an opened link presses no button"
    taken = await olga.sends("/staff/invitation", fields((await olga.opens(link)).text))
    assert taken.headers["location"] == "/console"
    member = await who(street, olga)
    assert member is not None
    assert (member.called, member.is_sure, member.has_second) == ("Ольга", False, False)
    held = olga.http.cookies["vokrug_session"]
    totp = await sets_up_app(street, olga, (await olga.opens("/staff/second", request="/console/offers")).text)
    member = await who(street, olga)
    assert member is not None
    assert (member.is_sure, held != olga.http.cookies["vokrug_session"]) == (True, True), "a new token with a new proof"

    assert (await olga.opens(link)).status_code == 410, "a link is good once"
    street.clock.advance(A_MINUTE)
    other = street.browser()
    page = await other.walks((await street.enters(other, request="/console")).headers["location"])
    assert await who(street, other) is None, "half a sign-in is none"
    answer = await other.sends("/sign-in/second", {**fields(page.text), "code": totp.at(street.clock.now())})
    assert answer.headers["location"] == "/console"
    member = await who(street, other)
    assert member is not None
    assert member.is_sure
    # And the mailbox that the link came to opens the account, too.
    async with street.db.transaction() as tx:
        assert await tx.value("select count(*) from accounts_login where kind = 'email'") == 1


async def test_a_link_to_a_phone_wants_that_phone_and_no_link_lives_longer_than_a_day(street: Street) -> None:
    await street.person()
    boris = await street.signed_in(await street.person("+79161234568", "Борис"))
    link = await invited(street, phone=PHONE)
    form = fields((await boris.opens(link)).text)
    before = await street.picture()
    assert (await boris.sends("/staff/invitation", form)).status_code == 403
    assert (await boris.sends("/staff/invitation", {**form, "code": "vks_invite_x"})).status_code == 410
    assert await street.picture() == before
    street.clock.advance(A_MINUTE * 60 * 25)
    assert (await boris.opens(link)).status_code == 410
    anna = street.browser()
    await street.enters(anna)
    form = {"form_token": fields((await anna.opens("/me/security")).text)["form_token"], "code": form["code"]}
    assert (await anna.sends("/staff/invitation", form)).status_code == 410


async def test_a_withdrawn_invitation_and_a_repeated_one(street: Street) -> None:
    said = {"id": str(uuid4()), "name": "Ольга", "roles": ["analyst"], "to": MAILBOX}
    for _ in range(2):
        await street.asks("POST", "/v1/staff/invitations", said, status=202)
    link = next(word for word in (await street.message()).split() if word.startswith("http"))
    assert len(street.phones.received) == 1, "a repeat sends nothing"
    await street.asks("POST", "/v1/staff/invitations", {**said, "roles": ["owner"]}, status=409)
    waiting = await street.asks("GET", "/v1/staff")
    assert [(one["name"], one["roles"]) for one in waiting["invitations"]] == [("Ольга", ["analyst"])]
    for _ in range(2):
        await street.asks("POST", f"/v1/staff/invitations/{said['id']}:withdraw", status=204)
    assert (await street.browser().opens(link.removeprefix(street.issuer))).status_code == 410
    assert (await street.asks("GET", "/v1/staff"))["invitations"] == []


@pytest.mark.parametrize(
    ("roles", "shops"), [(["owner"], ["S1"]), (["franchisee"], []), (["owner", "franchisee"], ["S1"])]
)
async def test_roles_and_shops_have_to_fit(street: Street, roles: list[str], shops: list[str]) -> None:
    before = await street.picture()
    said = {"id": str(uuid4()), "name": "Ольга", "roles": roles, "shops": shops, "to": MAILBOX}
    await street.asks("POST", "/v1/staff/invitations", said, status=422)
    assert (await street.picture(), street.phones.received) == (before, [])


async def test_roles_are_changed_by_others_with_a_reason_and_the_last_owner_stays(street: Street) -> None:
    anna, boris = await street.person(), await street.person("+79161234568", "Борис")
    owner, other = await works(street, anna, "owner"), await works(street, boris, "analyst")
    said = {"uid": str(uuid4()), "roles": ["franchisee"], "shops": ["S1"], "reason": "a shop of his own"}
    for _ in range(2):
        card = await street.asks("POST", f"/v1/staff/{other}:change-roles", said)
        assert (card["roles"], card["shops"]) == (["franchisee"], ["S1"])
    await street.asks("POST", f"/v1/staff/{other}:change-roles", {**said, "reason": "another"}, status=409)
    before = await street.picture()
    because = {"uid": str(uuid4()), "reason": "left"}
    await street.asks("POST", f"/v1/staff/{owner}:revoke", because, status=409)
    demoted = {"uid": str(uuid4()), "roles": ["support"], "reason": "tired"}
    await street.asks("POST", f"/v1/staff/{owner}:change-roles", demoted, status=409)
    await street.asks("POST", f"/v1/staff/{uuid4()}:revoke", because, status=404)
    await street.asks("POST", f"/v1/staff/{other}:revoke", {"uid": str(uuid4())}, status=422)
    async with street.db.transaction() as tx:
        for what in (Post.of(["owner"], []), Post.of(["support"], [])):
            with pytest.raises(OwnPost):
                await accounts.change_post(
                    tx, other, what, uid=uuid4(), by=str(other), why="I can", now=street.clock.now()
                )
        with pytest.raises(LastOwner):
            await accounts.revoke_staff(tx, owner, uid=uuid4(), by=str(other), why="out", now=street.clock.now())
    assert await street.picture() == before
    changes = (await street.asks("GET", f"/v1/staff/{other}/changes"))["changes"]
    assert [(one["what"], one["why"]) for one in changes] == [("roles_changed", "a shop of his own"), ("joined", "")]
    async with street.db.transaction() as tx:
        facts = await tx.rows(
            "select l.* from events_log l join events_type t on t.id = l.type where t.name = $1",
            "accounts.staff_changed.v1",
        )
    assert len(facts) == 3


async def test_revoking_signs_out_everywhere_at_once(street: Street) -> None:
    """The page, the products, their tokens: all of it ends with the call. So it is with a lost second proof."""
    desk = await street.product(scopes=["openid", "roles", "offline_access"])
    boris = await street.person("+79161234568", "Борис")
    await works(street, await street.person(), "owner")
    id = await works(street, boris, "manager", "support", shops=("S1",))
    browser = await street.signed_in(boris, amr=("sms", "otp", "mfa"))
    said = await street.tokens(desk, browser, scope="openid roles offline_access")
    told = (await desk.reads(said["access_token"])).json()
    assert (told["roles"], told["shops"]) == (["manager", "support"], ["S1"])
    asked = (await desk.posts("/oauth/introspect", token=said["access_token"])).json()
    assert (asked["roles"], asked["shops"]) == (["manager", "support"], ["S1"])
    await street.asks(
        "POST", f"/v1/staff/{id}:change-roles", {"uid": str(uuid4()), "roles": ["analyst"], "reason": "moved"}
    )
    assert (await desk.reads(said["access_token"])).json()["roles"] == ["analyst"], "tokens carry no old roles"
    because = {"uid": str(uuid4()), "reason": "left"}
    await street.asks("POST", f"/v1/staff/{id}:forget-second-proof", {**because, "uid": str(uuid4())}, status=204)
    assert await who(street, browser) is None
    browser = await street.signed_in(boris, amr=("sms", "otp", "mfa"))
    said = await street.tokens(desk, browser, scope="openid roles offline_access")
    for _ in range(2):
        await street.asks("POST", f"/v1/staff/{id}:revoke", because, status=204)
    assert await who(street, browser) is None
    assert (await desk.reads(said["access_token"])).status_code == 401
    assert (await desk.renews(said["refresh_token"])).status_code == 400
    assert (await browser.opens("/me/security")).status_code == 303


async def test_a_program_for_staff_lets_nobody_else_in_and_wants_two_proofs(street: Street) -> None:
    desk, boris = await street.product(scopes=["openid", "roles"]), await street.person("+79161234568", "Борис")
    await works(street, boris, "analyst")
    anna = await street.signed_in(await street.person(), amr=("sms", "otp", "mfa"))
    back = await anna.opens("/oauth/authorize", **desk.asks(scope="openid roles"))
    assert query_of(back.headers["location"])["error"] == "access_denied"
    newcomer = await street.signed_in(boris)
    asked = await newcomer.opens("/oauth/authorize", **desk.asks(scope="openid roles"))
    page = await newcomer.walks(asked.headers["location"])
    made = await newcomer.sends("/staff/second", fields(page.text[page.text.index('action="/staff/second"') - 40 :]))
    code = pyotp.TOTP(re.findall(r'<code id="secret">(\w+)</code>', made.text)[0]).at(street.clock.now())
    done = await newcomer.sends("/staff/second:confirm", {**fields(made.text), "code": code})
    back = await newcomer.opens(done.headers["location"])
    assert "code" in query_of(back.headers["location"])


async def test_a_stolen_phone_number_sets_up_no_proof_of_its_own(street: Street) -> None:
    """SIM swap: whoever gets the SMS of a member of staff with a passkey changes nothing and opens no page."""
    boris = await street.person()
    await works(street, boris, "owner")
    async with street.db.transaction() as tx:
        await tx.run(
            "insert into accounts_passkey (credential_id, account_id, public_key, sign_count, name, is_synced, made_at)"
            " values ('\\x01', $1, '\\x01', 0, 'his', false, now())",
            boris.id,
        )
    thief = street.browser()
    await street.enters(thief)
    member = await who(street, thief)
    assert member is not None
    assert not member.is_sure
    form = fields((await thief.opens("/me/security")).text)
    before = await street.picture()
    for path in ("/me/totp", "/me/email", "/me/passkeys:remove", "/staff/second"):
        answer = await thief.sends(path, {**form, "answer": "add", "email": "a@b.example", "passkey": "AQ"})
        assert answer.headers["location"].startswith("/sign-in"), path
    for path in ("/me/passkeys-options", "/staff/second/passkey-options"):
        assert (await thief.sends(path, form)).status_code == 403
    assert await street.picture() == before


async def test_staff_prove_who_they_are_each_day(street: Street) -> None:
    boris = await street.person()
    await works(street, boris, "owner")
    browser = await street.signed_in(boris, amr=("sms", "otp", "mfa"))
    assert await who(street, browser) is not None
    street.clock.advance(A_MINUTE * 60 * 13)
    assert await who(street, browser) is None


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        ("/console/offers?q=1", True),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("/a\\b", False),
        ("https://evil.example", False),
        ("javascript:alert(1)", False),
        ("/\t/evil.example", False),
        ("/\n//evil", False),
        ("", False),
        ("/" + "x" * 400, False),
    ],
)
async def test_nobody_is_sent_elsewhere_after_a_sign_in(street: Street, address: str, is_ours: bool) -> None:
    """Open redirect: a page of ours, or nowhere."""
    assert (own_page(address) is not None) == is_ours
    await street.person()
    anna = street.browser()
    page = await anna.opens("/sign-in", **({"request": address} if address else {}))
    if is_ours or not address:
        answer = await street.enters(anna, **({"request": address} if address else {}))
        assert answer.headers["location"] == (address or "/me")
    else:
        assert (page.status_code, "evil" in page.text) == (410, False)
        form = fields((await anna.opens("/sign-in")).text)
        answer = await anna.sends("/sign-in", {**form, "phone": PHONE, "request": address})
        assert answer.headers["location"].startswith("/sign-in/code?")
        code = (await street.message())[:6]
        form = {**form, "attempt": query_of(answer.headers["location"])["attempt"], "request": address, "code": code}
        answer = await anna.sends("/sign-in/code", form)
        assert answer.headers["location"].startswith("/oauth/continue?request="), "a request, and never an address"


async def test_whoever_is_forgotten_does_not_work_here_any_more(street: Street) -> None:
    boris = await street.person()
    id = await works(street, boris, "owner")
    browser = await street.signed_in(boris, amr=("sms", "otp", "mfa"))
    async with street.db.transaction() as tx:
        await forget_person(tx, boris.id, street.clock.now())
    assert await who(street, browser) is None
    [card] = (await street.asks("GET", "/v1/staff"))["staff"]
    assert (card["id"], card["name"], card["revoked_at"] is None) == (str(id), "", False)
