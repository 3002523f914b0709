"""Many points burn with the shopper's word only."""

from uuid import uuid4

import pytest

from tests.pos.burning import BIG, Burning
from tests.pos.chain import CAKE, COFFEE, Chain, Till, fiscal, times


async def test_a_code_by_sms_lets_points_burn(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    assert (quote.answer["burn"]["auth_needed"], quote.answer["burn"]["methods"][0]) == (True, "sms")
    before = await chain.fingerprint()
    refused = await till.confirms(quote)
    assert refused.code == (403, "burn_not_authorised")
    assert "500.00" in refused["cashier_text"]
    assert await chain.fingerprint() == before, "and nothing changed"

    sent = (await burning.asks(quote)).done()
    assert (sent["status"], sent["points"], sent["to"], sent["tries_left"]) == ("sent", "500.00", anna.phone[-2:], 3)
    (message,) = burning.phones.received
    assert (message.channel, message.address) == ("sms", anna.phone)
    assert "500.00" in message.text
    assert (await till.confirms(quote)).code == (403, "burn_not_authorised"), "sent is not given"

    assert (await burning.asks(quote, code=burning.phones.code)).done()["status"] == "authorized"
    sale = (await till.confirms(quote)).done()
    assert (sale["burned"], sale["paid"]) == ("500.00", "1300.00")
    assert (await till.confirms(quote)).is_repeat
    (told,) = await chain.events("pos.burn_authorised.v1")
    assert b'"method":"sms"' in told["data"]
    await chain.balances()


async def test_few_points_need_no_word_and_neither_does_anybody_without_a_policy(
    chain: Chain, till: Till, burning: Burning
) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="299.99")
    assert quote.answer["burn"]["auth_needed"] is False
    assert (await burning.asks(quote)).done()["status"] == "not_needed"
    assert (await till.confirms(quote)).done()["burned"] == "299.99"
    (await chain.staff.sends("/v1/till-policy", {}, "PUT")).done()
    assert (await till.identifies(anna))["burn_auth"] is None
    quote = await till.quotes(anna, BIG, burn="400.00")
    assert quote.answer["burn"]["auth_needed"] is False
    assert (await till.confirms(quote)).done()["burned"] == "400.00"
    assert burning.phones.received == []


