"""Webhooks: every fact comes, each key in order, whoever fails; and nobody waits for a stranger."""

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.events.conftest import StoppedClock, sell
from tests.events.subscriptions.conftest import ANNA, PARTNER, Desk, Receiver, Request, later
from vokrug.events.subscriptions import WebhookDoor, api
from vokrug.events.subscriptions.errors import EndpointDisagreed
from vokrug.events.subscriptions.schemas import DeliveryLog, EndpointWish, GiveUp
from vokrug.events.subscriptions.webhooks import signing
from vokrug.events.subscriptions.webhooks.sender import Outcome
from vokrug.runtime.database import Database

DOWN = Outcome(error="ConnectionRefusedError")
BROKEN = Outcome(500, "no")


def fails_for(*sales: int, outcome: Outcome = BROKEN) -> Any:
    def answer(request: Request) -> Outcome:
        return outcome if any(number in sales for _, number in request.facts) else Outcome(204)

    return answer


async def deliveries(desk: Desk, name: str = "hook") -> DeliveryLog:
    return (await api.deliveries(desk.call(PARTNER, name))).body


async def parked(desk: Desk, name: str = "hook") -> list[tuple[int, int]]:
    return [(one.position, one.tries) for one in (await deliveries(desk, name)).parked]


def of_key(delivered: list[tuple[int, int]], key: int) -> list[int]:
    return [number for its, number in delivered if its == key]


@pytest.mark.parametrize("endpoint", [{}, {"mode": "binary"}, {"batch_size": 3}])
async def test_every_fact_comes_once_and_each_key_in_order(desk: Desk, endpoint: dict[str, Any]) -> None:
    await desk.webhook(**endpoint)
    sales = [(key, number) for number in range(5) for key in range(9)]
    await sell(desk.db, *sales)
    await desk.deliverer().run_once()
    delivered = desk.receiver.delivered
    assert sorted(delivered) == sorted(sales)
    for key in range(9):
        assert of_key(delivered, key) == list(range(5))
    shown = await desk.show("hook")
    assert shown.lag is not None
    assert (shown.lag.behind, shown.lag.oldest_s) == (0, 0)
    await desk.deliverer().run_once()
    assert len(desk.receiver.delivered) == len(sales), "and not again"


async def test_a_message_is_signed_with_both_secrets_while_they_change(desk: Desk, clock: StoppedClock) -> None:
    first = (await desk.webhook()).secret
    second = (await api.rotate_secret(desk.call(PARTNER, "hook"))).body.secret
    assert first is not None
    await sell(desk.db, (0, 1))
    await desk.deliverer().run_once()
    later(clock, days=1)
    await sell(desk.db, (0, 2))
    await desk.deliverer().run_once()
    both, alone = [request for request in desk.receiver.asked if request.method == "POST"]
    for request, secrets in ((both, (second, first)), (alone, (second,))):
        at_s = int(request.headers["webhook-timestamp"])
        message_id = request.headers["webhook-id"]
        expected = [signing.signature(one, message_id=message_id, at_s=at_s, body=request.body) for one in secrets]
        assert request.headers["webhook-signature"].split(" ") == expected
        assert request.headers["webhook-request-origin"] == "vokrug.test"


async def test_a_failing_fact_waits_with_its_key_and_everybody_else_flows(desk: Desk, clock: StoppedClock) -> None:
    """Keys 0 and 8 share a partition. The second sale of key 0 fails twice."""
    await desk.webhook()
    desk.receiver.answer = fails_for(2)
    await sell(desk.db, (0, 1), (0, 2), (8, 3), (0, 4), (8, 5))
    await desk.deliverer().run_once()
    assert of_key(desk.receiver.delivered, 8) == [3, 5]
    assert of_key(desk.receiver.delivered, 0) == [1]
    assert await parked(desk) == [(2, 1), (4, 0)]
    await sell(desk.db, (0, 6))
    later(clock, seconds=2)
    await desk.deliverer().run_once()
    assert await parked(desk) == [(2, 2), (4, 0), (6, 0)]
    desk.receiver.answer = fails_for()
    later(clock, seconds=8)
    await desk.deliverer().run_once()
    assert of_key(desk.receiver.delivered, 0) == [1, 2, 4, 6]
    assert await parked(desk) == []


async def test_after_enough_tries_a_person_redrives_in_order_or_gives_up(desk: Desk, clock: StoppedClock) -> None:
    await desk.webhook(tries=2)
    desk.receiver.answer = fails_for(1, 2)
    await sell(desk.db, (0, 1), (8, 2), (0, 3), (8, 4))
    for _ in range(3):
        await desk.deliverer().run_once()
        later(clock, hours=2)
    shown = await desk.show("hook")
    assert shown.lag is not None
    assert (shown.lag.behind, shown.lag.parked, shown.lag.stuck) == (4, 4, 2)
    desk.receiver.answer = fails_for(1)
    assert (await api.redrive(desk.call(PARTNER, "hook"), None)).body.keys == 2
    await desk.deliverer().run_once()
    assert desk.receiver.delivered == [(8, 2), (8, 4)]
    later(clock, hours=2)
    await desk.deliverer().run_once()
    await api.give_up(desk.call(PARTNER, "hook"), GiveUp(partition=0, position=1, reason="a test sale"))
    await desk.deliverer().run_once()
    assert desk.receiver.delivered[2:] == [(0, 3)]
    assert ("partner-1", "give_up") in await desk.acts("hook")


