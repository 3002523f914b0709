"""What staff do with the policy."""

from collections.abc import Sequence
from datetime import date, datetime

from vokrug.promotions import store as offers
from vokrug.promotions.engine import Policy
from vokrug.promotions.engine.policy import DEFAULT
from vokrug.promotions.policies import rules, store
from vokrug.promotions.policies.errors import PolicyMoved
from vokrug.promotions.policies.types import PolicyVersion
from vokrug.runtime.database import Tx


async def policy_in_force(tx: Tx) -> PolicyVersion:
    """The newest; until somebody writes one, what the product comes with."""
    return await store.read_policy(tx) or PolicyVersion(0, DEFAULT)


async def save_policy(
    tx: Tx, policy: Policy, *, if_version: int | None = None, by: str, now: datetime
) -> PolicyVersion:
    """Put a policy in force, from the next check on. The one in force sent again changes nothing."""
    await store.lock_policy(tx)
    current = await policy_in_force(tx)
    if current.policy == policy:
        return current
    if if_version is not None and if_version != current.version:
        raise PolicyMoved(current=current.version)
    rules.require_sense(policy, await offers.list_published(tx))
    version = await store.insert_policy(tx, policy, by=by, now=now)
    await offers.raise_counter(tx)
    return PolicyVersion(version, policy, by, now)


async def save_calendar(tx: Tx, key: str, *, name: str, days: Sequence[date], by: str, now: datetime) -> None:
    """Name a set of days, or change it: running offers that name it follow at once."""
    await store.save_calendar(tx, key, name=name, days=days, by=by, now=now)
    await offers.raise_counter(tx)
