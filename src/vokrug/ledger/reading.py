"""SQL for looking: balances now and as of any moment, statements, trial balance."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from vokrug.runtime.database import Row, Tx


@dataclass(frozen=True, slots=True)
class Balance:
    """The four sums of a wallet: posted and held, on either side."""

    debits: int
    credits: int
    debits_held: int
    credits_held: int

    @property
    def net(self) -> int:
        return self.credits - self.debits


# Holds whose time is up do not hold any more, whether or not the sweeper came by.
BALANCE = """
    select w.debits, w.credits,
           w.debits_held - coalesce((select sum(h.amount) from ledger_hold h
               where h.state = 'o' and h.debit = w.id and h.deadline <= $2), 0)::bigint as debits_held,
           w.credits_held - coalesce((select sum(h.amount) from ledger_hold h
               where h.state = 'o' and h.credit = w.id and h.credit > 0 and h.deadline <= $2), 0)::bigint
             as credits_held
      from ledger_wallet w where w.id = $1
"""
SUMMED_BALANCE = """
    select coalesce(sum(debits), 0)::bigint as debits, coalesce(sum(credits), 0)::bigint as credits,
           0::bigint as debits_held, 0::bigint as credits_held
      from (select debits, credits from ledger_day where wallet_id = $1
            union all select debits, credits from ledger_delta where wallet_id = $1) folded_and_not
"""


async def balance(tx: Tx, wallet_id: int, now: datetime) -> Balance | None:
    """A kept wallet from its row; a summed one from its days and what is not yet folded, in one snapshot."""
    if wallet_id < 0:
        return await tx.one(Balance, SUMMED_BALANCE, wallet_id)
    return await tx.maybe(Balance, BALANCE, wallet_id, now)


SUMMED_OF_CODE = """
    select u.code as unit, coalesce(sum(t.credits - t.debits), 0)::bigint as owed
      from ledger_wallet w join ledger_unit u on u.id = (w.id & 255)
      cross join lateral (select debits, credits from ledger_day where wallet_id = w.id
                          union all select debits, credits from ledger_delta where wallet_id = w.id) t
     where w.id < 0 and (w.code = $1 or w.code like $1 || '/%') group by u.code order by u.code
"""


async def summed(tx: Tx, code: str) -> dict[str, int]:
    """What the summed wallets of this code and its parts hold together, by unit: `points.liability` of all funders."""
    return {row["unit"]: row["owed"] for row in await tx.rows(SUMMED_OF_CODE, code)}


BALANCE_AS_OF = """
    select at.balance from (
        (select recorded_at, debit_after as balance from ledger_movement
          where debit = $1 and recorded_at <= $2 order by recorded_at desc limit 1)
        union all
        (select recorded_at, credit_after from ledger_movement
          where credit = $1 and recorded_at <= $2 order by recorded_at desc limit 1)) at
     order by at.recorded_at desc limit 1
"""


async def balance_as_of(tx: Tx, wallet_id: int, at: datetime) -> int:
    """What the books of a kept wallet said at a moment: two index probes at any age."""
    return await tx.value(BALANCE_AS_OF, wallet_id, at) or 0


SUMMED_AS_OF = """
    select coalesce(sum(credits - debits), 0)::bigint from (
        select debits, credits from ledger_day where wallet_id = $1 and effective_day <= $2 and recorded_day <= $3
        union all
        select debits, credits from ledger_delta where wallet_id = $1 and effective_day <= $2 and recorded_day <= $3) d
"""


async def summed_as_of(tx: Tx, wallet_id: int, effective_day: datetime, recorded_day: datetime) -> int:
    found: int = await tx.value(SUMMED_AS_OF, wallet_id, effective_day.date(), recorded_day.date())
    return found


RECORDED = """
    select coalesce(sum(amount) filter (where debit = $1), 0)::bigint as debits,
           coalesce(sum(amount) filter (where credit = $1), 0)::bigint as credits,
           coalesce((select sum(amount) from ledger_hold where debit = $1 and opened_at <= $2 and deadline > $2
                       and (resolved_at is null or resolved_at > $2)), 0)::bigint as debits_held,
           coalesce((select sum(amount) from ledger_hold where credit = $1 and opened_at <= $2 and deadline > $2
                       and (resolved_at is null or resolved_at > $2)), 0)::bigint as credits_held
      from ledger_movement where (debit = $1 or credit = $1) and recorded_at <= $2
