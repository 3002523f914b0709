"""What a till may not say: each is declined by name, and not a row of any table changes."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from tests.pos.chain import CAKE, COFFEE, Chain, Opened, Quote, Shopper, Till, copied, numbered, open_chain

pytestmark = pytest.mark.asyncio(loop_scope="module")


def changed(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The same body with something else at `lines/0/price`."""
    copy = json.loads(json.dumps(body))
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = copy
    for step in way:
        place = place[step]
    place[last] = value
    return copy  # type: ignore[no-any-return]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain(postgres_base: str, opened: Opened) -> AsyncIterator[Chain]:
    """One chain for all of these tests: what they ask for leaves it as it was."""
    with copied(postgres_base, opened.database) as url:
        async with open_chain(url, opened) as chain:
            yield chain


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shopper(chain: Chain) -> Shopper:
    return await chain.till().registers()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def sale(chain: Chain, shopper: Shopper) -> Quote:
    """A cake that was sold; it earned 18 points."""
    return (await chain.till().sells(shopper, CAKE))[0]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quote(chain: Chain, shopper: Shopper, sale: Quote) -> Quote:
    """A check waiting for its commit, with 10 points held for it."""
    return await chain.till().quotes(shopper, COFFEE, burn="10.00")


@pytest_asyncio.fixture(loop_scope="module")
async def unchanged(chain: Chain, quote: Quote) -> AsyncIterator[None]:
    """Whatever the test asks, the tables stay as they were."""
    before = await chain.fingerprint()
    yield
    assert await chain.fingerprint() == before


CHECKS: list[tuple[str, Any, tuple[int, str]]] = [
    ("lines/0/price", "-1.00", (422, "amount_malformed")),
    ("lines/0/price", "1.005", (422, "body_invalid")),
    ("lines/0/price", "1e3", (422, "body_invalid")),
    ("lines/0/price", 100, (422, "body_invalid")),
    ("lines/0/price", 2**70, (422, "body_invalid")),
    ("lines/0/price", "9999999999999.99", (422, "amount_malformed")),
    ("lines/0/price", "١٠٠", (422, "body_invalid")),
    ("lines/0/qty", "0", (422, "amount_malformed")),
    ("lines/0/qty", "-1", (422, "body_invalid")),
    ("lines/0/qty", "0.0001", (422, "body_invalid")),
    ("lines/0/qty", "999999999.999", (422, "amount_malformed")),
    ("lines/0/qty", "9999999999", (422, "body_invalid")),
    ("lines/0/sku", "", (422, "body_invalid")),
    ("lines/0/sku", "x" * 129, (422, "body_invalid")),
    ("lines/0/sku", "a\0b", (422, "body_invalid")),
    ("lines/0/unit", "п" * 17, (422, "body_invalid")),
    ("lines/0/vat", "18", (422, "body_invalid")),
    ("lines/0/n", 0, (422, "body_invalid")),
    ("lines/0/n", 2**70, (422, "body_invalid")),
    ("lines/0/n", 1.5, (422, "body_invalid")),
    ("lines/0/n", 2, (422, "check_malformed")),  # as the other line
    ("lines/0/manual_discount", {"amount": "-5.00"}, (422, "amount_malformed")),
    ("lines/0/min_price", "-5.00", (422, "amount_malformed")),
    ("lines/0/flags", ["free"], (422, "body_invalid")),
    ("lines/0/discount", "5.00", (422, "body_invalid")),  # no such field
    ("lines", [], (422, "body_invalid")),
    ("lines", numbered((COFFEE,) * 1001), (422, "body_invalid")),
    ("currency", "EUR", (422, "check_malformed")),
    ("currency", "roubles", (422, "body_invalid")),
    ("channel", "Fax!", (422, "body_invalid")),
    ("rev", -1, (422, "body_invalid")),
    ("rev", 2**31, (422, "body_invalid")),
    ("rev", 2**70, (422, "body_invalid")),
    ("rev", True, (422, "body_invalid")),
    ("burn", {"mode": "points", "points": "-1.00"}, (422, "amount_malformed")),
    ("burn", {"mode": "points"}, (422, "check_malformed")),
    ("burn", {"mode": "all"}, (422, "body_invalid")),
    ("hold", {"ttl_s": 9}, (422, "body_invalid")),
    ("hold", {"ttl_s": 2**70}, (422, "body_invalid")),
    ("hold", "yes", (422, "body_invalid")),
    ("at", "yesterday", (422, "body_invalid")),
    ("at", "2026-01-01T00:00:00", (422, "body_invalid")),  # of which zone?
    ("at", "0001-01-01T00:00:00+14:00", (422, "check_malformed")),
    ("at", "1970-01-01T00:00:00Z", (422, "check_malformed")),
    ("shop", "S9", (403, "foreign_shop")),
    ("shop", "S2", (403, "foreign_shop")),
    ("till", "T2", (403, "foreign_shop")),
    ("till", "T9", (404, "till_unknown")),
    ("customer_token", "x", (401, "customer_token_stale")),
    ("customer_token", "Ж" * 40, (401, "customer_token_stale")),
    ("customer_token", "A" * 200, (401, "customer_token_stale")),
    ("customer_token", "A" * 201, (422, "body_invalid")),
    ("surprise", 1, (422, "body_invalid")),
]


