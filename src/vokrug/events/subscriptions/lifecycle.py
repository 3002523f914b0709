"""From a request to a retired subscription. Every step is written into the audit trail with who took it."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from vokrug.events import operations as log_operations
from vokrug.events import places
from vokrug.events import rules as log_rules
from vokrug.events import store as log_store
from vokrug.events.registry import store as catalogue
from vokrug.events.subscriptions import reading, rules, shaping, store
from vokrug.events.subscriptions.errors import (
    CursorAhead,
    PurposeNeeded,
    PurposeUnknown,
    SubscriptionNameTaken,
    SubscriptionUnknown,
)
from vokrug.events.subscriptions.types import Endpoint, Subscription
from vokrug.events.types import Installation
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Caller, Role
from vokrug.runtime.signing import Vault

FORMER_SECRET_SIGNS_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sight:
    """Which personal fields a subscription sees, and which are left out."""

    seen: list[str]
    left_out: list[str]


async def subscription_for(tx: Tx, caller: Caller, name: str, *, lock: bool = False) -> Subscription:
    """The only way to a subscription: absent and out of reach look the same from outside."""
    found = await (store.lock if lock else store.find)(tx, name)
    if found is None or (caller.role is not Role.STAFF and caller.key_id != found.owner_key):
        raise SubscriptionUnknown(name=name)
    return found


async def request(
    tx: Tx, wish: Subscription, endpoint: Endpoint | None, installation: Installation, now: datetime
) -> bool:
    """Ask for a subscription. A repeat of the same request changes nothing, and the answer is False."""
    await log_operations.require_types(tx, wish.types)
    await _require_purposes(tx, wish.types, wish.purposes)
    reading.compile_filter(wish.filter, installation)
    if wish.start_cursor is not None:
        log_rules.parse_cursor(wish.start_cursor, await log_store.partitions(tx))
    if not await store.insert(tx, wish):
        await _require_repeat(tx, wish, endpoint)
        return False
    if endpoint is not None:
        await store.insert_endpoint(tx, endpoint)
    await store.write_act(
        tx, wish.name, wish.requested_by, "request", now, {"types": wish.types, "filter": wish.filter}
    )
    return True


async def _require_repeat(tx: Tx, wish: Subscription, endpoint: Endpoint | None) -> None:
    known = await store.find(tx, wish.name)
    assert known is not None, "a name that is taken has an owner"
    same = replace(known, requested_at=wish.requested_at, changed_at=wish.changed_at)
    known_endpoint = await store.find_endpoint(tx, wish.name)
    if same != wish or _wanted(known_endpoint) != _wanted(endpoint):
        raise SubscriptionNameTaken(name=wish.name)


def _wanted(endpoint: Endpoint | None) -> tuple[Any, ...] | None:
    if endpoint is None:
        return None
    return (endpoint.url, endpoint.mode, endpoint.batch_size, endpoint.tries, endpoint.timeout_s)


async def _require_purposes(tx: Tx, types: Sequence[str], purposes: Sequence[str]) -> None:
    consents = await store.consents(tx, types)
    for name, needed in consents.items():
        if needed not in purposes:
            raise PurposeNeeded(name=name, purpose=needed)
    tags = {tag["purpose"] for _, fields in await store.personal_fields(tx, types) for tag in fields}
    known = tags | set(consents.values())
    for purpose in purposes:
        if purpose not in known:
            raise PurposeUnknown(purpose=purpose, known=", ".join(sorted(known)) or "–")


async def sight_of(tx: Tx, subscription: Subscription) -> Sight:
    """What an approver has to know."""
    seen, hidden = [], []
    for name, fields in await store.personal_fields(tx, subscription.types):
        left_out = shaping.left_out(fields, subscription.purposes)
        hidden += [f"{name}: {field}" for field in left_out]
        seen += [f"{name}: {field}" for field in sorted({tag["field"] for tag in fields} - set(left_out))]
    return Sight(seen, hidden)


async def approve(tx: Tx, name: str, approver: str, now: datetime) -> None:
    """Let it be. Whoever asked for it is not the one who approves."""
    subscription = await _locked(tx, name)
    rules.require_other_eyes(subscription, approver)
    await _move(tx, subscription, "approve", approver, now, approved_by=approver)
    await reading_from_now_on(tx, subscription, now)


async def reading_from_now_on(tx: Tx, subscription: Subscription, now: datetime) -> None:
    """Whoever subscribes is a consumer in the catalogue: asked before a change, and owing word on erasures.

    A consumer that is registered under the name already has said more exactly what it reads.
    """
    if await catalogue.lock_consumer(tx, subscription.name) is not None:
        return
    one = subscription
    keys = [one.owner_key]
    consumer = catalogue.Consumer(
        one.name, one.words, f"subscription {one.name}", one.purposes, one.keeps_days, keys, now, now
    )
    readings = [catalogue.Reading(one.name, type, None, is_closed=False) for type in one.types]
    await catalogue.write_consumer(tx, consumer, readings)


async def reject(tx: Tx, name: str, actor: str, reason: str, now: datetime) -> None:
    await _move(tx, await _locked(tx, name), "reject", actor, now, reason=reason)


async def activate(tx: Tx, name: str, actor: str, now: datetime) -> None:
    """Give it its places: what "now" means is decided here."""
    subscription = await _locked(tx, name)
    rules.moved(subscription, "activate")
    match subscription.start_from:
        case "now" | "beginning":
            await places.enrol(tx, subscription.place, with_history=subscription.start_from == "beginning")
        case "time":
            assert subscription.start_time is not None, "the table says so"
            await store.enrol_at_time(tx, name, subscription.start_time)
        case _:
            assert subscription.start_cursor is not None, "the table says so"
            cursor = log_rules.parse_cursor(subscription.start_cursor, await log_store.partitions(tx))
            await store.enrol_at(tx, name, cursor)
    await _move(tx, subscription, "activate", actor, now)


async def pause(tx: Tx, name: str, actor: str, now: datetime, *, reason: str = "") -> None:
    """Nothing is read or sent until it is resumed; its place keeps the past for it."""
    await _move(tx, await _locked(tx, name), "pause", actor, now, reason=reason)


async def resume(tx: Tx, name: str, actor: str, now: datetime) -> None:
    await _move(tx, await _locked(tx, name), "resume", actor, now)
    await store.trust_again(tx, name)


async def retire(tx: Tx, name: str, actor: str, now: datetime, *, reason: str = "") -> None:
    """The end: its places are forgotten and hold back nothing. Its name and its trail stay."""
    subscription = await _locked(tx, name)
    await _move(tx, subscription, "retire", actor, now, reason=reason)
    await store.forget_leases(tx, name)
    await places.retire(tx, subscription.place)
    if any(one.contact == f"subscription {name}" for one in await catalogue.consumers(tx, name)):
        await catalogue.forget_consumer(tx, name)


async def hand_over(tx: Tx, name: str, owner_key: str, actor: str, now: datetime) -> None:
    """Another key reads from now on: a partner who changes keys keeps its place."""
    subscription = await _locked(tx, name)
    await store.hand_over(tx, name, owner_key, now)
    if any(one.contact == f"subscription {name}" for one in await catalogue.consumers(tx, name)):
        await catalogue.forget_consumer(tx, name)
        await reading_from_now_on(tx, replace(subscription, owner_key=owner_key), now)
    await store.write_act(tx, name, actor, "hand_over", now, {"from": subscription.owner_key, "to": owner_key})


async def rotate_secret(tx: Tx, vault: Vault, name: str, actor: str, now: datetime) -> str:
    """A new secret. The former one signs beside it for a day, so that receivers change over in peace."""
    secret = new_secret()
    await store.rotate_secret(tx, name, vault.seal(sealed_as(name), secret), now + FORMER_SECRET_SIGNS_FOR)
    await store.write_act(tx, name, actor, "rotate_secret", now, {})
    return secret


def new_secret() -> str:
    """As Standard Webhooks spell it."""
    return "whsec_" + b64encode(secrets.token_bytes(32)).decode()


def sealed_as(name: str) -> str:
    """Under which name the vault keeps a webhook's secret."""
    return f"webhook:{name}"


async def commit_cursor(tx: Tx, subscription: Subscription, cursor: str, partitions: int) -> None:
    """Everything up to here is dealt with. An earlier cursor moves nothing back."""
    positions = log_rules.parse_cursor(cursor, partitions)
    reaches = {reach.partition: reach for reach in await store.reaches(tx, subscription.name)}
    for partition, position in positions.items():
        if partition in reaches and position > max(reaches[partition].horizon, reaches[partition].position):
            raise CursorAhead(given=cursor[:80])
    await store.commit(tx, subscription.name, positions)


async def _locked(tx: Tx, name: str) -> Subscription:
    if (found := await store.lock(tx, name)) is None:
        raise SubscriptionUnknown(name=name)
    return found


async def _move(
    tx: Tx,
    subscription: Subscription,
    act: str,
    actor: str,
    now: datetime,
    *,
    reason: str = "",
    approved_by: str | None = None,
) -> None:
    state = rules.moved(subscription, act)
    await store.set_state(tx, subscription.name, state, now, reason=reason, approved_by=approved_by)
    await store.write_act(tx, subscription.name, actor, act, now, {"reason": reason} if reason else {})
