"""Proving who one is: by SMS, by e-mail, by a password, by a second proof; and who is kept out."""

from datetime import timedelta
from html import unescape

import pyotp
import pytest

from tests.accounts.street import Browser, Street, fields, query_of
from vokrug.accounts import ConsoleMessages, Messenger
from vokrug.accounts.limits import network_of
from vokrug.accounts.types import Message


async def is_in(browser: Browser) -> bool:
    return (await browser.opens("/me/security")).status_code == 200


async def test_a_customer_of_the_shops_signs_in_by_sms_and_goes_on_to_the_product(street: Street) -> None:
    shop, account = await street.product(), await street.person()
    anna = street.browser()
    asked = await anna.opens("/oauth/authorize", **shop.asks(scope="openid customer_id"))
    answer = await street.enters(anna, **query_of(asked.headers["location"]))
    back = await anna.opens(answer.headers["location"])
    said = (await shop.exchanges(query_of(back.headers["location"])["code"])).json()
    assert (await shop.reads(said["access_token"])).json()["customer_id"] == str(account.customer_id)
    assert await is_in(anna)


async def test_somebody_new_says_how_to_call_them_and_is_a_customer_from_then_on(street: Street) -> None:
    shop, boris = await street.product(), street.browser(**{"accept-language": "en"})
    asked = await boris.opens("/oauth/authorize", **shop.asks(scope="openid profile phone"))
    answer = await street.enters(boris, "8 (916) 765-43-21", **query_of(asked.headers["location"]))
    page = await boris.walks(answer.headers["location"])
    assert "How shall we call you?" in page.text
    full = await boris.sends("/sign-in/welcome", {**fields(page.text), "called": "Борис Иванов", "terms": "yes"})
    assert (full.status_code, "full name" in full.text) == (422, True)
    answer = await boris.sends("/sign-in/welcome", {**fields(page.text), "called": "Борис", "terms": "yes"})
    back = await boris.opens(answer.headers["location"])
    said = (await shop.exchanges(query_of(back.headers["location"])["code"])).json()
    told = (await shop.reads(said["access_token"])).json()
    assert (told["name"], told["phone_number"], told["phone_number_verified"]) == ("Борис", "+79167654321", True)
    again = street.browser()
    await street.enters(again, "+79167654321")
    assert await is_in(again), "and is known the next time"


async def test_a_code_is_tried_five_times_and_only_by_the_browser_that_asked(street: Street) -> None:
    await street.person()
    anna, thief = street.browser(), street.browser()
    page, code = await street.asks_for_code(anna)
    form = fields(page.text)
    stolen = fields((await thief.walks("/sign-in/code", attempt=form["attempt"])).text)
    answer = await thief.sends("/sign-in/code", {**stolen, "code": code})
    assert (answer.status_code, await is_in(thief)) == (410, False)
    wrong = "000000" if code != "000000" else "111111"
    statuses = [(await anna.sends("/sign-in/code", {**form, "code": wrong})).status_code for _ in range(5)]
    assert statuses == [422, 422, 422, 422, 410]
    assert (await anna.sends("/sign-in/code", {**form, "code": code})).status_code == 410
    assert not await is_in(anna)


async def test_a_code_is_good_for_five_minutes_and_once(street: Street) -> None:
    await street.person()
    anna = street.browser()
    page, code = await street.asks_for_code(anna)
    street.clock.advance(timedelta(minutes=6))
    assert (await anna.sends("/sign-in/code", {**fields(page.text), "code": code})).status_code == 410
    page, code = await street.asks_for_code(anna)
    form = fields(page.text)
    assert (await anna.sends("/sign-in/code", {**form, "code": code})).status_code == 303
    again = await anna.sends("/sign-in/code", {**form, "code": code})
    assert again.status_code in (403, 410), "the cookie is another, and the attempt is over"


async def test_a_session_planted_before_the_sign_in_is_worth_nothing_after(street: Street) -> None:
    """Session fixation: the thief knows the cookie that the browser had before."""
    await street.person()
    anna, thief = street.browser(), street.browser()
    thief.holds("vks_planted")
    anna.holds("vks_planted")
    assert (await street.enters(anna)).status_code == 303
    held = anna.http.cookies["vokrug_session"]
    assert (held != "vks_planted", await is_in(anna), await is_in(thief)) == (True, True, False)
    thief.holds(held)
    street.clock.advance(timedelta(minutes=2))
    await street.enters(anna)
    assert anna.http.cookies["vokrug_session"] != held
    assert (await is_in(anna), await is_in(thief)) == (True, False), "a new proof, a new token"


