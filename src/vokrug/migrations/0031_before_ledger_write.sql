-- The two doors between the books in memory and the books on disk.
--
-- ledger_read takes what a decision needs in one statement and locks nothing.
-- ledger_write locks the wallets in id order, checks that each is still as it was read, and writes
-- everything or, when a wallet has moved on, nothing: it then answers with those wallets' ids.

create type ledger_wallet_change as (
    id bigint, debits bigint, credits bigint, debits_held bigint, credits_held bigint, debt bigint,
    changed_at timestamptz, expected timestamptz);
create type ledger_wallet_closing as (id bigint, closed_at timestamptz, closed_until timestamptz, closed_by bigint);
create type ledger_lot_change as (wallet_id bigint, id bigint, remaining bigint, held bigint);
create type ledger_hold_change as (
    id bigint, captured bigint, state text, deadline timestamptz, resolved_at timestamptz, resolved_by bigint);

-- lots: id, free amount and funder of the first usable ones in burn order, three numbers each.
-- overdue: open holds whose time is up, on either side of the wallet. next_due: when the next one's is.
create function ledger_read(wallet_ids bigint[], lot_limit int, moment timestamptz)
returns table (
    id bigint, home bigint, code text, guard text, has_lots boolean, debits bigint, credits bigint,
    debits_held bigint, credits_held bigint, debt bigint, overdraft bigint, changed_at timestamptz,
    closed_at timestamptz, closed_until timestamptz, closed_by bigint, lots bigint[], overdue bigint[],
    next_due timestamptz)
language sql stable as $$
    select w.id, w.home, w.code, w.guard, w.has_lots, w.debits, w.credits, w.debits_held, w.credits_held,
           w.debt, w.overdraft, w.changed_at, w.closed_at, w.closed_until, w.closed_by,
           case when w.has_lots and lot_limit > 0 then array(
               select unnest(array[l.id, l.remaining - l.held, l.funder])
                 from (select * from ledger_lot x
                        where x.wallet_id = w.id and x.is_open and x.remaining > x.held and x.expires_at > moment
                          and (x.active_from <= moment or x.active_from = x.earned_at)
                        order by x.wallet_id, x.priority, x.expires_at, x.earned_at, x.id limit lot_limit) l) end,
           array(select h.id from ledger_hold h where h.state = 'o' and h.debit = w.id and h.deadline <= moment
                 union all
                 select h.id from ledger_hold h where h.state = 'o' and h.credit = w.id and h.credit > 0 and h.deadline <= moment),
           least((select min(h.deadline) from ledger_hold h where h.state = 'o' and h.debit = w.id and h.deadline > moment),
                 (select min(h.deadline) from ledger_hold h where h.state = 'o' and h.credit = w.id and h.credit > 0 and h.deadline > moment))
      from ledger_wallet w where w.id = any(wallet_ids)
$$;

-- What may be spent at a moment: the balance less what is held, not yet active or past its time. Points
-- owed are not there to be spent. Three short index ranges, whatever the number of lots.
create function ledger_available(wanted bigint, moment timestamptz)
returns table (available bigint, pending bigint, held bigint, debt bigint)
language sql stable as $$
    select case when w.has_lots then greatest(w.credits - w.debits - w.debits_held - coalesce(p.amount, 0) - coalesce(x.amount, 0) + coalesce(o.amount, 0), 0)
                else w.credits - w.debits - w.debits_held + coalesce(o.amount, 0) end,
           coalesce(p.amount, 0), w.debits_held - coalesce(o.whole, 0), w.debt
      from ledger_wallet w
      left join lateral (select sum(l.remaining - l.held)::bigint as amount from ledger_lot l
                          where l.wallet_id = w.id and l.is_open and l.active_from > l.earned_at and l.active_from > moment) p on w.has_lots
      left join lateral (select sum(l.remaining - l.held)::bigint as amount from ledger_lot l
                          where l.wallet_id = w.id and l.is_open and l.expires_at <= moment and (l.active_from <= moment or l.active_from = l.earned_at)) x on w.has_lots
      left join lateral (select sum(case when w.has_lots then coalesce(f.amount, 0) else h.amount end)::bigint as amount, sum(h.amount)::bigint as whole
                           from ledger_hold h
                           left join lateral (select sum(t.amount) as amount from unnest(h.lot_ids, h.lot_amounts) t(id, amount)
                                                join ledger_lot l on l.wallet_id = w.id and l.id = t.id and l.expires_at > moment) f on true
                          where h.state = 'o' and h.debit = w.id and h.deadline <= moment) o on true
     where w.id = wanted
