"""All the SQL of the till."""

from collections.abc import AsyncIterator, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from vokrug.pos import document as documents
from vokrug.pos.document import Document
from vokrug.pos.types import Article, Shop, Till
from vokrug.runtime.database import Row, Tx

# The chain

REFERENCE_VERSION = "select version from pos_reference_version"
REFERENCE_CHANGED = "update pos_reference_version set version = version + 1"
READ_SHOPS = """
    select id, code, name, zone, currency, legal_entity, groups, tolerance_line_minor, tolerance_check_minor
      from pos_shop order by id
"""
READ_TILLS = "select id, shop_id, code from pos_till order by id"
READ_ARTICLES = """
    select id, sku, name, category_ids, brand, is_weighed, min_price_minor, no_discount, no_burn, no_earn,
           coalesce(cost_minor, 0) as cost_minor
      from pos_article where sku = any($1)
"""


async def reference_version(tx: Tx) -> int:
    version: int = await tx.value(REFERENCE_VERSION)
    return version


async def reference_changed(tx: Tx) -> None:
    await tx.run(REFERENCE_CHANGED)


async def read_shops(tx: Tx) -> list[Shop]:
    return [Shop(**{**dict(row), "groups": tuple(row["groups"])}) for row in await tx.rows(READ_SHOPS)]


async def read_tills(tx: Tx) -> list[Till]:
    return await tx.all(Till, READ_TILLS)


async def read_articles(tx: Tx, skus: Sequence[str]) -> list[Article]:
    rows = await tx.rows(READ_ARTICLES, skus)
    return [Article(**{**dict(row), "category_ids": tuple(row["category_ids"])}) for row in rows]


UPSERT_SHOP = """
    insert into pos_shop (code, name, zone, currency, legal_entity, groups, tolerance_line_minor, tolerance_check_minor, created_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (code) do update set name = excluded.name, zone = excluded.zone, legal_entity = excluded.legal_entity,
        groups = excluded.groups, tolerance_line_minor = excluded.tolerance_line_minor,
        tolerance_check_minor = excluded.tolerance_check_minor
    returning id
"""
ADD_TILLS = """
    insert into pos_till (shop_id, code, created_at) select $1, unnest($2::text[]), $3 on conflict do nothing
"""


async def upsert_shop(tx: Tx, *values: object) -> int:
    found: int = await tx.value(UPSERT_SHOP, *values)
    return found


async def add_tills(tx: Tx, shop_id: int, codes: Sequence[str], now: datetime) -> None:
    await tx.run(ADD_TILLS, shop_id, list(codes), now)


UPSERT_CATEGORY = """
    insert into pos_category (code, name, parent_id) values ($1, $2, (select id from pos_category where code = $3))
    on conflict (code) do update set name = excluded.name, parent_id = excluded.parent_id returning id
"""
CATEGORY_PATHS = """
    with recursive path as (
        select id, code, array[id] as ids from pos_category where parent_id is null
        union all
        select c.id, c.code, p.ids || c.id from pos_category c join path p on c.parent_id = p.id where c.id <> all(p.ids))
    select code, ids from path
"""
UPSERT_ARTICLES = """
    insert into pos_article (sku, name, category_ids, brand, barcodes, is_weighed, min_price_minor, no_discount, no_burn, no_earn, cost_minor, name_keys)
    select sku, name, string_to_array(categories, ',')::bigint[], brand, string_to_array(barcodes, ','), is_weighed,
           min_price_minor, no_discount, no_burn, no_earn, cost_minor, string_to_array(name_keys, ' ')
      from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bigint[], $8::bool[], $9::bool[], $10::bool[], $11::bigint[], $12::text[])
           as given (sku, name, categories, brand, barcodes, is_weighed, min_price_minor, no_discount, no_burn, no_earn, cost_minor, name_keys)
    on conflict (sku) do update set name = excluded.name, category_ids = excluded.category_ids, brand = excluded.brand,
        barcodes = excluded.barcodes, is_weighed = excluded.is_weighed, min_price_minor = excluded.min_price_minor,
        no_discount = excluded.no_discount, no_burn = excluded.no_burn, no_earn = excluded.no_earn,
        cost_minor = coalesce(excluded.cost_minor, pos_article.cost_minor), name_keys = excluded.name_keys
"""


