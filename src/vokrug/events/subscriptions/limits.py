"""How many facts a second a subscriber may read: a bucket in the database, the same for every process."""

from datetime import datetime

from vokrug.events.subscriptions import rules, store
from vokrug.events.subscriptions.errors import TooFast
from vokrug.events.subscriptions.types import Endpoint, Subscription
from vokrug.runtime.database import Tx


async def allowance(tx: Tx, subscription: Subscription, now: datetime, endpoint: Endpoint | None = None) -> int | None:
    """How many facts may go now; None without a limit. Who asks holds the bucket until the commit."""
    max_per_s = rules.rate_of(subscription, endpoint)
    if max_per_s is None:
        return None
    found = await store.lock_tokens(tx, subscription.name)
    return int(rules.full(max_per_s) if found is None else rules.filled(*found, now, max_per_s))


async def granted(tx: Tx, subscription: Subscription, wanted: int, now: datetime) -> int:
    """At most `wanted`. Raises TooFast when nothing may go now."""
    allowed = await allowance(tx, subscription, now)
    if allowed is None:
        return wanted
    if allowed < 1:
        per_s = subscription.max_per_s
        raise TooFast(name=subscription.name, max_per_s=per_s, retry_after_s=1)
    return min(wanted, allowed)


async def spend(
    tx: Tx, subscription: Subscription, count: int, now: datetime, endpoint: Endpoint | None = None
) -> None:
    max_per_s = rules.rate_of(subscription, endpoint)
    if max_per_s is None or count == 0:
        return
    found = await store.lock_tokens(tx, subscription.name)
    left = rules.full(max_per_s) if found is None else rules.filled(*found, now, max_per_s)
    await store.write_tokens(tx, subscription.name, left - count, now)
