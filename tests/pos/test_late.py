"""Before the fiscal receipt is printed the centre may say no; after it, it records."""

from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Chain, Shopper, Till, fiscal, times
from vokrug.kernel import format_minor


async def deviations(chain: Chain) -> list[tuple[str, int, int, int]]:
    rows = await chain.rows("select kind, expected_minor, printed_minor, points_short_minor from pos_deviation")
    return [tuple(row.values()) for row in rows]


async def test_another_price_is_refused_before_the_receipt(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote = await till.quotes(shopper, COFFEE)
    before = await chain.fingerprint()
    refused = await till.confirms(quote, claimed={"to_pay": "99.90"})
    assert refused.code == (409, "price_changed")
    assert "100.00" in refused["cashier_text"]
    assert await chain.fingerprint() == before


@pytest.mark.parametrize(
    ("claimed", "is_tolerated"),
    [
        ({"to_pay": "100.05"}, True),
        ({"to_pay": "99.95"}, True),
        ({"to_pay": "100.06"}, False),
        ({"to_pay": "99.94"}, False),
        ({"to_pay": "100.00", "lines": [{"n": 1, "sum": "100.01"}]}, True),
        ({"to_pay": "100.00", "lines": [{"n": 1, "sum": "99.98"}]}, False),
        ({"to_pay": "100.00", "lines": [{"n": 2, "sum": "100.00"}]}, False),
        ({"to_pay": "100.00", "points": "0.01"}, False),
        ({"to_pay": "100.00", "points": "0.00"}, True),
    ],
)
async def test_a_kopeck_is_tolerated_a_rouble_is_not(
    till: Till, shopper: Shopper, claimed: dict[str, object], is_tolerated: bool
) -> None:
    quote = await till.quotes(shopper, COFFEE)
    answer = await till.confirms(quote, claimed=claimed)
    if is_tolerated:
        assert answer.done()["paid"] == "100.00"
    else:
        assert answer.code == (409, "price_changed")


async def test_a_printed_receipt_is_recorded_and_its_deviation_listed(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    """The till charged 90 where 100 was due: 90 stand in the books, 10 on the shop's deviation account."""
    quote = await till.quotes(shopper, COFFEE)
    sign = fiscal()
    answer = await till.confirms(quote, claimed={"to_pay": "90.00"}, fiscal=sign)
    assert (answer.status, answer["status"]) == (202, "accepted_late")
    assert (answer["paid"], answer["deviation"]) == ("90.00", "10.00")
    assert await deviations(chain) == [("price", 100_00, 90_00, 0)]
    assert len(await chain.events("pos.deviation_raised.v1")) == 1
    assert await account(chain, "deviation/S1") == "-10.00"
    again = await till.confirms(quote, claimed={"to_pay": "90.00"}, fiscal=sign)
    assert (again.status, again.is_repeat, again.body) == (202, True, answer.body)
    await chain.balances()


async def test_a_printed_receipt_that_agrees_is_no_deviation(chain: Chain, till: Till, shopper: Shopper) -> None:
    quote = await till.quotes(shopper, COFFEE)
    assert (await till.confirms(quote, fiscal=fiscal())).status == 200
    assert await deviations(chain) == []


async def test_points_that_are_gone_are_short_on_a_printed_receipt(chain: Chain, till: Till, shopper: Shopper) -> None:
    """18 points were printed as paid; the promise had ended and 12.50 are left: 5.50 are on the list."""
    await till.sells(shopper, CAKE)
    quote = await till.quotes(shopper, COFFEE, burn="max", hold={"ttl_s": 60})
    chain.passes(seconds=61)
    await chain.till("S2").sells(shopper, COFFEE, burn="10.00")
    answer = (await till.confirms(quote, fiscal=fiscal())).done()
    assert (answer.status, answer["burned"]) == (202, "12.50")
    assert await deviations(chain) == [("points", 82_00, 82_00, 5_50)]
    await chain.balances()


async def test_a_price_is_kept_for_a_quarter_of_an_hour_and_a_little(
    chain: Chain, till: Till, shopper: Shopper
) -> None:
    quote, other = await till.quotes(shopper, COFFEE), await till.quotes(shopper, COFFEE)
    chain.passes(minutes=16)
    assert (await till.confirms(other)).status == 200, "a till that lost its line repeats itself"
    chain.passes(minutes=2)
    before = await chain.fingerprint()
    assert (await till.confirms(quote)).code == (409, "quote_expired")
    assert await chain.fingerprint() == before
    late = await till.confirms(quote, fiscal=fiscal())
    assert (late.status, late["status"], late["paid"]) == (202, "accepted_late", "100.00")


async def test_a_whole_check_from_a_tills_queue(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Sold without a line two hours ago, by a price of the till's own; its token has run out since."""
    check = till.check(shopper, COFFEE, at=chain.services.clock.now().isoformat(), hold=False)
    body = {"rev": 1, **till.place, "check": check, "claimed": {"to_pay": "95.00"}, "fiscal": fiscal()}
    chain.passes(hours=2)
    answer = (await till.commits(uuid4(), body)).done()
    assert (answer.status, answer["paid"], answer["deviation"]) == (202, "95.00", "5.00")
    assert await shopper.points() == "5.00"
    await chain.balances()


async def test_a_printed_receipt_of_a_stranger_is_recorded(chain: Chain, till: Till) -> None:
    """The till took a phone nobody has registered: the sale stands as a sale to nobody, and is on the list."""
    check = till.check(None, COFFEE, hold=False, identifier={"type": "phone", "value": "+79990000000"})
    check_id, body = uuid4(), {"rev": 1, **till.place, "check": check, "fiscal": fiscal()}
    answer = (await till.commits(check_id, body)).done()
    assert (answer.status, answer["paid"], answer["earned"], answer["balance"]) == (202, "100.00", "0.00", None)
    assert await deviations(chain) == [("customer", 100_00, 100_00, 0)]
    again = await till.commits(check_id, body)
    assert (again.status, again.is_repeat) == (202, True)
    await chain.balances()


async def test_a_forged_token_is_refused_even_with_a_receipt(chain: Chain, till: Till, shopper: Shopper) -> None:
    forged = shopper.token[:-4] + ("AAAA" if shopper.token[-4:] != "AAAA" else "BBBB")
    check = till.check(shopper, COFFEE, hold=False, customer_token=forged)
    before = await chain.fingerprint()
    answer = await till.commits(uuid4(), {"rev": 1, **till.place, "check": check, "fiscal": fiscal()})
    assert answer.code == (401, "customer_token_stale")
    assert await chain.fingerprint() == before


async def test_a_revision_that_is_not_the_latest(chain: Chain, till: Till, shopper: Shopper) -> None:
    first = await till.quotes(shopper, COFFEE)
    await till.quotes(shopper, CAKE, check=first.check, rev=2)
    before = await chain.fingerprint()
    assert (await till.confirms(first)).code == (409, "revision_stale")
    ahead = {"rev": 3, **till.place}
    assert (await till.commits(first.check, ahead)).code == (404, "check_unknown")
    assert await chain.fingerprint() == before


async def test_an_old_revision_that_was_printed_is_recorded(chain: Chain, till: Till, shopper: Shopper) -> None:
    """The till printed revision 1, and revision 2 is what we know: 100 were paid, 360 expected."""
    first = await till.quotes(shopper, COFFEE)
    await till.quotes(shopper, CAKE, check=first.check, rev=2)
    answer = (await till.confirms(first, fiscal=fiscal())).done()
    assert (answer.status, answer["paid"], answer["deviation"]) == (202, "100.00", "260.00")
    await chain.balances()


async def test_a_return_gives_back_what_was_printed(chain: Chain, till: Till, shopper: Shopper) -> None:
    """Two cakes were due 720 and printed as 700.01: both returns together give back 700.01, to the kopeck."""
    quote = await till.quotes(shopper, times(CAKE, "2"), COFFEE)
    (await till.confirms(quote, claimed={"to_pay": "800.01"}, fiscal=fiscal())).done()
    first = (await till.returns(till.returning(quote.check, _1="1"))).done()
    second = (await till.returns(till.returning(quote.check))).done()
    refunds = [int(answer["refund"].replace(".", "")) for answer in (first, second)]
    assert format_minor(sum(refunds)) == "800.01"
    (standing,) = await chain.rows("select spent_minor from promotions_standing")
    assert standing == {"spent_minor": 0}
    await chain.balances()


async def account(chain: Chain, code: str) -> str:
    """Credits less debits of a summed wallet."""
    (row,) = await chain.rows(
        "select coalesce(sum(d.credits - d.debits), 0)::bigint as net from ledger_wallet w "
        "join ledger_delta d on d.wallet_id = w.id where w.code = $1",
        code,
    )
    return format_minor(row["net"])