async def upsert_category(tx: Tx, code: str, name: str, parent: str | None) -> None:
    await tx.value(UPSERT_CATEGORY, code, name, parent)


async def category_paths(tx: Tx) -> dict[str, list[int]]:
    return {row["code"]: list(row["ids"]) for row in await tx.rows(CATEGORY_PATHS)}


async def upsert_articles(tx: Tx, columns: Sequence[Sequence[object]]) -> None:
    await tx.run(UPSERT_ARTICLES, *columns)


# The hot path: one statement to read, one to write

READ = "select * from pos_read($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
READ_PROMISES = "select * from pos_read_promises($1, $2, $3, $4)"
WRITE = "select pos_write($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)"


async def read(tx: Tx, *columns: object) -> Sequence[Row]:
    return await tx.rows(READ, *columns)


async def read_promises(
    tx: Tx, checks: Sequence[UUID], remembered: Sequence[int | None], points_unit: int, now: datetime
) -> Sequence[Row]:
    """`remembered` names, per check, the revision whose document the caller still has."""
    return await tx.rows(READ_PROMISES, checks, remembered, points_unit, now)


class QuoteRow(msgspec.Struct, frozen=True):
    """A row of pos_quote, in its order."""

    check_id: UUID
    rev: int
    body_hash: bytes
    shop_id: int
    till_id: int
    customer_number: int | None
    hold_id: int | None
    priced_at: datetime
    document: bytes


def with_document(quote: QuoteRow, document: Document) -> QuoteRow:
    return msgspec.structs.replace(quote, document=documents.encode(document))


class SaleRow(msgspec.Struct, frozen=True):
    """A row of pos_sale, in its order."""

    check_id: UUID
    customer_number: int | None
    shop_id: int | None
    till_id: int | None
    rev: int | None
    body_hash: bytes | None
    status: str
    journal_id: int | None
    at: datetime
    recorded_at: datetime
    paid_minor: int
    burned_minor: int
    earned_minor: int
    balance_minor: int
    spent_minor: int
    deviation_minor: int
    fiscal: str | None


class ShopperChange(msgspec.Struct, frozen=True):
    """What sales add to a shopper's day (0: of a whole life), and the sum they were decided on: None where days
    are counted and nothing is compared.
    """

    customer_number: int
    day: int
    spent_before: int | None
    spent_minor: int
    points_minor: int
    visits: int
    last_at: datetime

    def and_sale(self, spent: int, points: int, at: datetime) -> "ShopperChange":
        return ShopperChange(
            self.customer_number,
            self.day,
            self.spent_before,
            self.spent_minor + spent,
            self.points_minor + points,
            self.visits + 1,
            max(self.last_at, at),
        )


def as_row(row: Any) -> tuple[Any, ...]:
    return msgspec.structs.astuple(row)


async def write(
    tx: Tx,
    quotes: Sequence[QuoteRow],
    sales: Sequence[SaleRow],
    shoppers: Sequence[ShopperChange],
    ledger_arrays: Sequence[Sequence[Any]],
    events: Sequence[Sequence[Any]],
) -> None:
    """Raises a serialization failure when somebody was faster: nothing is written then."""
    columns = [list(column) for column in zip(*events, strict=True)] if events else [[]] * 6
    await tx.run(
        WRITE, [*map(as_row, quotes)], [*map(as_row, sales)], [*map(as_row, shoppers)], *ledger_arrays, *columns
    )


LOCK_WALLETS_OF = """
    select w.id from ledger_wallet w
     where w.id = any($1 || array(select q.customer_number << 8 | $3::int from pos_quote q where q.check_id = any($2)))
     order by w.id for update
"""


