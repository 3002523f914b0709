-- One statement to read what a call of a till needs, one to write what was decided.

-- Who stands before the till (by number from a token, or by identifier), what they have, and what is
-- known of the check already. Wallet columns are those of ledger_read, for those who ask for lots; a limit below
-- zero asks for the wallet without any.
-- soon: amount and microseconds since 1970 of the first few lots to lapse, for those who ask.
create function pos_read(
    numbers bigint[], type_ids smallint[], hashes bytea[], checks uuid[], lot_limits int[], soon_limits int[],
    points_unit int, moment timestamptz)
returns table (
    ord bigint, number bigint, customer_id uuid, state text, language text, called_cipher bytea, wrapped bytea,
    available bigint, pending bigint, held bigint, debt bigint, spent bigint, visits bigint,
    quote_rev int, quote_hash bytea, quote_till bigint, sale_status text,
    id bigint, home bigint, code text, guard text, has_lots boolean, debits bigint, credits bigint,
    debits_held bigint, credits_held bigint, wallet_debt bigint, overdraft bigint, changed_at timestamptz,
    closed_at timestamptz, closed_until timestamptz, closed_by bigint, lots bigint[], overdue bigint[],
    next_due timestamptz, soon bigint[])
language sql stable as $$
    select asked.ord, who.number, r.id, r.state, r.language, r.called_cipher, r.wrapped,
           a.available, a.pending, a.held, a.debt, s.spent_minor, s.visits,
           q.rev, q.body_hash, q.till_id, x.status,
           w.id, w.home, w.code, w.guard, w.has_lots, w.debits, w.credits, w.debits_held, w.credits_held, w.debt, w.overdraft,
           w.changed_at, w.closed_at, w.closed_until, w.closed_by, w.lots, w.overdue, w.next_due,
           case when asked.soon_limit > 0 and a.available > 0 then array(
               select unnest(array[l.free, (date_part('epoch', l.expires_at) * 1000000)::bigint])
                 from (select x.remaining - x.held as free, x.expires_at from ledger_lot x
                        where x.wallet_id = who.number << 8 | points_unit and x.is_open and x.expires_at > moment and x.expires_at < '9999-12-31Z'
                        order by x.wallet_id, x.priority, x.expires_at, x.earned_at, x.id limit asked.soon_limit) l) end
      from unnest(numbers, checks, lot_limits, soon_limits) with ordinality as asked (number, check_id, lot_limit, soon_limit, ord)
      left join customers_resolve(type_ids, hashes) r on r.ord = asked.ord
      cross join lateral (select coalesce(asked.number, r.number) as number) who
      left join lateral ledger_available(who.number << 8 | points_unit, moment) a on true
      left join pos_shopper s on s.customer_number = who.number
      left join pos_quote q on q.check_id = asked.check_id
      left join pos_sale x on x.check_id = asked.check_id
      left join lateral ledger_read(array[who.number << 8 | points_unit], asked.lot_limit, moment) w on asked.lot_limit <> 0
$$;

-- What was promised for checks, what became of them, and the wallets their sales will touch. A document that
-- the caller remembers in this very revision need not travel.
create function pos_read_promises(checks uuid[], remembered int[], points_unit int, moment timestamptz)
returns table (
    check_id uuid, rev int, body_hash bytea, shop_id bigint, till_id bigint, customer_number bigint, priced_at timestamptz, document bytea,
    sale_status text, spent bigint, visits bigint,
    hold_id bigint, hold_home bigint, hold_debit bigint, hold_credit bigint, hold_asked bigint, hold_amount bigint, hold_captured bigint,
    hold_state text, hold_opened_at timestamptz, hold_deadline timestamptz, hold_lot_ids bigint[], hold_lot_amounts bigint[], hold_lot_funders bigint[],
    id bigint, home bigint, code text, guard text, has_lots boolean, debits bigint, credits bigint,
    debits_held bigint, credits_held bigint, wallet_debt bigint, overdraft bigint, changed_at timestamptz,
    closed_at timestamptz, closed_until timestamptz, closed_by bigint, lots bigint[], overdue bigint[],
    next_due timestamptz)
