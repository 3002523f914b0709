"""A person's own pages, through a browser: what they see, what they change, and what nobody changes for them."""

import json
from datetime import timedelta
from uuid import UUID

import pyotp
import pytest

from tests.accounts.street import fields
from tests.cabinet.visitor import Visitor
from tests.pos.chain import CAKE, COFFEE, POINTS_LIVE_DAYS, Till
from vokrug import customers
from vokrug.accounts import close_account

SIGN_IN = "/sign-in"


async def test_a_sign_in_without_a_product_leads_home(anna: Visitor, till: Till) -> None:
    """460.00 at 5 % is 23 points; home says that they are there, and when they go."""
    await till.sells(anna.shopper, COFFEE, CAKE)
    answer = await anna.signs_in()
    assert answer.headers["location"] == "/me"
    page = await anna.sees("/me")
    assert "Здравствуйте, Анна!" in page
    assert 'id="points">23<' in page
    lapses = anna.street.clock.now() + timedelta(days=POINTS_LIVE_DAYS)
    assert f".{lapses.year}" in page.partition("Когда баллы сгорят")[2]


async def test_nobody_sees_anything_without_a_sign_in(anna: Visitor) -> None:
    stranger = anna.street.browser()
    for path in ("/me", "/me/history", "/me/profile", "/me/consents", "/me/products", "/me/data"):
        answer = await stranger.opens(path)
        assert (answer.status_code, answer.headers["location"]) == (303, SIGN_IN)


async def test_purchases_and_returns_are_told_with_their_points(anna: Visitor, till: Till) -> None:
    quote, _ = await till.sells(anna.shopper, CAKE)
    (await till.returns(till.returning(quote.check, _1="1"))).done()
    page = await anna.sees("/me/history")
    assert page.index("Возврат") < page.index("Покупка"), "the newest first"
    assert (page.count("Арбат"), page.count("360\N{NO-BREAK SPACE}₽")) == (2, 2)
    assert ("+18" in page, "−18" in page) == (True, True)


async def test_somebody_is_called_differently_but_never_by_a_full_name(anna: Visitor) -> None:
    answer = await anna.sends("/me/profile", called="Аня", language="en")
    assert answer.headers["location"] == "/me/profile"
    assert "Hello, Аня!" in await anna.sees("/me")
    before = await anna.chain.fingerprint()
    answer = await anna.sends("/me/profile", called="Анна Петрова", language="ru")
    assert (answer.status_code, "full name" in answer.text) == (422, True)
    assert (await anna.sends("/me/profile", called="Аня", language="xx")).status_code == 422
    assert await anna.chain.fingerprint() == before
    assert anna.shopper.phone in await anna.sees("/me/profile"), "and they see their own phone in the clear"


async def test_the_language_is_one_button(anna: Visitor) -> None:
    assert "Личный кабинет" in await anna.sees("/me")
    assert (await anna.sends("/me/profile", at="/me", language="en")).headers["location"] == "/me"
    page = await anna.sees("/me")
    assert ("My account" in page, "Hello, Анна!" in page) == (True, True)


async def test_a_consent_is_taken_back_and_given_again(anna: Visitor) -> None:
    assert "Предложения и скидки для вас" in await anna.sees("/me/consents")
    for answer, fact in (("no", "customers.consent_withdrawn.v1"), ("yes", "customers.consent_given.v1")):
        told = len(await anna.chain.events(fact))
        await anna.sends("/me/consents", at="/me/consents", purpose="offers", answer=answer)
        assert len(await anna.chain.events(fact)) == told + 1
    assert "Отозвать" in await anna.sees("/me/consents")


@pytest.mark.parametrize("purpose", ["accounts.terms", "share.shop", "never asked", ""])
async def test_what_was_never_asked_here_is_not_agreed_to_here(anna: Visitor, purpose: str) -> None:
    token = fields(await anna.sees("/me/consents"))["form_token"]
    before = await anna.chain.fingerprint()
    answer = await anna.browser.sends("/me/consents", {"form_token": token, "purpose": purpose, "answer": "yes"})
    assert (answer.status_code, "нельзя изменить здесь" in answer.text) == (422, True)
    assert await anna.chain.fingerprint() == before


async def test_a_product_is_left_and_knows_nothing_from_then_on(anna: Visitor) -> None:
    product, token = await anna.app("wallet")
    assert "Магазин" in (page := await anna.sees("/me/products"))
    assert "Ваши баллы и покупки" in page
    answer = await anna.sends("/me/products:leave", at="/me/products", product=product.id)
    assert answer.status_code == 303
    assert (await product.reads(token)).status_code == 401
    assert (await anna.asks(token, "balance")).status_code == 401
    assert "Магазин" not in await anna.sees("/me/products")
    before = await anna.chain.fingerprint()
    again = await anna.sends("/me/products:leave", product=product.id)
    assert (again.status_code, await anna.chain.fingerprint()) == (404, before)


