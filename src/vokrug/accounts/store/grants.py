"""Requests on their way, grants, codes, tokens, and what was agreed to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.accounts.types import AuthorizationRequest, Code, LinkedProduct, Token
from vokrug.kernel import Text
from vokrug.runtime.database import Tx

INSERT_REQUEST = """
    insert into accounts_request (id_hash, client_id, params, is_pushed, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6)
"""

FIND_REQUEST = """
    select client_id, params, is_pushed, created_at, expires_at, used_at from accounts_request
     where id_hash = $1 for update
"""

USE_REQUEST = "update accounts_request set used_at = $2 where id_hash = $1 and used_at is null"

DROP_OLD_REQUESTS = "delete from accounts_request where expires_at < $1"

INSERT_GRANT = """
    insert into accounts_grant (id, account_id, client_id, session_id, scope, created_at)
    values ($1, $2, $3, $4, $5, $6)
"""

INSERT_CODE = """
    insert into accounts_code (hash, grant_id, redirect_uri, challenge, nonce, expires_at)
    values ($1, $2, $3, $4, $5, $6)
"""

# The grant is locked first, so that of two who bring the same code or token at once one is the second.
FIND_CODE = """
    select code.grant_id, given.account_id, given.client_id, given.session_id, given.scope, code.redirect_uri,
           code.challenge, code.nonce, code.expires_at, code.used_at,
           coalesce(given.revoked_at, session.ended_at) as revoked_at,
           session.auth_time, session.amr, session.acr
      from accounts_code code
      join accounts_grant given on given.id = code.grant_id
      join accounts_session session on session.id = given.session_id
     where code.hash = $1
       for update of given, code
"""

USE_CODE = "update accounts_code set used_at = $2 where hash = $1"

INSERT_TOKEN = """
    insert into accounts_token (hash, grant_id, kind, scope, issued_at, expires_at) values ($1, $2, $3, $4, $5, $6)
"""

FIND_TOKEN = """
    select token.grant_id, given.account_id, given.client_id, given.session_id, token.kind, token.scope,
           token.issued_at, token.expires_at, token.ended_at,
           coalesce(given.revoked_at, session.ended_at) as revoked_at,
           session.auth_time, session.amr, session.acr
      from accounts_token token
      join accounts_grant given on given.id = token.grant_id
      join accounts_session session on session.id = given.session_id
     where token.hash = $1
"""

LOCK_TOKEN = FIND_TOKEN + " for update of given, token"

END_TOKEN = "update accounts_token set ended_at = $2 where hash = $1 and ended_at is null"

END_ACCESS = "update accounts_token set ended_at = $2 where grant_id = $1 and kind = 'access' and ended_at is null"

REVOKE_GRANT = """
    update accounts_grant set revoked_at = $2, revoked_why = $3 where id = $1 and revoked_at is null
"""

REVOKE_GRANTS_TO = """
    update accounts_grant set revoked_at = $3, revoked_why = $4
     where account_id = $1 and client_id = $2 and revoked_at is null
"""

# Before a code was exchanged nobody but the browser has it.
DROP_OLD_TOKENS = "delete from accounts_token where expires_at < $1"
DROP_OLD_GRANTS = """
    delete from accounts_grant given
     where given.created_at < $1
       and not exists (select from accounts_token token where token.grant_id = given.id)
"""

CONSENT = "select scopes from accounts_consent where account_id = $1 and client_id = $2"

AGREED_AFTER = """
    select exists (select from accounts_consent where account_id = $1 and client_id = $2 and given_at >= $3)
"""

GIVE_CONSENT = """
    insert into accounts_consent (account_id, client_id, scopes, given_at) values ($1, $2, $3, $4)
    on conflict (account_id, client_id) do update
       set scopes = (select array_agg(distinct scope order by scope)
                       from unnest(accounts_consent.scopes || excluded.scopes) scope),
           given_at = excluded.given_at
"""

PRODUCTS = """
    select client.id as client_id, client.name_en, client.name_ru,
           coalesce(consent.scopes, entered.scopes) as scopes, least(consent.given_at, entered.since) as since
      from accounts_client client
      left join accounts_consent consent on consent.client_id = client.id and consent.account_id = $1
      left join (select given.client_id, min(given.created_at) as since,
                        array_agg(distinct one.scope order by one.scope) as scopes
                   from accounts_grant given, unnest(string_to_array(given.scope, ' ')) one (scope)
                  where given.account_id = $1 and given.revoked_at is null
                  group by given.client_id) entered on entered.client_id = client.id
     where consent.client_id is not null or entered.client_id is not null
     order by since desc, client.id
