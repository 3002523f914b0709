"""What a domain does when another one tells a fact.

    @reaction("ledger.warn", on=[PointsExpireSoon])
    async def warn(tx: Tx, told: Envelope, now: datetime) -> None:
        soon = told.read(PointsExpireSoon)

The handler's effect and the reaction's place in the log commit together, so every fact has its effect
once. That holds for effects in `tx`; what reaches the outside world is written down here and sent by a job.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from vokrug.events.registry.upcasts import lineage
from vokrug.events.types import Envelope, Event
from vokrug.runtime.database import Tx

Handler = Callable[[Tx, Envelope, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Reaction:
    """A handler, the facts it wants, and its name in the table of offsets."""

    name: str
    on: tuple[type[Event], ...]
    handle: Handler
    batch: int  # facts in one transaction
    tries: int  # after so many failures a fact waits for a person
    with_history: bool  # False: starts with what is told after its first enrolment

    @property
    def types(self) -> list[str]:
        """What it reads: its facts, and older versions that can be raised to them."""
        return [kind.__event__.name for wanted in self.on for kind in lineage(wanted)]


def reaction(
    name: str, *, on: Sequence[type[Event]], batch: int = 100, tries: int = 5, with_history: bool = True
) -> Callable[[Handler], Reaction]:
    """Declares a reaction. It runs where a `ReactionRunner` is given it."""
    assert on, f"{name} reacts to nothing"
    assert batch > 0, f"{name} takes no facts at a time"
    assert tries > 0, f"{name} never tries"

    def declare(handle: Handler) -> Reaction:
        return Reaction(name, tuple(on), handle, batch, tries, with_history)

    return declare