async def test_who_is_identified_hears_what_will_be_asked(till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    assert (await till.identifies(anna))["burn_auth"] == {
        "needed_from": "300.00",
        "methods": ["sms", "call_last4", "pin", "app_code", "admin"],
    }


async def test_a_smaller_burn_takes_the_same_code_and_a_larger_one_does_not(till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    (await burning.asks(quote)).done()
    code = burning.phones.code
    larger = await till.quotes(anna, BIG, burn="600.00", check=quote.check, rev=2)
    less = await burning.asks(larger, code=code)
    assert less.code == (409, "burn_code_for_less")
    smaller = await till.quotes(anna, BIG, burn="400.00", check=quote.check, rev=3)
    assert (await burning.asks(smaller, code=code)).done()["status"] == "authorized"
    again = await till.quotes(anna, BIG, burn="450.00", check=quote.check, rev=4)
    assert again.answer["burn"]["auth_needed"] is False, "the code was for 500"
    larger = await till.quotes(anna, BIG, burn="501.00", check=quote.check, rev=5)
    assert larger.answer["burn"]["auth_needed"] is True
    assert (await till.confirms(larger)).code == (403, "burn_not_authorised")
    again = await till.quotes(anna, BIG, burn="450.00", check=quote.check, rev=6)
    assert (await till.confirms(again)).done()["burned"] == "450.00"


async def test_one_sending_is_one_message(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    first = (await burning.asks(quote)).done()
    before = await chain.fingerprint()
    again = (await burning.asks(quote)).done()
    assert (again.is_repeat, again.body, len(burning.phones.received)) == (True, first.body, 1)
    soon = await burning.asks(quote, sending=2)
    assert soon.code == (429, "resend_too_soon")
    assert await chain.fingerprint() == before
    chain.passes(seconds=31)
    old = burning.phones.code
    (await burning.asks(quote, sending=2)).done()
    assert len(burning.phones.received) == 2
    if old != burning.phones.code:
        assert (await burning.asks(quote, code=old)).code == (403, "burn_code_wrong"), "only the newest is good"
    assert (await burning.asks(quote, code=burning.phones.code)).done()["status"] == "authorized"
    repeated = await burning.asks(quote, code=burning.phones.code)
    assert (repeated.is_repeat, repeated["status"]) == (True, "authorized")


async def test_where_the_sms_does_not_come_the_phone_rings(till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    assert "call_last4" in (await burning.asks(quote)).done()["methods"]
    (await burning.asks(quote, "call_last4")).done()
    call = burning.phones.received[-1]
    assert (call.channel, call.address, len(call.text)) == ("call", anna.phone, 4)
    (await burning.asks(quote, "call_last4", code=call.text)).done()
    assert (await till.confirms(quote)).done()["burned"] == "500.00"


async def test_a_pin_of_ones_own(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    assert (await burning.asks(quote, "pin")).code == (409, "method_not_offered"), "she has none yet"
    await burning.sets_pin(anna, "4821")
    assert (await burning.asks(quote, "pin")).done()["status"] == "asked"
    wrong = await burning.asks(quote, "pin", code="1111")
    assert (wrong.code, wrong["facts"]) == ((403, "burn_code_wrong"), {"left": 9})
    (await burning.asks(quote, "pin", code="4821")).done()
    assert (await till.confirms(quote)).done()["burned"] == "500.00"


async def test_the_code_of_the_app_is_good_once(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    code = burning.app_code(anna)
    quote = await till.quotes(anna, BIG, burn="300.00")
    (await burning.asks(quote, "app_code", code=code)).done()
    other = chain.till("S1", "T2")
    second = await other.quotes(anna, BIG, burn="300.00")
    assert (await burning.asks(second, "app_code", code=code)).code == (403, "burn_code_wrong"), "overheard, replayed"
    assert (await other.confirms(second)).code == (403, "burn_not_authorised")
    chain.passes(seconds=30)
    (await burning.asks(second, "app_code", code=burning.app_code(anna))).done()
    assert (await other.confirms(second)).done()["burned"] == "300.00"
    assert (await till.confirms(quote)).done()["burned"] == "300.00"


async def test_a_supervisor_answers_for_the_shopper_and_says_why(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    staff = chain.staff
    body = {"code": "adm-1", "called": "Ольга", "shop": "S1", "secret": "card-778899"}
    assert (await staff.sends("/v1/supervisors", {"code": "adm-1"}, "PUT")).code == (422, "secret_wanted")
    (await staff.sends("/v1/supervisors", body, "PUT")).done()
    taken = await staff.sends("/v1/supervisors", {**body, "code": "adm-2"}, "PUT")
    assert taken.code == (409, "supervisor_taken")
    quote = await till.quotes(anna, BIG, burn="500.00")
    silent = await burning.asks(quote, "admin", code="card-778899")
    assert silent.code == (422, "reason_wanted")
    wrong = await burning.asks(quote, "admin", code="card-000000", reason="telephone lost")
    assert wrong.code == (403, "burn_code_wrong")
    (await burning.asks(quote, "admin", code="card-778899", reason="telephone lost")).done()
    assert (await till.confirms(quote)).done()["burned"] == "500.00"
    (audit,) = await chain.rows("select by_whom, reason, used_at is not null as used from pos_burn_proof")
    assert audit == {"by_whom": "adm-1", "reason": "telephone lost", "used": True}
    (await staff.sends("/v1/supervisors", {"code": "adm-1", "is_active": False}, "PUT")).done()
    elsewhere = await till.quotes(anna, BIG, burn="400.00")
    gone = await burning.asks(elsewhere, "admin", code="card-778899", reason="again")
    assert gone.code == (403, "burn_code_wrong"), "who left answers for nobody"
    listed = (await staff.sends("/v1/supervisors", None, "GET"))["supervisors"]
    assert listed == [{"code": "adm-1", "called": "", "shop": None, "is_active": False}]


async def test_a_supervisor_of_another_shop_does_not(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    body = {"code": "adm-9", "shop": "S2", "secret": "card-778899"}
    (await chain.staff.sends("/v1/supervisors", body, "PUT")).done()
    quote = await till.quotes(anna, BIG, burn="500.00")
    answer = await burning.asks(quote, "admin", code="card-778899", reason="telephone lost")
    assert answer.code == (403, "burn_code_wrong")


async def test_a_qr_of_the_app_brings_the_word_with_it(chain: Chain, till: Till, burning: Burning) -> None:
    """The fast lane: one scan says who it is, and lets one check burn."""
    anna = await burning.rich(till)
    body = {**till.place, "identifier": {"type": "token", "value": burning.shows(anna)}}
    known = (await till.sends("/pos/v1/identify", body)).done()
    assert (known["display_name"], known["balance"]["active"]) == ("Анна", "1000.00")
    anna.token = known["customer_token"]
    look = await till.quotes(anna, BIG, burn="max", hold=False)
    assert look.answer["burn"]["auth_needed"] is False
    quote = await till.quotes(anna, BIG, burn="500.00")
    assert quote.answer["burn"]["auth_needed"] is False
    second = await till.quotes(anna, BIG, burn="400.00")
    assert second.answer["burn"]["auth_needed"] is True, "one check"
    assert (await till.confirms(second)).code == (403, "burn_not_authorised")
    assert (await till.confirms(quote)).done()["burned"] == "500.00"
    assert burning.phones.received == []


async def test_a_qr_says_who_it_is_in_a_check_as_well(till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    body = till.check(None, COFFEE, identifier={"type": "token", "value": burning.shows(anna)})
    check = uuid4()
    answer = (await till.calculates(check, body)).done()
    assert answer["earn"]["points"] == "5.00"
    assert (await till.calculates(check, body)).is_repeat


async def test_a_printed_receipt_is_recorded_and_somebody_asks_the_till(
    chain: Chain, till: Till, burning: Burning
) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    late = (await till.confirms(quote, fiscal=fiscal())).done()
    assert (late.status, late["status"], late["burned"], late["deviation"]) == (202, "accepted_late", "500.00", "0.00")
    assert [row["kind"] for row in await chain.rows("select kind from pos_deviation")] == ["unproved_burn"]
    (told,) = await chain.events("pos.deviation_raised.v1")
    assert b"unproved_burn" in told["data"]
    await chain.balances()


async def test_a_check_that_comes_whole_burns_few_points_only(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    whole = {"rev": 1, **till.place, "check": till.check(anna, BIG, burn="500.00", hold=False)}
    before = await chain.fingerprint()
    assert (await till.commits(uuid4(), whole)).code == (403, "burn_not_authorised")
    assert await chain.fingerprint() == before
    assert (await till.commits(uuid4(), {**whole, "fiscal": fiscal()})).status == 202
    few = {"rev": 1, **till.place, "check": till.check(anna, BIG, burn="100.00", hold=False)}
    assert (await till.commits(uuid4(), few)).done()["burned"] == "100.00"


async def test_returned_points_need_no_word(till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    (await burning.asks(quote)).done()
    (await burning.asks(quote, code=burning.phones.code)).done()
    (await till.confirms(quote)).done()
    back = (await till.returns(till.returning(quote.check))).done()
    assert back["points_restored"] == "500.00"


@pytest.mark.parametrize(
    "wrong",
    [
        {"needed_from": "much"},
        {"methods": []},
        {"methods": ["smoke"]},
        {"attempts": 0},
        {"lifetime_s": 5},
    ],
)
async def test_a_policy_that_means_nothing_is_refused(chain: Chain, burning: Burning, wrong: dict[str, object]) -> None:
    before = (await chain.staff.sends("/v1/till-policy", None, "GET")).body
    body = {"burn_proof": {"needed_from": "300.00", "methods": ["sms"], **wrong}}
    assert (await chain.staff.sends("/v1/till-policy", body, "PUT")).status == 422
    assert (await chain.staff.sends("/v1/till-policy", None, "GET")).body == before


async def test_what_is_not_there_to_be_authorised(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    nowhere = {**till.place, "rev": 1, "method": "sms"}
    assert (await till.sends(f"/pos/v1/checks/{uuid4()}:authorize", nowhere)).code == (404, "check_unknown")
    assert (await burning.asks(quote, rev=2)).code == (404, "check_unknown")
    other = chain.till("S1", "T2")
    assert (await burning.asks(quote, till=other)).code == (403, "document_of_another_till")
    later = await till.quotes(anna, BIG, burn="500.00", check=quote.check, rev=2)
    assert (await burning.asks(quote)).code == (409, "revision_stale")
    (await burning.asks(later)).done()
    (await burning.asks(later, code=burning.phones.code)).done()
    (await till.confirms(later)).done()
    assert (await burning.asks(later)).code == (409, "already_committed")
    await burning.declares(methods=["pin"])
    quote = await till.quotes(anna, times(CAKE, "3"), burn="400.00")
    assert (await burning.asks(quote)).code == (409, "method_not_offered")
