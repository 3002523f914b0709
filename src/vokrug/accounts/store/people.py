"""Accounts, what leads to them, and where they are signed in."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from vokrug.accounts.types import Account, LogoutNotice, Session
from vokrug.runtime.database import Tx

ACCOUNT = """
    select account.id, account.customer_id, account.customer_number,
           account.totp_confirmed_at is not null as has_totp, account.password_hash is not null as has_password,
           exists (select from accounts_passkey passkey where passkey.account_id = account.id) as has_passkey
      from accounts_account account
"""

FIND_ACCOUNT = ACCOUNT + " where account.id = $1 and account.state = 'open'"

ACCOUNT_OF_CUSTOMER = ACCOUNT + " where account.customer_id = $1 and account.state = 'open'"

WHO_SIGNS_IN = "select customer_id from accounts_account where customer_id = any($1) and state = 'open'"

ACCOUNT_OF_LOGIN = (
    ACCOUNT
    + """
      join accounts_login login on login.account_id = account.id
     where login.kind = $1 and login.hash = $2 and account.state = 'open'
"""
)

INSERT_ACCOUNT = """
    insert into accounts_account (id, customer_id, customer_number, created_at) values ($1, $2, $3, $4)
"""

PUT_LOGIN = """
    insert into accounts_login (kind, hash, account_id, proved_at) values ($1, $2, $3, $4)
    on conflict (kind, hash) do update set account_id = excluded.account_id, proved_at = excluded.proved_at
"""

CLOSE_ACCOUNT = """
    with logins as (delete from accounts_login where account_id = $1),
         passkeys as (delete from accounts_passkey where account_id = $1),
         consents as (delete from accounts_consent where account_id = $1),
         trips as (delete from accounts_trip where link_id in (select id from accounts_link where account_id = $1)),
         links as (delete from accounts_link where account_id = $1)
    update accounts_account
       set state = 'closed', totp_sealed = null, totp_confirmed_at = null, password_hash = null
     where id = $1
"""

INSERT_SESSION = """
    insert into accounts_session (id, token_hash, account_id, created_at, auth_time, amr, acr, device, seen_at)
    values ($1, $2, $3, $4, $4, $5, $6, $7, $4)
"""

SESSION = """
    select id, account_id, created_at, auth_time, amr, acr, device, seen_at from accounts_session
"""

FIND_SESSION = SESSION + " where token_hash = $1 and ended_at is null and created_at > $2 and seen_at > $3"

LIST_SESSIONS = SESSION + " where account_id = $1 and ended_at is null and created_at > $2 order by seen_at desc, id"

RENEW_SESSION = """
    update accounts_session set token_hash = $2, auth_time = $3, seen_at = $3, amr = $4, acr = $5
     where id = $1 and ended_at is null
"""

SEE_SESSION = "update accounts_session set seen_at = $2 where id = $1 and seen_at < $2"

END_SESSION = """
    update accounts_session set ended_at = $2, ended_why = $3 where id = $1 and ended_at is null returning account_id
"""

REVOKE_GRANTS = """
    update accounts_grant set revoked_at = $2, revoked_why = $3 where session_id = $1 and revoked_at is null
"""

NOTE_LOGOUTS = """
    insert into accounts_logout_notice (id, client_id, account_id, session_id, made_at, next_try_at)
    select gen_random_uuid(), told.client_id, told.account_id, $1, $2, $2
      from (select distinct given.client_id, given.account_id
              from accounts_grant given
              join accounts_client client on client.id = given.client_id
             where given.session_id = $1 and given.revoked_at is null
               and client.backchannel_logout_uri is not null and client.disabled_at is null) told
"""

DUE_NOTICES = """
    select notice.id, notice.client_id, notice.account_id, notice.session_id, notice.tries,
           client.backchannel_logout_uri, client.id_token_alg, client.sector
      from accounts_logout_notice notice
      join accounts_client client on client.id = notice.client_id
     where notice.told_at is null and notice.given_up_at is null and notice.next_try_at <= $1
       and client.backchannel_logout_uri is not null
     order by notice.next_try_at
     limit $2
       for update of notice skip locked
