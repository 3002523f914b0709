"""What came to phones, and how badly the operator behaves."""

import itertools
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

MOST = 1_000
Percent = Annotated[int, Meta(ge=0, le=100)]


class Behaviour(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """Switches. `throttle_every` n: each n-th packet is told to slow down; `refuse` and `undelivered`: so many of a
    hundred; `deaf`: takes packets and answers none; `hang_up_after` n packets, once; `password`, if it is asked for.
    """

    throttle_every: Annotated[int, Meta(ge=0, le=1_000)] = 0
    refuse: Percent = 0
    undelivered: Percent = 0
    deaf: bool = False
    hang_up_after: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    password: str | None = None
    receipts: bool = True


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """A message on a phone, whole; a call bears the number that rang, of which the last digits count."""

    id: int
    kind: Literal["sms", "call", "email"]
    to: str
    text: str
    source: str
    parts: int
    at: datetime


@dataclass
class Phones:
    """All phones of the operator, the newest message last."""

    behaviour: Behaviour = field(default_factory=Behaviour)
    received: deque[Received] = field(default_factory=lambda: deque(maxlen=MOST))
    chance: random.Random = field(default_factory=random.Random)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _half: dict[tuple[str, str, int], dict[int, str]] = field(default_factory=dict)  # messages whose parts are coming

    def take(self, kind: Literal["sms", "call", "email"], to: str, text: str, source: str = "", parts: int = 1) -> None:
        number, now = next(self._numbers), datetime.now(UTC)
        self.received.append(Received(id=number, kind=kind, to=to, text=text, source=source, parts=parts, at=now))

    def ring(self, to: str, digits: str) -> None:
        """A call from a number that ends so."""
        self.take("call", to, digits, f"+7495000{digits}")

    def take_part(self, to: str, source: str, text: str, place: tuple[int, int, int] | None) -> None:
        """A part waits for the others; whichever comes last makes the message."""
        if place is None:
            self.take("sms", to, text, source)
            return
        reference, n, count = place
        parts = self._half.setdefault((to, source, reference), {})
        parts[n] = text
        if len(parts) == count:
            del self._half[to, source, reference]
            self.take("sms", to, "".join(parts[i] for i in sorted(parts)), source, count)

    def happens(self, percent: int) -> bool:
        return percent > 0 and self.chance.random() * 100 < percent
