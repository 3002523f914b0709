"""Whoever has a till, or stands beside one, and wants somebody else's points."""

import asyncio
import logging
from uuid import uuid4

import pytest

from tests.pos.burning import BIG, Burning
from tests.pos.chain import Chain, Quote, Till


async def wrong_for(burning: Burning, quote: Quote) -> str:
    return "000000" if burning.phones.code != "000000" else "111111"


async def test_a_code_is_guessed_at_three_times(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    (await burning.asks(quote)).done()
    right, wrong = burning.phones.code, await wrong_for(burning, quote)
    for left in (2, 1, 0):
        answer = await burning.asks(quote, code=wrong)
        assert (answer.code, answer["facts"]) == ((403, "burn_code_wrong"), {"left": left})
    assert (await burning.asks(quote, code=right)).code == (410, "burn_code_over"), "even the right one, by now"
    assert (await till.confirms(quote)).code == (403, "burn_not_authorised")


async def test_many_checks_give_no_more_guesses_than_messages(chain: Chain, till: Till, burning: Burning) -> None:
    """Each message buys three guesses; the number of messages to one phone is what ends it."""
    anna = await burning.rich(till)
    guesses, declined = 0, None
    while declined is None:
        quote = await till.quotes(anna, BIG, burn="300.00", hold={"ttl_s": 10})
        asked = await burning.asks(quote)
        if asked.status != 200:
            declined = asked.code
        else:
            for _ in range(3):
                answer = await burning.asks(quote, code=await wrong_for(burning, quote))
                assert answer.code == (403, "burn_code_wrong")
                guesses += 1
        (await till.cancels(quote.check)).done()
    assert (declined, guesses, len(burning.phones.received)) == ((429, "too_many_tries"), 9, 3)


async def test_a_pin_that_is_guessed_at_is_shut_until_its_owner_sets_another(
    chain: Chain, till: Till, burning: Burning
) -> None:
    anna = await burning.rich(till)
    await burning.sets_pin(anna, "4821")
    quote = await till.quotes(anna, BIG, burn="500.00", hold={"ttl_s": 86400})
    for _ in range(2):
        for _ in range(5):
            assert (await burning.asks(quote, "pin", code="9999")).code == (403, "burn_code_wrong")
        assert (await burning.asks(quote, "pin", code="4821")).code == (429, "too_many_tries")
        chain.passes(minutes=16)
    assert (await burning.asks(quote, "pin", code="4821")).code == (410, "burn_code_over")
    await burning.sets_pin(anna, "7306")
    assert (await burning.asks(quote, "pin", code="4821")).code == (403, "burn_code_wrong"), "the old one is nobody's"
    assert (await burning.asks(quote, "pin", code="7306")).done()["status"] == "authorized"


async def test_supervisors_cards_are_not_searched_for(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    body = {"code": "adm-1", "secret": "card-778899"}
    (await chain.staff.sends("/v1/supervisors", body, "PUT")).done()
    quote = await till.quotes(anna, BIG, burn="500.00")
    for n in range(10):
        answer = await burning.asks(quote, "admin", code=f"card-{n:06d}", reason="search")
        assert answer.code == (403, "burn_code_wrong")
    late = await burning.asks(quote, "admin", code="card-778899", reason="search")
    assert late.code == (429, "too_many_tries")


async def test_codes_of_another_check_till_or_customer_open_nothing(chain: Chain, till: Till, burning: Burning) -> None:
    anna, boris = await burning.rich(till), await burning.rich(till, called="Борис")
    quote = await till.quotes(anna, BIG, burn="400.00")
    (await burning.asks(quote)).done()
    code = burning.phones.code
    elsewhere = await chain.till("S2", "T1").quotes(anna, BIG, burn="400.00")
    assert (await burning.asks(elsewhere, code=code)).code == (410, "burn_code_over"), "another shop"
    second = await till.quotes(boris, BIG, burn="400.00")
    assert (await burning.asks(second, code=code)).code == (410, "burn_code_over"), "another check"
    swapped = await till.quotes(boris, BIG, burn="400.00", check=quote.check, rev=2)
    assert (await burning.asks(swapped, code=code)).code == (410, "burn_code_over"), "another customer's check by now"
    assert (await till.confirms(swapped)).code == (403, "burn_not_authorised")
    back = await till.quotes(anna, BIG, burn="400.00", check=quote.check, rev=3)
    assert (await burning.asks(back, code=code)).done()["status"] == "authorized"
    swapped = await till.quotes(boris, BIG, burn="400.00", check=quote.check, rev=4)
    assert swapped.answer["burn"]["auth_needed"] is True, "her word is not his"
    assert (await till.confirms(swapped)).code == (403, "burn_not_authorised")


async def test_an_old_code_and_an_old_word_run_out(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00", hold={"ttl_s": 86400})
    (await burning.asks(quote)).done()
    chain.passes(seconds=121)
    assert (await burning.asks(quote, code=burning.phones.code)).code == (410, "burn_code_over")
    (await burning.asks(quote, sending=2)).done()
    (await burning.asks(quote, code=burning.phones.code)).done()
    chain.passes(minutes=31)
    anna.token = (await till.identifies(anna))["customer_token"]
    later = await till.quotes(anna, BIG, burn="500.00", check=quote.check, rev=2)
    assert later.answer["burn"]["auth_needed"] is True
    assert (await till.confirms(later)).code == (403, "burn_not_authorised")


async def test_a_photographed_qr_is_shown_at_another_till(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    picture = burning.shows(anna)
    here, there = till, chain.till("S2", "T1")

    async def scans(at: Till, text: str) -> str:
        body = {**at.place, "identifier": {"type": "token", "value": text}}
        return str((await at.sends("/pos/v1/identify", body)).done()["customer_token"])

    anna.token = await scans(here, picture)
    thief = await there.quotes(anna, BIG, burn="500.00") if await scans(there, picture) else None
    assert thief is not None
    assert thief.answer["burn"]["auth_needed"] is True, "it names her there, and opens nothing"
    assert (await there.confirms(thief)).code == (403, "burn_not_authorised")
    (await there.cancels(thief.check)).done()
    quote = await here.quotes(anna, BIG, burn="500.00")
    assert (await here.confirms(quote)).done()["burned"] == "500.00"
    await scans(here, picture)
    again = await here.quotes(anna, BIG, burn="400.00")
    assert (await here.confirms(again)).code == (403, "burn_not_authorised"), "once"


async def test_a_qr_lets_burn_what_it_says_and_no_more(chain: Chain, till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    for points_minor, burn, is_enough in ((0, "300.00", False), (400_00, "400.01", False), (400_00, "400.00", True)):
        body = {**till.place, "identifier": {"type": "token", "value": burning.shows(anna, points_minor)}}
        anna.token = (await till.sends("/pos/v1/identify", body)).done()["customer_token"]
        quote = await till.quotes(anna, BIG, burn=burn)
        assert quote.answer["burn"]["auth_needed"] is not is_enough
        (await till.cancels(quote.check)).done()


@pytest.mark.parametrize("spoil", [lambda text: text[:-2] + "AA", lambda text: text[:40], lambda text: "ы" * 80])
async def test_a_qr_of_ones_own_making_is_nobody(chain: Chain, till: Till, burning: Burning, spoil: object) -> None:
    anna = await burning.rich(till)
    assert callable(spoil)
    before = await chain.fingerprint()
    body = {**till.place, "identifier": {"type": "token", "value": spoil(burning.shows(anna))}}
    assert (await till.sends("/pos/v1/identify", body)).code == (410, "card_stale")
    old = burning.shows(anna)
    chain.passes(seconds=92)
    body = {**till.place, "identifier": {"type": "token", "value": old}}
    assert (await till.sends("/pos/v1/identify", body)).code == (410, "card_stale")
    assert await chain.fingerprint() == before


async def test_nobody_pumps_messages_out_of_us(chain: Chain, till: Till, burning: Burning) -> None:
    """By till: whoever stole one and registers whole blocks of numbers gets as many messages as it may send. And
    without points there is nothing to ask for.
    """
    await burning.declares(till_hourly=2)
    poor = await till.registers()
    quote = await till.quotes(poor, BIG, burn="max")
    assert (await burning.asks(quote)).done()["status"] == "not_needed"
    codes = []
    for _ in range(3):
        shopper = await burning.rich(till)
        quote = await till.quotes(shopper, BIG, burn="500.00")
        codes.append((await burning.asks(quote)).status)
    assert codes == [200, 200, 429]
    abroad = await burning.rich(till, phone="+4915112345678")
    quote = await chain.till("S2", "T1").quotes(abroad, BIG, burn="500.00")
    assert (await burning.asks(quote)).code == (422, "phone_not_served")
    assert len(burning.phones.received) == 2


async def test_no_log_no_fact_and_no_table_knows_a_code(
    chain: Chain, till: Till, burning: Burning, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    anna = await burning.rich(till)
    await burning.sets_pin(anna, "481529")
    (await chain.staff.sends("/v1/supervisors", {"code": "adm-1", "secret": "card-778899"}, "PUT")).done()
    quote = await till.quotes(anna, BIG, burn="500.00")
    (await burning.asks(quote)).done()
    code, wrong = burning.phones.code, await wrong_for(burning, quote)
    await burning.asks(quote, code=wrong)
    await burning.asks(quote, "pin", code="999999")
    await burning.asks(quote, "admin", code="card-000001", reason="x")
    (await burning.asks(quote, code=code)).done()
    (await till.confirms(quote)).done()
    said = "\n".join(record.getMessage() for record in caplog.records) + repr(burning.phones.received)
    for table in await chain.tables():
        for row in await chain.rows(f"select t::text as line from {table} t"):
            said += row["line"]
    for secret in (code, "481529", "card-778899", "card-000001", anna.phone):
        assert secret not in said
        assert secret.encode().hex() not in said


async def test_two_tills_race_for_one_word(chain: Chain, till: Till, burning: Burning) -> None:
    """The same right code, sent ten times at once: one proof, one sale, one burn."""
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="500.00")
    (await burning.asks(quote)).done()
    code = burning.phones.code
    answers = await asyncio.gather(*(burning.asks(quote, code=code) for _ in range(10)))
    assert {answer["status"] for answer in answers} == {"authorized"}
    sales = await asyncio.gather(*(till.confirms(quote) for _ in range(5)))
    assert {sale.done()["burned"] for sale in sales} == {"500.00"}
    assert len(await chain.events("pos.burn_authorised.v1")) == 1
    assert (await till.identifies(anna))["balance"]["active"] == "565.00", "65 were earned"
    await chain.balances()


async def test_a_word_for_a_check_that_was_never_promised(till: Till, burning: Burning) -> None:
    anna = await burning.rich(till)
    check = uuid4()
    (await till.calculates(check, till.check(anna, BIG, burn="500.00", hold=False))).done()
    body = {**till.place, "rev": 1, "method": "sms"}
    assert (await till.sends(f"/pos/v1/checks/{check}:authorize", body)).code == (404, "check_unknown")
    assert burning.phones.received == []


async def test_a_wallet_is_not_emptied_by_many_small_burns(chain: Chain, till: Till, burning: Burning) -> None:
    await burning.declares(free_a_day="500.00")
    anna, other = await burning.rich(till), chain.till("S1", "T2")
    first = await till.quotes(anna, BIG, burn="250.00")
    assert first.answer["burn"]["auth_needed"] is False
    second = await other.quotes(anna, BIG, burn="250.00")
    assert second.answer["burn"]["auth_needed"] is False, "500 so far, one of them only held"
    (await till.confirms(first)).done()
    (await other.confirms(second)).done()
    third = await till.quotes(anna, BIG, burn="0.01")
    assert third.answer["burn"]["auth_needed"] is True
    assert (await till.confirms(third)).code == (403, "burn_not_authorised")
    whole = {"rev": 1, **till.place, "check": till.check(anna, BIG, burn="10.00", hold=False)}
    assert (await till.commits(uuid4(), whole)).code == (403, "burn_not_authorised"), "nor in one call"
    fourth = await till.quotes(anna, BIG, burn="200.00")
    (await burning.asks(fourth)).done()
    (await burning.asks(fourth, code=burning.phones.code)).done()
    assert (await till.confirms(fourth)).done()["burned"] == "200.00", "with her word"
    chain.passes(hours=25)
    anna.token = (await till.identifies(anna))["customer_token"]
    tomorrow = await till.quotes(anna, BIG, burn="100.00")
    assert tomorrow.answer["burn"]["auth_needed"] is False
    assert (await till.confirms(tomorrow)).done()["burned"] == "100.00"


async def test_tills_that_race_share_the_days_free_burns(chain: Chain, till: Till, burning: Burning) -> None:
    await burning.declares(free_a_day="500.00")
    anna = await burning.rich(till)
    tills = [till, chain.till("S1", "T2"), chain.till("S2", "T1")] * 3
    quotes = await asyncio.gather(*(one.quotes(anna, BIG, burn="100.00") for one in tills))
    sales = await asyncio.gather(*(one.till.confirms(one) for one in quotes))
    assert sorted(sale.status for sale in sales) == [200] * 5 + [403] * 4
    await chain.balances()


async def test_a_check_that_is_priced_again_counts_once(till: Till, burning: Burning) -> None:
    await burning.declares(free_a_day="250.00")
    anna = await burning.rich(till)
    quote = await till.quotes(anna, BIG, burn="250.00")
    for rev in (2, 3):
        look = await till.quotes(anna, BIG, burn="250.00", check=quote.check, rev=rev, hold=False)
        assert look.answer["burn"]["auth_needed"] is False
    quote = await till.quotes(anna, BIG, burn="250.00", check=quote.check, rev=4)
    assert quote.answer["burn"]["auth_needed"] is False
    assert (await till.confirms(quote)).done()["burned"] == "250.00"


async def test_promises_that_lapse_are_weighed_again_when_they_are_paid(
    chain: Chain, till: Till, burning: Burning
) -> None:
    """Ten checks of 100, each promised while the ones before it had lapsed: five of them are free."""
    await burning.declares(free_a_day="500.00")
    anna = await burning.rich(till)
    quotes = []
    for _ in range(10):
        quotes.append(await till.quotes(anna, BIG, burn="100.00", hold={"ttl_s": 10}))
        chain.passes(seconds=11)
    assert all(quote.answer["burn"]["auth_needed"] is False for quote in quotes)
    statuses = [(await till.confirms(quote)).status for quote in quotes]
    assert statuses == [200] * 5 + [403] * 5
    await chain.balances()
