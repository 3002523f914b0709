"""Each till's trouble is seen, told once, and told to be over; a row a shop says how all of them fare."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from tests.pos.chain import COFFEE, Answer, Chain, Till, fiscal
from vokrug.pos import TillMeter
from vokrug.pos.watching import operations, rules
from vokrug.pos.watching.schemas import AlarmPolicy
from vokrug.runtime.http import Caller, Role


async def beats(chain: Chain, till: Till, **told: Any) -> Answer:
    at = (chain.services.clock.now() + told.pop("ahead", timedelta())).isoformat()
    return (await till.sends("/pos/v1/heartbeat", {**till.place, "at": at, "software": "1C 8.3", **told})).done()


async def watched(chain: Chain) -> tuple[int, int]:
    """A minute's look."""
    async with chain.services.db.transaction() as tx:
        return await operations.watch(tx, chain.services.clock.now())


async def flushed(chain: Chain) -> int:
    return await chain.services.get(TillMeter).flush(chain.services.db, chain.services.clock.now())


async def of_shop(chain: Chain, code: str = "S1") -> dict[str, Any]:
    shops = (await chain.staff.sends("/v1/shops/health", None, "GET")).done()["shops"]
    found: dict[str, Any] = next(shop for shop in shops if shop["shop"] == code)
    return found


async def of_till(chain: Chain, till: Till) -> dict[str, Any]:
    tills = (await chain.staff.sends(f"/v1/tills/health?shop={till.shop}", None, "GET")).done()["tills"]
    found: dict[str, Any] = next(one for one in tills if one["till"] == till.code)
    return found


async def test_a_silent_till_is_told_once_and_its_return_once(chain: Chain, till: Till) -> None:
    await beats(chain, till)
    assert await watched(chain) == (0, 0), "tills that were never connected are no trouble of tonight's"
    chain.passes(minutes=16)
    assert await watched(chain) == (1, 0)
    assert await watched(chain) == (0, 0)
    (alarm,) = (await of_shop(chain))["alarms"]
    assert (alarm["alarm"], alarm["till"]) == ("silent", "T1")
    await beats(chain, till)
    assert await watched(chain) == (0, 1)
    assert (await of_shop(chain))["alarms"] == []
    assert await kinds(chain) == [("raised", "silent"), ("cleared", "silent")]


async def kinds(chain: Chain) -> list[tuple[str, str]]:
    found = []
    for kind in ("raised", "cleared"):
        for fact in await chain.events(f"pos.till_alarm_{kind}.v1"):
            data = msgspec.json.decode(fact["data"])
            assert (data["shop"], data["till"]) == ("S1", "T1")
            found.append((kind, data["alarm"]))
    return found


async def test_what_a_till_says_is_judged_by_the_policy(chain: Chain, till: Till) -> None:
    await beats(
        chain, till, ahead=timedelta(minutes=6), queue_length=100, declined=1, calls=100, unanswered=5, p95_ms=900
    )
    seen = await of_till(chain, till)
    assert seen["alarms"] == ["clock_wrong", "queue_long", "documents_declined", "line_bad"]
    calm = {"skew_s": 400, "queue_length": 101, "documents_declined": 2, "unanswered_bp": 600}
    declared = (await chain.staff.sends("/v1/alarm-policy", calm, "PUT")).done()
    assert (await chain.staff.sends("/v1/alarm-policy", calm, "PUT")).done().body == declared.body, "no new version"
    assert (await of_till(chain, till))["alarms"] == []
    (await chain.staff.sends("/v1/alarm-policy", {**calm, "till_p95_ms": 899}, "PUT")).done()
    assert (await of_till(chain, till))["alarms"] == ["line_bad"], "slow as the till waits"
    assert (await chain.staff.sends("/v1/alarm-policy", None, "GET")).done()["policy"]["till_p95_ms"] == 899
    assert (await chain.staff.sends("/v1/alarm-policy", {"errors_bp": 0}, "PUT")).status == 422


async def test_calls_are_counted_in_memory_and_written_by_minutes(chain: Chain, till: Till) -> None:
    """Nothing is written by a call; two processes add up; a quarter of an hour later nobody speaks of it."""
    await flushed(chain)
    before = await chain.rows("select coalesce(sum(calls), 0) as calls from pos_till_traffic")
    for _ in range(3):
        (await till.sells(None, COFFEE))[1].done()
    assert (await till.calculates(uuid4(), {"rev": 1})).status == 422
    assert await chain.rows("select coalesce(sum(calls), 0) as calls from pos_till_traffic") == before
    assert await flushed(chain) == 1
    assert await flushed(chain) == 0
    other, caller = (
        TillMeter(),
        Caller("k", Role.TILL, 1, (await chain.rows("select id from pos_till order by id"))[0]["id"]),
    )
    for status, took_s in ((500, 6.0), (200, 0.001), (503, 0.3)):
        other.note(caller, status, took_s)
    other.note(Caller("staff", Role.STAFF), 500, 1.0)
    assert await other.flush(chain.services.db, chain.services.clock.now()) == 1
    seen, shop = await of_till(chain, till), await of_shop(chain)
    assert (seen["calls"], seen["errors"], seen["refusals"]) == (10, 2, 1)
    assert (shop["calls"], shop["errors"], shop["refusals"], shop["centre_p95_ms"]) == (10, 2, 1, 5000)
    chain.passes(minutes=21)
    assert ((await of_till(chain, till))["calls"], (await of_shop(chain))["calls"]) == (0, 0)


