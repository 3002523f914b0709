"""What this domain cannot know and has to ask of those above: who signs in, and who has something to lose."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from vokrug.runtime.database import Tx


async def _nobody_signs_in(tx: Tx, ids: Collection[UUID]) -> set[UUID]:
    return set()


async def _nobody_holds(tx: Tx, numbers: Collection[int]) -> set[int]:
    return set()


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Given by the wiring. Without them nobody is known to sign in or to hold anything."""

    signs_in: Callable[[Tx, Collection[UUID]], Awaitable[set[UUID]]] = _nobody_signs_in
    holds_value: Callable[[Tx, Collection[int]], Awaitable[set[int]]] = _nobody_holds
