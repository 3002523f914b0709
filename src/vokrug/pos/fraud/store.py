"""SQL of fraud limits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from vokrug.pos.fraud.rules import Wanted, bucket_of
from vokrug.pos.fraud.types import Happened, Rule, Seen, Terms
from vokrug.runtime.database import Row, Tx

# Rules

RULES = "select code, name_ru, name_en, terms::text, score, holds, is_on from pos_fraud_rule order by code"


async def rules(tx: Tx) -> list[Rule]:
    return [
        Rule(**{**dict(row), "terms": msgspec.json.decode(row["terms"], type=Terms)}) for row in await tx.rows(RULES)
    ]


SAVE_RULE = """
    insert into pos_fraud_rule as r (code, name_ru, name_en, terms, score, holds, is_on, changed_by, changed_at)
    values ($1, $2, $3, $4::jsonb, $5, $6, $7, $8, $9)
    on conflict (code) do update
       set name_ru = excluded.name_ru, name_en = excluded.name_en, terms = excluded.terms, score = excluded.score,
           holds = excluded.holds, is_on = excluded.is_on, changed_by = excluded.changed_by,
           changed_at = excluded.changed_at
"""


async def save_rule(tx: Tx, rule: Rule, by: str, now: datetime) -> None:
    terms = msgspec.json.encode(rule.terms).decode()
    await tx.run(SAVE_RULE, rule.code, rule.name_ru, rule.name_en, terms, rule.score, rule.holds, rule.is_on, by, now)


async def drop_rule(tx: Tx, code: str) -> bool:
    return await tx.run("delete from pos_fraud_rule where code = $1", code) > 0


# Counting

# Several rules may look at one count: it rises once. What is there already is added to what this document brings.
COUNT = """
    with wanted as (
        select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
               as wanted (rule, subject, measure, amount, since)
    ), written as (
        insert into pos_fraud_count as c (subject, measure, bucket, slot, amount)
        select distinct subject, measure, $6::timestamptz, $7::smallint, amount from wanted
        on conflict (subject, measure, bucket, slot) do update set amount = c.amount + excluded.amount
    )
    select w.rule, w.subject, w.amount + coalesce((
               select sum(c.amount) from pos_fraud_count c
                where c.subject = w.subject and c.measure = w.measure and c.bucket >= w.since
                  and c.bucket <= $6), 0)::bigint as measured
      from wanted w
"""


async def count(tx: Tx, wanted: Mapping[str, Wanted], happened: Happened, slot: int) -> dict[str, tuple[str, int]]:
    """By rule, for whom and how much within its window, this document included."""
    if not wanted:
        return {}
    columns = [
        list(wanted),
        [subject for subject, _, _ in wanted.values()],
        [measure for _, measure, _ in wanted.values()],
        [happened.amounts[measure] for _, measure, _ in wanted.values()],
        [since for _, _, since in wanted.values()],
    ]
    rows = await tx.rows(COUNT, *columns, bucket_of(happened.at), slot)
    return {row["rule"]: (row["subject"], row["measured"]) for row in rows}


SEEN = "select shop, at from pos_fraud_seen where customer_number = $1"
NOTE_SEEN = """
    insert into pos_fraud_seen as s (customer_number, shop, at) values ($1, $2, $3)
    on conflict (customer_number) do update set shop = excluded.shop, at = excluded.at where s.at <= excluded.at
"""


async def seen(tx: Tx, customer: int, shop: str, at: datetime) -> Seen | None:
    """Where they were before; from now on they are here."""
    before = await tx.maybe(Seen, SEEN, customer)
    await tx.run(NOTE_SEEN, customer, shop, at)
    return before


# What somebody is writing at this moment waits for the next night.
SWEEP = (
    """delete from pos_fraud_count where ctid = any(array(
           select ctid from pos_fraud_count where bucket < $1 for update skip locked))""",
    """delete from pos_fraud_seen where ctid = any(array(
           select ctid from pos_fraud_seen where at < $1 for update skip locked))""",
)


async def sweep(tx: Tx, before: datetime) -> int:
    return sum([await tx.run(sql, before) for sql in SWEEP])


# Suspicions

LOCK_OPEN = "select id, documents from pos_suspicion where rule = $1 and subject = $2 and state = 'open' for update"


async def lock_open(tx: Tx, rule: str, subject: str) -> Row | None:
    rows = await tx.rows(LOCK_OPEN, rule, subject)
    return rows[0] if rows else None


RAISE = """
    insert into pos_suspicion (id, rule, subject, shop, customer_number, customer_id, score, measured, most, documents,
                               first_at, last_at, raised_at, held_minor, hold_ids)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, array[$10::uuid], $11, $11, $12, $13, $14)
"""


async def raise_suspicion(tx: Tx, *values: object) -> None:
    await tx.run(RAISE, *values)


AGAIN = """
    update pos_suspicion
       set times = times + 1, measured = greatest(measured, $2),
           documents = (documents || $3::uuid)[greatest(1, cardinality(documents) - 18):],
           first_at = least(first_at, $4), last_at = greatest(last_at, $4),
           held_minor = held_minor + $5, hold_ids = hold_ids || $6::bigint[]
     where id = $1
"""


async def again(
    tx: Tx, id: UUID, measured: int, document: UUID, at: datetime, held_minor: int, hold_ids: Sequence[int]
) -> None:
    await tx.run(AGAIN, id, measured, document, at, held_minor, list(hold_ids))


SHOWN = """
    select s.id, s.rule, s.subject, s.shop, s.customer_id, s.customer_number, s.score, s.times, s.measured, s.most,
           s.documents, s.first_at, s.last_at, s.raised_at, s.state, s.held_minor, s.hold_ids, s.decided_by,
           s.decided_at, s.note, r.name_ru, r.name_en
      from pos_suspicion s left join pos_fraud_rule r on r.code = s.rule
"""
LIST = f"""{SHOWN}
     where s.state = $1 and ($2 = '' or s.shop = $2) order by s.score desc, s.raised_at desc, s.id limit $3
"""


async def list_suspicions(tx: Tx, state: str, shop: str, limit: int) -> Sequence[Row]:
    return await tx.rows(LIST, state, shop, limit)


LOCK = f"{SHOWN} where s.id = $1 for update of s"


async def lock(tx: Tx, id: UUID) -> Row | None:
    rows = await tx.rows(LOCK, id)
    return rows[0] if rows else None


DECIDE = """
    update pos_suspicion set state = $2, decided_by = $3, decided_at = $4, note = $5, held_minor = 0 where id = $1
"""


async def decide(tx: Tx, id: UUID, state: str, by: str, now: datetime, note: str) -> None:
    await tx.run(DECIDE, id, state, by, now, note)