"""

WITHDRAW_CONSENT = "delete from accounts_consent where account_id = $1 and client_id = $2"


async def insert_request(
    tx: Tx,
    id_hash: bytes,
    client_id: str,
    params: Mapping[str, str],
    *,
    is_pushed: bool,
    now: datetime,
    expires_at: datetime,
) -> None:
    said = msgspec.json.encode(params).decode()
    await tx.run(INSERT_REQUEST, id_hash, client_id, said, is_pushed, now, expires_at)


async def find_request(tx: Tx, id_hash: bytes) -> AuthorizationRequest | None:
    rows = await tx.rows(FIND_REQUEST, id_hash)
    if not rows:
        return None
    said = dict(rows[0])
    return AuthorizationRequest(params=msgspec.json.decode(said.pop("params")), **said)


async def use_request(tx: Tx, id_hash: bytes, now: datetime) -> bool:
    return await tx.run(USE_REQUEST, id_hash, now) == 1


async def insert_grant(
    tx: Tx, id: UUID, *, account_id: UUID, client_id: str, session_id: UUID, scope: str, now: datetime
) -> None:
    await tx.run(INSERT_GRANT, id, account_id, client_id, session_id, scope, now)


async def insert_code(
    tx: Tx, hash: bytes, grant_id: UUID, *, redirect_uri: str, challenge: str, nonce: str | None, expires_at: datetime
) -> None:
    await tx.run(INSERT_CODE, hash, grant_id, redirect_uri, challenge, nonce, expires_at)


async def find_code(tx: Tx, hash: bytes) -> Code | None:
    return await tx.maybe(Code, FIND_CODE, hash)


async def use_code(tx: Tx, hash: bytes, now: datetime) -> None:
    await tx.run(USE_CODE, hash, now)


async def insert_token(
    tx: Tx, hash: bytes, grant_id: UUID, kind: str, scope: str, *, now: datetime, expires_at: datetime
) -> None:
    await tx.run(INSERT_TOKEN, hash, grant_id, kind, scope, now, expires_at)


async def find_token(tx: Tx, hash: bytes, *, is_locked: bool = False) -> Token | None:
    return await tx.maybe(Token, LOCK_TOKEN if is_locked else FIND_TOKEN, hash)


async def end_token(tx: Tx, hash: bytes, now: datetime) -> None:
    await tx.run(END_TOKEN, hash, now)


async def end_access(tx: Tx, grant_id: UUID, now: datetime) -> None:
    await tx.run(END_ACCESS, grant_id, now)


async def revoke_grant(tx: Tx, id: UUID, now: datetime, why: str) -> None:
    """Every token of the family is worth nothing from now on."""
    await tx.run(REVOKE_GRANT, id, now, why)


async def revoke_grants_to(tx: Tx, account_id: UUID, client_id: str, now: datetime, why: str) -> None:
    await tx.run(REVOKE_GRANTS_TO, account_id, client_id, now, why)


async def drop_old(tx: Tx, before: datetime) -> None:
    for statement in (DROP_OLD_REQUESTS, DROP_OLD_TOKENS, DROP_OLD_GRANTS):
        await tx.run(statement, before)


async def consent(tx: Tx, account_id: UUID, client_id: str) -> Sequence[str]:
    return await tx.value(CONSENT, account_id, client_id) or []


async def agreed_after(tx: Tx, account_id: UUID, client_id: str, at: datetime) -> bool:
    return bool(await tx.value(AGREED_AFTER, account_id, client_id, at))


async def give_consent(tx: Tx, account_id: UUID, client_id: str, scopes: Sequence[str], now: datetime) -> None:
    await tx.run(GIVE_CONSENT, account_id, client_id, list(scopes), now)


async def products(tx: Tx, account_id: UUID) -> Sequence[LinkedProduct]:
    """What consents and grants of theirs lead to."""
    return [
        LinkedProduct(row["client_id"], Text(en=row["name_en"], ru=row["name_ru"]), row["scopes"], row["since"])
        for row in await tx.rows(PRODUCTS, account_id)
    ]


async def withdraw_consent(tx: Tx, account_id: UUID, client_id: str) -> bool:
    return await tx.run(WITHDRAW_CONSENT, account_id, client_id) == 1
