"""Bodies of watching tills."""

from datetime import datetime
from typing import Annotated

import msgspec

from vokrug.pos.schemas import Body, Reply

Least = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Points = Annotated[int, msgspec.Meta(ge=1, le=10_000, description="basis points: 200 is 2 %")]


class AlarmPolicy(Body, frozen=True, kw_only=True):
    """From where on somebody should look. Shares and times are of the last quarter of an hour, `least_calls` in it.

    `errors_bp`: calls of a till that the centre failed to answer; `unanswered_bp`: those a till heard nothing to;
    `centre_p95_ms` and `till_p95_ms`: how long 95 of 100 calls took here, and as the till waited.
    """

    silent_minutes: Least = 15
    skew_s: Least = 300
    queue_length: Least = 100
    documents_declined: Least = 1
    least_calls: Least = 20
    errors_bp: Points = 200
    unanswered_bp: Points = 500
    centre_p95_ms: Least = 500
    till_p95_ms: Least = 2_000
    deviations_a_day: Least = 20
    returns_waiting: Least = 20


class AlarmPolicyDeclared(Reply, frozen=True, kw_only=True):
    version: int
    policy: AlarmPolicy


class OpenAlarm(Reply, frozen=True, kw_only=True):
    """`till`: none where it is the whole shop's."""

    alarm: str
    till: str | None
    since: datetime


class ShopHealth(Reply, frozen=True, kw_only=True):
    """One shop. Calls, errors and times are of the last quarter of an hour; deviations of the last day."""

    shop: str
    name: str
    integration: str | None
    tills: int
    tills_seen: int
    last_seen: datetime | None
    software: list[str]
    worst_skew_ms: int
    queue_length: int
    declined: int
    calls: int
    errors: int
    refusals: int
    centre_p95_ms: int | None
    till_p95_ms: int | None
    unanswered: int
    deviations: int
    deviation_sum: str
    returns_waiting: int
    alarms: list[OpenAlarm]


class ShopsHealth(Reply, frozen=True, kw_only=True):
    """The shops with alarms first."""

    shops: list[ShopHealth]
    with_alarms: int
