"""Where `now` comes from. Read at the edge, passed as an argument everywhere else."""

from datetime import UTC, datetime, timedelta


class Clock:
    """The time of day, aware and in UTC."""

    shift = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift


class MovedClock(Clock):
    """A clock that trials may move forward, so that a night passes in a moment. Never used live."""

    def __init__(self, shift: timedelta = timedelta(0)) -> None:
        self.shift = shift

    def advance(self, by: timedelta) -> None:
        if by < timedelta(0):
            raise ValueError("time does not run backwards")
        self.shift += by


class StandingClock(MovedClock):
    """A clock that stands still until it is moved: between two steps of a trial no time passes."""

    def __init__(self, begin: datetime, shift: timedelta = timedelta(0)) -> None:
        super().__init__(shift)
        self.begin = begin

    def now(self) -> datetime:
        return self.begin + self.shift
