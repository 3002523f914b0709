"""What thieves try beyond one request: races, secrets in logs and in copies of the database, keys confused."""

import asyncio
import io
import logging
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from tests.accounts.street import Street, fields, query_of
from vokrug.accounts.store import people
from vokrug.kernel import new_id
from vokrug.runtime.database import Tx
from vokrug.runtime.logs import configure_logs


async def test_of_two_who_bring_one_code_at_once_one_is_the_second(street: Street) -> None:
    """A race of the same code: one wins, and then both have lost, for nobody knows which was the thief."""
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    code = await street.code(shop, anna)
    answers = await asyncio.gather(*(shop.exchanges(code) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400, 400]
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await shop.reads(won["access_token"])).status_code == 401


async def test_of_two_who_bring_one_refresh_token_at_once_none_goes_on(street: Street) -> None:
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    first = await street.tokens(shop, anna, scope="openid offline_access")
    answers = await asyncio.gather(*(shop.renews(first["refresh_token"]) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400, 400]
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert (await shop.renews(won["refresh_token"])).status_code == 400


async def test_no_secret_is_in_the_log_or_in_a_copy_of_the_database(street: Street) -> None:
    """At the chattiest level, all the way through: neither what opens something nor a phone is written anywhere."""
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs("json", "DEBUG", stream)
    try:
        shop = await street.product()
        await street.person()
        anna = street.browser()
        asked = await anna.opens("/oauth/authorize", **shop.asks(scope="openid phone offline_access"))
        request = query_of(asked.headers["location"])["request"]
        page, sms = await street.asks_for_code(anna, request=request)
        answer = await anna.sends("/sign-in/code", {**fields(page.text), "code": sms})
        code = query_of((await anna.opens(answer.headers["location"])).headers["location"])["code"]
        said = (await shop.exchanges(code)).json()
        await shop.renews(said["refresh_token"])
        await shop.exchanges(code)
    finally:
        root.handlers[:], root.level = handlers, level
    picture, log = str(await street.picture()), stream.getvalue()
    assert log, "something was logged"
    session = anna.http.cookies["vokrug_session"]
    secrets = [said["access_token"], said["refresh_token"], code, session, shop.secret, shop.verifier, request]
    for secret in secrets:
        assert secret is not None
        assert secret not in log, "in the log"
        assert secret not in picture, "in the database"
    assert said["id_token"] not in log
    assert "9161234567" not in log + picture
    assert f" {sms}" not in log
    assert "PRIVATE KEY" not in picture


@pytest.mark.parametrize("alg", ["none", "HS256"])
async def test_a_token_that_we_did_not_sign_signs_nobody_out(street: Street, alg: str) -> None:
    """Algorithm confusion: no algorithm, or our public key taken for a shared secret."""
    shop = await street.product()
    anna = await street.signed_in(await street.person())
    said = await street.tokens(shop, anna)
    public = (await street.programs.get("/oauth/jwks")).json()["keys"][0]
    claims = {"iss": street.issuer, "aud": "shop", "sid": "x"}
    if alg == "HS256":
        forged = jwt.encode(
            {"alg": alg, "kid": public["kid"]}, claims, OctKey.import_key(public["n" if "n" in public else "x"])
        )
    else:
        forged = "eyJhbGciOiJub25lIn0." + said["id_token"].split(".")[1] + "."
    page = await anna.opens("/oauth/end-session", id_token_hint=forged)
    assert page.status_code == 200
    assert (await shop.reads(said["access_token"])).status_code == 200


async def test_a_form_that_says_a_field_twice_is_refused(street: Street) -> None:
    answer = await street.programs.post(
        "/oauth/token",
        content=b"grant_type=authorization_code&grant_type=refresh_token",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.json()["code"] == "form_malformed"


async def test_a_disabled_or_unknown_product_and_a_wrong_secret_answer_alike(street: Street) -> None:
    shop = await street.product()
    shop.secret = "vks_client_wrong"
    known = await shop.exchanges("vks_code_x")
    shop.id = "nobody"
    unknown = await shop.exchanges("vks_code_x")
    assert (known.status_code, known.json()["error"]) == (unknown.status_code, unknown.json()["error"])


@pytest.mark.parametrize("kind", ["phone", "email"])
async def test_a_known_login_and_an_unknown_one_ask_the_database_the_same(
    street: Street, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Enumeration by time: the same statements in the same order, so that a clock has nothing to tell."""
    known, unknown = ("+79161234567", "+79169999999") if kind == "phone" else ("a@example.org", "b@example.org")
    account = await street.person()
    async with street.db.transaction() as tx:
        hash = street.directory.identify(kind, known).hash
        await people.put_login(tx, kind, hash, account.id, street.clock.now())
    heard: list[str] = []

    def listening(verb: str) -> None:
        real = getattr(Tx, verb)

        async def told(tx: Tx, *said: Any) -> Any:
            heard.append(next(one for one in said if isinstance(one, str)))
            return await real(tx, *said)

        monkeypatch.setattr(Tx, verb, told)

    for verb in ("all", "maybe", "rows", "value", "run"):
        listening(verb)
    asked = []
    for login in (known, unknown):
        browser = street.browser()
        form = fields((await browser.walks("/sign-in")).text)
        heard.clear()
        answer = await browser.sends("/sign-in" if kind == "phone" else "/sign-in/email", {**form, kind: login})
        asked.append((answer.status_code, list(heard)))
    assert asked[0] == asked[1]
    assert len(asked[0][1]) > 2


async def test_an_invitation_is_in_no_log_and_in_no_copy_of_the_database(street: Street) -> None:
    stream, root = io.StringIO(), logging.getLogger()
    handlers, level = root.handlers[:], root.level
    configure_logs("json", "DEBUG", stream)
    try:
        to = {"by": "email", "address": "olga@example.org"}
        said = {"id": str(new_id()), "name": "Ольга", "roles": ["analyst"], "to": to}
        await street.asks("POST", "/v1/staff/invitations", said, status=202)
        link = next(word for word in (await street.message()).split() if word.startswith("http"))
        await street.browser().opens(link.removeprefix(street.issuer))
    finally:
        root.handlers[:], root.level = handlers, level
    picture, log = str(await street.picture()), stream.getvalue()
    for secret in (query_of(link)["code"], "olga@example.org", "Ольга", street.staff.partition(".")[2]):
        assert secret not in log, "in the log"
        assert secret not in picture, "in the database"
