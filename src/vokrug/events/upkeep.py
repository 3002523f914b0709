"""What an operator does with reactions: see how far they are, try again, tell again, let go."""

from datetime import datetime

from vokrug.events import places
from vokrug.events.errors import ReactionNameTaken, ReactionUnknown
from vokrug.events.types import Lag
from vokrug.runtime.database import Tx


async def lag(tx: Tx) -> list[Lag]:
    """How far every reaction is behind, partition by partition."""
    return await places.lag(tx)


async def redrive(tx: Tx, reaction: str, now: datetime, *, key: int | None = None) -> int:
    """Try again what waits for a person, of one key or of all; how many keys move again.

    The oldest parked fact of a key goes first and the others follow it in order.
    """
    await _require_enrolled(tx, reaction)
    return await places.redrive(tx, reaction, key, now)


async def give_up(tx: Tx, reaction: str, partition: int, position: int) -> bool:
    """Let a parked fact go without its effect, so that the later ones of its key move on."""
    return bool(await places.unpark(tx, reaction, partition, position))


async def replay(
    tx: Tx,
    reaction: str,
    *,
    name: str,
    from_position: int | None = None,
    partition: int | None = None,
    from_time: datetime | None = None,
) -> None:
    """Tell a reaction the past again, under a new name, up to this moment.

    The handler receives each fact with `is_replay` set. What is told from now on stays with the reaction
    itself. A position counts within a partition; without one it is applied to each of them.
    """
    assert (from_position is None) != (from_time is None), "from a position or from a moment"
    await _require_enrolled(tx, reaction)
    if await places.is_enrolled(tx, name):
        raise ReactionNameTaken(name=name)
    if from_time is not None:
        await places.replay_from_time(tx, name, reaction, from_time)
    elif from_position is not None:
        await places.replay_from_position(tx, name, reaction, max(1, from_position), partition)


async def retire(tx: Tx, reaction: str) -> None:
    """Forget a reaction that no longer exists, or a replay that is done: its place holds back the past."""
    await _require_enrolled(tx, reaction)
    await places.retire(tx, reaction)


async def _require_enrolled(tx: Tx, reaction: str) -> None:
    if not await places.is_enrolled(tx, reaction):
        raise ReactionUnknown(name=reaction)
