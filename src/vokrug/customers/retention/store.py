"""What has outlived its period: counted, or destroyed a slice at a time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from vokrug.customers.retention.types import Kept, Retention, Run
from vokrug.customers.store.values import as_json
from vokrug.runtime.database import Row, Tx

RULES = "select kind, subject, days, changed_by, changed_at from customers_retention order by kind, subject"
PUT = """
    insert into customers_retention (kind, subject, days, changed_by, changed_at) values ($1, $2, $3, $4, $5)
    on conflict (kind, subject) do update
       set days = excluded.days, changed_by = excluded.changed_by, changed_at = excluded.changed_at
"""
REMOVE = "delete from customers_retention where kind = $1 and subject = $2"
INSERT_RUN = "insert into customers_retention_run (at, is_dry, report) values ($1, $2, $3)"
RUNS = "select at, is_dry, report::text as report from customers_retention_run order by id desc limit $1"


async def rules(tx: Tx) -> list[Retention]:
    return [_retention(row) for row in await tx.rows(RULES)]


def _retention(row: Row) -> Retention:
    return Retention(Kept(row["kind"]), row["subject"], row["days"], row["changed_by"], row["changed_at"])


async def put_rule(tx: Tx, rule: Retention) -> None:
    await tx.run(PUT, rule.kind.value, rule.subject, rule.days, rule.changed_by, rule.changed_at)


async def remove_rule(tx: Tx, kind: Kept, subject: str) -> bool:
    return await tx.run(REMOVE, kind.value, subject) == 1


async def insert_run(tx: Tx, report: Mapping[str, Any], *, is_dry: bool, now: datetime) -> None:
    await tx.run(INSERT_RUN, now, is_dry, as_json(report))


async def runs(tx: Tx, limit: int) -> list[Run]:
    return [Run(row["at"], row["is_dry"], msgspec.json.decode(row["report"])) for row in await tx.rows(RUNS, limit)]


# Each takes the subject and the moment before which it is too old. The more particular rule is named for its subject;
# `*` leaves alone what has a rule of its own.
OWN = "not exists (select from customers_retention own where own.kind = '{kind}' and own.subject = {subject})"
OUTLIVED = {
    Kept.ATTRIBUTE: (
        """customers_observation old where old.last_at < $2
           and case when $1 = '*' then """
        + OWN.format(kind="attribute", subject="old.code")
        + " else old.code = $1 end"
    ),
    # Only of words that were followed by another: the last one is what we go by.
    Kept.CONSENT_PROOF: (
        """customers_consent old where old.proof <> '{}' and old.at < $2
           and exists (select from customers_consent later
                        where later.customer_number = old.customer_number and later.purpose = old.purpose
                          and (later.at, later.id) > (old.at, old.id) and later.at < $2)
           and case when $1 = '*' then """
        + OWN.format(kind="consent_proof", subject="old.purpose")
        + " else old.purpose = $1 end"
    ),
    # A contest whose edges are gone is not taken back any more.
    Kept.IDENTIFIER: (
        """customers_assertion old
           join customers_identifier known on known.id = old.identifier_id
           join customers_identifier_type kind on kind.id = known.type_id
          where old.valid_to < $2
           and case when $1 = '*' then """
        + OWN.format(kind="identifier", subject="kind.code")
        + " else kind.code = $1 end"
    ),
    Kept.CARD_READ: "customers_card_read old where old.at < $2 and $1 = '*'",
    Kept.BULK_READ: "customers_bulk_read old where old.at < $2 and $1 = '*'",
}
TABLE = {
    Kept.ATTRIBUTE: "customers_observation",
    Kept.CONSENT_PROOF: "customers_consent",
    Kept.IDENTIFIER: "customers_assertion",
    Kept.CARD_READ: "customers_card_read",
    Kept.BULK_READ: "customers_bulk_read",
}
FORGET_IDENTIFIERS = """
    delete from customers_identifier known
     where known.id = any($1)
       and not exists (select from customers_assertion other where other.identifier_id = known.id)
       and not exists (select from customers_quarantine one
                        where one.identifier_id = known.id and one.state <> 'released')
"""


async def count(tx: Tx, rule: Retention, before: datetime) -> int:
    """How much has outlived the rule."""
    sql = f"select count(*) from {OUTLIVED[rule.kind]}"  # noqa: S608, the parts are ours
    found: int = await tx.value(sql, rule.subject, before)
    return found


async def destroy(tx: Tx, rule: Retention, before: datetime, limit: int) -> tuple[int, list[int]]:
    """A slice of what has outlived the rule is gone. How much, and whose attributes have to be looked at again."""
    outlived = f"(select old.ctid from {OUTLIVED[rule.kind]} limit $3)"  # noqa: S608, the parts are ours
    table = TABLE[rule.kind]
    if rule.kind is Kept.CONSENT_PROOF:
        return await tx.run(
            f"update {table} set proof = '{{}}' where ctid in {outlived}",  # noqa: S608
            rule.subject,
            before,
            limit,
        ), []
    returned = {Kept.ATTRIBUTE: "customer_number", Kept.IDENTIFIER: "identifier_id"}.get(rule.kind, "0")
    sql = f"delete from {table} where ctid in {outlived} returning {returned} as whose"  # noqa: S608
    rows = await tx.rows(sql, rule.subject, before, limit)
    whose = sorted({row["whose"] for row in rows})
    if rule.kind is Kept.IDENTIFIER:
        await tx.run(FORGET_IDENTIFIERS, whose)
    return len(rows), whose if rule.kind is Kept.ATTRIBUTE else []


SURVIVORS = "select distinct coalesce(redirect_to, number) as number from customers_customer where number = any($1)"


async def survivors(tx: Tx, numbers: list[int]) -> list[int]:
    return [row["number"] for row in await tx.rows(SURVIVORS, numbers)]
