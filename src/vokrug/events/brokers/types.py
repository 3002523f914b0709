"""What the stream needs of a broker, in the broker's own words as few as possible."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from vokrug.events.types import Envelope

# Headers that are ours, beside those of CloudEvents. The id is there where CloudEvents' own is another.
EPOCH, AFTER, ID = "vokrug-epoch", "vokrug-after", "vokrug-id"


class Told(NamedTuple):
    """A fact on its way to a broker, as the log's SQL hands it over."""

    position: int
    key: str
    id: str
    type: str
    subject: str
    time: datetime
    recorded_at: datetime
    data: bytes
    is_replay: bool = False


class Fenced(Exception):
    """Another relay writes this partition now: the broker or the lease says so."""


class BrokerAway(Exception):
    """The broker cannot be reached, or did not answer in time. Nothing is known about what was sent."""


class Last(NamedTuple):
    """The last fact that a broker's partition holds."""

    position: int
    id: str


class Heard(NamedTuple):
    """A fact as a broker tells it, and the position it follows: the one before it, holes of the log included."""

    after: int
    position: int
    envelope: Envelope | None  # None: the broker tells less of it than the log, see `has_more_in_the_log`


class Lane(Protocol):
    """One partition of the log, opened for writing under an epoch."""

    async def open(self) -> Last | None:
        """Become the only writer; the last fact that is there for certain. None: the partition is empty."""

    async def send(self, facts: Sequence[Told], after: int) -> None:
        """All of them durably and in order, or an error after which the lane has to be opened again."""

    async def close(self) -> None:
        """Never waits for a broker that is away."""


class Broker(Protocol):
    """A broker with one topic that mirrors the log, partition by partition."""

    @property
    def name(self) -> str:
        """The relay's name in the table of offsets: "relay.kafka.vokrug.events"."""

    async def prepare(self, partitions: int) -> None:
        """Make the topic, or see that it is fit. A refusal when it is not."""

    def lane(self, partition: int, epoch: int) -> Lane: ...

    def facts(self, partition: int, after: int, recorded_at: datetime | None) -> AsyncGenerator[list[Heard], None]:
        """The facts of a partition past a position, as they come, for ever. May begin earlier."""

    async def foreign(self, topics: Sequence[str]) -> "ForeignReader": ...

    async def close(self) -> None: ...


class Place(NamedTuple):
    """A place in a topic of somebody else's."""

    topic: str
    partition: int


@dataclass(frozen=True, slots=True)
class Message:
    """A message of somebody else's."""

    place: Place
    offset: int
    key: str | None
    headers: Mapping[str, bytes]
    body: bytes

    def describe(self) -> dict[str, Any]:
        return {"topic": self.place.topic, "partition": self.place.partition, "offset": self.offset}


class ForeignReader(Protocol):
    """Topics of others, read from places that are kept in our database."""

    async def places(self) -> Sequence[Place]: ...

    async def read(self, place: Place, after: int | None, limit: int, wait_s: float) -> Sequence[Message]:
        """Messages past an offset; from the first one with None."""

    async def close(self) -> None: ...
