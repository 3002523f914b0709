"""What a relay carries, and where it notes how far it is."""

from collections.abc import Sequence
from typing import Protocol

from vokrug.events.brokers import store
from vokrug.events.brokers.types import Told
from vokrug.events.workers.types import Hold, Share
from vokrug.runtime.database import Tx


class Source(Protocol):
    """Facts on their way to one topic. All of it happens in the transactions of the relay."""

    @property
    def work(self) -> str:
        """The work whose leases say which partitions are this process's."""

    @property
    def place(self) -> str:
        """Under which name its positions are kept."""

    @property
    def is_whole(self) -> bool:
        """Is every fact of the log carried? Then the topic's end says how far it is, even when it says less."""

    async def enrol(self, tx: Tx) -> int:
        """See that there is a place in each partition; how many partitions there are."""

    async def read(self, tx: Tx, partition: int, after: int, limit: int) -> tuple[Sequence[Told], int]:
        """What comes next, and the position up to which there is no more of it."""

    async def move(self, tx: Tx, partition: int, hold: Hold, position: int, *, sent: int = 0) -> bool:
        """Note it. False when another holds the lease by now."""


class LogSource:
    """The log as it is."""

    is_whole = True

    def __init__(self, name: str) -> None:
        self.work = self.place = name

    async def enrol(self, tx: Tx) -> int:
        return await store.enrol(tx, self.place)

    async def read(self, tx: Tx, partition: int, after: int, limit: int) -> tuple[Sequence[Told], int]:
        facts = await store.read(tx, partition, after, limit)
        return facts, facts[-1].position if facts else after

    async def move(self, tx: Tx, partition: int, hold: Hold, position: int, *, sent: int = 0) -> bool:
        return await store.move(tx, self.place, Share(self.work, partition), hold, position)