async def test_a_batch_that_fails_is_taken_apart_until_the_guilty_fact_is_found(
    desk: Desk, clock: StoppedClock
) -> None:
    await desk.webhook(batch_size=4)
    desk.receiver.answer = fails_for(5)
    await sell(desk.db, *((key, number) for number, key in enumerate([0, 8, 16, 0, 8, 16, 0, 8, 16, 0])))
    await desk.deliverer().run_once()
    assert sorted(number for _, number in desk.receiver.delivered) == [0, 1, 2, 3, 4, 6, 7, 9]
    assert await parked(desk) == [(6, 1), (9, 0)]
    desk.receiver.answer = fails_for()
    later(clock, seconds=2)
    await desk.deliverer().run_once()
    assert of_key(desk.receiver.delivered, 16) == [2, 5, 8]


async def test_a_receiver_that_is_down_is_left_alone_and_nothing_is_lost(desk: Desk, clock: StoppedClock) -> None:
    """Its facts stay in the log instead of being parked one by one."""
    await desk.webhook(tries=30)
    desk.receiver.answer = lambda request: DOWN
    sales = [(key, number) for number in range(20) for key in range(8)]
    await sell(desk.db, *sales)
    await desk.deliverer().run_once()
    asked = len(desk.receiver.asked)
    assert asked < 60
    await desk.deliverer().run_once()
    assert len(desk.receiver.asked) == asked, "the circuit is open"
    for _ in range(30):
        later(clock, minutes=2)
        await desk.deliverer().run_once()
    assert len(desk.receiver.asked) <= asked + 31, "one request asks whether it is back"
    shown = await desk.show("hook")
    assert shown.lag is not None
    assert shown.lag.behind == len(sales)
    assert shown.endpoint is not None
    assert (shown.endpoint.failures > 5, shown.endpoint.last_error) == (True, "no answer: ConnectionRefusedError")
    desk.receiver.answer = fails_for()
    for _ in range(10):
        later(clock, hours=2)
        await desk.deliverer().run_once()
    assert sorted(set(desk.receiver.delivered)) == sorted(sales)
    assert len(desk.receiver.delivered) == len(sales)
    for key in range(8):
        assert of_key(desk.receiver.delivered, key) == list(range(20))


async def test_a_receiver_that_asks_to_wait_is_waited_for(desk: Desk, clock: StoppedClock) -> None:
    await desk.webhook()
    desk.receiver.answer = lambda request: Outcome(429, "slowly", retry_after_s=120)
    await sell(desk.db, (0, 1), (0, 2))
    await desk.deliverer().run_once()
    assert await parked(desk) == [], "that is no failure of a fact"
    desk.receiver.answer = fails_for()
    later(clock, seconds=119)
    await desk.deliverer().run_once()
    assert desk.receiver.delivered == []
    later(clock, seconds=1)
    await desk.deliverer().run_once()
    assert desk.receiver.delivered == [(0, 1), (0, 2)]


async def test_a_receiver_that_has_gone_ends_its_subscription(desk: Desk) -> None:
    await desk.webhook()
    desk.receiver.answer = lambda request: Outcome(410)
    await sell(desk.db, (0, 1))
    await desk.deliverer().run_once()
    shown = await desk.show("hook")
    assert (shown.state, shown.reason, shown.lag) == ("retired", "the receiver answered 410 Gone", None)
    assert (await desk.acts("hook"))[-1] == ("vokrug", "retire")


async def test_no_more_than_agreed_goes_in_a_second(desk: Desk, clock: StoppedClock) -> None:
    await desk.webhook(wish={"max_per_s": 3})
    await sell(desk.db, *((key, 1) for key in range(8)))
    for milliseconds, expected in ((0, 3), (0, 3), (300, 3), (100, 4), (600, 6), (9_000, 8)):
        later(clock, milliseconds=milliseconds)
        await desk.deliverer().run_once()
        assert len(desk.receiver.delivered) == expected


async def test_what_a_receiver_granted_is_kept_to(desk: Desk, clock: StoppedClock) -> None:
    """Thirty a minute are one every two seconds."""
    await desk.webhook()
    async with desk.db.transaction() as tx:
        await tx.run("update events_endpoint set allowed_per_min = 30")
    await sell(desk.db, *((key, 1) for key in range(3)))
    for seconds, expected in ((0, 1), (1, 1), (1, 2), (2, 3)):
        later(clock, seconds=seconds)
        await desk.deliverer().run_once()
        assert len(desk.receiver.delivered) == expected


