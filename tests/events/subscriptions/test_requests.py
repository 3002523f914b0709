"""Self-service: a partner asks, another pair of eyes approves, and every step leaves a trace."""

from datetime import timedelta
from typing import Any

import pytest

from tests.events.conftest import NOON, StoppedClock, sell
from tests.events.subscriptions.conftest import ANNA, BORIS, PARTNER, STRANGER, Desk, numbers
from vokrug.events.errors import CursorMalformed, EventTypeUnknown
from vokrug.events.registry import store as registry
from vokrug.events.subscriptions import TopicDoor, api, errors
from vokrug.events.subscriptions.schemas import EndpointWish, HandOver, Replay, WhyBody
from vokrug.events.subscriptions.types import State
from vokrug.kernel import Refusal
from vokrug.runtime.http import Role

HOOK = EndpointWish(url="https://partner.example/hook?token=abc")


async def test_from_a_request_to_the_end(desk: Desk, clock: StoppedClock) -> None:
    asked = await desk.request(types=["shop.brought.v1"], purposes=["delivery"])
    assert (asked.state, asked.owner_key, asked.secret) == ("requested", "partner-1", None)
    assert asked.sees == ["shop.brought.v1: phone"]
    assert asked.left_out == ["shop.brought.v1: guests[].name"]
    await api.approve(desk.call(ANNA, "audit"))
    assert (await desk.show("audit")).approved_by == "staff-anna"
    await api.activate(desk.call(PARTNER, "audit"))
    await api.pause(desk.call(PARTNER, "audit"), WhyBody("we move house"))
    assert (await desk.show("audit")).reason == "we move house"
    await api.resume(desk.call(PARTNER, "audit"))
    await api.retire(desk.call(ANNA, "audit"), None)
    assert await desk.acts("audit") == [
        ("partner-1", "request"),
        ("staff-anna", "approve"),
        ("partner-1", "activate"),
        ("partner-1", "pause"),
        ("partner-1", "resume"),
        ("staff-anna", "retire"),
    ]


async def test_who_subscribes_is_a_consumer_that_is_asked_before_a_change(desk: Desk) -> None:
    await desk.request(types=["shop.brought.v1"], purposes=["delivery"])
    async with desk.db.transaction() as tx:
        assert await registry.consumers(tx) == []
    await api.approve(desk.call(ANNA, "audit"))
    async with desk.db.transaction() as tx:
        (consumer,) = await registry.consumers(tx)
        assert (consumer.name, consumer.keys, consumer.purposes) == ("audit", ["partner-1"], ["delivery"])
        assert [(one.type, one.fields) for one in await registry.readings(tx)] == [("shop.brought.v1", None)]
    await api.hand_over(desk.call(ANNA, "audit"), HandOver(owner_key="partner-2"))
    async with desk.db.transaction() as tx:
        assert [one.keys for one in await registry.consumers(tx)] == [["partner-2"]]
    await api.retire(desk.call(ANNA, "audit"), None)
    async with desk.db.transaction() as tx:
        assert await registry.consumers(tx) == []


async def test_what_a_consumer_has_said_of_itself_stays(desk: Desk) -> None:
    """It reads one field only, so it is asked about that one only."""
    said = registry.Consumer("audit", "ours", "audit@partner.example", [], 30, ["partner-1"], NOON, NOON)
    async with desk.db.transaction() as tx:
        await registry.write_consumer(tx, said, [registry.Reading("audit", "shop.sold.v1", ["number"], False)])
    await desk.subscribe()
    await api.retire(desk.call(ANNA, "audit"), None)
    async with desk.db.transaction() as tx:
        assert await registry.consumers(tx) == [said]
        assert [one.fields for one in await registry.readings(tx)] == [["number"]]


@pytest.mark.parametrize("topic", ["vokrug.events", "others"])
async def test_a_topic_is_one_subscriptions_for_ever(desk: Desk, topic: str) -> None:
    await desk.request(name="others", delivery="broker", topic="others")
    await api.reject(desk.call(ANNA, "others"), WhyBody("no contract"))
    with pytest.raises(errors.TopicTaken):
        await desk.request(delivery="broker", topic=topic)
    with pytest.raises(errors.SubscriptionUnknown):
        await desk.show("audit")


