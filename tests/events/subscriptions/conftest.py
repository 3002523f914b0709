"""A partner who subscribes, staff who approve, and receivers of every temper."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import msgspec
import pytest

from tests.events.conftest import NOON, SHOP, SHOPPER, StoppedClock
from tests.events.door import ANNA as TOWN_ANNA
from tests.events.door import Town
from vokrug.events import Catalogue, Event, Installation, Personal, synchronise
from vokrug.events.subscriptions import (
    Lenses,
    LogWatch,
    Streams,
    TopicDoor,
    WebhookDeliverer,
    WebhookDoor,
    api,
    reading_api,
)
from vokrug.events.subscriptions.schemas import EndpointWish, RequestSubscription, SubscriptionPage, SubscriptionView
from vokrug.events.subscriptions.webhooks.sender import Outcome
from vokrug.kernel import new_id
from vokrug.runtime.database import Database
from vokrug.runtime.http import Call, Caller, Role, Services
from vokrug.runtime.key_ring import KeyRing
from vokrug.runtime.signing import Vault

SECRET = "an installation's secret, long enough"

STEADY: dict[str, Any] = {"jitter": lambda: 0.5, "origin": "vokrug.test"}

PARTNER = Caller("partner-1", Role.PARTNER)
STRANGER = Caller("partner-2", Role.PARTNER)
ANNA = Caller("staff-anna", Role.STAFF)
BORIS = Caller("staff-boris", Role.STAFF)


class Guest(msgspec.Struct):
    """Who came along."""

    name: Annotated[str, Personal("contact")] = ""
    age: int = 0


DOORS = Catalogue()  # beside the shop's: what others declare there is counted


@DOORS.event("shop.brought.v1", owner="shop", key="customer")
class Brought(Event, frozen=True):
    """Goods came to a door."""

    number: int
    phone: Annotated[str | None, Personal("delivery")] = None
    guests: Sequence[Guest] = ()


@pytest.fixture
async def log(db: Database, town: Town) -> Database:
    town.keys[SHOPPER], town.declined[SHOPPER] = town.keys[TOWN_ANNA], set()
    async with db.transaction() as tx:
        await synchronise(tx, NOON, SHOP)
        await synchronise(tx, NOON, DOORS)
    return db


@dataclass
class Receiver:
    """A receiver inside this process. `answer` decides about each request, by default with 204."""

    answer: Callable[["Request"], Outcome] = lambda request: Outcome(204)
    asked: list["Request"] = field(default_factory=list)

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout_s: float) -> Outcome:
        request = Request(method, url, headers, body)
        self.asked.append(request)
        if method == "OPTIONS":
            return Outcome(204, headers={"webhook-allowed-origin": "*"})
        request.outcome = self.answer(request)
        return request.outcome

    @property
    def delivered(self) -> list[tuple[int, int]]:
        """(key, number) of every fact that was accepted, in the order of their coming."""
        return [fact for one in self.asked if one.method == "POST" and one.outcome.is_delivered for fact in one.facts]


@dataclass
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    outcome: Outcome = field(default_factory=Outcome)

    @property
    def events(self) -> list[dict[str, Any]]:
        given = json.loads(self.body)
        if "ce-id" in self.headers:
            return [{"partitionkey": self.headers["ce-partitionkey"], "data": given}]
        return given if isinstance(given, list) else [given]

    @property
    def facts(self) -> list[tuple[int, int]]:
        return [(int(event["partitionkey"]), event["data"]["number"]) for event in self.events]


class Desk:
    """The doors that partners and staff use."""

    def __init__(self, db: Database, clock: StoppedClock, receiver: Receiver) -> None:
        self.db = db
        self.clock = clock
        self.receiver = receiver
        self.services = Services(db=db, reports=db, clock=clock)
        self.vault = Vault(SECRET)
        self.installation = Installation("mall")
        for part in (
            KeyRing(db, self.vault),
            self.installation,
            WebhookDoor(receiver, "vokrug.test"),
            Lenses(self.installation),
            LogWatch(db, every_s=0.01),
            Streams(),
            TopicDoor(True, "vokrug.events"),
        ):
            self.services.add(part)

    def call(
        self, caller: Caller = PARTNER, name: str = "", headers: Mapping[str, str] | None = None, **q: Any
    ) -> Call:
        query = {key: str(value) for key, value in q.items()}
        return Call(
            self.services, caller, self.clock.now(), "en", {"name": name}, query, headers or {}, new_id(), asked=q
        )

    async def request(self, caller: Caller = PARTNER, **wish: Any) -> SubscriptionView:
        usual: dict[str, Any] = {
            "name": "audit",
            "words": "counts what was sold",
            "types": ["shop.sold.v1"],
            "delivery": "pull",
            "start": "beginning",
            "keeps_days": 30,
        }
        body = RequestSubscription(**usual | wish)
        return (await api.request(self.call(caller), body)).body

    async def subscribe(self, name: str = "audit", **wish: Any) -> SubscriptionView:
        """Requested, approved and active."""
        asked = await self.request(name=name, **wish)
        await api.approve(self.call(ANNA, name))
        active = (await api.activate(self.call(PARTNER, name))).body
        return msgspec.structs.replace(active, secret=asked.secret)

    async def webhook(
        self, name: str = "hook", *, wish: Mapping[str, Any] | None = None, **endpoint: Any
    ) -> SubscriptionView:
        to = EndpointWish(**{"url": f"https://partner.example/{name}"} | endpoint)
        return await self.subscribe(name, delivery="webhook", endpoint=to, **(wish or {}))

    async def pull(self, name: str = "audit", **query: Any) -> SubscriptionPage:
        return (await reading_api.pull(self.call(PARTNER, name, **query))).body

    async def show(self, name: str) -> SubscriptionView:
        return (await api.show(self.call(ANNA, name))).body

    def deliverer(self, **more: Any) -> WebhookDeliverer:
        return WebhookDeliverer(
            self.db,
            self.clock,
            self.receiver,
            self.vault,
            self.installation,
            **STEADY | more,
        )

    async def acts(self, name: str) -> list[tuple[str, str]]:
        trail = (await api.audit(self.call(ANNA, name))).body
        return [(act.actor, act.action) for act in reversed(trail.acts)]


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
async def desk(log: Database, clock: StoppedClock, receiver: Receiver) -> Desk:
    return Desk(log, clock, receiver)


def numbers(page: SubscriptionPage) -> list[int]:
    return [msgspec.json.decode(event)["data"]["number"] for event in page.events]


def later(clock: StoppedClock, **how_much: Any) -> datetime:
    clock.moment += timedelta(**how_much)
    return clock.moment