@pytest.mark.parametrize(("path", "value", "code"), CHECKS)
async def test_a_malformed_check(
    till: Till, shopper: Shopper, unchanged: None, path: str, value: Any, code: tuple[int, str]
) -> None:
    body = changed(till.check(shopper, COFFEE, CAKE), path, value)
    assert (await till.calculates(uuid4(), body)).code == code
    if path not in ("rev", "surprise", "shop", "till"):
        # The same check, come whole with its commit.
        whole = {"rev": 1, **till.place, "check": body}
        assert (await till.commits(uuid4(), whole)).code == code


BYTES: list[tuple[bytes, tuple[int, str]]] = [
    (b"", (400, "body_malformed")),
    (b"{", (400, "body_malformed")),
    (b"null", (422, "body_invalid")),
    (b"[]", (422, "body_invalid")),
    (b'{"shop": "\xff"}', (400, "body_malformed")),
    (b'{"shop": "\xd0"}', (400, "body_malformed")),
    (b'{"shop": "\\ud800"}', (400, "body_malformed")),
    (b"{'shop': 'S1'}", (400, "body_malformed")),
    ('{"shop": "S1"}'.encode("utf-16"), (400, "body_malformed")),
    ('{"магазин": "S1"}'.encode("cp1251"), (400, "body_malformed")),
    (b'{"lines":' * 5000 + b"1" + b"}" * 5000, (422, "body_invalid")),
    (b"[" * 100_000, (422, "body_invalid")),
    (b'{"rev": 1' + b"0" * 5000 + b"}", (422, "body_invalid")),
    (b'{"shop": "' + b"x" * (1 << 20) + b'"}', (413, "body_too_large")),
]


@pytest.mark.parametrize(("body", "code"), BYTES, ids=lambda given: str(given)[:40])
@pytest.mark.parametrize("verb", ["calculate", "commit", "cancel"])
async def test_bytes_that_are_no_check(
    till: Till, unchanged: None, verb: str, body: bytes, code: tuple[int, str]
) -> None:
    assert (await till.sends(f"/pos/v1/checks/{uuid4()}:{verb}", body)).code == code


COMMITS: list[tuple[str, Any, tuple[int, str]]] = [
    ("claimed", {"to_pay": "-90.00"}, (422, "amount_malformed")),
    ("claimed", {"to_pay": "90.005"}, (422, "body_invalid")),
    ("claimed", {"to_pay": "9999999999999.00"}, (422, "amount_malformed")),
    ("claimed", {"to_pay": "90.00", "lines": [{"n": 1, "sum": "-90.00"}]}, (422, "amount_malformed")),
    ("claimed", {"to_pay": "80.00", "points": "20.00"}, (409, "price_changed")),  # more points than were promised
    ("claimed", {"to_pay": "90.00", "points": "-10.00"}, (422, "amount_malformed")),
    ("claimed", {}, (422, "body_invalid")),
    ("tenders", [{"type": "shells", "amount": "90.00"}], (422, "body_invalid")),
    ("fiscal", {"fn": "1"}, (422, "body_invalid")),
    ("fiscal", {"fn": "1", "fd": "1", "fp": "\0"}, (422, "body_invalid")),
    ("rev", 0, (409, "revision_stale")),
    ("rev", 7, (404, "check_unknown")),
    ("rev", 2**70, (422, "body_invalid")),
    ("shop", "S2", (403, "foreign_shop")),
    ("till", "T2", (403, "foreign_shop")),
    ("surprise", None, (422, "body_invalid")),
]


