"""Decisions about subscriptions without I/O."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from vokrug.events import rules as log_rules
from vokrug.events.subscriptions.errors import FourEyes, StateForbids
from vokrug.events.subscriptions.types import Endpoint, State, Subscription

Jitter = Callable[[], float]  # from 0 up to 1; `random.random` in life, a chosen number in tests

# From which states an act leads to which.
MOVES: Mapping[str, tuple[frozenset[str], str]] = {
    "approve": (frozenset({State.REQUESTED}), State.APPROVED),
    "reject": (frozenset({State.REQUESTED}), State.RETIRED),
    "activate": (frozenset({State.APPROVED}), State.ACTIVE),
    "pause": (frozenset({State.ACTIVE}), State.PAUSED),
    "resume": (frozenset({State.PAUSED}), State.ACTIVE),
    "retire": (frozenset({State.REQUESTED, State.APPROVED, State.ACTIVE, State.PAUSED}), State.RETIRED),
}

BREAKER_AFTER = 5  # failures one after the other
BREAKER_FIRST, BREAKER_LONGEST = timedelta(seconds=1), timedelta(minutes=1)
RETRY_AFTER_LONGEST = timedelta(days=1)


def moved(subscription: Subscription, act: str) -> str:
    """The state after an act. Raises StateForbids."""
    allowed, state = MOVES[act]
    if subscription.state not in allowed:
        raise StateForbids(name=subscription.name, state=subscription.state)
    return state


def require_other_eyes(subscription: Subscription, approver: str) -> None:
    if approver == subscription.requested_by:
        raise FourEyes(name=subscription.name)


def retry_at(now: datetime, tries: int, jitter: Jitter) -> datetime:
    """When a fact is tried again: the wait of reactions, a quarter shorter or longer by chance, so that
    keys which failed together do not come back together.
    """
    return now + log_rules.retry_after(tries) * (0.75 + jitter() / 2)


def opened_until(now: datetime, failures: int, jitter: Jitter) -> datetime | None:
    """Until when nothing is sent after so many failures in a row; None while that is no pattern yet."""
    if failures < BREAKER_AFTER:
        return None
    wait = BREAKER_FIRST
    for _ in range(min(failures - BREAKER_AFTER, 10)):
        wait = min(wait * 2, BREAKER_LONGEST)
    return now + wait * (0.75 + jitter() / 2)


def is_probing(endpoint: Endpoint) -> bool:
    """After a pause forced by failures one request asks whether the receiver is back."""
    return endpoint.failures >= BREAKER_AFTER


def full(max_per_s: float) -> float:
    """What may go at once: a second's worth, and at least one fact."""
    return max(1.0, max_per_s)


def filled(tokens: float, filled_at: datetime, now: datetime, max_per_s: float) -> float:
    """What a permission has grown to since it was last looked at."""
    grown = tokens + max(0.0, (now - filled_at).total_seconds()) * max_per_s
    return min(grown, full(max_per_s))


def rate_of(subscription: Subscription, endpoint: Endpoint | None = None) -> float | None:
    """Facts a second: what was agreed with us, and what the receiver granted."""
    limits = [float(limit) for limit in (subscription.max_per_s,) if limit is not None]
    if endpoint is not None and endpoint.allowed_per_min is not None:
        limits.append(endpoint.allowed_per_min / 60)
    return min(limits, default=None)


def shown_url(url: str) -> str:
    """An address as it may be shown: a query may carry a token."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path}"
