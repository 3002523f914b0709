"""What is told of suspicions."""

from datetime import UTC, datetime
from uuid import UUID

from vokrug.events import Event, event, exemplify


@event("pos.suspicion_raised.v1", owner="pos", key="suspicion")
class SuspicionRaised(Event, frozen=True):
    """Something happened more often than a rule allows: somebody should look. Nothing was refused."""

    suspicion_id: UUID
    rule: str
    subject: str
    shop: str
    score: int
    measured: int
    most: int
    held_minor: int
    document: UUID
    at: datetime


@event("pos.suspicion_decided.v1", owner="pos", key="suspicion")
class SuspicionDecided(Event, frozen=True):
    """Somebody has looked: it was in order, or it was fraud and its points are gone."""

    suspicion_id: UUID
    rule: str
    subject: str
    verdict: str
    taken_minor: int
    by: str


exemplify(
    SuspicionRaised(
        suspicion_id=UUID("018f0000-0000-7000-8000-000000000001"),
        rule="burns_at_till",
        subject="till:S1/T1",
        shop="S1",
        score=40,
        measured=31,
        most=30,
        held_minor=0,
        document=UUID("018f0000-0000-7000-8000-000000000002"),
        at=datetime(2026, 11, 27, 9, tzinfo=UTC),
    ),
    SuspicionDecided(
        suspicion_id=UUID("018f0000-0000-7000-8000-000000000001"),
        rule="burns_at_till",
        subject="till:S1/T1",
        verdict="cleared",
        taken_minor=0,
        by="staff-1",
    ),
)
