"""Nouns of sharing the work out."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID


class Share(NamedTuple):
    """One partition of one work."""

    work: str  # the reaction's or the relay's name
    partition: int


@dataclass(frozen=True, slots=True)
class Hold:
    """A share as its worker holds it. A later holder has a higher epoch."""

    worker: UUID
    epoch: int


@dataclass(frozen=True, slots=True)
class Lease:
    """A share, and the living worker that has it, if any."""

    work: str
    partition: int
    epoch: int
    worker: UUID | None

    @property
    def share(self) -> Share:
        return Share(self.work, self.partition)


@dataclass(frozen=True, slots=True)
class LeaseView:
    """A lease as an operator sees it."""

    work: str
    partition: int
    epoch: int
    worker: str | None  # None: nobody holds it
    is_alive: bool
    taken_at: datetime | None
    expires_at: datetime | None
    behind: int  # facts it has not read yet
