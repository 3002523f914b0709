"""A chain with customers and a past, written straight into the tables: registering a hundred thousand
people one by one would take longer than measuring them. The books agree all the same; `check_books` is
run at the end of every benchmark.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from vokrug import customers, events, ledger, pos, promotions
from vokrug.app.bench import chain
from vokrug.app.bench.chain import Key
from vokrug.kernel import new_id
from vokrug.runtime.database import Database, Tx
from vokrug.runtime.http import Role
from vokrug.runtime.keys import issue_key
from vokrug.runtime.signing import Vault

Say = Callable[[str], None]

CHUNK = 20_000
LOTS_A_JOURNAL = 100
OPENED_BEFORE = timedelta(days=1)  # points were brought over yesterday; everything of the past lies before
PAST = timedelta(days=365)  # what one stretch of history covers


@dataclass(slots=True)
class Seed:
    """A seeded database, and what may still be added to it."""

    url: str
    secret: str
    now: datetime
    shops: int
    keys: list[Key] = field(default_factory=list)
    customers: int = 0
    stretches: int = 0  # of history
    accounts: list[ledger.Accounts] = field(default_factory=list)


async def seed_chain(url: str, secret: str, now: datetime, *, shops: int, say: Say) -> Seed:
    """Shops, tills, keys, goods, offers: everything but people."""
    seed = Seed(url, secret, now, shops)
    db = await Database.connect(url)
    try:
        async with db.transaction() as tx:
            await events.synchronise(tx, now)
            for sql in CHAIN:
                await tx.connection.execute(sql.format(shops=shops, **vars_of_chain()))
            say(f"{shops} shops, {chain.ARTICLES} articles")
            for number in range(1, shops + 1):
                seed.keys.append(await key_of_till(tx, Vault(secret), number, now))
        async with db.transaction() as tx:
            await publish_offers(tx, now)
        reference = pos.Reference(promotions.LiveOffers())
        await reference.renew(db, now)
        for shop in reference.shops.values():
            seed.accounts.append(await reference.accounts(db, shop, now))
        say(f"{len(chain.offers())} offers run")
    finally:
        await db.close()
    return seed


CHAIN = (
    """insert into pos_shop (code, name, zone, groups, created_at)
       select 'S' || to_char(n, 'FM000'), 'Магазин ' || n, 'Europe/Moscow', '{{}}', now()
         from generate_series(1, {shops}) n""",
    "insert into pos_till (shop_id, code, created_at) select id, '{till}', now() from pos_shop order by id",
    "insert into pos_category (code, name) select 'D' || n, 'Отдел ' || n from generate_series(1, {departments}) n",
    """insert into pos_category (code, name, parent_id)
       select 'C' || n, 'Полка ' || n, (select id from pos_category where code = 'D' || 1 + n % {departments})
         from generate_series(1, {shelves}) n""",
    """insert into pos_article (sku, name, category_ids, barcodes, is_weighed)
       select 'A' || to_char(n, 'FM00000'), 'Товар ' || n, array[c.parent_id, c.id],
              array['46' || to_char(n, 'FM00000000000')], n % 8 = 7
         from generate_series(1, {articles}) n join pos_category c on c.code = 'C' || 1 + n % {shelves}""",
    """insert into promotions_tier (rank, code, name_ru, name_en, spend)
       values (1, 'base', 'Базовый', 'Base', 0), (2, 'silver', 'Серебряный', 'Silver', 1000000),
              (3, 'gold', 'Золотой', 'Gold', 5000000)""",
    "update pos_reference_version set version = version + 1",
)


def vars_of_chain() -> dict[str, Any]:
    return {
        "till": chain.TILL,
        "departments": chain.DEPARTMENTS,
        "shelves": chain.SHELVES,
        "articles": chain.ARTICLES,
    }


async def key_of_till(tx: Tx, vault: Vault, number: int, now: datetime) -> Key:
    """A sandbox key: it may be borne as a token, and it signs as well."""
    code = chain.shop_code(number)
    till = await tx.value("select t.id from pos_till t join pos_shop s on s.id = t.shop_id where s.code = $1", code)
    shop = await tx.value("select id from pos_shop where code = $1", code)
    issued = await issue_key(
        tx, vault, uid=new_id(), role=Role.TILL, shop_id=shop, till_id=till, label=code, sandbox=True, now=now
    )
    assert issued.token is not None, "a sandbox key has a token"
    return Key(code, chain.TILL, issued.key_id, issued.secret, issued.token)


async def publish_offers(tx: Tx, now: datetime) -> None:
    """Through the front door, as staff would."""
    lines = [msgspec.json.encode(offer) for offer in chain.offers()]
    await promotions.import_offers(tx, lines, by="bench", now=now)
    for offer in await promotions.list_offers(tx, limit=len(lines)):
        await promotions.check_offer(tx, offer.id, 1, by="bench", now=now)
        await promotions.publish_offer(tx, offer.id, 1, by="bench", now=now)


# People


async def add_customers(seed: Seed, count: int, *, lots: int, say: Say) -> range:
    """So many more, each with a phone, a card, and points in `lots` lots. Answers their numbers."""
    first = seed.customers + 1
    numbers = range(first, first + count)
    connection = await writer(seed)
    try:
        vault = customers.Vault(hashlib.sha256(seed.secret.encode()).digest())
        for start in range(first, first + count, CHUNK):
            part = range(start, min(start + CHUNK, first + count))
            async with connection.transaction():
                await copy_people(connection, vault, part, seed.now)
        await connection.execute(MOVE_SEQUENCES)
        for start in range(first, first + count, CHUNK):
            part = range(start, min(start + CHUNK, first + count))
            async with connection.transaction():
                await grant_lots(connection, seed, part, lots)
        seed.customers += count
        say(f"{seed.customers:,} customers, the last {count:,} with {lots} lots each")
    finally:
        await connection.close()
    return numbers


async def writer(seed: Seed) -> Any:
    """A connection that asks no foreign keys: what we write points at what we wrote."""
    return await asyncpg.connect(
        seed.url, server_settings={"session_replication_role": "replica", "timezone": "UTC", "jit": "off"}
    )


async def copy_people(connection: Any, vault: customers.Vault, numbers: range, now: datetime) -> None:
    people, keys, identifiers, ops, assertions = [], [], [], [], []
    for number in numbers:
        id = new_id()
        key, wrapped = vault.new_person_key(id)
        name = chain.NAMES[number % len(chain.NAMES)]
        people.append((number, id, key.seal(name, "called"), "ru", now))
        keys.append((number, wrapped))
        ops.append((number, "register", now, "import", number))
        for type_id, code, value in ((1, "phone", chain.phone_of(number)), (2, "card", chain.card_of(number))):
            identifier = number * 2 + type_id - 2
            identifiers.append((identifier, type_id, vault.lookup_hash(code, value), number))
            assertions.append((identifier, number, key.seal(value, "identifier"), "import", "verified", now, number))
    for table, columns, rows in (
        ("customers_customer", "number id called_cipher language created_at", people),
        ("customers_key", "customer_number wrapped", keys),
        ("customers_identifier", "id type_id hash customer_number", identifiers),
        ("customers_identity_op", "id kind at source customer_number", ops),
        ("customers_assertion", "identifier_id customer_number cipher source strength valid_from op", assertions),
    ):
        await connection.copy_records_to_table(table, columns=columns.split(), records=rows)


MOVE_SEQUENCES = """
    select setval(pg_get_serial_sequence('customers_customer', 'number'), (select max(number) from customers_customer)),
           setval(pg_get_serial_sequence('customers_identifier', 'id'), (select max(id) from customers_identifier)),
           setval(pg_get_serial_sequence('customers_identity_op', 'id'), (select max(id) from customers_identity_op))