async def test_many_errors_are_an_alarm(chain: Chain, till: Till) -> None:
    await beats(chain, till)
    await flushed(chain)
    meter = TillMeter()
    caller = Caller("k", Role.TILL, 1, (await chain.rows("select id from pos_till order by id"))[0]["id"])
    for status in [200] * 96 + [500] * 4:
        meter.note(caller, status, 0.6)
    await meter.flush(chain.services.db, chain.services.clock.now())
    assert (await of_till(chain, till))["alarms"] == ["errors_many", "slow"]
    assert await watched(chain) == (2, 0)


async def test_what_could_not_be_written_waits(chain: Chain, till: Till) -> None:
    meter, caller = TillMeter(), Caller("k", Role.TILL, 1, 1)
    meter.note(caller, 200, 0.02)
    await chain.rows("select 1")
    closed = await type(chain.services.db).connect(chain.url, max_size=1)
    await closed.close()
    with pytest.raises(Exception, match="clos"):
        await meter.flush(closed, chain.services.clock.now())
    meter.note(caller, 200, 0.02)
    assert await meter.flush(chain.services.db, chain.services.clock.now()) == 1
    rows = await chain.rows("select calls from pos_till_traffic where till_id = 1")
    assert sum(row["calls"] for row in rows) == 2


async def test_deviations_and_waiting_returns_are_a_shops_alarm(chain: Chain, till: Till) -> None:
    (await chain.staff.sends("/v1/alarm-policy", {"deviations_a_day": 1, "returns_waiting": 1}, "PUT")).done()
    quote = await till.quotes(None, COFFEE)
    (await till.confirms(quote, claimed={"to_pay": "95.00"}, fiscal=fiscal())).done()
    (await till.returns(till.returning(uuid4(), _1=None))).done()
    assert await watched(chain) == (2, 0)
    shop = await of_shop(chain)
    assert (shop["deviations"], shop["deviation_sum"], shop["returns_waiting"]) == (1, "5.00", 1)
    assert {(alarm["alarm"], alarm["till"]) for alarm in shop["alarms"]} == {
        ("deviations_many", None),
        ("returns_waiting", None),
    }
    assert (await of_shop(chain, "S2"))["alarms"] == []
    chain.passes(days=1, minutes=1)
    assert await watched(chain) == (0, 1), "deviations are of the last day; the return still waits"


async def test_three_hundred_shops_are_one_statement(chain: Chain) -> None:
    """A row a shop, those in trouble first; what it costs does not grow with what was sold before."""
    async with chain.services.db.transaction() as tx:
        await tx.run(
            "insert into pos_shop (code, name, zone, currency, legal_entity, groups, tolerance_line_minor, "
            "tolerance_check_minor, created_at) select 'M' || n, 'shop', 'UTC', 'RUB', '', '{}', 1, 5, now() "
            "from generate_series(1, 298) n"
        )
        await tx.run(
            "insert into pos_till (shop_id, code, created_at) select id, 'X', now() from pos_shop where code like 'M%'"
        )
    await beats(chain, chain.till("S2", "T1"), queue_length=500)
    await watched(chain)
    answer = (await chain.staff.sends("/v1/shops/health", None, "GET")).done()
    assert (len(answer["shops"]), answer["with_alarms"]) == (300, 1)
    assert answer["shops"][0]["shop"] == "S2"
    statements = await asked(chain)
    assert len(statements) == 1


async def asked(chain: Chain) -> list[str]:
    """The statements that one look at all shops sends."""
    sent: list[str] = []

    class Listening:
        def __init__(self, tx: Any) -> None:
            self.tx = tx

        async def rows(self, sql: str, *args: object) -> Any:
            sent.append(sql)
            return await self.tx.rows(sql, *args)

    async with chain.services.db.transaction(readonly=True) as tx:
        await operations.shops_health(Listening(tx), chain.services.clock.now())  # type: ignore[arg-type]
    return sent


async def test_a_shops_own_staff_see_their_shop(chain: Chain) -> None:
    shop_id = (await chain.rows("select id from pos_shop where code = 'S2'"))[0]["id"]
    asked = {"uid": str(uuid4()), "role": "staff", "label": "S2", "shop_id": shop_id, "is_sandbox": True}
    issued = (await chain.staff.sends("/v1/keys", asked)).body
    theirs = {"authorization": f"Bearer {issued['token']}"}
    answer = await chain.http.get("/v1/shops/health", headers=theirs)
    assert [shop["shop"] for shop in answer.json()["shops"]] == ["S2"]
    assert (await chain.till().sends("/v1/shops/health", None, "GET")).status == 403


@pytest.mark.parametrize(
    ("times", "expected"),
    [((), None), ([0] * 11, None), ([1] + [0] * 10, 10), ([94, 0, 6] + [0] * 8, 50), ([95, 0, 5] + [0] * 8, 10)],
)
def test_of_a_hundred_calls_the_ninety_fifth(times: Any, expected: int | None) -> None:
    assert rules.p95_ms(times) == expected


@pytest.mark.parametrize(("took_ms", "place"), [(0, 0), (10, 0), (10.1, 1), (5000, 9), (5001, 10), (1e9, 10)])
def test_each_time_has_its_bucket(took_ms: float, place: int) -> None:
    assert rules.bucket_of(took_ms) == place


def test_the_usual_policy_is_what_was_before() -> None:
    usual = AlarmPolicy()
    assert (usual.silent_minutes, usual.skew_s, usual.queue_length) == (15, 300, 100)