@pytest.mark.parametrize(("path", "value", "code"), COMMITS)
async def test_a_malformed_commit(
    till: Till, quote: Quote, unchanged: None, path: str, value: Any, code: tuple[int, str]
) -> None:
    body = {"rev": 1, **till.place, "claimed": {"to_pay": "90.00"}}
    assert (await till.commits(quote.check, changed(body, path, value))).code == code


async def test_a_commit_of_a_check_nobody_priced(till: Till, unchanged: None) -> None:
    assert (await till.commits(uuid4(), {"rev": 1, **till.place})).code == (404, "check_unknown")


async def test_a_commit_whose_check_names_another_till(till: Till, shopper: Shopper, unchanged: None) -> None:
    check = till.check(shopper, COFFEE) | {"till": "T2"}
    assert (await till.commits(uuid4(), {"rev": 1, **till.place, "check": check})).code == (422, "check_malformed")


RETURNS: list[tuple[dict[str, Any], tuple[int, str]]] = [
    ({"lines": [{"n": 1, "qty": "2"}]}, (409, "qty_exceeds")),
    ({"lines": [{"n": 1, "qty": "0"}]}, (422, "return_empty")),
    ({"lines": [{"n": 1, "qty": "-1"}]}, (422, "body_invalid")),
    ({"lines": [{"n": 1, "qty": "0.0001"}]}, (422, "body_invalid")),
    ({"lines": [{"n": 1, "qty": "999999999.999"}]}, (409, "qty_exceeds")),
    ({"lines": [{"n": 1}, {"n": 1}]}, (422, "check_malformed")),
    ({"lines": [{"n": 2}]}, (422, "return_line_unknown")),
    ({"lines": [{"n": 2**70}]}, (422, "body_invalid")),
    ({"original": {}}, (422, "check_malformed")),
    ({"original": {"check_uid": "17"}}, (422, "body_invalid")),
    ({"at": "1970-01-01T00:00:00Z"}, (422, "check_malformed")),
    ({"at": "2026-01-01T00:00:00"}, (422, "body_invalid")),
    ({"till": "T2"}, (403, "foreign_shop")),
    ({"shop": "S2"}, (403, "foreign_shop")),
    ({"reason": "x" * 201}, (422, "body_invalid")),
    ({"refund": "1000000.00"}, (422, "body_invalid")),
]


@pytest.mark.parametrize("dry", [False, True])
@pytest.mark.parametrize(("given", "code"), RETURNS)
async def test_a_malformed_return(
    till: Till, sale: Quote, unchanged: None, given: dict[str, Any], code: tuple[int, str], dry: bool
) -> None:
    assert (await till.returns(till.returning(sale.check) | given, dry=dry)).code == code


# Somebody else's


async def test_documents_of_another_till(chain: Chain, till: Till, quote: Quote, sale: Quote, shopper: Shopper) -> None:
    other, returned = chain.till("S1", "T2"), uuid4()
    (await till.returns(till.returning(uuid4(), _1="1"), returned)).done()
    before = await chain.fingerprint()
    foreign = (403, "document_of_another_till")
    for check in (quote.check, sale.check):
        assert (await other.calculates(check, other.check(shopper, COFFEE))).code == foreign
        assert (await other.calculates(check, other.check(shopper, COFFEE, rev=2))).code == foreign
        assert (await other.commits(check, {"rev": 1, **other.place})).code == foreign
        whole = {"rev": 2, **other.place, "check": other.check(shopper, COFFEE, rev=2)}
        assert (await other.commits(check, whole)).code == foreign
        assert (await other.cancels(check)).code == foreign
    assert (await other.returns(other.returning(uuid4(), _1="1"), returned)).code == foreign
    assert await chain.fingerprint() == before


