"""The flow of a code, for both kinds of clients, and every way it may not be used."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.accounts.street import ISSUER, LEFT, RETURN, Street, fields, query_of
from vokrug.accounts.telling import tell_logouts


async def verified(street: Street, token: str) -> dict[str, object]:
    keys = KeySet.import_key_set((await street.programs.get("/oauth/jwks")).json())
    claims: dict[str, object] = jwt.decode(token, keys, ["RS256", "ES256"]).claims
    return claims


@pytest.mark.parametrize("public", [True, False])
async def test_a_person_who_is_signed_in_comes_back_with_a_code_for_tokens(street: Street, public: bool) -> None:
    shop, account = await street.product(public=public), await street.person()
    anna = await street.signed_in(account)
    answer = await anna.opens("/oauth/authorize", **shop.asks(scope="openid profile phone offline_access customer_id"))
    back = query_of(answer.headers["location"])
    assert answer.headers["location"].startswith(RETURN + "?")
    assert (back["state"], back["iss"]) == ("s-1", ISSUER)
    said = (await shop.exchanges(back["code"])).json()
    claims = await verified(street, said["id_token"])
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (ISSUER, "shop", "n-1")
    told = (await shop.reads(said["access_token"])).json()
    assert told["sub"] == claims["sub"]
    assert (told["name"], told["phone_number"], told["phone_number_verified"]) == ("Анна", "+79161234567", True)
    assert told["customer_id"] == str(account.customer_id)
    assert said["expires_in"] == 600
    assert (await shop.posts("/oauth/introspect", token=said["access_token"])).status_code == (401 if public else 200)


async def test_a_product_learns_no_more_than_it_asked_for(street: Street) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    said = await street.tokens(shop, anna, scope="openid")
    assert list((await shop.reads(said["access_token"])).json()) == ["sub"]
    assert "refresh_token" not in said


async def test_two_products_cannot_tell_that_theirs_is_one_person(street: Street) -> None:
    shop, cafe = await street.product(), await street.product("cafe", sector="cafe.example")
    sister = await street.product("shop-app")
    anna = await street.signed_in(await street.person())
    subjects = [
        (await verified(street, (await street.tokens(one, anna))["id_token"]))["sub"] for one in (shop, cafe, sister)
    ]
    assert subjects[0] != subjects[1]
    assert subjects[0] == subjects[2], "one site, one subject"


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "openid wallet"}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "eyJ.x.y"}, "request_not_supported"),
    ],
)
@pytest.mark.parametrize("public", [True, False])
async def test_an_unsound_request_is_sent_back_with_its_error(
    street: Street, public: bool, change: dict[str, str | None], error: str
) -> None:
    shop = await street.product(public=public)
    anna = await street.signed_in(await street.person())
    before = await street.picture()
    answer = await anna.opens("/oauth/authorize", **shop.asks(**change))
    back = query_of(answer.headers["location"])
    assert answer.headers["location"].startswith(RETURN + "?")
    assert (back["error"], back["state"], back["iss"]) == (error, "s-1", ISSUER)
    assert await street.picture() == before


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": "https://evil.example/cb"},
        {"redirect_uri": RETURN + "/"},
        {"redirect_uri": RETURN + "?a=1"},
        {"redirect_uri": "https://shop.example@evil.example/cb"},
        {"redirect_uri": 'https://evil.example/"><script>'},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"client_id": None},
        {"response_type": 'x"\\y', "redirect_uri": "https://evil.example"},
        {"request_uri": "urn:ietf:params:oauth:request_uri:guessed"},
        {"request_uri": "https://evil.example/request.jwt"},
    ],
)
async def test_nobody_is_sent_to_an_address_that_was_not_registered(
    street: Street, change: dict[str, str | None]
) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    before = await street.picture()
    answer = await anna.opens("/oauth/authorize", **shop.asks(**change))
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert "evil" not in answer.text
    assert await street.picture() == before


async def test_a_code_is_good_once_and_what_came_of_it_ends_with_a_replay(street: Street) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    code = await street.code(shop, anna, scope="openid offline_access")
    first = (await shop.exchanges(code)).json()
    assert (await shop.reads(first["access_token"])).status_code == 200
    again = await shop.exchanges(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert (await shop.reads(first["access_token"])).status_code == 401
    assert (await shop.renews(first["refresh_token"])).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "change",
    [
        {"code_verifier": "x" * 43},
        {"code_verifier": "short"},
        {"redirect_uri": "https://shop.example/other"},
        {"code": "vks_code_guessed"},
    ],
)
async def test_a_code_needs_its_verifier_and_its_address(street: Street, change: dict[str, str]) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    code = await street.code(shop, anna)
    (await street.programs.get("/oauth/jwks")).raise_for_status()
    before = await street.picture()
    assert (await shop.exchanges(**{"code": code, **change})).status_code == 400
    assert await street.picture() == before
    assert (await shop.exchanges(code)).status_code == 200, "its owner is none the worse"


async def test_a_code_is_worth_nothing_without_a_verifier_for_a_client_with_a_secret_too(street: Street) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    code = await street.code(shop, anna)
    answer = await shop.posts("/oauth/token", grant_type="authorization_code", code=code, redirect_uri=RETURN)
    assert answer.json()["error"] == "invalid_request"


async def test_a_code_of_another_client_or_of_a_minute_ago_is_worth_nothing(street: Street) -> None:
    shop, cafe = await street.product(), await street.product("cafe")
    anna = await street.signed_in(await street.person())
    cafe.verifier = shop.verifier
    assert (await cafe.exchanges(await street.code(shop, anna))).json()["error"] == "invalid_grant"
    late = await street.code(shop, anna)
    street.clock.advance(timedelta(seconds=61))
    assert (await shop.exchanges(late)).json()["error"] == "invalid_grant"


async def test_a_refresh_token_is_good_once_and_a_replay_signs_the_session_out(street: Street) -> None:
    shop, cafe = await street.product(), await street.product("cafe")
    anna = await street.signed_in(await street.person())
    first = await street.tokens(shop, anna, scope="openid offline_access")
    elsewhere = await street.tokens(cafe, anna)
    second = (await shop.renews(first["refresh_token"])).json()
    assert (await shop.reads(first["access_token"])).status_code == 401, "a new access token takes the old one's place"
    assert (await shop.reads(second["access_token"])).status_code == 200
    assert (await verified(street, second["id_token"]))["sub"] == (await verified(street, first["id_token"]))["sub"]
    assert (await shop.renews(first["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await shop.reads(second["access_token"])).status_code == 401
    assert (await shop.renews(second["refresh_token"])).json()["error"] == "invalid_grant"
    assert (await cafe.reads(elsewhere["access_token"])).status_code == 401, "the session is over"
    assert (
        (await anna.opens("/oauth/authorize", **shop.asks(prompt="none"))).headers["location"].count("login_required")
    )


async def test_a_refresh_token_narrows_but_never_widens(street: Street) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    first = await street.tokens(shop, anna, scope="openid profile offline_access")
    assert (await shop.renews(first["refresh_token"], scope="openid phone")).json()["error"] == "invalid_scope"
    less = (await shop.renews(first["refresh_token"], scope="openid")).json()
    assert less["scope"] == "openid"


@pytest.mark.parametrize("secret", ["wrong", ""])
async def test_a_client_without_its_secret_gets_nothing(street: Street, secret: str) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    code = await street.code(shop, anna)
    shop.secret = secret
    answer = await shop.exchanges(code)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


async def test_a_revoked_token_opens_nothing_and_a_strangers_is_left_alone(street: Street) -> None:
    shop, cafe = await street.product(), await street.product("cafe")
    anna = await street.signed_in(await street.person())
    said = await street.tokens(shop, anna, scope="openid offline_access")
    assert (await cafe.posts("/oauth/revoke", token=said["refresh_token"])).status_code == 200
    assert (await cafe.posts("/oauth/introspect", token=said["access_token"])).json() == {"active": False}
    assert (await shop.posts("/oauth/introspect", token=said["access_token"])).json()["active"]
    assert (await shop.posts("/oauth/revoke", token=said["refresh_token"])).status_code == 200
    assert (await shop.posts("/oauth/introspect", token=said["access_token"])).json() == {"active": False}
    assert (await shop.renews(said["refresh_token"])).json()["error"] == "invalid_grant"


async def test_a_request_pushed_beforehand_is_taken_up_once(street: Street) -> None:
    shop = await street.product(needs_par=True)
    anna = await street.signed_in(await street.person())
    assert (await anna.opens("/oauth/authorize", **shop.asks())).status_code == 400
    pushed = await shop.posts("/oauth/par", **shop.asks())
    assert pushed.status_code == 201
    asked = {"client_id": shop.id, "request_uri": pushed.json()["request_uri"]}
    answer = await anna.opens("/oauth/authorize", **asked)
    assert query_of(answer.headers["location"])["state"] == "s-1"
    assert (await anna.opens("/oauth/authorize", **asked)).status_code == 400
    late = (await shop.posts("/oauth/par", **shop.asks())).json()["request_uri"]
    street.clock.advance(timedelta(seconds=91))
    assert (await anna.opens("/oauth/authorize", client_id=shop.id, request_uri=late)).status_code == 400
    assert (await shop.posts("/oauth/par", **shop.asks(code_challenge="plain"))).json()["error"] == "invalid_request"


async def test_a_person_is_asked_before_a_product_of_others_learns_anything(street: Street) -> None:
    shop, account = await street.product(is_trusted=False), await street.person()
    anna = await street.signed_in(account)
    asked = shop.asks(scope="openid phone")
    assert (
        "consent_required" in (await anna.opens("/oauth/authorize", **{**asked, "prompt": "none"})).headers["location"]
    )
    page = await anna.walks("/oauth/authorize", **asked)
    assert "Ваш номер телефона" in page.text
    form = fields(page.text)
    assert (await anna.sends("/consent", {**form, "answer": "yes", "form_token": "0"})).status_code == 403
    answer = await anna.sends("/consent", {**form, "answer": "yes"})
    back = await anna.opens(answer.headers["location"])
    assert "code" in query_of(back.headers["location"])
    assert "code" in query_of((await anna.opens("/oauth/authorize", **asked)).headers["location"]), "asked once"
    async with street.db.transaction() as tx:
        said = await tx.value("select document_version from customers_consent where purpose = 'share.shop'")
    assert said == "openid phone"


async def test_a_person_who_does_not_agree_goes_back_without_a_code(street: Street) -> None:
    shop = await street.product(is_trusted=False)
    anna = await street.signed_in(await street.person())
    form = fields((await anna.walks("/oauth/authorize", **shop.asks(scope="openid phone"))).text)
    back = await anna.sends("/consent", {**form, "answer": "no"})
    assert query_of(back.headers["location"])["error"] == "access_denied"
    assert (await anna.sends("/consent", {**form, "answer": "yes"})).status_code == 410, "that request is over"


async def test_spending_wants_a_fresh_sign_in_and_products_may_want_more(street: Street) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    assert await street.code(shop, anna, scope="openid spend")
    street.clock.advance(timedelta(minutes=6))
    assert await street.code(shop, anna), "for anything else she is still signed in"
    asked = shop.asks(scope="openid spend", prompt="none")
    assert "login_required" in (await anna.opens("/oauth/authorize", **asked)).headers["location"]
    for more in ({"scope": "openid spend"}, {"max_age": "60"}, {"prompt": "login"}):
        answer = await anna.opens("/oauth/authorize", **shop.asks(**more))
        assert answer.headers["location"].startswith("/sign-in?request=")
    answer = await anna.opens("/oauth/authorize", **shop.asks(acr_values="urn:vokrug:two"))
    assert "unmet_authentication_requirements" in answer.headers["location"]


async def test_a_session_ends_at_the_products_wish_and_the_others_hear_of_it(street: Street) -> None:
    shop = await street.product()
    cafe = await street.product("cafe", backchannel_logout_uri="https://cafe.example/logout", sector="cafe.example")
    anna = await street.signed_in(await street.person())
    shops, cafes = await street.tokens(shop, anna), await street.tokens(cafe, anna)
    answer = await anna.opens(
        "/oauth/end-session", id_token_hint=shops["id_token"], post_logout_redirect_uri=LEFT, state="x"
    )
    assert answer.headers["location"] == f"{LEFT}?state=x"
    [(address, token)] = street.ears.heard
    claims, identity = await verified(street, token), await verified(street, cafes["id_token"])
    assert address == "https://cafe.example/logout"
    assert (claims["sid"], claims["sub"], claims["aud"]) == (identity["sid"], identity["sub"], "cafe")
    assert "nonce" not in claims
    assert (await cafe.reads(cafes["access_token"])).status_code == 401


async def test_a_product_that_does_not_answer_is_told_again(street: Street) -> None:
    cafe = await street.product("cafe", backchannel_logout_uri="https://cafe.example/logout")
    street.ears.deaf.add("https://cafe.example/logout")
    anna = await street.signed_in(await street.person())
    said = await street.tokens(cafe, anna)
    await anna.opens("/oauth/end-session", id_token_hint=said["id_token"])
    assert street.ears.heard == []
    street.ears.deaf.clear()
    assert await tell_logouts(street.services, street.clock.now()) == 0, "not at once"
    street.clock.advance(timedelta(seconds=16))
    assert await tell_logouts(street.services, street.clock.now()) == 1
    assert await tell_logouts(street.services, street.clock.now()) == 0


async def test_nobody_is_signed_out_or_sent_away_by_a_link(street: Street) -> None:
    """Without an identity token of this very session the person is asked, and only a known address is returned to."""
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    other = await street.signed_in(await street.person("+79161234568", "Борис"))
    his = await street.tokens(shop, other)
    for said in ({}, {"client_id": "shop"}, {"id_token_hint": his["id_token"]}, {"id_token_hint": "forged.x.y"}):
        page = await anna.opens("/oauth/end-session", post_logout_redirect_uri="https://evil.example", **said)
        assert page.status_code == 200
        assert await street.code(shop, anna), "she is still here"
    form = fields(page.text)
    assert (await anna.sends("/oauth/end-session", {"answer": "yes"})).status_code == 403
    gone = await anna.sends("/oauth/end-session", {**form, "answer": "yes"})
    assert (gone.status_code, gone.headers.get("location")) == (200, None)
    assert (await anna.opens("/oauth/authorize", **shop.asks())).headers["location"].startswith("/sign-in")


async def test_keys_are_turned_and_what_they_signed_stays_good(street: Street) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    token = (await street.tokens(shop, anna))["id_token"]
    before = {key["kid"] for key in (await street.programs.get("/oauth/jwks")).json()["keys"]}
    await street.asks("POST", "/v1/account-keys:rotate", status=204)
    await verified(street, token)
    new = (await street.tokens(shop, anna))["id_token"]
    kid = json.loads(urlsafe_b64decode(new.split(".")[0] + "=="))["kid"]
    assert kid in before, "verifiers knew it before it signed"
    async with street.db.transaction() as tx:
        rows = await tx.rows("select public_jwk::text as public, private_sealed from accounts_signing_key")
    assert all('"d"' not in row["public"] and row["private_sealed"][:1] != b"{" for row in rows)


async def test_a_disabled_product_gets_nothing_more(street: Street) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    said = await street.tokens(shop, anna, scope="openid offline_access")
    await street.asks("POST", "/v1/account-clients/shop:disable", status=204)
    assert (await shop.reads(said["access_token"])).status_code == 401
    assert (await shop.renews(said["refresh_token"])).status_code == 401
    assert (await anna.opens("/oauth/authorize", **shop.asks())).status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uris": []},
        {"redirect_uris": ["http://shop.example/cb"]},
        {"redirect_uris": ["https://shop.example/cb#x"]},
        {"redirect_uris": ["https://*.example/cb"]},
        {"redirect_uris": ["https://user@shop.example/cb"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["com.shop.app:/cb"]},
        {"backchannel_logout_uri": "http://10.0.0.1/x"},
        {"scopes": ["profile"]},
        {"public": True, "may_introspect": True},
    ],
)
async def test_a_product_that_could_lead_a_code_astray_is_not_registered(
    street: Street, change: dict[str, object]
) -> None:
    said = {"id": "shop", "name": {"en": "S", "ru": "М"}, "redirect_uris": [RETURN], "scopes": ["openid"], **change}
    before = await street.picture()
    answer = await street.asks("POST", "/v1/account-clients", said, status=422)
    assert answer["code"] == "client_malformed"
    assert await street.picture() == before


async def test_a_product_is_listed_changed_and_given_a_new_secret(street: Street) -> None:
    shop = await street.product()
    terms = {"name": {"en": "S", "ru": "М"}, "redirect_uris": ["http://localhost:3000/cb"], "scopes": ["openid"]}
    await street.asks("PUT", "/v1/account-clients/shop", terms)
    [card] = (await street.asks("GET", "/v1/account-clients"))["clients"]
    assert (card["redirect_uris"], card["sector"]) == (["http://localhost:3000/cb"], "shop.example")
    assert card.get("secret") is None
    renewed = await street.asks("POST", "/v1/account-clients/shop:renew-secret")
    assert renewed["secret"] != shop.secret
    assert (await street.asks("PUT", "/v1/account-clients/none", terms, status=404))["code"] == "client_unknown"
