"""All the SQL of gift cards."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from vokrug.ledger.giftcards.types import Card
from vokrug.runtime.database import Row, Tx

INSERT_BATCH = """
    insert into ledger_gift_batch
        (id, name, unit_id, prefix, digits, count, has_pin, valid_days, nominal_minor, is_reloadable,
         issued_by, issued_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict do nothing
"""
FIND_BATCH = """
    select name, unit_id, prefix, digits, count, has_pin, valid_days, nominal_minor, is_reloadable
      from ledger_gift_batch where id = $1
"""
LATEST_BATCHES = """
    select b.id, b.name, u.code as currency, b.count, b.nominal_minor, b.issued_by, b.issued_at
      from ledger_gift_batch b join ledger_unit u on u.id = b.unit_id order by b.issued_at desc, b.id limit $1
"""
INSERT_CARDS = """
    insert into ledger_gift_card (batch_id, lookup, mask, pin)
    select $1, lookup, mask, pin from unnest($2::bytea[], $3::text[], $4::bytea[]) as given (lookup, mask, pin)
"""


async def insert_batch(tx: Tx, *values: object) -> bool:
    return await tx.run(INSERT_BATCH, *values) == 1


async def find_batch(tx: Tx, id: UUID) -> Row | None:
    rows = await tx.rows(FIND_BATCH, id)
    return rows[0] if rows else None


async def latest_batches(tx: Tx, limit: int) -> Sequence[Row]:
    return await tx.rows(LATEST_BATCHES, limit)


async def insert_cards(
    tx: Tx, batch: UUID, lookups: Sequence[bytes], masks: Sequence[str], pins: Sequence[bytes | None]
) -> None:
    await tx.run(INSERT_CARDS, batch, list(lookups), list(masks), list(pins))


# A card with its money. Holds whose time is up do not hold any more, whether or not the sweeper came by.
CARD = """
    select {first} c.number, c.mask, b.unit_id, c.pin, c.pin_tries, c.activated_at, c.expires_at, c.blocked_at,
           b.valid_days, b.nominal_minor, b.is_reloadable,
           coalesce(w.credits - w.debits, 0)::bigint as balance,
           coalesce((select sum(h.amount) from ledger_hold h
                      where h.state = 'o' and h.debit = w.id and h.deadline > $2), 0)::bigint as held,
           c.loaded_minor
      from ledger_gift_card c
      join ledger_gift_batch b on b.id = c.batch_id
      left join ledger_wallet w on w.id = c.number << 8 | b.unit_id
"""
LOCK_CARDS = "select number from ledger_gift_card where lookup = any($1) order by number for update"
LOCK_NUMBERS = "select number from ledger_gift_card where number = any($1) order by number for update"
FIND_CARDS = CARD.format(first="c.lookup,") + " where c.lookup = any($1)"
READ_CARDS = CARD.format(first="") + " where c.number = any($1)"


async def lock_cards(tx: Tx, lookups: Sequence[bytes]) -> None:
    """In the order of their numbers: two checks that pay with the same two cards never wait on each other."""
    await tx.run(LOCK_CARDS, list(lookups))


async def lock_numbers(tx: Tx, numbers: Sequence[int]) -> None:
    await tx.run(LOCK_NUMBERS, list(numbers))


async def find_cards(tx: Tx, lookups: Sequence[bytes], now: datetime) -> dict[bytes, Card]:
    found = {}
    for row in await tx.rows(FIND_CARDS, list(lookups), now):
        lookup, *values = row.values()
        found[lookup] = Card(*values)
    return found


async def read_cards(tx: Tx, numbers: Sequence[int], now: datetime) -> dict[int, Card]:
    return {row["number"]: Card(*row.values()) for row in await tx.rows(READ_CARDS, list(numbers), now)}


LOADED = """
    update ledger_gift_card
       set loaded_minor = loaded_minor + $2, activated_at = coalesce(activated_at, $3), expires_at = $4
     where number = $1
"""
UNLOADED = """
    update ledger_gift_card
       set loaded_minor = loaded_minor - $2,
           activated_at = case when loaded_minor > $2 then activated_at end,
           expires_at = case when loaded_minor > $2 then expires_at else '9999-12-31Z' end
     where number = $1
"""
LIVES_UNTIL = "update ledger_gift_card set expires_at = $2 where number = $1"
BLOCK = """
    update ledger_gift_card set blocked_at = coalesce(blocked_at, $2), blocked_why = $3 where number = $1
"""
UNBLOCK = "update ledger_gift_card set blocked_at = null, blocked_why = '', pin_tries = 0 where number = $1"
PIN_TRIED = "update ledger_gift_card set pin_tries = $2 where number = $1"
DUE = """
    select c.number, b.unit_id, c.expires_at from ledger_gift_card c
      join ledger_gift_batch b on b.id = c.batch_id
      join ledger_wallet w on w.id = c.number << 8 | b.unit_id
     where c.expires_at <= $1 and c.expires_at < '9999-12-31Z' and w.credits - w.debits - w.debits_held > 0
     order by c.expires_at limit $2
"""
BATCH_STANDS = """
    select count(*) filter (where c.activated_at is null) as printed,
           count(*) filter (where c.activated_at is not null and c.expires_at > $2) as active,
           count(*) filter (where c.activated_at is not null and c.expires_at <= $2) as expired,
           count(*) filter (where c.blocked_at is not null) as blocked,
           coalesce(sum(w.credits - w.debits), 0)::bigint as owed_minor
      from ledger_gift_card c
      join ledger_gift_batch b on b.id = c.batch_id
      left join ledger_wallet w on w.id = c.number << 8 | b.unit_id
     where c.batch_id = $1
"""


async def loaded(tx: Tx, number: int, amount: int, now: datetime, expires_at: datetime) -> None:
    await tx.run(LOADED, number, amount, now, expires_at)


async def unloaded(tx: Tx, number: int, amount: int) -> None:
    """What was sold came back: a card with nothing on it goes back on the shelf."""
    await tx.run(UNLOADED, number, amount)


async def lives_until(tx: Tx, number: int, expires_at: datetime) -> None:
    await tx.run(LIVES_UNTIL, number, expires_at)


async def block(tx: Tx, number: int, now: datetime, why: str) -> None:
    await tx.run(BLOCK, number, now, why)


async def unblock(tx: Tx, number: int) -> None:
    await tx.run(UNBLOCK, number)


async def pin_tried(tx: Tx, number: int, tries: int) -> None:
    await tx.run(PIN_TRIED, number, tries)


async def due(tx: Tx, now: datetime, limit: int) -> Sequence[Row]:
    return await tx.rows(DUE, now, limit)


async def batch_stands(tx: Tx, id: UUID, now: datetime) -> Row:
    (row,) = await tx.rows(BATCH_STANDS, id, now)
    return row