@pytest.mark.parametrize("how", ["no token", "another browser's", "another site"])
async def test_a_form_of_another_site_changes_nothing(street: Street, how: str) -> None:
    """CSRF: each form is bound to the cookie, and browsers tell where a form came from."""
    account = await street.person()
    anna, thief = await street.signed_in(account), street.browser()
    page = await anna.opens("/me/security")
    form, headers = fields(page.text), {}
    if how == "no token":
        form.pop("form_token")
    if how == "another browser's":
        form["form_token"] = fields((await thief.walks("/sign-in")).text)["form_token"]
    if how == "another site":
        headers["origin"] = "https://evil.example"
    before = await street.picture()
    for path in ("/me/sign-out", "/me/totp", "/me/password", "/me/email", "/sign-in", "/consent"):
        assert (
            await anna.sends(path, {**form, "answer": "yes", "phone": "+79161234567"}, **headers)
        ).status_code == 403
    assert await street.picture() == before
    assert street.phones.received == []


async def test_a_mailbox_is_proved_and_then_opens_the_account(street: Street) -> None:
    anna = await street.signed_in(await street.person())
    page = await anna.opens("/me/security")
    await anna.sends("/me/email", {**fields(page.text), "email": "Anna@Example.org"})
    link = next(word for word in (await street.message()).split() if word.startswith("http"))
    confirm = fields((await anna.opens(link)).text)
    assert (await anna.sends("/me/email:confirm", {**confirm, "code": "vks_no"})).status_code == 422
    assert (await anna.sends("/me/email:confirm", confirm)).headers["location"] == "/me/security"

    fresh, elsewhere = street.browser(), street.browser()
    begun = fields((await fresh.walks("/sign-in")).text)
    await fresh.sends("/sign-in/email", {**begun, "email": "anna@example.org"})
    link = next(word for word in (await street.message()).split() if word.startswith("http"))
    other = fields((await elsewhere.opens(link)).text)
    assert (await elsewhere.sends("/sign-in/link", other)).status_code == 410, "a link works where it was asked for"
    form = fields((await fresh.opens(link)).text)
    assert not await is_in(fresh), "opening a link presses no button: programs look into mail"
    assert (await fresh.sends("/sign-in/link", form)).status_code == 303
    assert await is_in(fresh)


async def test_a_known_mailbox_and_an_unknown_one_look_the_same(street: Street) -> None:
    """Enumeration: the same page, the same rows, and only the letter differs."""
    await test_a_mailbox_is_proved_and_then_opens_the_account(street)
    received, pages = len(street.phones.received), []
    for address in ("anna@example.org", "nobody@example.org"):
        browser = street.browser()
        form = fields((await browser.walks("/sign-in")).text)
        answer = await browser.sends("/sign-in/email", {**form, "email": address})
        pages.append((answer.status_code, answer.text, sorted(answer.headers)))
        await street.services.get(Messenger).idle()
    assert pages[0] == pages[1]
    assert len(street.phones.received) == received + 1


async def test_pumping_of_sms_is_cut_short_by_number_block_network_and_country(street: Street) -> None:
    async def tries(phone: str, network: str) -> int:
        browser = street.browser(**{"x-forwarded-for": network})
        page, _ = await street.asks_for_code(browser, phone)
        return page.status_code

    assert [await tries("+79161234567", f"5.{n}.1.1") for n in range(4)] == [200, 200, 200, 429]
    block = [await tries(f"+7926555{n:04d}", f"6.{n}.1.1") for n in range(31)]
    assert (block[:30], block[30]) == ([200] * 30, 429)
    network = [await tries(f"+79{n:02d}7654321", f"7.7.7.{n}") for n in range(13)]
    assert (network[:12], network[12]) == ([200] * 12, 429)
    before, sent = await street.picture(), len(street.phones.received)
    for phone in ("+882 16 5555 0000", "+1 900 555 0199", "+44 20 7946 0958"):
        assert await tries(phone, "8.8.8.8") == 422
    assert await tries("+79161234567", "9.9.9.9") == 429
    assert (await street.picture(), len(street.phones.received)) == (before, sent)
    street.clock.advance(timedelta(minutes=16))
    assert await tries("+79161234567", "9.9.9.9") == 200


