"""Fraud limits: counted after the sale, scored, held for somebody to look at; a sale is never refused for them."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.pos.chain import CAKE, COFFEE, Answer, Chain, Shopper, Till
from vokrug import events, pos
from vokrug.pos.fraud import rules
from vokrug.pos.fraud.types import AfterClose, Happened, Rule, Seen, Terms, TooMuch, TwoShops

NOON = datetime(2031, 5, 5, 9, tzinfo=UTC)


def rule(terms: Terms, code: str = "r") -> Rule:
    return Rule(code=code, name_ru="п", name_en="r", terms=terms, score=10, holds=False, is_on=True)


def happened(**more: Any) -> Happened:
    given: dict[str, Any] = {
        "document": uuid4(),
        "at": NOON,
        "zone": "Europe/Moscow",
        "shop": "S1",
        "till": "T1",
        "cashier": "Вера",
        "customer": 7,
        "is_return": False,
        "amounts": {"sales": 1},
    }
    return Happened(**{**given, **more})


@pytest.mark.parametrize(
    ("subject", "word"),
    [
        ("shop", "shop:S1"),
        ("till", "till:S1/T1"),
        ("cashier", "cashier:S1/Вера"),
        ("customer", "customer:7"),
        ("customer_at_till", "customer:7 till:S1/T1"),
        ("customer_by_cashier", "customer:7 cashier:S1/Вера"),
    ],
)
def test_whom_a_rule_counts_for(subject: Any, word: str) -> None:
    assert rules.named(subject, happened()) == word


def test_a_rule_counts_nothing_for_nobody_and_nothing_it_does_not_measure() -> None:
    by_cashier = rule(TooMuch(subject="customer_by_cashier", measure="sales", minutes=60, most=1))
    assert rules.wanted([by_cashier], happened(cashier=None)) == {}
    assert rules.wanted([by_cashier], happened(customer=None)) == {}
    burns = rule(TooMuch(subject="till", measure="burns", minutes=60, most=1))
    assert rules.wanted([burns], happened(amounts={"sales": 1, "burns": 0})) == {}
    assert rules.wanted([by_cashier], happened()) == {
        "r": ("customer:7 cashier:S1/Вера", "sales", NOON - timedelta(minutes=50))
    }


@pytest.mark.parametrize(
    ("shop", "minutes_ago", "met"),
    [("S2", 5, True), ("S2", 10, True), ("S2", 11, False), ("S1", 1, False), ("S2", -5, True)],
)
def test_one_card_in_two_shops(shop: str, minutes_ago: int, met: bool) -> None:
    seen = Seen(shop=shop, at=NOON - timedelta(minutes=minutes_ago))
    found = rules.alarms([rule(TwoShops(minutes=10))], happened(), {}, seen)
    assert bool(found) is met
    assert rules.alarms([rule(TwoShops(minutes=10))], happened(is_return=True), {}, seen) == []


@pytest.mark.parametrize(
    ("since", "until", "hour_utc", "closed"),
    [
        ("22:00", "08:00", 20, True),  # 23:00 in Moscow
        ("22:00", "08:00", 4, True),
        ("22:00", "08:00", 5, False),
        ("22:00", "08:00", 18, False),
        ("13:00", "14:00", 10, True),
        ("13:00", "14:00", 11, False),
    ],
)
def test_when_a_shop_is_closed(since: str, until: str, hour_utc: int, closed: bool) -> None:
    """By the shop's own clock; the end is not in it."""
    hours = AfterClose(since=since, until=until)
    at = NOON.replace(hour=hour_utc)
    assert bool(rules.alarms([rule(hours)], happened(at=at, is_return=True), {}, None)) is closed
    assert rules.alarms([rule(hours)], happened(at=at), {}, None) == [], "sales are not its business"


async def watched(chain: Chain) -> list[dict[str, Any]]:
    """What is open when everything told so far is read: here, or by the runner of the application."""
    await chain.reacts(pos.look_for_fraud)
    assert await chain.rows("select * from events_parked where reaction = 'pos.fraud'") == []
    answer = (await chain.staff.sends("/v1/suspicions", None, "GET")).done()
    found: list[dict[str, Any]] = answer["suspicions"]
    return found


