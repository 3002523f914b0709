"""What is set aside, and how many people came by a value."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug.customers.quarantine.types import Quarantine, QuarantineState, Wish
from vokrug.customers.store.values import plain_uuid
from vokrug.customers.types import Identifier
from vokrug.runtime.database import Row, Tx

ASIDE_AMONG = """
    select known.type_id from unnest($1::smallint[], $2::bytea[]) as asked (type_id, hash)
      join customers_identifier known on known.type_id = asked.type_id and known.hash = asked.hash
     where known.is_aside limit 1
"""

# Whoever holds or held it, and whoever asked for it and was refused. Not counted further than it matters.
PEOPLE_OF = """
    select count(*) from (
        select coalesce(owner.redirect_to, owner.number)
          from customers_assertion edge join customers_customer owner on owner.number = edge.customer_number
         where edge.identifier_id = $1 and edge.valid_from > $2
         union
        select coalesce(one.redirect_to, one.number)
          from customers_contest asked join customers_customer one on one.number = asked.claimant
         where asked.identifier_id = $1 and asked.opened_at > $2
         limit $3) as people
"""
MET_AGAIN = """
    select count(*) from (
        select distinct digest from customers_registration
         where customer_number = $1 and not created and at > $2 limit $3) as newcomers
"""
IDENTIFIER_ID = "select id from customers_identifier where type_id = $1 and hash = $2"


async def aside_among(tx: Tx, identifiers: Sequence[Identifier]) -> int | None:
    """The type of one that is set aside, if any is."""
    type_ids, hashes = [one.type.id for one in identifiers], [one.hash for one in identifiers]
    found: int | None = await tx.value(ASIDE_AMONG, type_ids, hashes)
    return found


async def count_people(tx: Tx, identifier_id: int, since: datetime, limit: int) -> int:
    count: int = await tx.value(PEOPLE_OF, identifier_id, since, limit)
    return count


async def count_met_again(tx: Tx, number: int, since: datetime, limit: int) -> int:
    """How many different people were registered by what is this customer's."""
    count: int = await tx.value(MET_AGAIN, number, since, limit)
    return count


async def identifier_id(tx: Tx, identifier: Identifier) -> int | None:
    found: int | None = await tx.value(IDENTIFIER_ID, identifier.type.id, identifier.hash)
    return found


SET_ASIDE = "update customers_identifier set is_aside = true, customer_number = null where id = $1"
BRING_BACK = "update customers_identifier set is_aside = false where id = $1"
INSERT = """
    insert into customers_quarantine (id, identifier_id, reason, people, opened_by, opened_at)
    values ($1, $2, $3, $4, $5, $6) on conflict do nothing
"""
COLUMNS = """
    select one.id, one.identifier_id, known.type_id, one.reason, one.people, one.opened_by, one.opened_at, one.state,
           one.wish, one.wished_by, one.decided_by, one.decided_at, held.owner_id, held.cipher, held.wrapped
      from customers_quarantine one
      join customers_identifier known on known.id = one.identifier_id
      left join lateral (
          select owner.id as owner_id, edge.cipher, key.wrapped
            from customers_assertion edge
            join customers_customer owner on owner.number = edge.customer_number
            join customers_key key on key.customer_number = owner.number
           where edge.identifier_id = one.identifier_id and edge.valid_to is null
           order by edge.id limit 1) as held on true
     where """
FIND = COLUMNS + "one.id = $1"
OF_IDENTIFIER = COLUMNS + "one.identifier_id = $1 and one.state <> 'released'"
LIST = COLUMNS + "one.state = $1 and ($2::uuid is null or one.id > $2) order by one.id limit $3"
LOCK = "select id from customers_quarantine where id = $1 for update"
PUT_WISH = "update customers_quarantine set wish = $2, wished_by = $3 where id = $1"
DECIDE = """
    update customers_quarantine set state = $2, wish = null, wished_by = null, decided_by = $3, decided_at = $4
     where id = $1
"""


async def insert_quarantine(
    tx: Tx, id: UUID, identifier_id: int, *, reason: str, people: int, by: str, now: datetime
) -> bool:
    """False: it is set aside already."""
    return await tx.run(INSERT, id, identifier_id, reason, people, by, now) == 1


async def set_aside(tx: Tx, identifier_id: int) -> None:
    await tx.run(SET_ASIDE, identifier_id)


async def bring_back(tx: Tx, identifier_id: int) -> None:
    await tx.run(BRING_BACK, identifier_id)


async def find_quarantine(tx: Tx, id: UUID, *, is_locked: bool = False) -> Quarantine | None:
    if is_locked:
        await tx.run(LOCK, id)
    rows = await tx.rows(FIND, id)
    return _quarantine(rows[0]) if rows else None


async def quarantine_of(tx: Tx, identifier_id: int) -> Quarantine | None:
    rows = await tx.rows(OF_IDENTIFIER, identifier_id)
    return _quarantine(rows[0]) if rows else None


async def list_quarantines(tx: Tx, state: QuarantineState, after: UUID | None, limit: int) -> list[Quarantine]:
    return [_quarantine(row) for row in await tx.rows(LIST, state.value, after, limit)]


async def put_wish(tx: Tx, id: UUID, wish: Wish | None, by: str | None) -> None:
    await tx.run(PUT_WISH, id, wish, by)


async def decide(tx: Tx, id: UUID, state: QuarantineState, *, by: str, now: datetime) -> None:
    await tx.run(DECIDE, id, state.value, by, now)


def _quarantine(row: Row) -> Quarantine:
    fields = dict(row)
    fields["id"], fields["state"] = plain_uuid(row["id"]), QuarantineState(row["state"])
    fields["wish"] = Wish(row["wish"]) if row["wish"] else None
    fields["owner_id"] = plain_uuid(row["owner_id"]) if row["owner_id"] else None
    return Quarantine(**fields)
