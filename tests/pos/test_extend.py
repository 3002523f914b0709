"""The shopper went back for milk."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Answer, Chain, Quote, Shopper, Till
from tests.pos.test_gift_cards import left, paying, printed, selling


async def extends(quote: Quote, ttl_s: int = 900, till: Till | None = None, rev: int | None = None) -> Answer:
    body = {**(till or quote.till).place, "rev": quote.rev if rev is None else rev, "ttl_s": ttl_s}
    return await (till or quote.till).sends(f"/pos/v1/checks/{quote.check}:extend", body)


async def test_points_and_price_wait_for_longer(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, CAKE)
    quote = await till.quotes(shopper, COFFEE, burn="max")
    chain.passes(minutes=14)
    given = (await extends(quote)).done()
    until = datetime.fromisoformat(given["valid_until"])
    assert until - chain.services.clock.now() > timedelta(minutes=14)
    assert given["hold"]["until"] == given["valid_until"]
    chain.passes(minutes=14)
    assert await shopper_points(chain, till, shopper) == "0.00", "still set aside"
    sale = (await till.confirms(quote)).done()
    assert (sale["burned"], sale["paid"]) == ("18.00", "82.00")
    await chain.balances()


async def shopper_points(chain: Chain, till: Till, shopper: Shopper) -> str:
    return str((await till.identifies(shopper)).done()["balance"]["active"])


async def test_said_again_it_gives_no_less_and_no_more_than_the_most(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    await till.sells(shopper, CAKE)
    quote = await till.quotes(shopper, COFFEE, burn="max", hold={"ttl_s": 900})
    most = datetime.fromisoformat((await extends(quote, 10)).done()["most_until"])
    hold = (await extends(quote, 60)).done()["hold"]
    before = await chain.fingerprint()
    assert (await extends(quote, 10)).done()["hold"] == hold, "never less"
    assert await chain.fingerprint() == before
    for _ in range(6):
        chain.passes(minutes=9)
        answer = (await extends(quote, 86_400)).done()
        assert datetime.fromisoformat(answer["valid_until"]) == most
    chain.passes(minutes=9)
    assert (await extends(quote)).code == (409, "quote_expired")
    assert await shopper_points(chain, till, shopper) == "18.00", "and the points are their owner's again"


async def test_the_programme_says_how_long_is_the_longest(chain: Chain, till: Till, shopper: Shopper) -> None:
    (await chain.staff.sends("/v1/till-policy", {"hold_most_s": 7200}, "PUT")).done()
    quote = await till.quotes(shopper, COFFEE)
    priced = datetime.fromisoformat(quote.answer["valid_until"]) - timedelta(minutes=15)
    answer = (await extends(quote, 86_400)).done()
    assert datetime.fromisoformat(answer["most_until"]) - priced == timedelta(hours=2)
    assert answer["hold"] is None, "nothing was set aside but the price"
    chain.passes(minutes=110)
    assert (await till.confirms(quote)).done()["paid"] == "100.00"


async def test_what_is_lost_is_not_extended(chain: Chain, till: Till, shopper: Shopper) -> None:
    await till.sells(shopper, CAKE)
    quote = await till.quotes(shopper, COFFEE, burn="max", hold={"ttl_s": 60})
    chain.passes(seconds=61)
    lost = await extends(quote)
    assert (lost.code, lost["facts"]) == ((410, "hold_lost"), {"available": "18.00"})
    gone = await till.quotes(shopper, COFFEE, burn="max")
    (await till.cancels(gone.check)).done()
    before = await chain.fingerprint()
    assert (await extends(gone)).code == (410, "hold_lost")
    assert await chain.fingerprint() == before


async def test_limits_and_codes_wait_as_well(chain: Chain, till: Till, shopper: Shopper) -> None:
    await chain.publishes(
        "once",
        {
            "kind": "item_discount",
            "goods": {"skus": ["coffee"]},
            "benefit": {"kind": "percent", "percent_bp": 5000},
            "limits": [{"subject": "offer", "period": "ever", "measure": "uses", "most": 1}],
        },
    )
    quote = await till.quotes(shopper, COFFEE, hold={"ttl_s": 60})
    assert quote.to_pay == "50.00"
    (await extends(quote, 900)).done()
    chain.passes(seconds=120)
    other = await chain.till("S1", "T2").quotes(None, COFFEE)
    assert other.to_pay == "100.00", "the only one is still set aside"
    assert (await till.confirms(quote)).done()["paid"] == "50.00"


async def test_a_gift_card_waits_as_well(chain: Chain, till: Till, shopper: Shopper) -> None:
    (card,) = await printed(chain)
    await till.sells(shopper, selling(card, "500.00"))
    quote = await till.quotes(shopper, CAKE, gift_cards=paying(card), hold={"ttl_s": 60})
    (await extends(quote, 900)).done()
    chain.passes(seconds=120)
    assert await left(till, card) == "140.00", "the rest of it"
    (await till.confirms(quote)).done()
    assert await left(till, card) == "140.00"
    await chain.balances()


async def test_whose_check_it_is_and_which(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote = await till.quotes(shopper, COFFEE)
    body = {**till.place, "rev": 1}
    assert (await till.sends(f"/pos/v1/checks/{uuid4()}:extend", body)).code == (404, "check_unknown")
    assert (await extends(quote, till=chain.till("S1", "T2"))).code == (403, "document_of_another_till")
    assert (await extends(quote, rev=2)).code == (404, "check_unknown")
    later = await till.quotes(shopper, COFFEE, CAKE, check=quote.check, rev=2)
    assert (await extends(quote)).code == (409, "revision_stale")
    (await till.confirms(later)).done()
    assert (await extends(later)).code == (409, "already_committed")


@pytest.mark.parametrize("ttl_s", [9, 86_401, -1])
async def test_a_time_that_means_nothing(till: Till, shopper: Shopper, ttl_s: int) -> None:
    quote = await till.quotes(shopper, COFFEE)
    assert (await extends(quote, ttl_s)).status == 422