async def rules_are(chain: Chain, **given: dict[str, Any]) -> None:
    """These rules and no others."""
    for known in (await chain.staff.sends("/v1/fraud-rules", None, "GET")).done()["rules"]:
        assert (await chain.staff.sends(f"/v1/fraud-rules/{known['code']}", None, "DELETE")).status == 204
    for code, more in given.items():
        body = {"name_ru": f"Правило {code}", "name_en": code, **more}
        (await chain.staff.sends(f"/v1/fraud-rules/{code}", body, "PUT")).done()


async def decides(chain: Chain, suspicion: dict[str, Any], verdict: str) -> Answer:
    body = {"verdict": verdict, "note": "посмотрели"}
    return await chain.staff.sends(f"/v1/suspicions/{suspicion['id']}:decide", body)


THREE_SALES = {"kind": "too_much", "subject": "customer_by_cashier", "measure": "sales", "minutes": 60, "most": 2}


async def test_a_chain_begins_with_rules_that_hold_nothing(chain: Chain) -> None:
    known = (await chain.staff.sends("/v1/fraud-rules", None, "GET")).done()["rules"]
    assert len(known) == 6
    assert not any(one["holds"] for one in known)


async def test_a_card_that_a_cashier_knows_too_well(chain: Chain, till: Till, shopper: Shopper) -> None:
    """The third sale within the hour is too much. It is sold, and somebody is told."""
    await rules_are(chain, own_card={"terms": THREE_SALES, "score": 80})
    for _ in range(2):
        await till.sells(shopper, COFFEE, cashier="Вера")
    await till.sells(shopper, COFFEE, cashier="Нина")
    assert await watched(chain) == []
    for _ in range(2):
        await till.sells(shopper, COFFEE, cashier="Вера")
    (one,) = await watched(chain)
    assert (one["rule"], one["name"], one["times"], one["measured"], one["most"]) == (
        "own_card",
        "Правило own_card",
        2,
        4,
        2,
    )
    assert (one["shop"], one["score"], len(one["documents"]), one["points_held"]) == ("S1", 80, 2, "0.00")
    assert await shopper.points() == "25.00", "nothing was refused and nothing held"
    assert len(await chain.events("pos.suspicion_raised.v1")) == 1
    chain.passes(hours=2)
    shopper.token = (await till.identifies(shopper)).done()["customer_token"]
    await till.sells(shopper, COFFEE, cashier="Вера")
    (same,) = await watched(chain)
    assert same["times"] == 2, "an hour later it is one sale again"


@pytest.mark.parametrize(("verdict", "left"), [("cleared", "28.00"), ("confirmed", "10.00")])
async def test_points_wait_until_somebody_has_looked(
    chain: Chain, till: Till, shopper: Shopper, verdict: str, left: str
) -> None:
    await rules_are(chain, own_card={"terms": THREE_SALES, "holds": True})
    for line in (COFFEE, COFFEE, CAKE):
        await till.sells(shopper, line, cashier="Вера")
    (one,) = await watched(chain)
    assert one["points_held"] == "18.00", "what the third sale earned"
    balance = await shopper.balance()
    assert (balance["active"], balance["held"]) == ("10.00", "18.00")
    first = (await decides(chain, one, verdict)).done()
    assert (first["state"], first["points_held"], first["decided_by"]) == (verdict, "0.00", chain.staff.key.key_id)
    assert (await shopper.balance())["active"] == left
    before = await chain.fingerprint()
    assert (await decides(chain, one, verdict)).done().body == first.body
    other = "cleared" if verdict == "confirmed" else "confirmed"
    assert (await decides(chain, one, other)).code == (409, "suspicion_decided")
    assert await chain.fingerprint() == before
    assert await watched(chain) == []
    (told,) = await chain.events("pos.suspicion_decided.v1")
    assert f'"verdict":"{verdict}"' in str(told["data"])
    await chain.balances()