async def lock_wallets_of(tx: Tx, wallets: Sequence[int], checks: Sequence[UUID], points_unit: int) -> list[int]:
    """Lock these wallets and those of these checks' customers, in id order. Says which there are."""
    return [row[0] for row in await tx.rows(LOCK_WALLETS_OF, wallets, checks, points_unit)]


# One document at a time

LOCK_QUOTE = "select * from pos_quote where check_id = $1 for update"
LOCK_SALE = "select * from pos_sale where check_id = $1 for update"
FIND_SALE = "select * from pos_sale where check_id = $1"
FIND_SALE_BY_FISCAL = "select * from pos_sale where fiscal = $1"
INSERT_QUOTE = "insert into pos_quote values ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
REPLACE_QUOTE = """
    update pos_quote set rev = $2, body_hash = $3, customer_number = $4, hold_id = $5, priced_at = $6, document = $7
     where check_id = $1
"""
FORGET_HOLD = "update pos_quote set hold_id = null where check_id = $1"
LOCK_DOCUMENT = "select pg_advisory_xact_lock(hashtextextended($1, 5001))"
DROP_AWAITED = "delete from pos_sale where check_id = $1 and status = 'awaited'"


async def lock_document(tx: Tx, document: UUID) -> None:
    """Whoever else tells the story of this document waits until ours has ended."""
    await tx.run(LOCK_DOCUMENT, str(document))


async def lock_quote(tx: Tx, check_id: UUID) -> QuoteRow | None:
    return await tx.maybe(QuoteRow, LOCK_QUOTE, check_id)


async def lock_sale(tx: Tx, check_id: UUID) -> SaleRow | None:
    return await tx.maybe(SaleRow, LOCK_SALE, check_id)


async def find_sale(tx: Tx, check_id: UUID) -> SaleRow | None:
    return await tx.maybe(SaleRow, FIND_SALE, check_id)


async def find_sale_by_fiscal(tx: Tx, fiscal: str) -> SaleRow | None:
    return await tx.maybe(SaleRow, FIND_SALE_BY_FISCAL, fiscal)


async def insert_quote(tx: Tx, row: QuoteRow) -> None:
    await tx.run(INSERT_QUOTE, *as_row(row))


async def replace_quote(tx: Tx, row: QuoteRow) -> None:
    await tx.run(
        REPLACE_QUOTE,
        row.check_id,
        row.rev,
        row.body_hash,
        row.customer_number,
        row.hold_id,
        row.priced_at,
        row.document,
    )


async def forget_hold(tx: Tx, check_id: UUID) -> None:
    await tx.run(FORGET_HOLD, check_id)


async def drop_awaited(tx: Tx, check_id: UUID) -> None:
    """The place kept for a sale makes room for the sale itself, in the same transaction."""
    await tx.run(DROP_AWAITED, check_id)


RESTATE_SALE = "update pos_sale set balance_minor = $2, spent_minor = $3 where check_id = $1"


async def restate_sale(tx: Tx, row: SaleRow) -> None:
    """What the sale's answer says of the shopper, after returns that had been waiting for it."""
    await tx.run(RESTATE_SALE, row.check_id, row.balance_minor, row.spent_minor)


AWAIT_SALE = """
    insert into pos_sale (check_id, status, at, recorded_at) values ($1, 'awaited', $2, $3) on conflict do nothing
"""


async def await_sale(tx: Tx, check_id: UUID, at: datetime, now: datetime) -> bool:
    """Keep a place for a sale that has not come. False if it has, or if a place is kept already."""
    return await tx.run(AWAIT_SALE, check_id, at, now) == 1


ADD_DEVIATION = """
    insert into pos_deviation (check_id, shop_id, at, kind, expected_minor, printed_minor, points_short_minor)
    values ($1, $2, $3, $4, $5, $6, $7)
"""


async def add_deviation(tx: Tx, *values: object) -> None:
    await tx.run(ADD_DEVIATION, *values)