async def test_everything_is_taken_away_in_one_file_by_a_fresh_sign_in(anna: Visitor, till: Till) -> None:
    await till.sells(anna.shopper, COFFEE)
    anna.street.clock.advance(timedelta(minutes=11))
    before = await anna.chain.fingerprint()
    assert (await anna.sends("/me/data:export", at="/me/data")).headers["location"] == SIGN_IN
    assert await anna.chain.fingerprint() == before
    await anna.signs_in()
    answer = await anna.sends("/me/data:export", at="/me/data")
    assert "attachment" in answer.headers["content-disposition"]
    said = json.loads(answer.text)
    values = [one["value"] for one in said["customer"]["identifiers"]]
    assert anna.shopper.phone in values
    assert said["history"][0]["shop"] == "Арбат"
    assert len(said["devices"]) == 1
    reads = await anna.chain.rows("select reader from customers_card_read")
    assert [row["reader"].partition(":")[0] for row in reads] == ["account"]


async def test_whoever_has_a_second_proof_uses_it_before_everything_is_given_out(anna: Visitor) -> None:
    page = (await anna.sends("/me/totp", at="/me/security", answer="add")).text
    secret = page.partition("<code>")[2].partition("</code>")[0]
    code = pyotp.TOTP(secret).at(anna.street.clock.now())
    await anna.browser.sends("/me/totp:confirm", {**fields(page), "code": code})
    before = await anna.chain.fingerprint()
    for path, form in (("/me/data:export", {}), ("/me/data:forget", {"sure": "yes"})):
        assert (await anna.sends(path, at="/me/data", **form)).headers["location"] == SIGN_IN
    assert await anna.chain.fingerprint() == before


async def test_a_wish_to_be_forgotten_is_decided_by_staff_and_closes_the_account(anna: Visitor, till: Till) -> None:
    assert (await anna.sends("/me/data:forget", at="/me/data")).headers["location"] == "/me/data"
    assert await anna.chain.rows("select * from customers_erasure") == [], "not without the tick"
    for _ in range(2):
        await anna.sends("/me/data:forget", at="/me/profile", sure="yes")
    [asked] = await anna.chain.rows("select id from customers_erasure")
    assert 'id="asked"' in await anna.sees("/me/data")
    await anna.street.asks("POST", f"/v1/customer-erasures/{asked['id']}:approve")
    assert (await anna.browser.opens("/me")).headers["location"] == SIGN_IN, "at once"
    await anna.chain.reacts(close_account)
    [account] = await anna.chain.rows("select state, password_hash from accounts_account")
    assert account["state"] == "closed"
    assert await anna.chain.rows("select * from accounts_login") == []
    assert await anna.chain.rows("select * from accounts_session where ended_at is null") == []
    newcomer = anna.street.browser()
    answer = await anna.street.enters(newcomer, anna.shopper.phone)
    assert answer.headers["location"].startswith("/sign-in/welcome"), "the same phone is somebody new"


async def test_whoever_was_merged_wishes_once_and_every_account_of_theirs_is_closed(anna: Visitor, till: Till) -> None:
    """Two customers with an account each are one person: the wish is about that person, by whichever account."""
    other = await till.registers("Аня")
    second = anna.street.browser()
    await anna.street.enters(second, other.phone)
    rows = await anna.chain.rows("select customer_id from accounts_account order by created_at")
    one, two = (UUID(str(row["customer_id"])) for row in rows)
    directory, now = anna.chain.services.get(customers.Directory), anna.street.clock.now()
    async with anna.street.db.transaction() as tx:
        await customers.merge(tx, directory, one, two, source=customers.Source.STAFF, now=now)
    for browser in (anna.browser, second, second):
        token = fields((await browser.opens("/me/profile")).text)["form_token"]
        answer = await browser.sends("/me/data:forget", {"form_token": token, "sure": "yes"})
        assert answer.headers["location"] == "/me/data"
    [asked] = await anna.chain.rows("select id from customers_erasure")
    await anna.street.asks("POST", f"/v1/customer-erasures/{asked['id']}:approve")
    await anna.chain.reacts(close_account)
    assert [row["state"] for row in await anna.chain.rows("select state from accounts_account")] == ["closed"] * 2
    assert await anna.chain.rows("select * from accounts_login") == []


FORMS = ["/me/profile", "/me/consents", "/me/products:leave", "/me/data:export", "/me/data:forget"]


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_of_another_site_changes_nothing(anna: Visitor, path: str) -> None:
    form = {"called": "Ева", "language": "en", "purpose": "offers", "product": "app", "sure": "yes"}
    token = fields(await anna.sees("/me/profile"))["form_token"]
    before = await anna.chain.fingerprint()
    assert (await anna.browser.sends(path, form)).status_code == 403
    foreign = await anna.browser.sends(path, {**form, "form_token": token}, origin="https://evil.example")
    assert (foreign.status_code, await anna.chain.fingerprint()) == (403, before)