"""
# An instruction that moved nothing left no mark on the wallet: its moment is then the wallet's last one
# among the journals recorded up to it. Journals follow one another by time, and within one by id.
TOUCHED_AT = """
    select coalesce(
        (select max(at) from (
            select recorded_at as at from ledger_movement where journal_id = $1 and $2 in (debit, credit)
            union all select opened_at from ledger_hold where id = $1 and $2 in (debit, credit)
            union all select resolved_at from ledger_hold where resolved_by = $1 and $2 in (debit, credit)) touched),
        (select greatest(this.recorded_at, max(m.recorded_at)) from ledger_movement m
           join ledger_journal j on j.id = m.journal_id and j.home = m.home
          where $2 in (m.debit, m.credit) and (j.recorded_at, j.id) <= (this.recorded_at, this.id)))
      from ledger_journal this where this.id = $1
"""


async def recorded(tx: Tx, wallet_id: int, at: datetime) -> Balance:
    """All four sums of a kept wallet as they stood right after a moment."""
    return await tx.one(Balance, RECORDED, wallet_id, at)


async def touched_at(tx: Tx, journal_id: int, wallet_id: int) -> datetime | None:
    """When a journal last changed a wallet, or passed it by."""
    found: datetime | None = await tx.value(TOUCHED_AT, journal_id, wallet_id)
    return found


EFFECTIVE = """
    select coalesce(sum(m.amount) filter (where m.credit = $1), 0)::bigint as received,
           coalesce(sum(m.amount) filter (where m.debit = $1), 0)::bigint as sent
      from ledger_movement m join ledger_journal j on j.id = m.journal_id and j.home = m.home
     where (m.debit = $1 or m.credit = $1) and j.effective_at <= $2
       and ($3::bigint is null
            or (j.recorded_at, j.id) < (select this.recorded_at, this.id from ledger_journal this where this.id = $3))
"""
FIRST_USED = """
    select min(j.effective_at) from ledger_movement m join ledger_journal j on j.id = m.journal_id and j.home = m.home
     where m.debit = $1 or m.credit = $1
"""


async def effective(tx: Tx, wallet_id: int, at: datetime, before_journal: int | None = None) -> tuple[int, int]:
    """Received and sent with a business time up to `at`, as known now or just before a journal was recorded."""
    (row,) = await tx.rows(EFFECTIVE, wallet_id, at, before_journal)
    return row["received"], row["sent"]


async def first_used(tx: Tx, wallet_id: int) -> datetime | None:
    found: datetime | None = await tx.value(FIRST_USED, wallet_id)
    return found


# Spendable at a moment: what the lots known by then had left, of those active and not lapsed at that
# moment, less what holds set aside of them, less what was owed: lots less the balance, both of that moment.
SPENDABLE_AS_OF = """
    with lot as (
        select l.id, l.active_from, l.expires_at, l.granted + coalesce((select sum(m.amount) from ledger_lot_move m
                  where m.wallet_id = l.wallet_id and m.lot_id = l.id and m.at <= $2), 0) as left
          from ledger_lot l join ledger_movement g on g.journal_id = l.id >> 8 and g.leg = (l.id & 255)
         where l.wallet_id = $1 and g.recorded_at <= $2
    ), held as (
        select t.id, t.amount from ledger_hold h, unnest(h.lot_ids, h.lot_amounts) t(id, amount)
         where h.debit = $1 and h.opened_at <= $2 and h.deadline > $2 and (h.resolved_at is null or h.resolved_at > $2)
    )
    select greatest(0,
               coalesce(sum("left") filter (where active_from <= $2 and expires_at > $2), 0)
               - coalesce((select sum(held.amount) from held join lot using (id) where expires_at > $2), 0)
               - greatest(0, coalesce(sum("left"), 0) - $3))::bigint
      from lot
"""


async def spendable_as_of(tx: Tx, wallet_id: int, at: datetime) -> int:
    """Points that could be spent at a moment, past or to come."""
    found: int = await tx.value(SPENDABLE_AS_OF, wallet_id, at, await balance_as_of(tx, wallet_id, at))
    return found


STATEMENT = """
    select m.recorded_at, j.effective_at, j.kind, m.journal_id, j.document,
           case when m.credit = $1 then m.amount else -m.amount end as amount,
           case when m.credit = $1 then m.credit_after else m.debit_after end as balance_after
      from ledger_movement m join ledger_journal j on j.id = m.journal_id and j.home = m.home
     where (m.debit = $1 or m.credit = $1) and m.recorded_at > $2 and m.recorded_at <= $3
     order by m.recorded_at, m.journal_id, m.leg limit $4
"""


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement as the wallet's owner sees it: positive is received."""

    recorded_at: datetime
    effective_at: datetime
    kind: str
    journal_id: int
    document: object | None
    amount: int
    balance_after: int | None


