"""All the SQL of linking."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.accounts.linking.types import Link, Peer, PeerKind, Trip
from vokrug.kernel import Text
from vokrug.runtime.database import Row, Tx

PEER = """
    select code, kind, name_en, name_ru, address, client_id, secret_sealed, scopes, document_version, declared_at,
           paused_at
      from accounts_peer
"""

PUT_PEER = """
    insert into accounts_peer (code, kind, name_en, name_ru, address, client_id, secret_sealed, scopes,
                               document_version, declared_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    on conflict (code) do update
       set kind = excluded.kind, name_en = excluded.name_en, name_ru = excluded.name_ru, address = excluded.address,
           client_id = excluded.client_id, secret_sealed = excluded.secret_sealed, scopes = excluded.scopes,
           document_version = excluded.document_version
"""

IS_USED = "select exists (select from accounts_link where peer = $1 and linked_at is not null)"

DROP_PEER = """
    with trips as (delete from accounts_trip where peer = $1), links as (delete from accounts_link where peer = $1)
    select 1
"""

LINK = """
    select id, peer, account_id, session_id, begun_at, expires_at, proved_there_at, subject_hash, subject_sealed,
           login_hash, password_hash, agreed_at, document_version, linked_at, customer_id, identifier_id,
           consent_before, unlinked_at, unlinked_by
      from accounts_link
"""

INSERT_LINK = """
    insert into accounts_link (id, peer, account_id, session_id, begun_at, expires_at) values ($1, $2, $3, $4, $5, $6)
"""

DROP_UNFINISHED = """
    delete from accounts_link
     where session_id = $1 and peer = $2 and linked_at is null and (expires_at <= $3 or account_id <> $4)
"""

PROVE_THERE = """
    update accounts_link
       set proved_there_at = $2, subject_hash = $3, subject_sealed = $4, login_hash = $5, password_hash = $6
     where id = $1
"""

MAKE_LINKED = """
    update accounts_link
       set proved_here_at = $2, agreed_at = $3, linked_at = $3, document_version = $4, customer_id = $5,
           identifier_id = $6, consent_before = $7, unlinked_at = null, unlinked_by = null
     where id = $1
"""

UNLINK = "update accounts_link set unlinked_at = $2, unlinked_by = $3 where id = $1"

INSERT_TRIP = """
    insert into accounts_trip (state_hash, peer, visit_hash, link_id, request, nonce, verifier_sealed, begun_at,
                               expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

TAKE_TRIP = """
    delete from accounts_trip where state_hash = $1 and peer = $2 and expires_at > $3
    returning peer, visit_hash, link_id, request, nonce, verifier_sealed, begun_at
"""

DROP_OLD = """
    with trips as (delete from accounts_trip where expires_at < $1)
    delete from accounts_link where (linked_at is null and expires_at < $1) or unlinked_at < $2
"""


async def put_peer(tx: Tx, peer: Peer) -> None:
    said = (peer.code, peer.kind, peer.name.en, peer.name.ru, peer.address, peer.client_id, peer.secret_sealed)
    await tx.run(PUT_PEER, *said, list(peer.scopes), peer.document_version, peer.declared_at)


async def lock_peer(tx: Tx, code: str) -> Peer | None:
    rows = await tx.rows(PEER + " where code = $1 for update", code)
    return _peer(rows[0]) if rows else None


async def find_peer(tx: Tx, code: str) -> Peer | None:
    rows = await tx.rows(PEER + " where code = $1", code)
    return _peer(rows[0]) if rows else None


async def peers(tx: Tx) -> Sequence[Peer]:
    return [_peer(row) for row in await tx.rows(PEER + " order by code")]


def _peer(row: Row) -> Peer:
    said: dict[str, Any] = dict(row)
    name = Text(en=said.pop("name_en"), ru=said.pop("name_ru"))
    return Peer(name=name, kind=PeerKind(said.pop("kind")), **said)


async def is_used(tx: Tx, code: str) -> bool:
    return bool(await tx.value(IS_USED, code))


async def pause(tx: Tx, code: str, at: datetime | None) -> None:
    await tx.run("update accounts_peer set paused_at = $2 where code = $1", code, at)


async def drop_peer(tx: Tx, code: str) -> None:
    await tx.run(DROP_PEER, code)
    await tx.run("delete from accounts_peer where code = $1", code)


async def insert_link(
    tx: Tx, id: UUID, peer: str, account_id: UUID, session_id: UUID, *, now: datetime, expires_at: datetime
) -> None:
    await tx.run(INSERT_LINK, id, peer, account_id, session_id, now, expires_at)


async def drop_unfinished(tx: Tx, session_id: UUID, peer: str, now: datetime, account_id: UUID) -> None:
    await tx.run(DROP_UNFINISHED, session_id, peer, now, account_id)


async def lock_link(tx: Tx, id: UUID) -> Link | None:
    rows = await tx.rows(LINK + " where id = $1 for update", id)
    return _link(rows[0]) if rows else None


async def unfinished(tx: Tx, session_id: UUID, peer: str) -> Link | None:
    rows = await tx.rows(
        LINK + " where session_id = $1 and peer = $2 and linked_at is null for update", session_id, peer
    )
    return _link(rows[0]) if rows else None


async def links_of(tx: Tx, account_id: UUID) -> Sequence[Link]:
    return [_link(row) for row in await tx.rows(LINK + " where account_id = $1 order by begun_at desc, id", account_id)]


async def standing(tx: Tx, peer: str, subject_hash: bytes) -> Link | None:
    rows = await tx.rows(
        LINK + " where peer = $1 and subject_hash = $2 and linked_at is not null and unlinked_at is null",
        *(peer, subject_hash),
    )
    return _link(rows[0]) if rows else None


async def standing_by_login(tx: Tx, peer: str, login_hash: bytes) -> Link | None:
    rows = await tx.rows(
        LINK + " where peer = $1 and login_hash = $2 and linked_at is not null and unlinked_at is null",
        *(peer, login_hash),
    )
    return _link(rows[0]) if rows else None


def _link(row: Row) -> Link:
    said: dict[str, Any] = dict(row)
    before = said.pop("consent_before")
    return Link(consent_before=None if before is None else msgspec.json.decode(before), **said)


async def prove_there(
    tx: Tx,
    id: UUID,
    now: datetime,
    *,
    subject_hash: bytes,
    subject_sealed: bytes,
    login_hash: bytes | None,
    password_hash: str | None,
) -> None:
    await tx.run(PROVE_THERE, id, now, subject_hash, subject_sealed, login_hash, password_hash)


async def make_linked(
    tx: Tx,
    id: UUID,
    now: datetime,
    *,
    proved_here_at: datetime,
    document_version: str,
    customer_id: UUID,
    identifier_id: int | None,
    consent_before: Mapping[str, Any] | None,
) -> None:
    before = None if consent_before is None else msgspec.json.encode(consent_before).decode()
    await tx.run(MAKE_LINKED, id, proved_here_at, now, document_version, customer_id, identifier_id, before)


async def unlink(tx: Tx, id: UUID, now: datetime, by: str) -> None:
    await tx.run(UNLINK, id, now, by)


async def insert_trip(tx: Tx, state_hash: bytes, trip: Trip, expires_at: datetime) -> None:
    said = (trip.peer, trip.visit_hash, trip.link_id, trip.request, trip.nonce, trip.verifier_sealed, trip.begun_at)
    await tx.run(INSERT_TRIP, state_hash, *said, expires_at)


async def take_trip(tx: Tx, state_hash: bytes, peer: str, now: datetime) -> Trip | None:
    """A browser comes back once."""
    return await tx.maybe(Trip, TAKE_TRIP, state_hash, peer, now)


async def drop_old(tx: Tx, expired_before: datetime, unlinked_before: datetime) -> None:
    await tx.run(DROP_OLD, expired_before, unlinked_before)