async def test_a_header_of_a_stranger_is_not_believed(street: Street) -> None:
    said = {"x-forwarded-for": "1.1.1.1, 2.2.2.2"}
    assert network_of("9.9.9.9", said, ("10.0.0.0/8",)) == "9.9.9.0/24"
    assert network_of("10.1.1.1", said, ("10.0.0.0/8",)) == "2.2.2.0/24"
    assert network_of("10.1.1.1", said, ("10.0.0.0/8", "2.2.2.2")) == "1.1.1.0/24"
    assert network_of("2001:db8:1:2::3", {}, ()) == "2001:db8:1::/48"


async def with_totp(street: Street, browser: Browser) -> pyotp.TOTP:
    page = await browser.opens("/me/security")
    made = await browser.sends("/me/totp", {**fields(page.text), "answer": "add"})
    address = made.text.partition('href="otpauth')[2].partition('"')[0]
    totp = pyotp.parse_uri(unescape("otpauth" + address))
    assert isinstance(totp, pyotp.TOTP)
    form = fields(made.text)
    assert (await browser.sends("/me/totp:confirm", {**form, "code": "000000"})).status_code == 422
    done = await browser.sends("/me/totp:confirm", {**form, "code": totp.at(street.clock.now())})
    assert done.status_code == 303
    return totp


async def test_whoever_has_a_second_proof_is_asked_for_it(street: Street) -> None:
    shop, account = await street.product(), await street.person()
    anna = await street.signed_in(account)
    totp = await with_totp(street, anna)
    street.clock.advance(timedelta(minutes=1))
    fresh = street.browser()
    asked = await fresh.opens("/oauth/authorize", **shop.asks(acr_values="urn:vokrug:two"))
    answer = await street.enters(fresh, **query_of(asked.headers["location"]))
    assert not await is_in(fresh)
    page = await fresh.walks(answer.headers["location"])
    code, form = totp.at(street.clock.now()), fields(page.text)
    assert (await fresh.sends("/sign-in/second", {**form, "code": "123"})).status_code == 422
    answer = await fresh.sends("/sign-in/second", {**form, "code": code})
    back = await fresh.opens(answer.headers["location"])
    assert "code" in query_of(back.headers["location"])
    other = street.browser()
    page = await other.walks((await street.enters(other)).headers["location"])
    again = await other.sends("/sign-in/second", {**fields(page.text), "code": code})
    assert (again.status_code, await is_in(other)) == (422, False), "a code is good once"
    guesses = [
        (await other.sends("/sign-in/second", {**fields(page.text), "code": f"{n:06d}"})).status_code for n in range(6)
    ]
    assert 429 in guesses


async def test_a_product_that_wants_more_of_somebody_signed_in_asks_for_the_second_proof_alone(street: Street) -> None:
    shop, account = await street.product(), await street.person()
    anna = await street.signed_in(account)
    totp = await with_totp(street, anna)
    street.clock.advance(timedelta(minutes=1))
    page = await anna.walks("/oauth/authorize", **shop.asks(scope="openid spend"))
    assert "Подтвердите, что это вы" in page.text
    answer = await anna.sends("/sign-in/second", {**fields(page.text), "code": totp.at(street.clock.now())})
    back = await anna.opens(answer.headers["location"])
    assert "code" in query_of(back.headers["location"])


async def password_form(street: Street, browser: Browser, **more: object) -> dict[str, str]:
    shop = await street.product(f"shop-{id(browser)}", allows_password=True, **more)
    page = await browser.walks("/oauth/authorize", **shop.asks())
    return fields(page.text)