async def test_without_a_broker_nothing_is_promised_there(desk: Desk) -> None:
    desk.services.add(TopicDoor(False, "vokrug.events"))
    with pytest.raises(errors.NoBroker):
        await desk.request(delivery="broker", topic="mine")
    with pytest.raises(errors.SubscriptionUnknown):
        await desk.show("audit")


async def test_who_asked_does_not_approve(desk: Desk) -> None:
    await desk.request(ANNA)
    with pytest.raises(errors.FourEyes):
        await api.approve(desk.call(ANNA, "audit"))
    assert (await desk.show("audit")).state == "requested"
    approved = (await api.approve(desk.call(BORIS, "audit"))).body
    assert approved.state == "approved"


async def test_a_request_is_declined_with_a_reason(desk: Desk) -> None:
    await desk.request()
    declined = (await api.reject(desk.call(ANNA, "audit"), WhyBody("no contract"))).body
    assert (declined.state, declined.reason) == ("retired", "no contract")


async def test_the_same_request_again_is_the_same_subscription(desk: Desk, clock: StoppedClock) -> None:
    wish: dict[str, Any] = {"delivery": "webhook", "endpoint": HOOK}
    first = await desk.request(**wish)
    clock.moment += timedelta(minutes=1)
    again = await desk.request(**wish)
    assert first.secret is not None
    assert again == first
    for other in ({"words": "something else"}, {"endpoint": EndpointWish(url="https://partner.example/other")}):
        with pytest.raises(errors.SubscriptionNameTaken):
            await desk.request(**wish | other)
    with pytest.raises(errors.SubscriptionNameTaken):
        await desk.request(STRANGER, **wish)
    assert await desk.acts("audit") == [("partner-1", "request")]
    await api.approve(desk.call(ANNA, "audit"))
    with pytest.raises(errors.SubscriptionNameTaken):
        await desk.request(**wish)


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"types": ["shop.sold.v2"]}, EventTypeUnknown),
        ({"filter": "type = "}, errors.FilterMalformed),
        ({"filter": "colour = 'red'"}, errors.FilterMalformed),
        ({"filter": "FROB(type)"}, errors.FilterMalformed),
        ({"purposes": ["delivery"]}, errors.PurposeUnknown),
        ({"start": "time"}, errors.StartMalformed),
        ({"start_cursor": "0:1"}, errors.StartMalformed),
        ({"start": "cursor", "start_cursor": "99:1"}, CursorMalformed),
        ({"delivery": "webhook"}, errors.EndpointNeeded),
        ({"endpoint": HOOK}, errors.EndpointNeeded),
        ({"delivery": "broker"}, errors.EndpointNeeded),
        ({"topic": "sales"}, errors.EndpointNeeded),
        ({"delivery": "webhook", "endpoint": EndpointWish(url="http://partner.example/")}, errors.EndpointRefused),
        ({"delivery": "webhook", "endpoint": EndpointWish(url="https://10.0.0.1/")}, errors.EndpointRefused),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused_and_leaves_nothing(
    desk: Desk, wish: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal) as refused:
        await desk.request(**wish)
    assert refused.value.cashier.say("ru", **refused.value.facts)
    assert (await api.list_subscriptions(desk.call(ANNA))).body.subscriptions == []


STEPS = ("approve", "reject", "activate", "pause", "resume", "retire")

