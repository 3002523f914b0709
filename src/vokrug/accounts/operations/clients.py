"""Products that sign people in through us, as staff register them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from vokrug.accounts import rules
from vokrug.accounts.errors import ClientIdTaken, ClientUnknown, SecretNotWanted
from vokrug.accounts.store import clients as store
from vokrug.accounts.types import Client
from vokrug.accounts.vault import hashed, new_token
from vokrug.runtime.database import Tx


async def register_client(tx: Tx, client: Client, *, is_public: bool) -> tuple[Client, str | None]:
    """A new product, and its secret unless it is public. The secret is shown this once."""
    secret = None if is_public else new_token("vks_client")
    made = replace(client, secret_hash=None if secret is None else hashed(secret))
    rules.require_sound(made)
    if not await store.insert_client(tx, made):
        raise ClientIdTaken
    return made, secret


async def change_client(tx: Tx, client: Client) -> Client:
    """Anything but its id, its secret and its sector: another sector would make strangers of everybody."""
    known = await client_known(tx, client.id)
    changed = replace(
        client,
        secret_hash=known.secret_hash,
        sector=known.sector,
        created_at=known.created_at,
        disabled_at=known.disabled_at,
    )
    rules.require_sound(changed)
    await store.update_client(tx, changed)
    return changed


async def renew_secret(tx: Tx, id: str) -> str:
    """A new secret; the old one is worth nothing from now on."""
    await client_known(tx, id)
    secret = new_token("vks_client")
    if not await store.set_secret(tx, id, hashed(secret)):
        raise SecretNotWanted
    return secret


async def disable_client(tx: Tx, id: str, now: datetime) -> None:
    """Nobody signs in through it any more, and what it holds opens nothing. Repeat freely."""
    await client_known(tx, id)
    await store.disable_client(tx, id, now)


async def client_known(tx: Tx, id: str) -> Client:
    if (client := await store.find_client(tx, id)) is None:
        raise ClientUnknown
    return client


async def client_at_work(tx: Tx, id: str) -> Client | None:
    """The client, unless it was disabled."""
    client = await store.find_client(tx, id)
    return None if client is None or client.disabled_at is not None else client


async def clients(tx: Tx) -> Sequence[Client]:
    return await store.list_clients(tx)
