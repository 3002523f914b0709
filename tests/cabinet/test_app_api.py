"""The same for apps: by an access token, each call under its scope."""

import pytest

from tests.cabinet.visitor import Visitor
from tests.pos.chain import CAKE, Till


async def test_an_app_reads_what_its_person_let_it_read(anna: Visitor, till: Till) -> None:
    await till.sells(anna.shopper, CAKE)
    _, token = await anna.app("wallet profile phone consents")
    balance = (await anna.asks(token, "balance")).json()
    assert (balance["available"], balance["debt"]) == ("18.00", "0.00")
    assert [one["points"] for one in balance["lapsing"]] == ["18.00"]
    [line] = (await anna.asks(token, "history")).json()["lines"]
    assert (line["kind"], line["money"], line["points_received"], line["shop"]) == ("sale", "360.00", "18.00", "Арбат")
    profile = (await anna.asks(token, "profile")).json()
    assert (profile["called"], [one["value"] for one in profile["contacts"]]) == ("Анна", [anna.shopper.phone])
    [consent] = (await anna.asks(token, "consents")).json()["consents"]
    assert (consent["purpose"], consent["given"]) == ("offers", True)


async def test_an_app_changes_the_profile_and_consents_of_its_person(anna: Visitor) -> None:
    _, token = await anna.app("profile consents")
    said = await anna.asks(token, "profile", {"called": "Аня", "language": "en"}, "PUT")
    assert (said.json()["called"], said.json()["contacts"]) == ("Аня", [])
    [consent] = (await anna.asks(token, "consents", {"purpose": "offers", "given": False})).json()["consents"]
    assert consent["given"] is False


@pytest.mark.parametrize(
    ("scope", "path", "body", "code"),
    [
        ("profile", "balance", None, "scope_not_granted"),
        ("profile", "history", None, "scope_not_granted"),
        ("wallet", "profile", None, "scope_not_granted"),
        ("wallet", "profile", {"called": "Ева", "language": "en"}, "scope_not_granted"),
        ("wallet", "consents", {"purpose": "offers", "given": False}, "scope_not_granted"),
        ("profile", "profile", {"called": "Анна Петрова", "language": "en"}, "full_name_not_wanted"),
        ("consents", "consents", {"purpose": "accounts.terms", "given": False}, "consent_not_yours"),
        ("consents", "consents", {"purpose": "never", "given": True}, "consent_not_yours"),
    ],
)
async def test_an_app_does_no_more_than_that(anna: Visitor, scope: str, path: str, body: object, code: str) -> None:
    _, token = await anna.app(scope)
    before = await anna.chain.fingerprint()
    answer = await anna.asks(token, path, body, "PUT" if body and path == "profile" else "")
    assert answer.json()["code"] == code
    assert await anna.chain.fingerprint() == before


async def test_a_token_that_is_over_or_of_nobody_opens_nothing(anna: Visitor) -> None:
    product, token = await anna.app("wallet")
    await product.posts("/oauth/revoke", token=token)
    for bad in (token, "", "vks_access_x", anna.browser.http.cookies["vokrug_session"]):
        answer = await anna.asks(bad, "balance")
        assert (answer.status_code, answer.json()["code"]) == (401, "access_token_wanted")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"', "as RFC 6750 has it"