$$;

create function ledger_write(
    new_wallets ledger_wallet[], wallets ledger_wallet_change[], closings ledger_wallet_closing[],
    journals ledger_journal[], movements ledger_movement[],
    new_lots ledger_lot[], lots ledger_lot_change[], lot_moves ledger_lot_move[],
    new_holds ledger_hold[], holds ledger_hold_change[], deltas ledger_delta[])
returns bigint[] language plpgsql as $$
declare
    moved_on bigint[];
    touched bigint;
begin
    if cardinality(wallets) > 0 then
        select array_agg(v.id) into moved_on
          from unnest(wallets) v
          left join (select w.id, w.changed_at from ledger_wallet w
                      where w.id = any(array(select u.id from unnest(wallets) u)) order by w.id for update) found on found.id = v.id
         where found.changed_at is distinct from v.expected;
        if moved_on is not null then
            return moved_on;
        end if;
        update ledger_wallet w
           set debits = v.debits, credits = v.credits, debits_held = v.debits_held, credits_held = v.credits_held, debt = v.debt,
               changed_at = v.changed_at
          from unnest(wallets) v where w.id = v.id;
    end if;
    if cardinality(new_wallets) > 0 then
        -- Two writers may meet a customer's first points together: the later one loses the key and starts again.
        insert into ledger_wallet select v.* from unnest(new_wallets) v order by v.id;
    end if;
    if cardinality(closings) > 0 then
        update ledger_wallet w set closed_at = v.closed_at, closed_until = v.closed_until, closed_by = v.closed_by
          from unnest(closings) v where w.id = v.id;
    end if;
    if cardinality(journals) > 0 then
        insert into ledger_journal select * from unnest(journals);
    end if;
    if cardinality(movements) > 0 then
        insert into ledger_movement select * from unnest(movements);
    end if;
    if cardinality(lots) > 0 then
        update ledger_lot l
           set remaining = l.remaining + v.remaining, held = l.held + v.held, is_open = l.remaining + v.remaining > 0
          from unnest(lots) v where l.wallet_id = v.wallet_id and l.id = v.id;
        get diagnostics touched = row_count;
        if touched <> cardinality(lots) then
            raise exception 'a lot to change is missing';
        end if;
    end if;
    if cardinality(new_lots) > 0 then
        insert into ledger_lot select * from unnest(new_lots);
    end if;
    if cardinality(lot_moves) > 0 then
        insert into ledger_lot_move select * from unnest(lot_moves);
    end if;
    if cardinality(holds) > 0 then
        update ledger_hold h
           set captured = v.captured, state = v.state, deadline = v.deadline, resolved_at = v.resolved_at, resolved_by = v.resolved_by
          from unnest(holds) v where h.id = v.id and h.state = 'o';
        get diagnostics touched = row_count;
        if touched <> cardinality(holds) then
            raise exception 'a hold was resolved by somebody else' using errcode = 'serialization_failure';
        end if;
    end if;
    if cardinality(new_holds) > 0 then
        insert into ledger_hold select * from unnest(new_holds);
    end if;
    if cardinality(deltas) > 0 then
        insert into ledger_delta select * from unnest(deltas);
    end if;
    return '{}';
end $$;

-- Claims a slice of deltas and adds it to the days in one statement: nothing is missed or taken twice,
-- whatever the order in which transactions commit, and there is no watermark to get wrong.
create function ledger_fold(slice int) returns bigint language sql as $$
    with claimed as (
        delete from ledger_delta where ctid = any(array(select ctid from ledger_delta limit slice for update skip locked)) returning *
    ), summed as (
        select wallet_id, effective_day, recorded_day, sum(debits)::bigint as debits, sum(credits)::bigint as credits, count(*) as rows
          from claimed group by 1, 2, 3 order by 1, 2, 3
    ), folded as (
        insert into ledger_day select wallet_id, effective_day, recorded_day, debits, credits from summed
            on conflict (wallet_id, effective_day, recorded_day)
            do update set debits = ledger_day.debits + excluded.debits, credits = ledger_day.credits + excluded.credits
        returning 1
    )
    select coalesce(sum(rows), 0)::bigint from summed
$$;
