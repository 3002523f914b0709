"""How tills fare: what they say of themselves, and what they should do next."""

from datetime import datetime, timedelta
from typing import Literal

from vokrug.pos.schemas import Heartbeat, HeartbeatHeard, TillHealth, TillsHealth
from vokrug.pos.types import Till
from vokrug.pos.watching import operations as watching
from vokrug.pos.watching import rules, store
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Caller, Role
from vokrug.runtime.rotation import first_used, turn_of

Command = Literal["set_clock", "send_queue", "rotate_key"]
# Signed requests are taken within five minutes of our clock: beyond that a till is soon shut out.
MOST_SKEW_MS = 300_000


async def hear(tx: Tx, till: Till, body: Heartbeat, caller: Caller, now: datetime) -> HeartbeatHeard:
    """Write down what a till says of itself, and tell it what to do next."""
    skew_ms = (body.at - now) // timedelta(milliseconds=1)
    await store.heard(
        tx,
        till.id,
        now,
        skew_ms,
        body.queue_length,
        body.software,
        body.declined,
        body.calls,
        body.unanswered,
        body.p95_ms,
    )
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
    _, policy = await watching.policy(tx)
    return TillsHealth(
        tills=[
            TillHealth(
                shop=row["shop"],
                till=row["till"],
                seen_at=row["seen_at"],
                skew_ms=row["skew_ms"],
                queue_length=row["queue_length"],
                software=row["software"],
                declined=row["declined"],
                calls=row["calls"] or 0,
                errors=row["errors"] or 0,
                refusals=row["refusals"] or 0,
                centre_p95_ms=rules.p95_ms(row["times"] or ()),
                till_p95_ms=row["told_p95_ms"],
                alarms=rules.alarms(row, policy, now),
            )
            for row in await store.tills(tx, now - watching.SINCE, shop)
        ]
    )
