"""Clients of sign-on, and the keys that sign what they are told."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import msgspec

from vokrug.accounts.types import Client, KeyState, NewKey, SigningKey
from vokrug.kernel import Text
from vokrug.runtime.database import Row, Tx

COLUMNS = """
    id, name_en, name_ru, secret_hash, redirect_uris, post_logout_uris, backchannel_logout_uri, scopes, sector,
    id_token_alg, is_trusted, needs_par, may_introspect, allows_password, created_at, disabled_at
"""

INSERT_CLIENT = f"""
    insert into accounts_client ({COLUMNS})
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
    on conflict (id) do nothing
"""  # noqa: S608

FIND_CLIENT = f"select {COLUMNS} from accounts_client where id = $1"  # noqa: S608

LIST_CLIENTS = f"select {COLUMNS} from accounts_client order by id"  # noqa: S608

UPDATE_CLIENT = """
    update accounts_client
       set name_en = $2, name_ru = $3, redirect_uris = $4, post_logout_uris = $5, backchannel_logout_uri = $6,
           scopes = $7, id_token_alg = $8, is_trusted = $9, needs_par = $10, may_introspect = $11, allows_password = $12
     where id = $1
"""

SET_SECRET = "update accounts_client set secret_hash = $2 where id = $1 and secret_hash is not null"

DISABLE_CLIENT = "update accounts_client set disabled_at = coalesce(disabled_at, $2) where id = $1"

LOCK_KEYS = "select pg_advisory_xact_lock(hashtext('accounts_signing_key'))"

LIVE_KEYS = """
    select kid, alg, state, public_jwk, private_sealed, made_at, since from accounts_signing_key
     where state <> 'retired' order by made_at, kid
"""

INSERT_KEY = """
    insert into accounts_signing_key (kid, alg, state, public_jwk, private_sealed, made_at, since)
    values ($1, $2, $3, $4, $5, $6, $6)
"""

MOVE_KEY = """
    update accounts_signing_key
       set state = $2, since = $3, private_sealed = case when $2 = 'retired' then null else private_sealed end
     where kid = $1
"""


async def insert_client(tx: Tx, client: Client) -> bool:
    """False: the id is taken."""
    said = asdict(client)
    name: Mapping[str, str] = said.pop("name")
    values = [said.pop("id"), name["en"], name["ru"], *said.values()]
    return await tx.run(INSERT_CLIENT, *values) == 1


async def find_client(tx: Tx, id: str) -> Client | None:
    rows = await tx.rows(FIND_CLIENT, id)
    return _client(rows[0]) if rows else None


async def list_clients(tx: Tx) -> Sequence[Client]:
    return [_client(row) for row in await tx.rows(LIST_CLIENTS)]


async def update_client(tx: Tx, client: Client) -> None:
    await tx.run(
        UPDATE_CLIENT,
        client.id,
        client.name.en,
        client.name.ru,
        list(client.redirect_uris),
        list(client.post_logout_uris),
        client.backchannel_logout_uri,
        list(client.scopes),
        client.id_token_alg,
        client.is_trusted,
        client.needs_par,
        client.may_introspect,
        client.allows_password,
    )


async def set_secret(tx: Tx, id: str, secret_hash: bytes) -> bool:
    return await tx.run(SET_SECRET, id, secret_hash) == 1


async def disable_client(tx: Tx, id: str, now: datetime) -> None:
    await tx.run(DISABLE_CLIENT, id, now)


def _client(row: Row) -> Client:
    said: dict[str, Any] = dict(row)
    return Client(name=Text(en=said.pop("name_en"), ru=said.pop("name_ru")), **said)


async def lock_keys(tx: Tx) -> None:
    """Two processes that need the first key make one."""
    await tx.run(LOCK_KEYS)


async def live_keys(tx: Tx) -> Sequence[SigningKey]:
    """All but the retired."""
    return [_key(row) for row in await tx.rows(LIVE_KEYS)]


async def insert_key(tx: Tx, key: NewKey, state: KeyState, now: datetime) -> None:
    public = msgspec.json.encode(key.public_jwk).decode()
    await tx.run(INSERT_KEY, key.kid, key.alg, state, public, key.private_sealed, now)


async def move_key(tx: Tx, kid: str, state: KeyState, now: datetime) -> None:
    """To another state. A retired key loses its private part for good."""
    await tx.run(MOVE_KEY, kid, state, now)


def _key(row: Row) -> SigningKey:
    said: dict[str, Any] = dict(row)
    public = msgspec.json.decode(said.pop("public_jwk"))
    return SigningKey(public_jwk=public, state=KeyState(said.pop("state")), **said)