# Returns


class ReturnRow(msgspec.Struct, frozen=True):
    """A row of pos_return, in its order."""

    return_id: UUID
    check_id: UUID
    body_hash: bytes
    shop_id: int
    till_id: int
    status: str
    journal_id: int | None
    at: datetime
    recorded_at: datetime
    lines: str
    refunded_minor: int = 0
    restored_minor: int = 0
    taken_back_minor: int = 0
    owed_minor: int = 0
    balance_minor: int = 0
    customer_number: int | None = None
    tenders: str = "[]"
    written_off_minor: int = 0
    spent_minor: int = 0
    by_whom: str | None = None
    reason: str | None = None


FIND_RETURN = "select * from pos_return where return_id = $1"
PARKED_RETURNS = """
    select * from pos_return where check_id = $1 and status = 'parked' order by at, return_id for update
"""
POSTED_RETURNS = """
    select lines, refunded_minor, restored_minor, taken_back_minor, written_off_minor, tenders
      from pos_return where check_id = $1 and status = 'posted'
"""
INSERT_RETURN = """
    insert into pos_return
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)
    on conflict (return_id) do update set status = excluded.status, journal_id = excluded.journal_id, lines = excluded.lines,
        refunded_minor = excluded.refunded_minor, restored_minor = excluded.restored_minor,
        taken_back_minor = excluded.taken_back_minor, owed_minor = excluded.owed_minor,
        balance_minor = excluded.balance_minor, customer_number = excluded.customer_number,
        tenders = excluded.tenders, written_off_minor = excluded.written_off_minor, spent_minor = excluded.spent_minor
"""
NOTE_PRICES = """
    insert into pos_low_price as p (currency, day, sku, price_minor) select $1, $2, unnest($3::text[]), unnest($4::bigint[])
    on conflict (sku, currency, day) do update set price_minor = excluded.price_minor where p.price_minor > excluded.price_minor
"""
LOW_PRICES = """
    select sku, min(price_minor) as price_minor from pos_low_price
     where sku = any($1) and currency = $2 and day >= $3 group by sku
"""
FORGET_PRICES = "delete from pos_low_price where day < $1"
BURNED_LOTS = """
    select m.lot_id, -m.amount as amount, l.funder, l.expires_at from ledger_lot_move m
      join ledger_lot l on l.wallet_id = m.wallet_id and l.id = m.lot_id
     where m.journal_id = $1 and m.amount < 0 and (m.lot_id >> 8 <> $1 or (m.lot_id & 255) <> m.leg) order by m.leg, l.expires_at, m.lot_id
"""


async def find_return(tx: Tx, return_id: UUID) -> ReturnRow | None:
    return await tx.maybe(ReturnRow, FIND_RETURN, return_id)


async def parked_returns(tx: Tx, check_id: UUID) -> list[ReturnRow]:
    return await tx.all(ReturnRow, PARKED_RETURNS, check_id)


RETURNS_WAITING = """
    select r.return_id, r.check_id, s.code as shop, t.code as till, r.at, r.recorded_at, q.fiscal
      from pos_return r join pos_shop s on s.id = r.shop_id join pos_till t on t.id = r.till_id
      left join pos_return_sought q on q.return_id = r.return_id
     where r.status = 'parked' and r.recorded_at <= $1 and ($2 = '' or s.code = $2)
     order by r.recorded_at, r.return_id limit $3
"""


async def returns_waiting(tx: Tx, since: datetime, shop: str, limit: int) -> Sequence[Row]:
    """Returns parked no later than `since`; of one shop, or of all (`''`)."""
    return await tx.rows(RETURNS_WAITING, since, shop, limit)


