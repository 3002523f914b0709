"""What an erasure destroys, and the act that stays."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.customers.store.values import as_json, plain_uuid
from vokrug.customers.types import CardRead, Erasure, ErasureState, Ground
from vokrug.runtime.database import Row, Tx

INSERT = """
    insert into customers_erasure (id, customer_id, ground, note, asked_by, asked_at) values ($1, $2, $3, $4, $5, $6)
    on conflict do nothing
"""
COLUMNS = """
    select id, customer_id, ground, note, asked_by, asked_at, state, decided_by, decided_at, customer_ids,
           destroyed::text, journal::text, event_id
      from customers_erasure where """
FIND = COLUMNS + "id = $1"
LOCK = COLUMNS + "id = $1 for update"
FIND_ASKED = COLUMNS + "customer_id = $1 and state = 'asked'"
LIST = COLUMNS + "state = $1 order by asked_at desc, id limit $2"
DECLINE = "update customers_erasure set state = 'declined', decided_by = $2, decided_at = $3 where id = $1"
FINISH = """
    update customers_erasure
       set state = 'done', decided_by = $2, decided_at = $3, customer_ids = $4, destroyed = $5::jsonb,
           journal = $6::jsonb, event_id = $7
     where id = $1
"""


async def insert_erasure(tx: Tx, erasure: Erasure) -> bool:
    e = erasure
    return await tx.run(INSERT, e.id, e.customer_id, e.ground.value, e.note, e.asked_by, e.asked_at) == 1


async def find_erasure(tx: Tx, id: UUID, *, is_locked: bool = False) -> Erasure | None:
    rows = await tx.rows(LOCK if is_locked else FIND, id)
    return _erasure(rows[0]) if rows else None


async def find_asked_erasure(tx: Tx, customer_id: UUID) -> Erasure | None:
    rows = await tx.rows(FIND_ASKED, customer_id)
    return _erasure(rows[0]) if rows else None


async def list_erasures(tx: Tx, state: ErasureState, limit: int) -> list[Erasure]:
    return [_erasure(row) for row in await tx.rows(LIST, state.value, limit)]


async def decline_erasure(tx: Tx, id: UUID, *, by: str, now: datetime) -> None:
    await tx.run(DECLINE, id, by, now)


async def finish_erasure(
    tx: Tx,
    id: UUID,
    *,
    by: str,
    now: datetime,
    customer_ids: Sequence[UUID],
    destroyed: Mapping[str, int],
    journal: Sequence[Mapping[str, Any]],
    event_id: UUID,
) -> None:
    await tx.run(FINISH, id, by, now, list(customer_ids), as_json(destroyed), as_json(journal), event_id)


def _erasure(row: Row) -> Erasure:
    ids = row["customer_ids"]
    return Erasure(
        id=plain_uuid(row["id"]),
        customer_id=plain_uuid(row["customer_id"]),
        ground=Ground(row["ground"]),
        note=row["note"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        state=ErasureState(row["state"]),
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        customer_ids=() if ids is None else tuple(plain_uuid(id) for id in ids),
        destroyed=msgspec.json.decode(row["destroyed"] or "{}"),
        journal=tuple(msgspec.json.decode(row["journal"] or "[]")),
        event_id=None if row["event_id"] is None else plain_uuid(row["event_id"]),
    )


# Deleted in this order: identifiers go when no edge of anybody else names them.
DESTROY = {
    "observations": "delete from customers_observation where customer_number = any($1)",
    "attributes": "delete from customers_attribute where customer_number = any($1)",
    "households": "delete from customers_household_member where customer_number = any($1)",
    "listings": "delete from customers_segment_listed where customer_number = any($1)",
    "contests": "delete from customers_contest where claimant = any($1) or holder = any($1)",
    "registrations": "delete from customers_registration where customer_number = any($1)",
    "proofs_of_consent": "update customers_consent set proof = '{}' where customer_number = any($1) and proof <> '{}'",
}
DESTROY_IDENTIFIERS = """
    with gone as (
        delete from customers_assertion where customer_number = any($1) returning identifier_id
    )
    delete from customers_identifier known
     where known.id in (select identifier_id from gone)
       and not exists (select from customers_assertion other
                        where other.identifier_id = known.id and other.customer_number <> all($1))
"""
FORGET_NAMES = """
    update customers_customer set birth_month = null, birth_day = null, birth_year = null
     where number = any($1)
"""
FORGET_REASONS = """
    update customers_proposal set reasons = '{}' where (one = any($1) or other = any($1)) and reasons <> '{}'
"""


async def destroy_data(tx: Tx, numbers: Sequence[int]) -> dict[str, int]:
    """Everything that is kept of these customers in the open, or that leads to them. How many of each kind."""
    listed = list(numbers)
    counts = {kind: await tx.run(sql, listed) for kind, sql in DESTROY.items()}
    counts["identifiers"] = await tx.run(DESTROY_IDENTIFIERS, listed)
    await tx.run(FORGET_NAMES, listed)
    await tx.run(FORGET_REASONS, listed)
    return counts


OPS_OF = """
    select kind, at, source from customers_identity_op where customer_number = any($1) order by at, id
"""


async def ops_of(tx: Tx, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """What was done to these customers, without a word of what."""
    rows = await tx.rows(OPS_OF, list(numbers))
    return [{"at": row["at"].isoformat(), "deed": row["kind"], "source": row["source"]} for row in rows]


ALL_CONSENTS = """
    select purpose, document_version, given, at, source, proof::text from customers_consent
     where customer_number = any($1) order by at, id
"""
LATEST_CARD_READS = """
    select read.reader, read.at, person.id as customer_id
      from customers_card_read read join customers_customer person on person.number = read.customer_number
     order by read.id desc limit $1
"""
CARD_READS = "select reader, at from customers_card_read where customer_number = any($1) order by at"


async def all_consents(tx: Tx, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Every word on every purpose, with its proof."""
    rows = await tx.rows(ALL_CONSENTS, list(numbers))
    return [{**dict(row), "proof": msgspec.json.decode(row["proof"])} for row in rows]


async def card_reads(tx: Tx, numbers: Sequence[int]) -> list[dict[str, Any]]:
    """Who of the staff looked at the card."""
    return [dict(row) for row in await tx.rows(CARD_READS, list(numbers))]


async def latest_card_reads(tx: Tx, limit: int) -> list[CardRead]:
    return [
        CardRead(row["reader"], row["at"], plain_uuid(row["customer_id"]))
        for row in await tx.rows(LATEST_CARD_READS, limit)
    ]