async def test_a_hold_that_nobody_looked_at_ends_by_itself(chain: Chain, till: Till, shopper: Shopper) -> None:
    await rules_are(chain, own_card={"terms": {**THREE_SALES, "most": 1}, "holds": True})
    for line in (COFFEE, CAKE):
        await till.sells(shopper, line, cashier="Вера")
    (one,) = await watched(chain)
    chain.passes(days=31)
    (await chain.staff.sends("/v1/ledger:night", {})).done()
    assert (await shopper.balance())["active"] == "23.00"
    (await decides(chain, one, "confirmed")).done()
    assert (await shopper.balance())["active"] == "23.00", "nothing was held any more: take it by hand"
    await chain.balances()


async def test_one_card_in_two_shops_within_minutes(chain: Chain, till: Till, shopper: Shopper) -> None:
    await rules_are(chain, twins={"terms": {"kind": "two_shops", "minutes": 10}})
    await till.sells(shopper, COFFEE)
    chain.passes(minutes=4)
    other = chain.till("S2", "T1")
    await other.sells(shopper, COFFEE)
    (one,) = await watched(chain)
    assert (one["rule"], one["shop"], one["measured"]) == ("twins", "S2", 4)
    assert one["customer"] is not None


async def test_returns_after_close(chain: Chain, till: Till, shopper: Shopper) -> None:
    now = chain.services.clock.now().astimezone(UTC) + timedelta(hours=3)  # in Moscow
    hours = {"since": f"{now:%H}:00", "until": f"{now + timedelta(hours=1):%H}:00"}
    await rules_are(chain, late={"terms": {"kind": "after_close", **hours}})
    quote, _ = await till.sells(shopper, COFFEE)
    assert await watched(chain) == []
    (await till.returns(till.returning(quote.check))).done()
    (one,) = await watched(chain)
    assert (one["rule"], one["subject"]) == ("late", "till:S1/T1")


@pytest.mark.parametrize(("is_replay", "days_ago"), [(True, 0), (False, 9)])
async def test_facts_told_again_or_long_ago_raise_nothing(
    chain: Chain, till: Till, shopper: Shopper, is_replay: bool, days_ago: int
) -> None:
    await rules_are(chain, own_card={"terms": {**THREE_SALES, "subject": "shop", "most": 1}})
    await till.sells(shopper, COFFEE)
    assert await watched(chain) == []
    (fact,) = await chain.events("pos.sale_committed.v1")
    told = events.Envelope(
        partition=fact["partition"],
        position=fact["position"],
        type="pos.sale_committed.v1",
        id=fact["id"],
        key=fact["key"],
        subject=fact["subject"],
        time=fact["time"],
        recorded_at=fact["recorded_at"] - timedelta(days=days_ago),
        data=fact["data"],
        is_replay=is_replay,
    )
    async with chain.services.db.transaction() as tx:
        await pos.look_for_fraud.handle(tx, told, chain.services.clock.now())
    assert await watched(chain) == []


async def test_rules_that_make_no_sense_are_refused(chain: Chain) -> None:
    before = await chain.fingerprint()
    terms = {"kind": "two_shops", "minutes": 10}
    for code, body in [
        ("Bad code", {"name_ru": "п", "name_en": "r", "terms": terms}),
        ("r", {"name_ru": "п", "name_en": "r", "terms": {**terms, "minutes": 0}}),
        ("r", {"name_ru": "п", "name_en": "r", "terms": {"kind": "too_much", "subject": "weather"}}),
        ("r", {"name_ru": "", "name_en": "r", "terms": terms}),
        ("r", {"name_ru": "п", "name_en": "r", "terms": terms, "score": 0}),
    ]:
        answer = await chain.staff.sends(f"/v1/fraud-rules/{code}", body, "PUT")
        assert answer.status in (404, 422), answer
    assert (await chain.staff.sends("/v1/fraud-rules/none", None, "DELETE")).code == (404, "fraud_rule_unknown")
    unknown = await chain.staff.sends(f"/v1/suspicions/{uuid4()}:decide", {"verdict": "cleared", "note": "нет"})
    assert unknown.code == (404, "suspicion_unknown")
    assert await chain.fingerprint() == before