SEEK = "insert into pos_return_sought (return_id, fiscal, since) values ($1, $2, $3)"
SOUGHT_AND_THERE = """
    delete from pos_return_sought q using (
        select q.return_id, s.check_id
          from pos_return_sought q join pos_sale s on s.fiscal = q.fiscal and s.status <> 'awaited'
         order by q.since, q.return_id limit $1 for update of q skip locked) there
     where q.return_id = there.return_id
    returning q.return_id, q.fiscal, there.check_id
"""
LEAD_TO = "update pos_return set check_id = $2 where return_id = $1 and status = 'parked'"


async def seek(tx: Tx, return_id: UUID, fiscal: str, now: datetime) -> None:
    """This return waits for whichever sale bears the sign."""
    await tx.run(SEEK, return_id, fiscal, now)


async def sought_and_there(tx: Tx, limit: int) -> Sequence[Row]:
    """Returns whose sale has come, with it; they are sought no more."""
    return await tx.rows(SOUGHT_AND_THERE, limit)


async def lead_to(tx: Tx, return_id: UUID, check_id: UUID) -> None:
    await tx.run(LEAD_TO, return_id, check_id)


async def posted_returns(tx: Tx, check_id: UUID) -> Sequence[Row]:
    """What earlier returns of a sale brought back."""
    return await tx.rows(POSTED_RETURNS, check_id)


async def upsert_return(tx: Tx, row: ReturnRow) -> None:
    await tx.run(INSERT_RETURN, *as_row(row))


async def note_prices(tx: Tx, currency: str, day: date, lows: Sequence[tuple[str, int]]) -> None:
    await tx.run(NOTE_PRICES, currency, day, [sku for sku, _ in lows], [price for _, price in lows])


async def low_prices(tx: Tx, skus: Sequence[str], currency: str, since: date) -> dict[str, int]:
    """At the least, since a day."""
    return {row["sku"]: row["price_minor"] for row in await tx.rows(LOW_PRICES, skus, currency, since)}


async def forget_prices(tx: Tx, before: date) -> None:
    await tx.run(FORGET_PRICES, before)


async def burned_lots(tx: Tx, journal_id: int) -> Sequence[Row]:
    return await tx.rows(BURNED_LOTS, journal_id)


SALES_BETWEEN = """
    select s.customer_number, s.paid_minor, s.burned_minor, s.earned_minor, q.document,
           coalesce((select sum(r.refunded_minor)::bigint from pos_return r where r.check_id = s.check_id and r.status = 'posted'), 0) as refunded_minor
      from pos_sale s join pos_quote q on q.check_id = s.check_id
     where s.customer_number is not null and s.status <> 'awaited' and s.at >= $1 and s.at < $2
"""


async def sales_between(tx: Tx, since: datetime, until: datetime) -> AsyncIterator[Row]:
    """Sales to known customers with their documents, a thousand at a time in hand."""
    async for row in tx.connection.cursor(SALES_BETWEEN, since, until, prefetch=1000):
        yield row


SALES_OF = """
    select s.check_id, s.paid_minor, s.at from pos_sale s
     where s.customer_number = $1 and s.status <> 'awaited' and s.at >= $2
       and s.paid_minor > (select coalesce(sum(r.refunded_minor), 0) from pos_return r where r.check_id = s.check_id and r.status = 'posted')
     order by s.at limit 20
"""


async def sales_of(tx: Tx, customer: int, since: datetime) -> Sequence[Row]:
    """A customer's first sales that did not come back whole."""
    return await tx.rows(SALES_OF, customer, since)


# The return policy: versions, the newest holds

READ_RETURN_POLICY = "select version, body::text from pos_return_policy order by version desc limit 1"
DECLARE_RETURN_POLICY = """
    insert into pos_return_policy (body, declared_by, declared_at) values ($1, $2, $3) returning version
"""


async def return_policy(tx: Tx) -> tuple[int, str] | None:
    rows = await tx.rows(READ_RETURN_POLICY)
    return (rows[0][0], rows[0][1]) if rows else None


async def declare_return_policy(tx: Tx, body: str, by: str, now: datetime) -> int:
    version: int = await tx.value(DECLARE_RETURN_POLICY, body, by, now)
    return version
