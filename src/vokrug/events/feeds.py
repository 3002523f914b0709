"""Where a reaction's facts come from: the log's own table, or a broker that mirrors it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from vokrug.events import places
from vokrug.events.places import Place, Work
from vokrug.events.types import Envelope
from vokrug.runtime.database import Tx

# How far a batch looks for facts of its types before it moves its place and lets others have a turn.
SCAN = 10_000


class Stretch(NamedTuple):
    """Facts in order, and the position up to which there are no others."""

    facts: list[Envelope]
    until: int


class Feed(Protocol):
    async def read(self, tx: Tx, work: Work, types: Sequence[str], place: Place, limit: int) -> Stretch:
        """What comes after a place, at most so much; `until` is the place itself when nothing is known yet."""

    def on_news(self, nudge: Callable[[], None]) -> None:
        """Whom to tell that there is something to read."""

    async def close(self) -> None: ...


class LogFeed:
    """Reads the table."""

    async def read(self, tx: Tx, work: Work, types: Sequence[str], place: Place, limit: int) -> Stretch:
        until = min(place.horizon, place.position + SCAN)
        batch = await places.read_batch(tx, work, types, after=place.position, until=until, limit=limit)
        return Stretch(batch, batch[-1].position if len(batch) == limit else until)

    def on_news(self, nudge: Callable[[], None]) -> None:
        """Nothing calls: the runner looks at the heads."""

    async def close(self) -> None:
        """Nothing is open."""