"""

POSTPONE_NOTICE = "update accounts_logout_notice set tries = tries + 1, next_try_at = $2 where id = $1"

NOTICE_TOLD = "update accounts_logout_notice set told_at = $2 where id = $1"

GIVE_NOTICE_UP = "update accounts_logout_notice set given_up_at = $2 where id = $1"


async def find_account(tx: Tx, id: UUID) -> Account | None:
    return await tx.maybe(Account, FIND_ACCOUNT, id)


async def account_of_customer(tx: Tx, customer_id: UUID) -> Account | None:
    return await tx.maybe(Account, ACCOUNT_OF_CUSTOMER, customer_id)


async def who_signs_in(tx: Tx, customer_ids: Collection[UUID]) -> set[UUID]:
    """Those of these customers who have an account."""
    return {UUID(int=row["customer_id"].int) for row in await tx.rows(WHO_SIGNS_IN, list(customer_ids))}


async def account_of_login(tx: Tx, kind: str, hash: bytes) -> Account | None:
    return await tx.maybe(Account, ACCOUNT_OF_LOGIN, kind, hash)


async def insert_account(tx: Tx, id: UUID, customer_id: UUID, customer_number: int, now: datetime) -> None:
    await tx.run(INSERT_ACCOUNT, id, customer_id, customer_number, now)


async def put_login(tx: Tx, kind: str, hash: bytes, account_id: UUID, now: datetime) -> None:
    """Whoever proved it last holds it."""
    await tx.run(PUT_LOGIN, kind, hash, account_id, now)


async def close_account(tx: Tx, id: UUID) -> None:
    """For good: nobody signs in to it, and what they signed in by is gone."""
    await tx.run(CLOSE_ACCOUNT, id)


async def insert_session(
    tx: Tx, id: UUID, token_hash: bytes, account_id: UUID, *, amr: Sequence[str], acr: str, device: str, now: datetime
) -> None:
    await tx.run(INSERT_SESSION, id, token_hash, account_id, now, list(amr), acr, device)


async def find_session(tx: Tx, token_hash: bytes, *, made_after: datetime, seen_after: datetime) -> Session | None:
    return await tx.maybe(Session, FIND_SESSION, token_hash, made_after, seen_after)


async def list_sessions(tx: Tx, account_id: UUID, *, made_after: datetime) -> Sequence[Session]:
    return await tx.all(Session, LIST_SESSIONS, account_id, made_after)


async def renew_session(tx: Tx, id: UUID, token_hash: bytes, *, amr: Sequence[str], acr: str, now: datetime) -> None:
    await tx.run(RENEW_SESSION, id, token_hash, now, list(amr), acr)


async def see_session(tx: Tx, id: UUID, now: datetime) -> None:
    await tx.run(SEE_SESSION, id, now)


async def end_session(tx: Tx, id: UUID, now: datetime, why: str) -> bool:
    """With all that it gave; whoever wants to hear of it is noted down. False: it had ended before."""
    if await tx.value(END_SESSION, id, now, why) is None:
        return False
    await tx.run(NOTE_LOGOUTS, id, now)
    await tx.run(REVOKE_GRANTS, id, now, why)
    return True


async def due_notices(tx: Tx, now: datetime, limit: int) -> Sequence[LogoutNotice]:
    return await tx.all(LogoutNotice, DUE_NOTICES, now, limit)


async def postpone_notice(tx: Tx, id: UUID, until: datetime) -> None:
    await tx.run(POSTPONE_NOTICE, id, until)


async def notice_told(tx: Tx, id: UUID, now: datetime) -> None:
    await tx.run(NOTICE_TOLD, id, now)


async def give_notice_up(tx: Tx, id: UUID, now: datetime) -> None:
    await tx.run(GIVE_NOTICE_UP, id, now)
