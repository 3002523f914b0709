"""A key is followed by another without a stop: both are good for a while, and the holder fetches the new one itself."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from vokrug.kernel import Refusal, Text
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Role
from vokrug.runtime.keys import IssuedKey, KeyNotFound, find_key, issue_key
from vokrug.runtime.signing import Vault


class KeyRotating(Refusal):
    """The key has a successor that was not used yet."""

    code, status = "key_rotating", 409
    cashier = Text(
        en="This key is being changed already: {successor}.", ru="Этот ключ уже меняется: новый - {successor}."
    )


class NoSuccessor(Refusal):
    """Nothing waits to be fetched with this key."""

    code, status = "no_successor", 404
    cashier = Text(en="There is no new key for this till.", ru="Нового ключа для этой кассы нет.")


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a key stands in a rotation, as its holder's heartbeat asks."""

    is_new: bool  # it succeeds another and was not used before
    has_successor: bool


@dataclass(frozen=True, slots=True)
class Successor:
    key: IssuedKey
    old_ends_at: datetime | None


LOCK_KEY = "select key_id from runtime_key where key_id = $1 for update"
WAITING = """
    select key_id from runtime_key where succeeds = $1 and first_used_at is null and revoked_at is null
"""
SUCCEED = "update runtime_key set succeeds = $2, ends_old_at_first_use = $3 where key_id = $1"
END_KEY = """
    update runtime_key set ends_at = $2, change_written_at = clock_timestamp()
     where key_id = $1 and (ends_at is null or ends_at > $2)
"""
TURN = """
    select k.succeeds is not null and k.first_used_at is null as is_new,
           exists (select 1 from runtime_key s
                    where s.succeeds = k.key_id and s.first_used_at is null and s.revoked_at is null) as has_successor
      from runtime_key k where k.key_id = $1
"""
FIRST_USED = """
    update runtime_key set first_used_at = $2
     where key_id = $1 and succeeds is not null and first_used_at is null
    returning succeeds, ends_old_at_first_use
"""


async def rotate_key(
    tx: Tx, vault: Vault, key_id: str, *, uid: UUID, overlap: timedelta, ends_at_first_use: bool, now: datetime
) -> tuple[str, datetime]:
    """Make the successor; answers its id and when the old key ends at the latest. `uid` again changes nothing."""
    await tx.rows(LOCK_KEY, key_id)
    old = await find_key(tx, key_id)
    if old is None or old.revoked_at is not None or (old.ends_at is not None and old.ends_at <= now):
        raise KeyNotFound(key_id=key_id)
    new_id = f"{old.role}-{uid.hex}"
    waiting = await tx.rows(WAITING, key_id)
    if waiting:
        if waiting[0]["key_id"] != new_id:
            raise KeyRotating(successor=waiting[0]["key_id"])
        return new_id, old.ends_at or now + overlap
    await issue_key(
        tx,
        vault,
        uid=uid,
        role=Role(old.role),
        shop_id=old.shop_id,
        till_id=old.till_id,
        label=old.label,
        sandbox=old.is_sandbox,
        now=now,
        is_asleep=old.is_asleep,
    )
    await tx.run(SUCCEED, new_id, key_id, ends_at_first_use)
    ends_at = min(old.ends_at or now + overlap, now + overlap)
    await tx.run(END_KEY, key_id, ends_at)
    return new_id, ends_at


async def fetch_successor(tx: Tx, vault: Vault, key_id: str) -> Successor:
    """The new key, for whoever signs with the old one. Again and again until the new one is used."""
    waiting = await tx.rows(WAITING, key_id)
    old = await find_key(tx, key_id)
    if not waiting or old is None:
        raise NoSuccessor()
    new = await find_key(tx, waiting[0]["key_id"])
    assert new is not None, "it was there a line ago, and keys are never deleted"
    secret = vault.open(new.key_id, new.secret_sealed)
    token = f"{new.key_id}.{secret}" if new.is_sandbox else None
    return Successor(IssuedKey(new.key_id, secret, token), old.ends_at)


async def turn_of(tx: Tx, key_id: str) -> Turn:
    found: Turn | None = await tx.maybe(Turn, TURN, key_id)
    return found or Turn(is_new=False, has_successor=False)


async def first_used(tx: Tx, key_id: str, now: datetime) -> None:
    """The holder has the new key and works with it. Ends the old one where that was declared."""
    for row in await tx.rows(FIRST_USED, key_id, now):
        if row["ends_old_at_first_use"]:
            await tx.run(END_KEY, row["succeeds"], now)
