"""How tills fare: what they say of themselves, and what somebody should look at."""

from datetime import datetime, timedelta
from typing import Literal

from vokrug.pos import store
from vokrug.pos.schemas import Heartbeat, HeartbeatHeard, TillHealth, TillsHealth
from vokrug.pos.types import Till
from vokrug.runtime.database import Row, Tx
from vokrug.runtime.http import Caller, Role
from vokrug.runtime.rotation import first_used, turn_of

Command = Literal["set_clock", "send_queue", "rotate_key"]
Alarm = Literal["never_seen", "silent", "clock_wrong", "queue_long"]

SILENT_AFTER = timedelta(minutes=15)
# Signed requests are taken within five minutes of our clock: beyond that a till is soon shut out.
MOST_SKEW_MS = 300_000
LONG_QUEUE = 100


async def hear(tx: Tx, till: Till, body: Heartbeat, caller: Caller, now: datetime) -> HeartbeatHeard:
    """Write down what a till says of itself, and tell it what to do next."""
    skew_ms = (body.at - now) // timedelta(milliseconds=1)
    await store.heard(tx, till.id, now, skew_ms, body.queue_length, body.software)
    commands: list[Command] = ["set_clock"] if abs(skew_ms) > MOST_SKEW_MS else []
    if body.queue_length:
        commands.append("send_queue")
    if caller.role is Role.TILL:
        turn = await turn_of(tx, caller.key_id)
        if turn.is_new:
            await first_used(tx, caller.key_id, now)
        if turn.has_successor:
            commands.append("rotate_key")
    return HeartbeatHeard(now=now, skew_ms=skew_ms, commands=commands)


async def tills_health(tx: Tx, shop: str, now: datetime) -> TillsHealth:
    """Every till of one shop, or of all (`''`), with what is wrong."""
    rows = await store.tills_health(tx, shop)
    return TillsHealth(tills=[TillHealth(**dict(row), alarms=alarms(row, now)) for row in rows])


def alarms(row: Row, now: datetime) -> list[Alarm]:
    if row["seen_at"] is None:
        return ["never_seen"]
    told: tuple[tuple[Alarm, bool], ...] = (
        ("silent", row["seen_at"] < now - SILENT_AFTER),
        ("clock_wrong", abs(row["skew_ms"]) > MOST_SKEW_MS),
        ("queue_long", row["queue_length"] >= LONG_QUEUE),
    )
    return [alarm for alarm, is_so in told if is_so]