language sql stable as $$
    select q.check_id, q.rev, q.body_hash, q.shop_id, q.till_id, q.customer_number, q.priced_at,
           case when asked.rev is distinct from q.rev then q.document end,
           x.status, s.spent_minor, s.visits,
           h.id, h.home, h.debit, h.credit, h.asked, h.amount, h.captured, h.state, h.opened_at, h.deadline, h.lot_ids, h.lot_amounts, h.lot_funders,
           w.id, w.home, w.code, w.guard, w.has_lots, w.debits, w.credits, w.debits_held, w.credits_held, w.debt, w.overdraft,
           w.changed_at, w.closed_at, w.closed_until, w.closed_by, w.lots, w.overdue, w.next_due
      from unnest(checks, remembered) as asked (check_id, rev)
      join pos_quote q on q.check_id = asked.check_id
      left join pos_sale x on x.check_id = q.check_id
      left join ledger_hold h on h.id = q.hold_id
      left join pos_shopper s on s.customer_number = q.customer_number
      left join lateral ledger_read(array[q.customer_number << 8 | points_unit], 0, moment) w on true
$$;

-- What a sale adds to a shopper, and what it was decided on.
create type pos_shopper_change as (customer_number bigint, spent_before bigint, paid_minor bigint, visits bigint, last_at timestamptz);

-- Everything or nothing: documents first, then the wallets, then what follows from both, the event log last.
-- Somebody faster than us is a serialization failure: the caller decides again on what is there now. Where it is
-- about checks, the detail names those that are not for us to write.
create function pos_write(
    quotes pos_quote[], sales pos_sale[], shoppers pos_shopper_change[],
    new_wallets ledger_wallet[], wallets ledger_wallet_change[], closings ledger_wallet_closing[],
    journals ledger_journal[], movements ledger_movement[],
    new_lots ledger_lot[], lots ledger_lot_change[], lot_moves ledger_lot_move[],
    new_holds ledger_hold[], holds ledger_hold_change[], deltas ledger_delta[],
    event_keys bigint[], event_types int[], event_ids uuid[], event_times timestamptz[], event_subjects text[], event_data bytea[])
returns void language plpgsql as $$
declare
    moved_on bigint[];
    not_ours text;
    touched bigint;
    added bigint;
begin
    if cardinality(quotes) > 0 then
        with put as (
            insert into pos_quote select q.* from unnest(quotes) q order by q.check_id on conflict do nothing returning check_id)
        select string_agg(q.check_id::text, ',') into not_ours from unnest(quotes) q where q.check_id not in (select check_id from put);
        if not_ours is not null then
            raise exception 'checks were quoted by somebody else' using errcode = 'serialization_failure', detail = not_ours;
        end if;
    end if;
    if cardinality(sales) > 0 then
        -- Whoever tells the story of one of these checks ends first; a check that got a later revision since,
        -- or was never quoted, is not what this sale was decided on.
        perform pg_advisory_xact_lock(hashtextextended(s.check_id::text, 5001)) from unnest(sales) s order by s.check_id;
        select string_agg(s.check_id::text, ',') into not_ours
          from unnest(sales) s left join pos_quote q on q.check_id = s.check_id where q.rev is distinct from s.rev;
        if not_ours is not null then
            raise exception 'checks were quoted anew' using errcode = 'serialization_failure', detail = not_ours;
        end if;
        with put as (
            insert into pos_sale select s.* from unnest(sales) s order by s.check_id on conflict do nothing returning check_id)
        select string_agg(s.check_id::text, ',') into not_ours from unnest(sales) s where s.check_id not in (select check_id from put);
        if not_ours is not null then
            raise exception 'sales are there already' using errcode = 'serialization_failure', detail = not_ours;
        end if;
    end if;
    moved_on := ledger_write(new_wallets, wallets, closings, journals, movements, new_lots, lots, lot_moves, new_holds, holds, deltas);
    if moved_on <> '{}' then
        raise exception 'wallets have moved on: %', moved_on using errcode = 'serialization_failure';
    end if;
    if cardinality(shoppers) > 0 then
        update pos_shopper p
           set spent_minor = p.spent_minor + v.paid_minor, visits = p.visits + v.visits, last_at = greatest(p.last_at, v.last_at)
          from unnest(shoppers) v where p.customer_number = v.customer_number and p.spent_minor = v.spent_before;
        get diagnostics touched = row_count;
        if touched < cardinality(shoppers) then
            insert into pos_shopper
            select v.customer_number, v.paid_minor, v.visits, v.last_at from unnest(shoppers) v
             where v.spent_before = 0 and not exists (select from pos_shopper p where p.customer_number = v.customer_number)
             order by v.customer_number
                on conflict do nothing;
            get diagnostics added = row_count;
            if touched + added < cardinality(shoppers) then
                raise exception 'a shopper has bought something else meanwhile' using errcode = 'serialization_failure';
            end if;
        end if;
    end if;
    if cardinality(event_keys) > 0 then
        perform events_append(event_keys, event_types, event_ids, event_times, event_subjects, event_data);
    end if;
end $$;
