"""Attempts to sign in, what they are counted by, passkeys and one-time codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug.accounts.types import Attempt, Message, Passkey
from vokrug.runtime.database import Tx

INSERT_ATTEMPT = """
    insert into accounts_attempt
        (id, visit_hash, kind, login_hash, login_sealed, code_mac, challenge, account_id, amr, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""

LOCK_ATTEMPT = """
    select id, kind, login_hash, login_sealed, code_mac, challenge, account_id, amr, tries, created_at, proved_at
      from accounts_attempt
     where id = $1 and visit_hash = $2 and expires_at > $3 and done_at is null
       for update
"""

COUNT_TRY = "update accounts_attempt set tries = tries + 1 where id = $1"

PROVE_ATTEMPT = """
    update accounts_attempt set proved_at = $2, account_id = $3, amr = $4, code_mac = null where id = $1
"""

FINISH_ATTEMPT = "update accounts_attempt set done_at = $2, login_sealed = null, code_mac = null where id = $1"

COUNT = """
    insert into accounts_meter (key, window_start, count, until) values ($1, $2, 1, $3)
    on conflict (key, window_start) do update set count = accounts_meter.count + 1
    returning count
"""

DROP_OLD = """
    with attempts as (delete from accounts_attempt where expires_at < $1),
         messages as (delete from accounts_console_message where at < $1)
    delete from accounts_meter where until < $1
"""

INSERT_PASSKEY = """
    insert into accounts_passkey (credential_id, account_id, public_key, sign_count, name, is_synced, made_at)
    values ($1, $2, $3, $4, $5, $6, $7)
    on conflict (credential_id) do nothing
"""

PASSKEY = """
    select credential_id, account_id, public_key, sign_count, name, is_synced, made_at, used_at from accounts_passkey
"""

LOCK_PASSKEY = PASSKEY + " where credential_id = $1 for update"

LIST_PASSKEYS = PASSKEY + " where account_id = $1 order by made_at"

USE_PASSKEY = "update accounts_passkey set sign_count = $2, used_at = $3 where credential_id = $1"

DROP_PASSKEY = "delete from accounts_passkey where credential_id = $1 and account_id = $2"

TOTP = "select totp_sealed, totp_confirmed_at, totp_last_step from accounts_account where id = $1 for update"

PUT_TOTP = """
    update accounts_account set totp_sealed = $2, totp_confirmed_at = null, totp_last_step = null where id = $1
"""

USE_TOTP = """
    update accounts_account set totp_last_step = $2, totp_confirmed_at = coalesce(totp_confirmed_at, $3) where id = $1
"""

PASSWORD = "select password_hash from accounts_account where id = $1"

PUT_PASSWORD = "update accounts_account set password_hash = $2 where id = $1"

PUT_MESSAGE = "insert into accounts_console_message (channel, address, text, at) values ($1, $2, $3, $4)"

LAST_MESSAGES = "select channel, address, text from accounts_console_message order by id desc limit $1"


async def insert_attempt(
    tx: Tx,
    id: UUID,
    visit_hash: bytes,
    kind: str,
    *,
    now: datetime,
    expires_at: datetime,
    login_hash: bytes | None = None,
    login_sealed: bytes | None = None,
    code_mac: bytes | None = None,
    challenge: bytes | None = None,
    account_id: UUID | None = None,
    amr: Sequence[str] = (),
) -> None:
    await tx.run(
        INSERT_ATTEMPT,
        id,
        visit_hash,
        kind,
        login_hash,
        login_sealed,
        code_mac,
        challenge,
        account_id,
        list(amr),
        now,
        expires_at,
    )


async def lock_attempt(tx: Tx, id: UUID, visit_hash: bytes, now: datetime) -> Attempt | None:
    """Only for the browser that began it."""
    return await tx.maybe(Attempt, LOCK_ATTEMPT, id, visit_hash, now)


async def count_try(tx: Tx, id: UUID) -> None:
    await tx.run(COUNT_TRY, id)


async def prove_attempt(tx: Tx, id: UUID, account_id: UUID | None, amr: Sequence[str], now: datetime) -> None:
    """The code was right; it is worth nothing from now on."""
    await tx.run(PROVE_ATTEMPT, id, now, account_id, list(amr))


async def finish_attempt(tx: Tx, id: UUID, now: datetime) -> None:
    await tx.run(FINISH_ATTEMPT, id, now)


async def count(tx: Tx, key: bytes, window_start: datetime, until: datetime) -> int:
    """How many there have been in this window, this one included."""
    found: int = await tx.value(COUNT, key, window_start, until)
    return found


async def drop_old(tx: Tx, before: datetime) -> None:
    await tx.run(DROP_OLD, before)


async def insert_passkey(tx: Tx, passkey: Passkey) -> bool:
    said = (passkey.credential_id, passkey.account_id, passkey.public_key, passkey.sign_count, passkey.name)
    return await tx.run(INSERT_PASSKEY, *said, passkey.is_synced, passkey.made_at) == 1


async def lock_passkey(tx: Tx, credential_id: bytes) -> Passkey | None:
    return await tx.maybe(Passkey, LOCK_PASSKEY, credential_id)


async def list_passkeys(tx: Tx, account_id: UUID) -> Sequence[Passkey]:
    return await tx.all(Passkey, LIST_PASSKEYS, account_id)


async def use_passkey(tx: Tx, credential_id: bytes, sign_count: int, now: datetime) -> None:
    await tx.run(USE_PASSKEY, credential_id, sign_count, now)


async def drop_passkey(tx: Tx, credential_id: bytes, account_id: UUID) -> bool:
    return await tx.run(DROP_PASSKEY, credential_id, account_id) == 1


async def totp(tx: Tx, account_id: UUID) -> tuple[bytes | None, bool, int]:
    """The sealed secret, whether it was confirmed, and the last step a code of which was used."""
    row = (await tx.rows(TOTP, account_id))[0]
    return row["totp_sealed"], row["totp_confirmed_at"] is not None, row["totp_last_step"] or 0


async def put_totp(tx: Tx, account_id: UUID, sealed: bytes | None) -> None:
    """A secret that waits for its first code; None takes it away."""
    await tx.run(PUT_TOTP, account_id, sealed)


async def use_totp(tx: Tx, account_id: UUID, step: int, now: datetime) -> None:
    await tx.run(USE_TOTP, account_id, step, now)


async def password(tx: Tx, account_id: UUID) -> str | None:
    found: str | None = await tx.value(PASSWORD, account_id)
    return found


async def put_password(tx: Tx, account_id: UUID, hash: str | None) -> None:
    await tx.run(PUT_PASSWORD, account_id, hash)


async def put_message(tx: Tx, message: Message, now: datetime) -> None:
    await tx.run(PUT_MESSAGE, message.channel, message.address, message.text, now)


async def last_messages(tx: Tx, limit: int) -> Sequence[Message]:
    return await tx.all(Message, LAST_MESSAGES, limit)
