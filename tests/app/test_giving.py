"""Points that staff give outside a sale, and shops of any currency, through the doors people use."""

from typing import Any

import pytest

from vokrug.app.wiring import living, renewal
from vokrug.customers import Directory
from vokrug.kernel import new_id
from vokrug.pos import Checkout
from vokrug.runtime.settings import Settings

from .shopkeeper import SECRET, Running

SHOP = {"code": "giving", "name": "Giving", "tills": ["1"]}


@pytest.fixture
def anna(running: Running) -> str:
    """A customer's id."""
    assert running.ask("PUT", "/v1/shops", SHOP).is_success
    phone = f"+7916{new_id().int % 10**7:07}"
    body = {"request_id": str(new_id()), "phone": phone, "called": "Анна"}
    return str(running.ask("POST", "/v1/customers", body).json()["customer"]["id"])


def spendable(running: Running, customer: str) -> str:
    card = f"99{new_id().int % 10**12:012}"
    assert running.ask("POST", f"/v1/customers/{customer}/identifiers", {"type": "card", "value": card}).is_success
    body = {"shop": "giving", "till": "1", "identifier": {"type": "card", "value": card}}
    return str(running.ask("POST", "/pos/v1/identify", body).json()["balance"]["active"])


def test_points_are_given_once_and_the_books_balance(running: Running, anna: str) -> None:
    gift: dict[str, Any] = {"request_id": str(new_id()), "points": "12.50", "reason": "the coffee was cold"}
    given = running.ask("POST", f"/v1/customers/{anna}/points:give", gift)
    assert (given.status_code, given.json()) == (200, {"customer": anna, "points": "12.50"})
    assert "idempotent-replay" not in given.headers

    again = running.ask("POST", f"/v1/customers/{anna}/points:give", gift)
    assert (again.status_code, again.json()) == (200, given.json())
    assert again.headers["idempotent-replay"] == "true"
    assert spendable(running, anna) == "12.50"

    check = running.ask("POST", "/v1/ledger:check", {}).json()
    assert check["balanced"], check["differences"]
    accounts = {line["code"]: line for line in running.ask("GET", "/v1/ledger/trial-balance").json()["lines"]}
    assert accounts["points.gifts"]["debits"] >= 12_50, "what is given costs the programme its worth"


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"points": "0"}, "amount_malformed"),
        ({"points": "-1"}, "amount_malformed"),
        ({"points": "1.005"}, "body_invalid"),
        ({"reason": ""}, "body_invalid"),
        ({"currency": "XXX"}, "currency_unknown"),
        ({"currency": "PTS"}, "currency_unknown"),
        ({"expires_at": "2030-01-01T00:00:00"}, "body_invalid"),  # in whose zone?
    ],
)
def test_a_gift_that_makes_no_sense_changes_nothing(
    running: Running, anna: str, changed: dict[str, Any], code: str
) -> None:
    before = running.picture()
    gift = {"request_id": str(new_id()), "points": "5", "reason": "goodwill", **changed}
    refused = running.ask("POST", f"/v1/customers/{anna}/points:give", gift)
    assert (refused.status_code, refused.json()["code"]) == (422, code)
    assert running.picture() == before


def test_a_gift_to_nobody_or_under_a_used_id_is_refused(running: Running, anna: str) -> None:
    gift = {"request_id": str(new_id()), "points": "5", "reason": "goodwill"}
    nobody = running.ask("POST", f"/v1/customers/{new_id()}/points:give", gift)
    assert (nobody.status_code, nobody.json()["code"]) == (404, "customer_unknown")
    assert running.ask("POST", f"/v1/customers/{anna}/points:give", gift).is_success
    before = running.picture()
    other = running.ask("POST", f"/v1/customers/{anna}/points:give", {**gift, "points": "6"})
    assert (other.status_code, other.json()["code"]) == (409, "duplicate_conflict")
    assert running.picture() == before


def test_a_shop_sells_in_money_that_points_have_a_worth_in(running: Running, anna: str) -> None:
    for currency in ("GBP", "EUR", "USD"):
        shop = {"code": f"giving-{currency}", "name": "Abroad", "currency": currency, "tills": ["1"]}
        assert running.ask("PUT", "/v1/shops", shop).is_success
    before = running.picture()
    for currency in ("XXX", "PTS"):
        refused = running.ask("PUT", "/v1/shops", {**SHOP, "code": "nowhere", "currency": currency})
        assert (refused.status_code, refused.json()["code"]) == (422, "currency_unknown")
    assert running.picture() == before


async def test_a_type_defined_by_one_process_is_soon_known_to_the_others(database_url: str) -> None:
    settings = Settings(database_url=database_url, reports_url=database_url, secret=SECRET)
    async with living(settings, with_jobs=False) as one, living(settings, with_jobs=False) as other:
        from vokrug import customers

        kind = customers.IdentifierType(id=0, code="ext:crm", normaliser="opaque")
        async with one.db.transaction() as tx:
            await customers.define_identifier_type(tx, kind)
        await renewal(other, other.get(Checkout))()
        assert other.get(Directory).identify("ext:crm", "C-17").type.code == "ext:crm"