async def test_a_password_opens_where_a_product_insists_and_strangers_lock_nobody_out(street: Street) -> None:
    account = await street.person()
    await street.enters(street.browser())
    anna = await street.signed_in(account)
    other = await street.signed_in(account)
    mine = fields((await anna.opens("/me/security")).text)
    for weak in ("short", "password12", "aaaaaaaaaaaaaa"):
        assert (await anna.sends("/me/password", {**mine, "password": weak})).status_code == 422
    assert (await anna.sends("/me/password", {**mine, "password": "четыре слова подряд"})).status_code == 303
    assert (await is_in(anna), await is_in(other)) == (True, False), "other devices are signed out"

    thief = street.browser(**{"x-forwarded-for": "66.6.6.6"})
    form = await password_form(street, thief)
    said = {**form, "login": "+79161234567", "password": "guess"}
    assert [(await thief.sends("/sign-in/password", said)).status_code for _ in range(6)] == [422] * 5 + [429]
    owner = street.browser(**{"x-forwarded-for": "5.5.5.5"})
    form = await password_form(street, owner)
    said = {**form, "login": "+79161234567", "password": "четыре слова подряд"}
    assert (await owner.sends("/sign-in/password", said)).status_code == 303
    assert await is_in(owner)


async def test_a_wrong_password_and_an_unknown_login_look_the_same(street: Street) -> None:
    account = await street.person()
    await street.enters(street.browser())
    anna = await street.signed_in(account)
    await anna.sends(
        "/me/password", {**fields((await anna.opens("/me/security")).text), "password": "четыре слова подряд"}
    )
    stranger = street.browser()
    form = await password_form(street, stranger)
    answers = [
        await stranger.sends("/sign-in/password", {**form, "login": login, "password": "no such words"})
        for login in ("+79161234567", "+79990000001")
    ]
    assert answers[0].text == answers[1].text
    assert (answers[0].status_code, sorted(answers[0].headers)) == (answers[1].status_code, sorted(answers[1].headers))


async def test_a_password_opens_nothing_where_nobody_insists(street: Street) -> None:
    shop, browser = await street.product(), street.browser()
    page = await browser.walks("/oauth/authorize", **shop.asks())
    assert 'action="/sign-in/password"' not in page.text
    answer = await browser.sends("/sign-in/password", {**fields(page.text), "login": "+79161234567", "password": "x"})
    assert answer.status_code == 410


async def test_a_device_is_signed_out_from_another(street: Street) -> None:
    account = await street.person()
    anna, lost = await street.signed_in(account), await street.signed_in(account)
    boris = await street.signed_in(await street.person("+79161234568", "Борис"))
    page = (await anna.opens("/me/security")).text
    device = page.partition('name="device" value="')[2][:36]
    token = fields((await boris.opens("/me/security")).text)
    assert (await boris.sends("/me/sign-out", {**token, "device": device})).status_code == 404
    assert await is_in(lost), "a stranger signs nobody out"
    form = {"form_token": fields(page)["form_token"], "device": device}
    assert (await anna.sends("/me/sign-out", form)).status_code == 303
    assert (await is_in(anna), await is_in(lost), await is_in(boris)) == (True, False, True)


async def test_how_one_signs_in_is_changed_by_somebody_who_has_just_signed_in(street: Street) -> None:
    anna = await street.signed_in(await street.person())
    form = fields((await anna.opens("/me/security")).text)
    street.clock.advance(timedelta(minutes=11))
    before = await street.picture()
    for path in ("/me/totp", "/me/password", "/me/email", "/me/passkeys:remove"):
        answer = await anna.sends(path, {**form, "password": "четыре слова подряд", "email": "a@b.example"})
        assert answer.headers["location"] == "/sign-in"
    assert (await anna.sends("/me/passkeys-options", form)).status_code == 403
    assert await street.picture() == before


async def test_pages_forbid_scripts_of_others_and_frames(street: Street) -> None:
    for path in ("/sign-in", "/sign-in/code?attempt=01a219564697735eb5602552a78043e3"):
        page = await street.browser().opens(path)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert "style=" not in page.text
        assert "onclick" not in page.text
        cookie = page.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


async def test_messages_wait_for_the_developer_where_no_gateway_is_set(street: Street) -> None:
    console = ConsoleMessages(street.db, street.clock)
    await console.send(Message("sms", "+79161234567", "123456 — код"))
    assert (await street.asks("GET", "/v1/account-messages"))["messages"] == [
        {"channel": "sms", "address": "+79161234567", "text": "123456 — код"}
    ]
