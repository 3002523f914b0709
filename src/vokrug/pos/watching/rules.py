"""When a till is in trouble: thresholds, and which of them are passed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from vokrug.pos.watching.schemas import AlarmPolicy
from vokrug.runtime.database import Row

Alarm = Literal[
    "never_seen", "silent", "clock_wrong", "queue_long", "documents_declined", "errors_many", "slow", "line_bad"
]
ShopAlarm = Literal["deviations_many", "returns_waiting"]

WINDOW = timedelta(minutes=15)
SLOT_S = 300
UP_TO_MS = (10, 25, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000)  # and one more for whatever took longer


def bucket_of(took_ms: float) -> int:
    for place, most in enumerate(UP_TO_MS):
        if took_ms <= most:
            return place
    return len(UP_TO_MS)


def p95_ms(times: Sequence[int]) -> int | None:
    """The upper bound of the bucket that the 95th of a hundred calls fell into. None: there were no calls."""
    total, passed = sum(times), 0
    for place, many in enumerate(times):
        passed += many
        if total and passed * 100 >= total * 95:
            return UP_TO_MS[min(place, len(UP_TO_MS) - 1)]
    return None


def alarms(row: Row, policy: AlarmPolicy, now: datetime) -> list[Alarm]:
    """What is wrong with one till."""
    if row["seen_at"] is None:
        return ["never_seen"]
    centre_p95 = p95_ms(row["times"] or ())
    many_calls, many_told = (row["calls"] or 0) >= policy.least_calls, row["told_calls"] >= policy.least_calls
    told: tuple[tuple[Alarm, bool], ...] = (
        ("silent", row["seen_at"] < now - timedelta(minutes=policy.silent_minutes)),
        ("clock_wrong", abs(row["skew_ms"]) > policy.skew_s * 1000),
        ("queue_long", row["queue_length"] >= policy.queue_length),
        ("documents_declined", row["declined"] >= policy.documents_declined),
        ("errors_many", many_calls and row["errors"] * 10_000 >= row["calls"] * policy.errors_bp),
        ("slow", many_calls and centre_p95 is not None and centre_p95 > policy.centre_p95_ms),
        (
            "line_bad",
            many_told
            and (
                row["unanswered"] * 10_000 >= row["told_calls"] * policy.unanswered_bp
                or (row["told_p95_ms"] or 0) > policy.till_p95_ms
            ),
        ),
    )
    return [alarm for alarm, is_so in told if is_so]


def shop_alarms(row: Row, policy: AlarmPolicy) -> list[ShopAlarm]:
    """What is wrong with a shop as a whole."""
    told: tuple[tuple[ShopAlarm, bool], ...] = (
        ("deviations_many", row["deviations"] >= policy.deviations_a_day),
        ("returns_waiting", row["returns_waiting"] >= policy.returns_waiting),
    )
    return [alarm for alarm, is_so in told if is_so]