async def statement(tx: Tx, wallet_id: int, after: datetime, until: datetime, limit: int = 1000) -> list[StatementLine]:
    return await tx.all(StatementLine, STATEMENT, wallet_id, after, until, limit)


# Of a customer's documents the till knows more; here is what came and went beside them.
BESIDE_SALES = """
    select m.recorded_at as at, j.kind, m.journal_id, m.signed as amount from (
        select credited.*, amount as signed from ledger_movement credited where credit = $1 and recorded_at < $2
        union all
        select debited.*, -amount from ledger_movement debited where debit = $1 and recorded_at < $2) m
      join ledger_journal j on j.id = m.journal_id and j.home = m.home
     where j.kind not in ('sale', 'return')
     order by m.recorded_at desc, m.journal_id desc, m.leg desc limit $3
"""


@dataclass(frozen=True, slots=True)
class PointsLine:
    """Points that came or went without a sale or a return: given, corrected, lapsed. Positive is received."""

    at: datetime
    kind: str
    journal_id: int
    amount: int


async def points_beside_sales(tx: Tx, wallet_id: int, before: datetime, limit: int) -> list[PointsLine]:
    """The newest first."""
    return await tx.all(PointsLine, BESIDE_SALES, wallet_id, before, limit)


LOTS = """
    select l.id, l.granted, l.remaining, l.held, l.priority, l.earned_at, l.active_from, l.expires_at,
           (select coalesce(-sum(m.amount), 0)::bigint
              from ledger_lot_move m join ledger_journal j on j.id = m.journal_id
             where m.wallet_id = l.wallet_id and m.lot_id = l.id and j.kind = 'expiry') as lapsed
      from ledger_lot l where l.wallet_id = $1 order by l.priority, l.expires_at, l.earned_at, l.id
"""


async def lots(tx: Tx, wallet_id: int) -> Sequence[Row]:
    return await tx.rows(LOTS, wallet_id)


NEXT_TO_EXPIRE = """
    select sum(remaining - held)::bigint as amount, expires_at from (
        select remaining, held, expires_at from ledger_lot
         where wallet_id = $1 and is_open and expires_at > $2 and expires_at < '9999-12-31Z'
         order by wallet_id, priority, expires_at, earned_at, id limit 32) soon
     group by expires_at order by expires_at limit $3
"""


async def next_to_expire(tx: Tx, wallet_id: int, now: datetime, count: int = 3) -> list[tuple[int, datetime]]:
    return [(row[0], row[1]) for row in await tx.rows(NEXT_TO_EXPIRE, wallet_id, now, count)]


# Kept wallets are summed by what they are, summed wallets one by one; the two sides of each unit must agree.
TRIAL_BALANCE = """
    select u.code as unit, t.code, sum(t.debits)::bigint as debits, sum(t.credits)::bigint as credits from (
        select (id & 255) as unit_id, case when home > 0 then 'customers' else code end as code, debits, credits
          from ledger_wallet where id > 0
        union all
        select (w.id & 255), w.code, d.debits, d.credits from ledger_wallet w
          join (select wallet_id, debits, credits from ledger_day
                union all select wallet_id, debits, credits from ledger_delta) d on d.wallet_id = w.id) t
      join ledger_unit u on u.id = t.unit_id
     group by u.code, t.code order by u.code, t.code
"""


@dataclass(frozen=True, slots=True)
class TrialLine:
    unit: str
    code: str
    debits: int
    credits: int


async def trial_balance(tx: Tx) -> list[TrialLine]:
    """Every account's two sums. Per unit, debits equal credits."""
    return await tx.all(TrialLine, TRIAL_BALANCE)


POINTS_LOTS = """
    select l.id, l.granted, l.remaining, l.held, l.earned_at, l.active_from, l.expires_at, j.document, j.kind,
           coalesce((select jsonb_agg(jsonb_build_array(
                         m.amount, mj.kind, mj.document, m.at,
                         m.journal_id = l.id >> 8 and m.leg = (l.id & 255)) order by m.at, m.journal_id, m.leg)
                       from ledger_lot_move m join ledger_journal mj on mj.id = m.journal_id
                      where m.wallet_id = l.wallet_id and m.lot_id = l.id), '[]')::text as moves
      from ledger_lot l join ledger_journal j on j.id = l.id >> 8
     where l.wallet_id = $1 order by l.earned_at, l.id limit $2
"""


async def points_lots(tx: Tx, wallet_id: int, limit: int) -> Sequence[Row]:
    """A wallet's lots with everything that was taken of them and given back."""
    return await tx.rows(POINTS_LOTS, wallet_id, limit)
