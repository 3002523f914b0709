"""The past told again, and facts that failed: replay, redrive, give up."""

from dataclasses import replace
from datetime import datetime

from vokrug.events import places
from vokrug.events import rules as log_rules
from vokrug.events import store as log_store
from vokrug.events.subscriptions import store
from vokrug.events.subscriptions.errors import StateForbids, SubscriptionNameTaken
from vokrug.events.subscriptions.lifecycle import sealed_as
from vokrug.events.subscriptions.types import State, Subscription, place_of
from vokrug.runtime.database import Tx
from vokrug.runtime.signing import Vault

RUNNING = (State.ACTIVE, State.PAUSED)


async def replay(
    tx: Tx,
    vault: Vault,
    known: Subscription,
    *,
    name: str,
    actor: str,
    now: datetime,
    from_time: datetime | None = None,
    cursor: str | None = None,
) -> Subscription:
    """Tell a subscription the past again, up to this moment, under a new name.

    What it may see was approved already, and its endpoint agreed, so it starts at once. Each fact carries
    the extension `replay`; what is told from now on stays with the subscription itself.
    """
    assert (from_time is None) != (cursor is None), "from a moment or from a cursor"
    require_running(known)
    positions = None if cursor is None else log_rules.parse_cursor(cursor, await log_store.partitions(tx))
    again = replace(
        known,
        name=name,
        topic=f"{known.topic}.{name}" if known.topic else None,
        state=State.ACTIVE,
        reason="",
        replays=known.name,
        skipped=0,
        requested_at=now,
        changed_at=now,
    )
    if not await store.insert(tx, again):
        raise SubscriptionNameTaken(name=name)
    if (endpoint := await store.find_endpoint(tx, known.name)) is not None:
        # The vault binds a secret to its name, so the copy is sealed anew.
        secret = vault.open(sealed_as(known.name), endpoint.secret_sealed)
        await store.insert_endpoint(
            tx, replace(endpoint, subscription=name, secret_sealed=vault.seal(sealed_as(name), secret))
        )
    if from_time is not None:
        await places.replay_from_time(tx, place_of(name), known.place, from_time)
    else:
        await places.replay_from_position(tx, place_of(name), known.place, 1, None)
        await store.commit(tx, name, positions or {})
    start = {"from_time": from_time.isoformat()} if from_time else {"cursor": cursor}
    await store.write_act(tx, known.name, actor, "replay", now, {"as": name, **start})
    await store.write_act(tx, name, actor, "replay", now, {"of": known.name, **start})
    return again


async def redrive(tx: Tx, known: Subscription, actor: str, now: datetime, *, key: int | None = None) -> int:
    """Try again what waits for a person, in order; how many keys move again."""
    require_running(known)
    moved = await places.redrive(tx, known.place, key, now)
    await store.trust_again(tx, known.name)
    await store.write_act(tx, known.name, actor, "redrive", now, {"keys": moved, "key": key})
    return moved


async def give_up(
    tx: Tx, known: Subscription, actor: str, now: datetime, *, partition: int, position: int, reason: str
) -> bool:
    """Let a parked fact go undelivered, so that the later ones of its key move on."""
    require_running(known)
    gone = bool(await places.unpark(tx, known.place, partition, position))
    if gone:
        lost = {"partition": partition, "position": position, "reason": reason}
        await store.write_act(tx, known.name, actor, "give_up", now, lost)
    return gone


def require_running(known: Subscription) -> None:
    if known.state not in RUNNING:
        raise StateForbids(name=known.name, state=known.state)
