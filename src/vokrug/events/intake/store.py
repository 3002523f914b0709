"""The SQL of the intake: what was told by others, and dead letters."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from vokrug.runtime.database import Row, Tx

# --- told once ---

FIND_PUBLISHED = """
    select p.source, p.id, p.digest
      from unnest($1::text[], $2::text[]) as asked (source, id) join events_published p using (source, id)
"""

# In one order, so that two batches over the same events wait for each other and do not close a ring.
CLAIM = """
    insert into events_published (source, id, digest, published_at)
    select source, id, digest, $4 from unnest($1::text[], $2::text[], $3::bytea[]) as told (source, id, digest)
     order by source, id
    on conflict do nothing returning source, id
"""

FORGET_PUBLISHED = """
    delete from events_published where (source, id) in
        (select source, id from events_published where published_at < $1 limit $2)
"""

Name = tuple[str, str]  # a source and an id


async def find_published(tx: Tx, names: Collection[Name]) -> dict[Name, bytes]:
    """What is known of these already, by the digest of its body."""
    rows = await tx.rows(FIND_PUBLISHED, *map(list, zip(*names, strict=True))) if names else []
    return {(row["source"], row["id"]): row["digest"] for row in rows}


async def claim(tx: Tx, told: Sequence[tuple[str, str, bytes]], now: datetime) -> set[Name]:
    """Note these as told, those that somebody faster has not noted."""
    rows = await tx.rows(CLAIM, *map(list, zip(*told, strict=True)), now) if told else []
    return {(row["source"], row["id"]) for row in rows}


async def forget_published(tx: Tx, before: datetime, batch: int) -> int:
    return await tx.run(FORGET_PUBLISHED, before, batch)


# --- dead letters ---

COLUMNS = """
    select id, raw, type, source, event_id, reason, field, facts, publisher, publisher_role, arrived_at, tried_at,
           tries, state, ended_at, ended_by, ended_because
      from events_dead_letter
"""

KEEP = """
    insert into events_dead_letter as known
           (id, raw, digest, type, source, event_id, reason, field, facts, publisher, publisher_role,
            arrived_at, tried_at)
    select *, $11::text, $12::timestamptz, $12::timestamptz
      from unnest($1::uuid[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                  $9::jsonb[], $10::text[])
    on conflict (publisher, digest) where state = 'open' do update
       set tries = known.tries + 1, tried_at = excluded.tried_at, reason = excluded.reason, field = excluded.field,
           facts = excluded.facts
    returning digest, id
"""

FIND_LETTER = COLUMNS + " where id = $1 and ($2::text is null or publisher = $2)"
LOCK_LETTER = FIND_LETTER + " for update"

LIST_LETTERS = (
    COLUMNS
    + """
     where ($1::text is null or publisher = $1) and ($2::text is null or state = $2)
       and ($3::text is null or type = $3) and ($4::text is null or reason = $4)
       and ($5::text is null or position(lower($5) in lower(concat_ws(' ', type, source, event_id, field))) > 0
            or position(convert_to($5, 'UTF8') in raw) > 0)
       and ($6::uuid is null or id < $6)
     order by id desc limit $7
"""
)

TRY_AGAIN = """
    update events_dead_letter
       set raw = $2, digest = $3, type = $4, source = $5, event_id = $6, reason = $7, field = $8, facts = $9,
           tries = tries + 1, tried_at = $10
     where id = $1
"""

END = """
    update events_dead_letter set state = $2, ended_at = $3, ended_by = $4, ended_because = $5 where id = $1
"""

# The publisher mended it and sent it again by itself.
END_MENDED = """
    update events_dead_letter set state = 'taken', ended_at = $4, ended_by = $1
     where state = 'open' and publisher = $1
       and (source, event_id) in (select * from unnest($2::text[], $3::text[]))
"""

FORGET_ENDED = """
    delete from events_dead_letter where id in
        (select id from events_dead_letter where ended_at < $1 or (state = 'open' and tried_at < $2) limit $3)
"""


class NewLetter(NamedTuple):
    """A dead letter on its way into the table."""

    id: UUID
    raw: bytes
    digest: bytes
    type: str
    source: str
    event_id: str
    reason: str
    field: str
    facts: str


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that could not be taken, kept for a person."""

    id: UUID
    raw: bytes = field(repr=False)
    type: str
    source: str
    event_id: str
    reason: str
    field: str
    facts: dict[str, Any]
    publisher: str
    publisher_role: str
    arrived_at: datetime
    tried_at: datetime
    tries: int
    state: str
    ended_at: datetime | None
    ended_by: str | None
    ended_because: str | None


async def keep(tx: Tx, letters: Sequence[NewLetter], publisher: str, role: str, now: datetime) -> dict[bytes, UUID]:
    """By digest, the letter's id: an earlier one's when the same was sent before and still waits."""
    columns = list(map(list, zip(*letters, strict=True)))
    rows = await tx.rows(KEEP, *columns[:9], [publisher] * len(letters), role, now)
    return {row["digest"]: UUID(int=row["id"].int) for row in rows}


def _letter(row: Row) -> DeadLetter:
    return DeadLetter(**(dict(row) | {"id": UUID(int=row["id"].int), "facts": msgspec.json.decode(row["facts"])}))


async def find_letter(tx: Tx, id: UUID, publisher: str | None, *, lock: bool = False) -> DeadLetter | None:
    rows = await tx.rows(LOCK_LETTER if lock else FIND_LETTER, id, publisher)
    return _letter(rows[0]) if rows else None


async def list_letters(
    tx: Tx,
    *,
    publisher: str | None,
    state: str | None,
    type: str | None,
    reason: str | None,
    words: str | None,
    before: UUID | None,
    limit: int,
) -> list[DeadLetter]:
    """The youngest first."""
    return [_letter(row) for row in await tx.rows(LIST_LETTERS, publisher, state, type, reason, words, before, limit)]


async def try_again(tx: Tx, letter: NewLetter, now: datetime) -> None:
    await tx.run(TRY_AGAIN, *letter, now)


async def end(tx: Tx, id: UUID, state: str, now: datetime, by: str, because: str | None) -> None:
    await tx.run(END, id, state, now, by, because)


async def end_mended(tx: Tx, publisher: str, names: Collection[Name], now: datetime) -> int:
    return await tx.run(END_MENDED, publisher, *map(list, zip(*names, strict=True)), now)


async def forget_letters(tx: Tx, *, ended_before: datetime, open_before: datetime, batch: int) -> int:
    return await tx.run(FORGET_ENDED, ended_before, open_before, batch)