async def test_the_same_check_with_other_contents(till: Till, quote: Quote, unchanged: None) -> None:
    other = {**quote.asked, "lines": numbered((CAKE,))}
    assert (await till.calculates(quote.check, other)).code == (409, "document_conflict")


async def test_the_same_sale_with_other_contents(till: Till, sale: Quote, unchanged: None) -> None:
    assert (await till.confirms(sale, claimed={"to_pay": "1.00"})).code == (409, "document_conflict")


async def test_a_stranger_does_not_take_over_a_check(chain: Chain, till: Till, quote: Quote) -> None:
    """The same revision for another customer is another document."""
    other = await till.registers("Борис")
    before = await chain.fingerprint()
    body = {**quote.asked, "customer_token": other.token}
    assert (await till.calculates(quote.check, body)).code == (409, "document_conflict")
    assert await chain.fingerprint() == before


# Keys and signatures


async def test_a_signed_call_is_answered_and_a_forged_one_is_not(chain: Chain, till: Till) -> None:
    path, body = f"/pos/v1/checks/{uuid4()}:commit", json.dumps({"rev": 1, **till.place}).encode()
    now_s = int(time.time())
    before = await chain.fingerprint()
    assert (await till.signs(path, body, now_s - 301)).code == (401, "stale_signature")
    assert (await till.signs(path, body, now_s + 302)).code == (401, "stale_signature")
    assert (await till.signs(path, body, now_s, secret="vks_guessed")).code == (401, "signature_wrong")
    assert (await till.sends(path, body, authorization="Bearer x")).code == (401, "key_missing")
    assert (await till.sends(path, body, authorization="")).code == (401, "key_missing")
    assert (await till.sends("/v1/shops", {"code": "S3", "name": "x"}, "PUT")).code == (403, "role_not_allowed")
    assert await chain.fingerprint() == before
    assert (await till.signs(path, body, now_s)).code == (404, "check_unknown"), "read, known, and not found"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"identifier": {"type": "phone", "value": "0"}}, (422, "identifier_blocked")),
        ({"identifier": {"type": "phone", "value": "+79990000000"}}, (404, "customer_unknown")),
        ({"identifier": {"type": "Fax!", "value": "1"}}, (422, "identifier_type_unknown")),
        ({"identifier": {"type": "card", "value": "\0"}}, (422, "body_invalid")),
        ({"identifier": {"type": "card", "value": ""}}, (422, "body_invalid")),
        ({"shop": "S2"}, (403, "foreign_shop")),
    ],
)
async def test_nobody_is_identified(till: Till, unchanged: None, given: dict[str, Any], code: tuple[int, str]) -> None:
    body = {**till.place, "identifier": {"type": "phone", "value": "+79990000000"}} | given
    assert (await till.sends("/pos/v1/identify", body)).code == code


# The chain


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/v1/shops", {"code": "S3", "name": "x", "zone": "Mars/Olympus"}, (422, "zone_unknown")),
        ("/v1/shops", {"code": "S3", "name": "x", "zone": "../etc/passwd"}, (422, "zone_unknown")),
        ("/v1/shops", {"code": "S3", "name": "x", "currency": "XXX"}, (422, "currency_unknown")),
        ("/v1/shops", {"code": "S3", "name": "x", "tolerance_check": "-1"}, (422, "amount_malformed")),
        ("/v1/catalogue", {"articles": [{"sku": "a", "name": "A", "category": "?"}]}, (422, "check_malformed")),
        ("/v1/catalogue", {"categories": [{"code": "a", "name": "A", "parent": "?"}]}, (422, "check_malformed")),
        ("/v1/catalogue", {"categories": [{"code": "a", "name": "A", "parent": "a"}]}, (422, "check_malformed")),
        ("/v1/catalogue", {"articles": [{"sku": "a", "name": "A", "min_price": "-1"}]}, (422, "amount_malformed")),
        (
            "/v1/tiers",
            {"tiers": [{"code": "a", "name_ru": "", "name_en": "", "from_spent": "-1"}]},
            (422, "amount_malformed"),
        ),
    ],
)
async def test_a_malformed_chain(chain: Chain, path: str, body: dict[str, Any], code: tuple[int, str]) -> None:
    before = await chain.fingerprint()
    assert (await chain.staff.sends(path, body, "PUT")).code == code
    assert await chain.fingerprint() == before
