"""Who works here, who is invited, and what was changed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug.accounts.types import Invitation, StaffChange, StaffRow
from vokrug.runtime.database import Tx

STAFF = """
    select staff.id, staff.account_id, staff.called_sealed, staff.roles, staff.shops, staff.since, staff.revoked_at,
           account.totp_confirmed_at is not null
           or exists (select from accounts_passkey passkey where passkey.account_id = staff.account_id) as has_second,
           (select max(seen_at) from accounts_session session
             where session.account_id = staff.account_id and session.ended_at is null) as seen_at
      from accounts_staff staff
      join accounts_account account on account.id = staff.account_id
"""

FIND_STAFF = STAFF + " where staff.id = $1"

STAFF_OF_ACCOUNT = STAFF + " where staff.account_id = $1 and staff.revoked_at is null"

IS_STAFF = "select exists (select from accounts_staff where account_id = $1 and revoked_at is null)"

LIST_STAFF = STAFF + " order by staff.revoked_at nulls first, staff.since, staff.id limit $1"

# In id order, and to the end of the transaction: two owners who remove each other come one after the other.
LOCK_OWNERS = """
    select id from accounts_staff where revoked_at is null and roles @> array['owner'] order by id for update
"""

INSERT_STAFF = """
    insert into accounts_staff (id, account_id, called_sealed, roles, shops, since) values ($1, $2, $3, $4, $5, $6)
"""

SET_POST = "update accounts_staff set roles = $2, shops = $3 where id = $1 and revoked_at is null"

REVOKE = "update accounts_staff set revoked_at = $2 where id = $1 and revoked_at is null"

FORGET_NAME = "update accounts_staff set called_sealed = null where account_id = $1"

INVITATION = """
    select id, channel, login_hash, called_sealed, login_sealed, roles, shops, invited_by, invited_at, expires_at,
           used_at, withdrawn_at
      from accounts_staff_invitation
"""

FIND_INVITATION = INVITATION + " where id = $1 for update"

INVITATION_BY_CODE = INVITATION + " where code_hash = $1 for update"

OPEN_INVITATIONS = (
    INVITATION + " where invited_at > $1 and expires_at > $2 and used_at is null and withdrawn_at is null"
    " order by invited_at desc, id limit 500"
)

INSERT_INVITATION = """
    insert into accounts_staff_invitation
        (id, code_hash, channel, login_hash, called_sealed, login_sealed, roles, shops, invited_by, invited_at,
         expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    on conflict (id) do nothing
"""

USE_INVITATION = """
    update accounts_staff_invitation set used_at = $2, staff_id = $3, called_sealed = null, login_sealed = null
     where id = $1
"""

WITHDRAW = """
    update accounts_staff_invitation set withdrawn_at = $2, called_sealed = null, login_sealed = null
     where id = $1 and used_at is null and withdrawn_at is null
"""

FORGET_INVITED = """
    update accounts_staff_invitation set called_sealed = null, login_sealed = null
     where expires_at < $1 and (called_sealed is not null or login_sealed is not null)
"""

INSERT_CHANGE = """
    insert into accounts_staff_change (id, subject_id, at, by, what, roles, shops, why)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (id) do nothing
"""

CHANGE = "select id, subject_id, at, by, what, roles, shops, why from accounts_staff_change"

FIND_CHANGE = CHANGE + " where id = $1"

CHANGES_OF = CHANGE + " where subject_id = $1 order by at desc, id desc limit $2"

LAST_CHANGES = CHANGE + " order by at desc, id desc limit $1"

NO_SECOND = """
    with passkeys as (delete from accounts_passkey where account_id = $1)
    update accounts_account set totp_sealed = null, totp_confirmed_at = null, totp_last_step = null where id = $1
"""


async def find_staff(tx: Tx, id: UUID) -> StaffRow | None:
    return await tx.maybe(StaffRow, FIND_STAFF, id)


async def staff_of_account(tx: Tx, account_id: UUID) -> StaffRow | None:
    return await tx.maybe(StaffRow, STAFF_OF_ACCOUNT, account_id)


async def is_staff(tx: Tx, account_id: UUID) -> bool:
    found: bool = await tx.value(IS_STAFF, account_id)
    return found


async def list_staff(tx: Tx, limit: int) -> Sequence[StaffRow]:
    return await tx.all(StaffRow, LIST_STAFF, limit)


async def lock_owners(tx: Tx) -> set[UUID]:
    return {UUID(int=row["id"].int) for row in await tx.rows(LOCK_OWNERS)}


async def insert_staff(
    tx: Tx, id: UUID, account_id: UUID, called_sealed: bytes, roles: Sequence[str], shops: Sequence[str], now: datetime
) -> None:
    await tx.run(INSERT_STAFF, id, account_id, called_sealed, list(roles), list(shops), now)


async def set_post(tx: Tx, id: UUID, roles: Sequence[str], shops: Sequence[str]) -> bool:
    return await tx.run(SET_POST, id, list(roles), list(shops)) == 1


async def revoke(tx: Tx, id: UUID, now: datetime) -> bool:
    return await tx.run(REVOKE, id, now) == 1


async def forget_name(tx: Tx, account_id: UUID) -> None:
    await tx.run(FORGET_NAME, account_id)


async def drop_second(tx: Tx, account_id: UUID) -> None:
    """Neither an app nor a passkey proves them any more."""
    await tx.run(NO_SECOND, account_id)


async def find_invitation(tx: Tx, id: UUID) -> Invitation | None:
    return await tx.maybe(Invitation, FIND_INVITATION, id)


async def invitation_by_code(tx: Tx, code_hash: bytes) -> Invitation | None:
    return await tx.maybe(Invitation, INVITATION_BY_CODE, code_hash)


async def open_invitations(tx: Tx, *, made_after: datetime, now: datetime) -> Sequence[Invitation]:
    return await tx.all(Invitation, OPEN_INVITATIONS, made_after, now)


async def insert_invitation(tx: Tx, made: Invitation, code_hash: bytes) -> bool:
    said = (made.channel, made.login_hash, made.called_sealed, made.login_sealed, list(made.roles), list(made.shops))
    times = (made.invited_by, made.invited_at, made.expires_at)
    return await tx.run(INSERT_INVITATION, made.id, code_hash, *said, *times) == 1


async def use_invitation(tx: Tx, id: UUID, staff_id: UUID, now: datetime) -> None:
    await tx.run(USE_INVITATION, id, now, staff_id)


async def withdraw(tx: Tx, id: UUID, now: datetime) -> bool:
    return await tx.run(WITHDRAW, id, now) == 1


async def forget_invited(tx: Tx, before: datetime) -> None:
    await tx.run(FORGET_INVITED, before)


async def insert_change(tx: Tx, change: StaffChange) -> bool:
    said = (change.by, change.what, list(change.roles), list(change.shops), change.why)
    return await tx.run(INSERT_CHANGE, change.id, change.subject_id, change.at, *said) == 1


async def find_change(tx: Tx, id: UUID) -> StaffChange | None:
    return await tx.maybe(StaffChange, FIND_CHANGE, id)


async def changes_of(tx: Tx, subject_id: UUID, limit: int) -> Sequence[StaffChange]:
    return await tx.all(StaffChange, CHANGES_OF, subject_id, limit)


async def last_changes(tx: Tx, limit: int) -> Sequence[StaffChange]:
    return await tx.all(StaffChange, LAST_CHANGES, limit)
