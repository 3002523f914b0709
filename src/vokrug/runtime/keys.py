"""Keys of tills, partners and staff: issued, listed, revoked. A till rotates by having two for a while."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from vokrug.kernel import Refusal, Text
from vokrug.runtime.database import Tx
from vokrug.runtime.http import Role
from vokrug.runtime.signing import Vault, hash_token

# Whoever asked for a key and lost the line may ask again for this long and read the same secret.
SECRET_SHOWN_AGAIN_FOR = timedelta(minutes=10)


class KeyIdReused(Refusal):
    """A key was already issued under this id, for something else or too long ago to be shown again."""

    code, status = "key_id_reused", 409
    cashier = Text(en="A key was already issued under this id.", ru="Ключ с таким идентификатором уже выпущен.")


class KeyNotFound(Refusal):
    """There is no such key."""

    code, status = "key_not_found", 404
    cashier = Text(en="There is no such key.", ru="Такого ключа нет.")


class KeyNeedsATill(Refusal):
    """A till's key belongs to one till of one shop."""

    code, status = "key_needs_a_till", 422
    cashier = Text(en="Say which shop and till the key is for.", ru="Укажите магазин и кассу ключа.")


@dataclass(frozen=True, slots=True)
class Key:
    """A key as lists show it: without its secret."""

    key_id: str
    role: Role
    shop_id: int | None
    till_id: int | None
    is_sandbox: bool
    label: str
    created_at: datetime
    not_before: datetime
    revoked_at: datetime | None
    ends_at: datetime | None  # it ends by itself then
    is_asleep: bool  # it is not used yet, or not now
    succeeds: str | None  # the key that it was fetched with


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A fresh key. `token` is set for sandbox keys, which may be borne instead of signing."""

    key_id: str
    secret: str
    token: str | None


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key as a checker of signatures needs it."""

    key_id: str
    role: Role
    shop_id: int | None
    till_id: int | None
    is_sandbox: bool
    label: str
    secret_sealed: bytes
    token_sha256: bytes | None
    created_at: datetime
    not_before: datetime
    revoked_at: datetime | None
    ends_at: datetime | None
    is_asleep: bool


SEALED_COLUMNS = """
    select key_id, role, shop_id, till_id, is_sandbox, label, secret_sealed, token_sha256,
           created_at, not_before, revoked_at, ends_at, is_asleep
      from runtime_key
"""

FIND_KEY = SEALED_COLUMNS + " where key_id = $1"

INSERT_KEY = """
    insert into runtime_key (key_id, role, shop_id, till_id, is_sandbox, label,
                             secret_sealed, token_sha256, created_at, not_before, is_asleep)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (key_id) do nothing
"""

# Whoever stole a key could fetch its successor with it: one that was not used yet goes along.
REVOKE_KEY = """
    update runtime_key set revoked_at = $2, revocation_written_at = clock_timestamp()
     where (key_id = $1 or (succeeds = $1 and first_used_at is null)) and revoked_at is null
"""

LIST_KEYS = """
    select key_id, role, shop_id, till_id, is_sandbox, label, created_at, not_before, revoked_at,
           ends_at, is_asleep, succeeds
      from runtime_key
     where ($1::bigint is null or shop_id = $1) and ($2::text is null or key_id > $2)
     order by key_id limit $3
"""

# A minute back from now covers the longest time between a change's writing and its commit.
FRESH_CHANGES = """
    select key_id from runtime_key
     where revoked_at is not null and revocation_written_at > clock_timestamp() - interval '1 minute'
    union all
    select key_id from runtime_key
     where change_written_at is not null and change_written_at > clock_timestamp() - interval '1 minute'
"""

PUT_TO_SLEEP = """
    update runtime_key set is_asleep = $2, change_written_at = clock_timestamp()
     where key_id = any($1) and is_asleep <> $2
"""


async def issue_key(
    tx: Tx,
    vault: Vault,
    *,
    uid: UUID,
    role: Role,
    shop_id: int | None,
    till_id: int | None,
    label: str,
    sandbox: bool,
    now: datetime,
    not_before: datetime | None = None,
    is_asleep: bool = False,
) -> IssuedKey:
    """Make a key. `uid` is the asker's: the same question again gets the same key, for a few minutes."""
    if role is Role.TILL and (shop_id is None or till_id is None):
        raise KeyNeedsATill()
    assert role is not Role.ANYONE, "nobody needs a key to be anyone"
    key_id = f"{role}-{uid.hex}"
    secret = "vks_" + secrets.token_urlsafe(32)
    issued = _issued(key_id, secret, sandbox=sandbox)
    starts_at = not_before or now
    inserted = await tx.run(
        INSERT_KEY,
        key_id,
        role,
        shop_id,
        till_id,
        sandbox,
        label,
        vault.seal(key_id, secret),
        hash_token(issued.token) if issued.token else None,
        now,
        starts_at,
        is_asleep,
    )
    if inserted:
        return issued
    earlier = await tx.one(SealedKey, FIND_KEY, key_id)
    same = (earlier.shop_id, earlier.till_id, earlier.is_sandbox, earlier.label) == (
        shop_id,
        till_id,
        sandbox,
        label,
    )
    if not same or earlier.revoked_at is not None or now - earlier.created_at > SECRET_SHOWN_AGAIN_FOR:
        raise KeyIdReused(key_id=key_id)
    return _issued(key_id, vault.open(key_id, earlier.secret_sealed), sandbox=sandbox)


def _issued(key_id: str, secret: str, *, sandbox: bool) -> IssuedKey:
    return IssuedKey(key_id, secret, token=f"{key_id}.{secret}" if sandbox else None)


async def revoke_key(tx: Tx, key_id: str, now: datetime) -> None:
    """End a key. Processes that remember it forget it within seconds; a repeat changes nothing."""
    revoked = await tx.run(REVOKE_KEY, key_id, now)
    if not revoked and await tx.maybe(SealedKey, FIND_KEY, key_id) is None:
        raise KeyNotFound(key_id=key_id)


async def list_keys(tx: Tx, *, shop_id: int | None = None, after: str | None = None, limit: int = 100) -> list[Key]:
    """Keys in order of their ids, page by page, without secrets."""
    return await tx.all(Key, LIST_KEYS, shop_id, after, limit)


async def find_key(tx: Tx, key_id: str) -> SealedKey | None:
    return await tx.maybe(SealedKey, FIND_KEY, key_id)


async def fresh_changes(tx: Tx) -> list[str]:
    """The keys that were revoked or changed during the last minute."""
    return [row["key_id"] for row in await tx.rows(FRESH_CHANGES)]


async def put_to_sleep(tx: Tx, key_ids: Sequence[str], *, asleep: bool = True) -> None:
    """These keys open nothing until they are woken; processes follow within a second."""
    await tx.run(PUT_TO_SLEEP, list(key_ids), asleep)
