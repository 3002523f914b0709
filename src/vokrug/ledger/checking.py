"""`vokrug books check`: every balance recomputed from what was written once, and what differs.

Each check is one statement in one snapshot that returns rows only when something is wrong. A zero trial
balance alone proves little, so accounts are compared, not totals.
"""

from dataclasses import dataclass, field

from vokrug.runtime.database import Tx

CHECKS = {
    "every journal sums to zero in each unit": """
        select journal_id::text as what, sum(amount)::text as by from ledger_posting
         group by journal_id, unit_id having sum(amount) <> 0 limit 20""",
    "a wallet equals its movements": """
        select w.id::text as what, format('%s/%s kept, %s/%s moved', w.debits, w.credits, coalesce(m.d, 0), coalesce(m.c, 0)) as by
          from ledger_wallet w
          left join (select id, sum(d)::bigint as d, sum(c)::bigint as c from (
                select debit as id, amount as d, 0 as c from ledger_movement where debit > 0
                union all select credit, 0, amount from ledger_movement where credit > 0) legs group by id) m using (id)
         where w.id > 0 and (w.debits <> coalesce(m.d, 0) or w.credits <> coalesce(m.c, 0)) limit 20""",
    "no movement touches a wallet that does not exist": """
        select m.journal_id::text as what, m.debit || ' → ' || m.credit as by from ledger_movement m
          left join ledger_wallet d on d.id = m.debit left join ledger_wallet c on c.id = m.credit
         where d.id is null or c.id is null limit 20""",
    "a wallet with lots equals them, less its debt": """
        select w.id::text as what, format('%s kept, %s in lots', w.credits - w.debits + w.debt, coalesce(l.r, 0)) as by
          from ledger_wallet w
          left join (select wallet_id, sum(remaining)::bigint as r from ledger_lot group by 1) l on l.wallet_id = w.id
         where w.has_lots and w.credits - w.debits + w.debt <> coalesce(l.r, 0) limit 20""",
    "a lot equals its grant and its moves": """
        select l.wallet_id || '/' || l.id as what, format('%s left, %s moved', l.remaining, l.granted + coalesce(m.s, 0)) as by
          from ledger_lot l
          left join (select wallet_id, lot_id, sum(amount)::bigint as s from ledger_lot_move group by 1, 2) m
                 on m.wallet_id = l.wallet_id and m.lot_id = l.id
         where l.remaining <> l.granted + coalesce(m.s, 0) limit 20""",
    "every lot was granted by its movement": """
        select l.wallet_id || '/' || l.id as what, l.granted::text as by from ledger_lot l
          left join ledger_movement m on m.journal_id = l.id >> 8 and m.leg = (l.id & 255)
         where m.journal_id is null or m.credit <> l.wallet_id or m.amount <> l.granted limit 20""",
    "what a wallet holds is what its open holds say": """
        select w.id::text as what, format('%s held, %s in holds', w.debits_held, coalesce(h.a, 0)) as by from ledger_wallet w
          left join (select debit, sum(amount)::bigint as a from ledger_hold where state = 'o' group by 1) h on h.debit = w.id
         where w.debits_held <> coalesce(h.a, 0) limit 20""",
    "what a wallet is to receive is what open holds say": """
        select w.id::text as what, format('%s held, %s in holds', w.credits_held, coalesce(h.a, 0)) as by from ledger_wallet w
          left join (select credit, sum(amount)::bigint as a from ledger_hold where state = 'o' and credit > 0 group by 1) h
                 on h.credit = w.id
         where w.id > 0 and w.credits_held <> coalesce(h.a, 0) limit 20""",
    "what a lot holds is what open holds set aside": """
        select l.wallet_id || '/' || l.id as what, format('%s held, %s in holds', l.held, coalesce(h.a, 0)) as by
          from ledger_lot l
          left join (select debit, t.id, sum(t.amount)::bigint as a from ledger_hold, unnest(lot_ids, lot_amounts) t(id, amount)
                      where state = 'o' group by 1, 2) h on h.debit = l.wallet_id and h.id = l.id
         where l.held <> coalesce(h.a, 0) limit 20""",
    "a wallet's history has no gap and never runs backwards": """
        select wallet_id || ' at ' || recorded_at as what, format('%s after %s by %s', after, before, change) as by from (
            select wallet_id, recorded_at, change, after, lag(after, 1, 0::bigint) over w as before, lag(recorded_at) over w as earlier
              from (select debit as wallet_id, recorded_at, -amount as change, debit_after as after from ledger_movement where debit > 0
                    union all select credit, recorded_at, amount, credit_after from ledger_movement where credit > 0) legs
            window w as (partition by wallet_id order by recorded_at)) h
         where after <> before + change or earlier >= recorded_at limit 20""",
    "a summed wallet equals its movements, folded or not": """
        select wallet_id || ' on ' || day as what, sum(x)::text as by from (
            select m.debit as wallet_id, (j.effective_at at time zone 'UTC')::date as day, m.amount as x
              from ledger_movement m join ledger_journal j on j.id = m.journal_id and j.home = m.home where m.debit < 0
            union all
            select m.credit, (j.effective_at at time zone 'UTC')::date, -m.amount
              from ledger_movement m join ledger_journal j on j.id = m.journal_id and j.home = m.home where m.credit < 0
            union all select wallet_id, effective_day, credits - debits from ledger_day
            union all select wallet_id, effective_day, credits - debits from ledger_delta) q
         group by wallet_id, day having sum(x) <> 0 limit 20""",
    "no movement without its journal": """
        select m.journal_id::text as what, m.leg::text as by from ledger_movement m
          left join ledger_journal j on j.id = m.journal_id and j.home = m.home where j.id is null limit 20""",
    "every operation that was accepted has its journal": """
        select c.key as what, c.journal_id::text as by from ledger_claim c left join ledger_journal j on j.id = c.journal_id
         where c.outcome = 'ok' and j.id is null limit 20""",
}


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that does not agree: which rule, what, and by how much."""

    rule: str
    what: str
    by: str


@dataclass(frozen=True, slots=True)
class BooksReport:
    """What the check found, and how much it looked at."""

    wallets: int
    journals: int
    movements: int
    lots: int
    differences: list[Difference] = field(default_factory=list)

    @property
    def balanced(self) -> bool:
        return not self.differences


COUNTS = """
    select (select count(*) from ledger_wallet) as wallets, (select count(*) from ledger_journal) as journals,
           (select count(*) from ledger_movement) as movements, (select count(*) from ledger_lot) as lots
"""


async def check_books(tx: Tx) -> BooksReport:
    """Run every check in one repeatable-read snapshot. Reports, never repairs."""
    (counts,) = await tx.rows(COUNTS)
    differences = [
        Difference(rule, row["what"], row["by"]) for rule, sql in CHECKS.items() for row in await tx.rows(sql)
    ]
    return BooksReport(**counts, differences=differences)