ALLOWED = {
    "requested": {"approve", "reject", "retire"},
    "approved": {"activate", "retire"},
    "active": {"pause", "retire"},
    "paused": {"resume", "retire"},
    "retired": set(),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", list(ALLOWED))
async def test_each_state_allows_its_steps_and_no_other(desk: Desk, state: str, step: str) -> None:
    await desk.request()
    for before in {
        "requested": [],
        "approved": ["approve"],
        "active": ["approve", "activate"],
        "paused": ["approve", "activate", "pause"],
        "retired": ["retire"],
    }[state]:
        await take(desk, before)
    trail = await desk.acts("audit")
    if step in ALLOWED[state]:
        await take(desk, step)
        return
    with pytest.raises(errors.StateForbids):
        await take(desk, step)
    assert (await desk.show("audit")).state == state
    assert await desk.acts("audit") == trail


async def take(desk: Desk, step: str) -> None:
    takes_body = {"reject", "pause", "retire"}
    body = [WhyBody("a reason")] if step in takes_body else []
    await getattr(api, step)(desk.call(ANNA, "audit"), *body)


async def test_a_stranger_finds_nothing_behind_any_door(desk: Desk) -> None:
    await desk.webhook()
    before = await desk.show("hook")
    doors: list[tuple[Any, ...]] = [
        (api.show,),
        (api.activate,),
        (api.pause, None),
        (api.resume,),
        (api.retire, None),
        (api.replay, Replay(name="again", cursor="")),
        (api.redrive, None),
        (api.rotate_secret,),
        (api.ping,),
        (api.deliveries,),
        (api.audit,),
    ]
    for door, *body in doors:
        with pytest.raises(errors.SubscriptionUnknown):
            await door(desk.call(STRANGER, "hook"), *body)
        with pytest.raises(errors.SubscriptionUnknown):
            await door(desk.call(STRANGER, "no-such-thing"), *body)
    assert (await api.list_subscriptions(desk.call(STRANGER))).body.subscriptions == []
    assert await desk.show("hook") == before


def test_tills_do_not_subscribe_and_partners_do_not_approve() -> None:
    for_staff = {"approve", "reject", "hand_over"}
    for route in api.routes.all:
        name = route.handler.__name__
        assert route.roles == ({Role.STAFF} if name in for_staff else {Role.STAFF, Role.PARTNER}), name


async def test_a_partner_who_changes_keys_keeps_the_place(desk: Desk) -> None:
    await desk.subscribe()
    await api.hand_over(desk.call(ANNA, "audit"), HandOver("partner-2"))
    with pytest.raises(errors.SubscriptionUnknown):
        await api.show(desk.call(PARTNER, "audit"))
    assert (await api.show(desk.call(STRANGER, "audit"))).body.state == "active"


async def test_a_list_shows_the_lag_as_one_number(desk: Desk, clock: StoppedClock) -> None:
    await desk.subscribe()
    await desk.request(name="waiting")
    await sell(desk.db, (0, 1), (1, 2), (2, 3))
    async with desk.db.transaction() as tx:
        await tx.run("update events_log set recorded_at = $1", NOON - timedelta(hours=1))
    listed = (await api.list_subscriptions(desk.call(ANNA))).body.subscriptions
    audit, waiting = listed
    assert (audit.name, waiting.name, waiting.lag) == ("audit", "waiting", None)
    assert audit.lag is not None
    assert (audit.lag.behind, audit.lag.oldest_s) == (3, 3600)
    only = (await api.list_subscriptions(desk.call(PARTNER, state=State.REQUESTED))).body.subscriptions
    assert [one.name for one in only] == ["waiting"]


async def test_the_address_is_shown_without_what_it_may_hide(desk: Desk) -> None:
    shown = await desk.request(delivery="webhook", endpoint=HOOK)
    assert shown.endpoint is not None
    assert shown.endpoint.url == "https://partner.example/hook"


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        ({"start": "now"}, [9]),
        ({"start": "beginning"}, [1, 2, 3, 9]),
        ({"start": "cursor", "start_cursor": "0:2"}, [3, 9]),
        ({"start": "cursor", "start_cursor": "0:99"}, [9]),
        ({"start": "time", "start_time": NOON + timedelta(days=2)}, [2, 3, 9]),
    ],
)
async def test_it_starts_where_it_was_asked_to(desk: Desk, start: dict[str, Any], expected: list[int]) -> None:
    await sell(desk.db, (0, 1), (0, 2), (0, 3))
    async with desk.db.transaction() as tx:
        await tx.run("update events_log set recorded_at = $1::timestamptz + position * interval '1 day'", NOON)
    await desk.subscribe(**start)
    await sell(desk.db, (0, 9))
    assert numbers(await desk.pull()) == expected