async def test_a_subscription_that_ends_while_it_sends_leaves_nothing_behind(desk: Desk) -> None:
    await desk.webhook()
    await sell(desk.db, (0, 1), (0, 2))
    retired = False

    class Ending(Receiver):
        async def send(self, *request: Any) -> Outcome:
            nonlocal retired
            if not retired:
                retired = True
                await api.retire(desk.call(ANNA, "hook"), None)
            return BROKEN

    desk.receiver = Ending()
    await desk.deliverer().run_once()
    shown = await desk.show("hook")
    assert (shown.state, shown.lag) == ("retired", None)
    assert (await deliveries(desk)).rounds == []


async def test_a_receiver_that_does_not_agree_gets_nothing(desk: Desk) -> None:
    class Refusing(Receiver):
        async def send(self, method: str, *rest: Any) -> Outcome:
            return Outcome(200, headers={"webhook-allowed-origin": "somebody.else"})

    await desk.request(name="hook", delivery="webhook", endpoint=EndpointWish(url="https://partner.example/hook"))
    await api.approve(desk.call(ANNA, "hook"))
    desk.services.add(WebhookDoor(Refusing(), "vokrug.test"))
    with pytest.raises(EndpointDisagreed):
        await api.activate(desk.call(PARTNER, "hook"))
    assert (await desk.show("hook")).state == "approved"


async def test_a_test_message_is_signed_and_moves_nothing(desk: Desk) -> None:
    await desk.webhook()
    pinged = (await api.ping(desk.call(PARTNER, "hook"))).body
    assert (pinged.is_delivered, pinged.status) == (True, 204)
    request = desk.receiver.asked[-1]
    assert request.events[0]["type"] == "vokrug.ping.v1"
    assert (await deliveries(desk)).rounds == []


async def test_who_always_fails_slows_nobody(desk: Desk) -> None:
    """The receiver of `bad` hangs until the test ends; `good` has everything long before."""
    hang, done = asyncio.Event(), asyncio.Event()
    sales = [(key, number) for number in range(4) for key in range(16)]

    def count(request: Request) -> Outcome:
        request.outcome = Outcome(204)
        if len(desk.receiver.delivered) == len(sales):
            done.set()
        return request.outcome

    class Mixed(Receiver):
        async def send(self, method: str, url: str, *rest: Any) -> Outcome:
            if method == "POST" and url.endswith("/bad"):
                await hang.wait()
                return DOWN
            return await super().send(method, url, *rest)

    desk.receiver = Mixed(answer=count)
    await desk.webhook("bad", wish={"max_in_flight": 50})
    await desk.webhook("good")
    await sell(desk.db, *sales)
    stop = asyncio.Event()
    running = asyncio.create_task(desk.deliverer().run(stop))
    async with asyncio.timeout(20):
        await done.wait()
    stop.set()
    hang.set()
    await running
    assert sorted(desk.receiver.delivered) == sorted(sales)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sales=st.lists(st.sampled_from([0, 1, 8, 16]), min_size=1, max_size=20),
    failures=st.dictionaries(st.integers(0, 19), st.integers(1, 7), max_size=6),
    outage=st.sets(st.integers(0, 60), max_size=25),
    batch_size=st.sampled_from([1, 1, 3]),
    width=st.integers(1, 9),
)
def test_whatever_fails_however_often_each_fact_comes_and_each_key_in_order(
    url_of_log: str, sales: list[int], failures: dict[int, int], outage: set[int], batch_size: int, width: int
) -> None:
    """A law: sales fail as often as the example says, and the receiver is down for some requests."""

    async def story() -> None:
        db = await Database.connect(url_of_log, max_size=5)
        clock, receiver, left, asked = StoppedClock(), Receiver(), dict(failures), [0]

        def answer(request: Request) -> Outcome:
            asked[0] += 1
            if asked[0] in outage:
                return DOWN
            for _, number in request.facts:
                if left.get(number, 0):
                    left[number] -= 1
                    return BROKEN
            return Outcome(204)

        receiver.answer = answer
        async with db.transaction() as tx:
            await tx.run("truncate events_log, events_offset, events_parked, events_subscription cascade")
            await tx.run("update events_head set next_position = 1")
        desk = Desk(db, clock, receiver)
        await desk.webhook(tries=30, batch_size=batch_size, wish={"max_in_flight": width})
        numbered = [(key, number) for number, key in enumerate(sales)]
        await sell(db, *numbered)
        others = [desk.deliverer(), desk.deliverer()]
        for _ in range(90):
            await asyncio.gather(*(one.run_once() for one in others))
            later(clock, hours=1)
            if len(receiver.delivered) >= len(sales):
                break
        await db.close()
        assert sorted(receiver.delivered) == sorted(numbered)
        for key in set(sales):
            assert of_key(receiver.delivered, key) == of_key(numbered, key)

    asyncio.run(story())


@pytest.fixture
def url_of_log(log: Database, database_url: str) -> str:
    return database_url
