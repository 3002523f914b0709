"""Bodies of requests and answers."""

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from vokrug.events.subscriptions.lifecycle import Sight
from vokrug.events.subscriptions.rules import shown_url
from vokrug.events.subscriptions.types import Act, Endpoint, Subscription, SubscriptionLag

Name = Annotated[str, Meta(pattern="^[a-z][a-z0-9_.-]{1,62}$")]
Words = Annotated[str, Meta(min_length=3, max_length=500, description="What it is for")]
Reason = Annotated[str, Meta(min_length=3, max_length=500)]
Moment = Annotated[datetime, Meta(tz=True)]
Purposes = Annotated[
    list[Annotated[str, Meta(min_length=1, max_length=80)]],
    Meta(max_length=20, description="Personal fields kept for any other purpose are left out"),
]


class EndpointWish(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Where a webhook goes."""

    url: Annotated[str, Meta(min_length=1, max_length=2000)]
    mode: Literal["structured", "binary"] = "structured"
    batch_size: Annotated[int, Meta(ge=1, le=500, description="More than one: several facts in a request")] = 1
    tries: Annotated[int, Meta(ge=1, le=30, description="After so many failures a fact waits for a person")] = 8
    timeout_s: Annotated[int, Meta(ge=1, le=30)] = 10


class RequestSubscription(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which facts somebody wants to read, and how."""

    name: Name
    words: Words
    types: Annotated[list[Annotated[str, Meta(min_length=1, max_length=120)]], Meta(min_length=1, max_length=100)]
    delivery: Literal["pull", "sse", "webhook", "broker"]
    filter: Annotated[str, Meta(max_length=4096, description="CloudEvents SQL; empty: everything")] = ""
    start: Literal["now", "beginning", "time", "cursor"] = "now"
    start_time: Moment | None = None
    start_cursor: Annotated[str, Meta(min_length=1, max_length=4000)] | None = None
    purposes: Purposes = []
    keeps_days: Annotated[int, Meta(ge=1, le=36500, description="How long the reader keeps what it reads")]
    lag_limit_days: (
        Annotated[int, Meta(ge=1, le=3650, description="How long the past is held back for it. Absent: for ever")]
        | None
    ) = None
    max_per_s: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    max_in_flight: (
        Annotated[int, Meta(ge=1, le=1000, description="Webhook: requests at a time. Otherwise: facts on a page")]
        | None
    ) = None
    topic: (
        Annotated[str, Meta(pattern="^[a-zA-Z0-9][a-zA-Z0-9._-]{0,198}$", description="At the broker; its own")] | None
    ) = None
    endpoint: EndpointWish | None = None


class EndpointView(msgspec.Struct):
    """Where a webhook goes, and how its receiver fares."""

    url: str
    mode: str
    batch_size: int
    tries: int
    timeout_s: int
    verified_at: datetime | None
    failures: Annotated[int, Meta(description="One after the other, without a success in between")]
    open_until: Annotated[datetime | None, Meta(description="Nothing is sent before")]
    last_status: int | None
    last_error: str
    last_failed_at: datetime | None
    delivered_at: datetime | None

    @classmethod
    def of(cls, endpoint: Endpoint) -> "EndpointView":
        shown = msgspec.convert(endpoint, cls, from_attributes=True)
        return msgspec.structs.replace(shown, url=shown_url(endpoint.url))


class LagView(msgspec.Struct):
    """How far a subscription is behind."""

    behind: Annotated[int, Meta(description="Facts it has not dealt with, of any type")]
    oldest_s: Annotated[float, Meta(description="How old the oldest of them is")]
    parked: int
    stuck: Annotated[int, Meta(description="Of the parked ones, those that wait for a person")]

    @classmethod
    def of(cls, lag: SubscriptionLag, now: datetime) -> "LagView":
        return cls(lag.behind, round(lag.age_s(now), 3), lag.parked, lag.stuck)


class SubscriptionView(msgspec.Struct):
    """A subscription as its owner and staff see it."""

    name: str
    owner_key: str
    words: str
    types: list[str]
    filter: str
    delivery: str
    start_from: str
    start_time: datetime | None
    start_cursor: str | None
    purposes: list[str]
    keeps_days: int
    lag_limit_days: int | None
    max_per_s: int | None
    max_in_flight: int
    topic: str | None
    state: str
    reason: str
    replays: str | None
    skipped: Annotated[int, Meta(description="Facts it never read, because it was too far behind")]
    requested_by: str
    requested_at: datetime
    approved_by: str | None
    changed_at: datetime
    lag: LagView | None = None
    endpoint: EndpointView | None = None
    sees: Annotated[list[str], Meta(description="Personal fields that it is shown")] = []
    left_out: Annotated[list[str], Meta(description="Personal fields that it is not shown")] = []
    secret: Annotated[str, Meta(description="Signs webhooks. Shown once")] | None = None

    @classmethod
    def of(
        cls,
        subscription: Subscription,
        now: datetime,
        *,
        lag: SubscriptionLag | None = None,
        endpoint: Endpoint | None = None,
        sight: Sight | None = None,
        secret: str | None = None,
    ) -> "SubscriptionView":
        fields = {name: getattr(subscription, name) for name in Subscription.__slots__}
        return cls(
            **fields,
            lag=LagView.of(lag, now) if lag else None,
            endpoint=EndpointView.of(endpoint) if endpoint else None,
            sees=sight.seen if sight else [],
            left_out=sight.left_out if sight else [],
            secret=secret,
        )


class SubscriptionList(msgspec.Struct):
    """Subscriptions with their lag."""

    subscriptions: list[SubscriptionView]


class WhyBody(msgspec.Struct, forbid_unknown_fields=True):
    """Why somebody does it."""

    reason: Reason


class HandOver(msgspec.Struct, forbid_unknown_fields=True):
    """Who reads from now on."""

    owner_key: Annotated[str, Meta(min_length=1, max_length=80)]


class Replay(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """From where the past is told again: a moment, or a cursor."""

    name: Name
    from_time: Moment | None = None
    cursor: Annotated[str, Meta(max_length=4000)] | None = None


class Redrive(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to try again: one key's facts, or all."""

    key: Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | None = None


class GiveUp(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Which parked fact is let go, and why."""

    partition: Annotated[int, Meta(ge=0, le=1023)]
    position: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    reason: Reason


class Redriven(msgspec.Struct):
    """How many keys move again."""

    keys: int


class Pinged(msgspec.Struct):
    """What the receiver said to a test message."""

    is_delivered: bool
    status: int | None
    error: str


class NewSecret(msgspec.Struct):
    """The former secret signs beside it for a day."""

    secret: str


class ActView(msgspec.Struct):
    at: datetime
    actor: str
    action: str
    details: dict[str, Any]

    @classmethod
    def of(cls, act: Act) -> "ActView":
        return cls(act.at, act.actor, act.action, dict(act.details))


class Trail(msgspec.Struct):
    """Everything that anybody did to a subscription, the latest first."""

    acts: list[ActView]


class RoundView(msgspec.Struct):
    at: datetime
    partition: int
    delivered: int
    failed: int
    status: int | None
    error: str


class ParkedView(msgspec.Struct):
    partition: int
    position: int
    key: int
    tries: int
    retry_at: datetime | None
    error: str


class DeliveryLog(msgspec.Struct):
    """The latest rounds, and what is parked, the oldest first."""

    rounds: list[RoundView]
    parked: list[ParkedView]


class SubscriptionPage(msgspec.Struct):
    """A stretch of the log, as this subscription sees it."""

    events: Annotated[list[msgspec.Raw], Meta(description="CloudEvents 1.0 objects, in order for each `partitionkey`")]
    next: Annotated[str, Meta(description="Send as `cursor` to read on, and commit it when you have dealt with it")]
    has_more: bool
    skipped: Annotated[int, Meta(description="Facts dropped unread so far, because the lag limit was passed")] = 0


class CommitCursor(msgspec.Struct, forbid_unknown_fields=True):
    """Everything up to here is dealt with."""

    cursor: Annotated[str, Meta(min_length=1, max_length=4000)]