"""

# Points brought over from elsewhere: 50 to 150 a lot, the first to lapse in a month, one more each day.
GRANTED = "(5000 + n % 100 * 100)"
GRANT_LOTS = (
    """insert into ledger_journal (id, home, kind, effective_at, recorded_at)
       select {base} + (n - {first}) * {journals} + j, n, 'opening', '{at}', '{at}'
         from generate_series({first}, {last}) n, generate_series(0, {journals} - 1) j""",
    """insert into ledger_movement (journal_id, leg, home, debit, credit, amount, recorded_at, credit_after)
       select {base} + (n - {first}) * {journals} + k / {legs}, k % {legs}, n, {issued}, n << 8 | {unit}, {granted},
              timestamptz '{at}' + k * interval '1 microsecond', {granted} * (k + 1)
         from generate_series({first}::bigint, {last}::bigint) n, generate_series(0, {lots} - 1) k""",
    """insert into ledger_lot
           (wallet_id, id, granted, remaining, is_open, funder, earned_at, active_from, expires_at)
       select n << 8 | {unit}, ({base} + (n - {first}) * {journals} + k / {legs}) << 8 | (k % {legs}),
              {granted}, {granted}, true, {liability}, '{at}', '{at}', timestamptz '{at}' + (30 + k) * interval '1 day'
         from generate_series({first}::bigint, {last}::bigint) n, generate_series(0, {lots} - 1) k""",
    """insert into ledger_wallet (id, home, code, guard, has_lots, credits, changed_at)
       select n << 8 | {unit}, n, 'main', 'd', true, {granted} * {lots},
              timestamptz '{at}' + ({lots} - 1) * interval '1 microsecond'
         from generate_series({first}::bigint, {last}::bigint) n""",
    """insert into ledger_delta (wallet_id, effective_day, recorded_day, debits, credits)
       select {issued}, date '{at}', date '{at}', sum({granted} * {lots}), 0
         from generate_series({first}::bigint, {last}::bigint) n""",
)


async def grant_lots(connection: Any, seed: Seed, numbers: range, lots: int) -> None:
    journals = -(-lots // LOTS_A_JOURNAL)
    names = {
        "first": numbers.start,
        "last": numbers.stop - 1,
        "base": await take_journal_ids(connection, len(numbers) * journals),
        "journals": journals,
        "legs": LOTS_A_JOURNAL,
        "lots": lots,
        "granted": GRANTED,
        "at": (seed.now - OPENED_BEFORE).isoformat(),
        "unit": seed.accounts[0].points_unit,
        "issued": seed.accounts[0].issued,
        "liability": seed.accounts[0].liability,
    }
    for sql in GRANT_LOTS:
        await connection.execute(sql.format(**names))


async def take_journal_ids(connection: Any, count: int) -> int:
    """The first of so many ids in a row, as blocks of the ledger's own sequence."""
    first: int = await connection.fetchval("select nextval('ledger_journal_seq')")
    await connection.execute("select setval('ledger_journal_seq', $1)", first + -(-count // 1000) * 1000)
    return first


# The past: sales that earned points and spent them again, before the points above were brought over. So any
# number of them may be added at any time, and no balance of today changes.

ADD_HISTORY = (
    """create temp table past on commit drop as
       select i, {base} + i as journal, n, n << 8 | {unit} as wallet, 3000 + i % 50 * 100 as points,
              60000 + i % 900 * 100 as paid, gen_random_uuid() as check_id, 1 + i % {shops} as shop,
              timestamptz '{begin}' + i * interval '{step_us} microseconds' as at
         from generate_series(0::bigint, {count} - 1) i,
              lateral (select {first} + i % {people} as n) who""",
    """insert into ledger_journal (id, home, kind, effective_at, recorded_at, document)
       select journal, n, 'sale', at, at, check_id from past""",
    """insert into ledger_movement
       select journal, 0, n, {issued}, wallet, points, at, null::bigint, points from past union all
       select journal, 1, n, wallet, ({redeemed})[shop], points, at + interval '1 microsecond', 0, null from past
       union all select journal, 2, n, ({clearing})[shop], ({revenue})[shop], paid, at, null, null from past""",
    """insert into ledger_lot
           (wallet_id, id, granted, remaining, is_open, funder, earned_at, active_from, expires_at)
       select wallet, journal << 8, points, 0, false, {liability}, at, at, at + interval '365 days' from past""",
    # One in four had set its points aside first.
    """insert into ledger_journal (id, home, kind, effective_at, recorded_at, document)
       select {holds} + i, n, 'hold', at, at, check_id from past where i % 4 = 0""",
    """insert into ledger_hold (id, home, debit, credit, asked, amount, captured, state, opened_at, deadline,
                                resolved_at, resolved_by, lot_ids, lot_amounts, lot_funders, document)
       select {holds} + i, n, wallet, ({redeemed})[shop], points, points, points, 'c', at, at + interval '15 minutes',
              at, journal, array[journal << 8], array[points], array[{liability}::bigint], check_id
         from past where i % 4 = 0""",
    """insert into ledger_lot_move
       select wallet, journal << 8, journal, 1, -points, at + interval '1 microsecond' from past""",
    """update ledger_wallet w set debits = debits + sums.points, credits = credits + sums.points
         from (select wallet, sum(points)::bigint as points from past group by 1) sums where w.id = sums.wallet""",
    """insert into ledger_delta (wallet_id, effective_day, recorded_day, debits, credits)
       select id, day, day, sum(d), sum(c)
         from (select {issued} as id, (at at time zone 'UTC')::date as day, points as d, 0 as c from past union all
               select ({redeemed})[shop], (at at time zone 'UTC')::date, 0, points from past union all
               select ({clearing})[shop], (at at time zone 'UTC')::date, paid, 0 from past union all
               select ({revenue})[shop], (at at time zone 'UTC')::date, 0, paid from past) legs
        group by 1, 2""",
    """insert into pos_quote
       select check_id, 1, sha256(uuid_send(check_id)), shop, shop, n, null, at, convert_to(repeat('x', 400), 'UTF8')
         from past""",
    """insert into pos_sale (check_id, customer_number, shop_id, till_id, rev, body_hash, status, journal_id, at,
                             recorded_at, paid_minor, burned_minor, earned_minor)
       select check_id, n, shop, shop, 1, sha256(uuid_send(check_id)), 'committed', journal, at, at,
              paid, points, points
         from past""",
    """insert into promotions_standing select n, 0, sum(paid), 0, count(*), max(at) from past group by n
           on conflict (customer_number, day) do update
             set spent_minor = promotions_standing.spent_minor + excluded.spent_minor,
                 visits = promotions_standing.visits + excluded.visits""",
    """with told as (
           select events_partition(n) as partition, past.*,
                  row_number() over (partition by events_partition(n) order by i) as step from past),
       head as (
           update events_head h set next_position = h.next_position + c.count,
                  recorded_at = greatest(h.recorded_at, clock_timestamp())
             from (select partition, count(*) from told group by 1) c where h.partition = c.partition
           returning h.partition, h.next_position - c.count - 1 as before, h.recorded_at)
       insert into events_log (position, key, time, recorded_at, type, partition, id, subject, data)
       select h.before + t.step, t.n, t.at, h.recorded_at, events_type_id('pos.sale_committed.v1'), t.partition,
              gen_random_uuid(), t.n::text,
              convert_to(format('{{"check_id":"%s","shop":"S%s","till":"T1","paid_minor":%s,"lines":[]}}',
                         t.check_id, t.shop, t.paid), 'UTF8')
         from told t join head h using (partition)""",
)
HISTORY_SLICE = 250_000  # of sales a transaction


async def add_history(seed: Seed, count: int, numbers: range, *, say: Say) -> None:
    """So many past sales, shared evenly by these customers."""
    connection = await writer(seed)
    step_us = int(PAST / timedelta(microseconds=1) / max(1, count))
    seed.stretches += 1
    begin = seed.now - OPENED_BEFORE - timedelta(days=2) - PAST * seed.stretches
    try:
        await connection.execute("set work_mem = '256MB'; set temp_buffers = '256MB'")
        for done in range(0, count, HISTORY_SLICE):
            part = min(HISTORY_SLICE, count - done)
            names = {
                "count": part,
                "base": await take_journal_ids(connection, part),
                "holds": await take_journal_ids(connection, part),
                "first": numbers.start,
                "people": len(numbers),
                "shops": seed.shops,
                "begin": (begin + timedelta(microseconds=step_us) * done).isoformat(),
                "step_us": step_us,
                "unit": seed.accounts[0].points_unit,
                "issued": seed.accounts[0].issued,
                "liability": seed.accounts[0].liability,
                "redeemed": array_of([one.redeemed for one in seed.accounts]),
                "clearing": array_of([one.clearing for one in seed.accounts]),
                "revenue": array_of([one.revenue for one in seed.accounts]),
            }
            async with connection.transaction():
                for sql in ADD_HISTORY:
                    await connection.execute(sql.format(**names))
            if count > HISTORY_SLICE:
                say(f"{done + part:,} past sales")
    finally:
        await connection.close()


def array_of(ids: list[int]) -> str:
    return "array[" + ",".join(map(str, ids)) + "]::bigint[]"


async def settle_down(seed: Seed) -> None:
    """Statistics, visibility maps and a checkpoint, so that no measurement pays for the seed."""
    connection = await asyncpg.connect(seed.url)
    try:
        await connection.execute("vacuum analyze")
        await connection.execute("checkpoint")
    finally:
        await connection.close()


async def check_books(url: str) -> ledger.BooksReport:
    db = await Database.connect(url)
    try:
        async with db.transaction(isolation="repeatable_read", readonly=True) as tx:
            await tx.run("set local work_mem = '256MB'")
            return await ledger.check_books(tx)
    finally:
        await db.close()
