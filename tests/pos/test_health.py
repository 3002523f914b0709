"""A till says how it fares; somebody sees what is wrong."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.pos.chain import Answer, Chain, Till


async def beats(chain: Chain, till: Till, *, ahead: timedelta = timedelta(), queue_length: int = 0) -> Answer:
    at = (chain.services.clock.now() + ahead).isoformat()
    body = {**till.place, "at": at, "software": "1C 8.3.27", "queue_length": queue_length}
    return await till.sends("/pos/v1/heartbeat", body)


async def health(chain: Chain, till: Till) -> dict[str, Any]:
    tills = (await chain.staff.sends(f"/v1/tills/health?shop={till.shop}", None, method="GET")).done()["tills"]
    found: dict[str, Any] = next(each for each in tills if each["till"] == till.code)
    return found


async def test_a_till_falls_silent_and_comes_back(chain: Chain, till: Till) -> None:
    assert (await health(chain, till))["alarms"] == ["never_seen"]
    assert (await beats(chain, till)).done()["commands"] == []
    seen = await health(chain, till)
    assert (seen["alarms"], seen["software"], seen["queue_length"]) == ([], "1C 8.3.27", 0)
    chain.passes(minutes=16)
    assert (await health(chain, till))["alarms"] == ["silent"]
    (await beats(chain, till)).done()
    assert (await health(chain, till))["alarms"] == []


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(minutes=-6)])
async def test_a_wrong_clock_and_a_queue_are_told_to_both_sides(chain: Chain, till: Till, ahead: timedelta) -> None:
    heard = (await beats(chain, till, ahead=ahead, queue_length=100)).done()
    assert heard["commands"] == ["set_clock", "send_queue"]
    assert abs(timedelta(milliseconds=heard["skew_ms"]) - ahead) < timedelta(minutes=1)
    assert datetime.fromisoformat(heard["now"]).tzinfo is not None
    assert (await health(chain, till))["alarms"] == ["clock_wrong", "queue_long"]


async def test_a_till_speaks_for_itself_only(chain: Chain, till: Till) -> None:
    before = await chain.fingerprint()
    body = {"shop": "S2", "till": "T1", "at": "2026-01-01T00:00:00Z", "software": "x"}
    assert (await till.sends("/pos/v1/heartbeat", body)).code == (403, "foreign_shop")
    assert (await till.sends("/v1/tills/health", None, method="GET")).status == 403
    for clock in ("now", "2026-01-01T00:00:00"):
        unread = await till.sends("/pos/v1/heartbeat", {**till.place, "at": clock, "software": "x"})
        assert unread.status == 422, "a clock without its zone says nothing"
    assert await chain.fingerprint() == before
    for clock in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        lost = await till.sends("/pos/v1/heartbeat", {**till.place, "at": clock, "software": "x"})
        assert lost.done()["commands"] == ["set_clock"]
