"""Contested identifiers, and the little that speaks for one or the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from vokrug.customers.contests.types import Contest, ContestState
from vokrug.customers.store.values import plain_uuid
from vokrug.customers.types import Source, Strength
from vokrug.runtime.database import Row, Tx

INSERT = """
    insert into customers_contest
        (id, identifier_id, holder, claimant, source, strength, cipher, opened_at, due_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing
"""
COLUMNS = """
    select one.id, one.identifier_id, known.type_id, one.holder, one.claimant, holder.id as holder_id,
           claimant.id as claimant_id, one.source, one.strength, one.opened_at, one.due_at, one.state,
           one.decided_by, one.decided_at, one.op, one.cipher
      from customers_contest one
      join customers_identifier known on known.id = one.identifier_id
      join customers_customer holder on holder.number = one.holder
      join customers_customer claimant on claimant.number = one.claimant
     where """
FIND = COLUMNS + "one.id = $1"
LOCK = "select id from customers_contest where id = $1 for update"
PAGE = """one.state = $1 and ($2::uuid is null or (one.due_at, one.id) >
            (select last.due_at, last.id from customers_contest last where last.id = $2))
     order by one.due_at, one.id limit $3"""
LIST = COLUMNS + PAGE
DECIDE = "update customers_contest set state = $2, decided_by = $3, decided_at = $4, op = $5 where id = $1"


async def insert_contest(
    tx: Tx,
    id: UUID,
    identifier_id: int,
    *,
    holder: int,
    claimant: int,
    source: Source,
    strength: Strength,
    cipher: bytes,
    now: datetime,
    due_at: datetime,
) -> bool:
    """False: this claimant's wish waits already."""
    said = (source.value, strength.value, cipher)
    return await tx.run(INSERT, id, identifier_id, holder, claimant, *said, now, due_at) == 1


async def find_contest(tx: Tx, id: UUID, *, is_locked: bool = False) -> Contest | None:
    if is_locked:
        await tx.run(LOCK, id)
    rows = await tx.rows(FIND, id)
    return _contest(rows[0]) if rows else None


async def list_contests(tx: Tx, state: ContestState, after: UUID | None, limit: int) -> list[Contest]:
    return [_contest(row) for row in await tx.rows(LIST, state.value, after, limit)]


async def decide(
    tx: Tx, id: UUID, state: ContestState, *, by: str | None, now: datetime | None, op: int | None
) -> None:
    await tx.run(DECIDE, id, state.value, by, now, op)


def _contest(row: Row) -> Contest:
    fields = dict(row)
    for name in ("id", "holder_id", "claimant_id"):
        fields[name] = plain_uuid(row[name])
    fields["source"], fields["strength"] = Source(row["source"]), Strength(row["strength"])
    fields["state"] = ContestState(row["state"])
    return Contest(**fields)


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of a person by ourselves."""

    has_proven_this: bool
    has_proven_any: bool
    last_word: datetime | None


KNOWN = """
    select coalesce(bool_or(edge.strength = 'verified' and edge.identifier_id = $2), false) as has_proven_this,
           coalesce(bool_or(edge.strength = 'verified'), false) as has_proven_any,
           (select max(done.at) from customers_customer one
              join customers_identity_op done on done.customer_number = one.number
             where (one.number = $1 or one.redirect_to = $1) and done.source not in ('staff', 'import')) as last_word
      from customers_customer owner
      join customers_assertion edge on edge.customer_number = owner.number and edge.valid_to is null
     where owner.number = $1 or owner.redirect_to = $1
"""


async def known_of(tx: Tx, number: int, identifier_id: int) -> Known:
    return await tx.one(Known, KNOWN, number, identifier_id)


# What an op ended comes back as it was, under another id; what it began ends.
INSERT_FROM_CONTEST = """
    insert into customers_assertion (identifier_id, customer_number, cipher, source, strength, valid_from, op)
    select identifier_id, claimant, cipher, source, strength, $2, $3 from customers_contest where id = $1
"""
END_BEGUN_BY = """
    update customers_assertion set valid_to = greatest($3, valid_from), ended_op = $2
     where op = $1 and identifier_id = $4 and valid_to is null
"""
REVIVE_ENDED_BY = """
    insert into customers_assertion
        (identifier_id, customer_number, cipher, source, strength, evidence, valid_from, op)
    select identifier_id, customer_number, cipher, source, strength, evidence, valid_from, $2
      from customers_assertion where ended_op = $1 and identifier_id = $3
"""


async def insert_claimed_edge(tx: Tx, contest_id: UUID, op: int, now: datetime) -> None:
    await tx.run(INSERT_FROM_CONTEST, contest_id, now, op)


async def take_back_op(tx: Tx, undone: int, op: int, identifier_id: int, now: datetime) -> None:
    await tx.run(END_BEGUN_BY, undone, op, now, identifier_id)
    await tx.run(REVIVE_ENDED_BY, undone, op, identifier_id)


ENDED_ANY = "select exists (select from customers_assertion where ended_op = $1 and identifier_id = $2)"


async def ended_any(tx: Tx, op: int, identifier_id: int) -> bool:
    """Are the edges that an op ended still there? Retention takes them after a time."""
    return bool(await tx.value(ENDED_ANY, op, identifier_id))


OPEN_EDGES = """
    select edge.id, coalesce(owner.redirect_to, owner.number) as holder, edge.op
      from customers_assertion edge join customers_customer owner on owner.number = edge.customer_number
     where edge.identifier_id = $1 and edge.valid_to is null order by edge.id
"""


async def open_edges(tx: Tx, identifier_id: int) -> Sequence[tuple[int, int, int]]:
    """(id, holder, the op it began with) of everything that is now said of this identifier."""
    return [(row["id"], row["holder"], row["op"]) for row in await tx.rows(OPEN_EDGES, identifier_id)]
