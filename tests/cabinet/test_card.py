"""The shopper's phone at the till: a QR that says who they are, and may bring their word to burn."""

import pytest

from tests.cabinet.visitor import Visitor
from tests.pos.burning import BIG, Burning, Phones
from tests.pos.chain import Shopper, Till


async def app_of(anna: Visitor, scope: str) -> str:
    product = await anna.street.product("pay", scopes=["openid", "wallet", "spend"])
    said = await anna.street.tokens(product, anna.browser, scope=f"openid {scope}")
    return str(said["access_token"])


async def scanned(till: Till, anna: Visitor, token: str, path: str = "card") -> Shopper:
    """The app shows its QR; the till scans it."""
    shown = (await anna.asks(token, path)).json()
    body = {**till.place, "identifier": {"type": "token", "value": shown["token"]}}
    known = (await till.sends("/pos/v1/identify", body)).done()
    return Shopper(till, anna.shopper.phone, known["customer_token"])


async def richer(anna: Visitor) -> Burning:
    burning = Burning(anna.chain, Phones())
    await burning.declares()
    who = burning.known(anna.shopper).id
    give = {"request_id": "018f0000-0000-7000-8000-00000000000a", "points": "1000.00", "reason": "for a test"}
    (await anna.chain.staff.sends(f"/v1/customers/{who}/points:give", give)).done()
    return burning


async def test_a_qr_of_an_app_that_may_spend_needs_no_code(anna: Visitor, till: Till) -> None:
    await richer(anna)
    token = await app_of(anna, "wallet spend")
    shown = (await anna.asks(token, "card?points=500")).json()
    assert (shown["may_spend"], shown["points"]) == (True, "500")
    there = await scanned(till, anna, token, "card?points=500")
    quote = await till.quotes(there, BIG, burn="500.00")
    assert quote.answer["burn"]["auth_needed"] is False
    assert (await till.confirms(quote)).done()["burned"] == "500.00"


async def test_a_qr_of_an_app_that_may_only_look_names_and_opens_nothing(anna: Visitor, till: Till) -> None:
    await richer(anna)
    token = await app_of(anna, "wallet")
    assert (await anna.asks(token, "card")).json()["may_spend"] is False
    there = await scanned(till, anna, token)
    quote = await till.quotes(there, BIG, burn="500.00")
    assert (await till.confirms(quote)).code == (403, "burn_not_authorised")
    for path, body in (("burn-code", None), ("pin", {"pin": "4821"})):
        refused = await anna.asks(token, path, body, "PUT" if body else "")
        assert refused.json()["code"] == "scope_not_granted"


async def test_the_code_on_the_screen_and_a_pin_of_ones_own(anna: Visitor, till: Till) -> None:
    burning = await richer(anna)
    token = await app_of(anna, "wallet spend")
    code = (await anna.asks(token, "burn-code")).json()["code"]
    quote = await till.quotes(anna.shopper, BIG, burn="300.00")
    (await burning.asks(quote, "app_code", code=code)).done()
    assert (await till.confirms(quote)).done()["burned"] == "300.00"
    assert (await anna.asks(token, "pin", {"pin": "4821"}, "PUT")).json() == {"is_set": True}
    quote = await till.quotes(anna.shopper, BIG, burn="300.00")
    (await burning.asks(quote, "pin", code="4821")).done()
    assert (await till.confirms(quote)).done()["burned"] == "300.00"


@pytest.mark.parametrize("pin", ["0000", "1234", "9876", "12", "abcd"])
async def test_a_pin_that_anybody_would_try_first_is_not_taken(anna: Visitor, pin: str) -> None:
    token = await app_of(anna, "wallet spend")
    before = await anna.chain.fingerprint()
    assert (await anna.asks(token, "pin", {"pin": pin}, "PUT")).status_code == 422
    assert await anna.chain.fingerprint() == before
