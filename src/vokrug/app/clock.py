"""A clock that trials move: only with the settings `movable` and `standing`, never for live shops."""

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from vokrug.kernel import MovedClock, StandingClock
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Answer, Call, Role, Routes

routes = Routes("clock")

READ_SHIFT = "select shift_s from runtime_clock"
READ_BEGIN = "select begun_at from runtime_clock"
ADD_SHIFT = "update runtime_clock set shift_s = shift_s + $1 returning shift_s"


class Advance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    seconds: Annotated[int, msgspec.Meta(ge=0, le=100 * 366 * 86_400)]


class ClockReading(msgspec.Struct, frozen=True):
    now: datetime


async def trial_clock(tx: Tx, setting: str) -> MovedClock:
    """The clock as the trial left it: a server killed and started again wakes at the same moment."""
    shift = await read_shift(tx)
    return StandingClock(await tx.value(READ_BEGIN), shift) if setting == "standing" else MovedClock(shift)


async def read_shift(tx: Tx) -> timedelta:
    return timedelta(seconds=await tx.value(READ_SHIFT))


@routes.post("/v1/clock:advance", answers={200: ClockReading}, roles=[Role.STAFF])
async def advance(call: Call, body: Advance) -> Answer[ClockReading]:
    """Let time pass. Every process of the trial follows within a second; this one at once."""
    clock = call.services.clock
    assert isinstance(clock, MovedClock), "offered only with a movable clock"
    async with call.db.transaction() as tx:
        clock.shift = timedelta(seconds=await tx.value(ADD_SHIFT, body.seconds))
    return Answer(ClockReading(clock.now()))
