"""What was sold, rolled up from facts: by shop and hour, by offer and day. No question scans the history."""

from vokrug.analytics.jobs import jobs, schedule_all
from vokrug.analytics.operations import last_heard, offers_gave, stretch, today
from vokrug.analytics.reactions import count
from vokrug.analytics.rules import today_of
from vokrug.analytics.types import Grain, OfferDay, Totals

__all__ = [
    "Grain",
    "OfferDay",
    "Totals",
    "count",
    "jobs",
    "last_heard",
    "offers_gave",
    "schedule_all",
    "stretch",
    "today",
    "today_of",
]
