-- Lists and personal offers of a customer, read with everything else where some offer is for them.

create function promotions_personal_of(number bigint, moment timestamptz) returns text
language sql stable parallel safe as $$
    select jsonb_agg(jsonb_build_array(p.offer, p.terms, p.until_at) order by p.offer)::text
      from promotions_personal p
     where p.customer_number = promotions_personal_of.number and p.state = 'a'
       and (p.until_at is null or p.until_at > moment)
$$;

drop function pos_read(bigint[], smallint[], bytea[], uuid[], int[], int[], int, timestamptz, boolean);

create function pos_read(
    numbers bigint[], type_ids smallint[], hashes bytea[], checks uuid[], lot_limits int[], soon_limits int[],
    points_unit int, moment timestamptz, with_traits boolean, with_people boolean)
returns table (
    ord bigint, number bigint, customer_id uuid, state text, language text, called_cipher bytea, wrapped bytea,
    available bigint, pending bigint, held bigint, debt bigint, spent bigint, visits bigint,
    quote_rev int, quote_hash bytea, quote_till bigint, sale_status text,
    id bigint, home bigint, code text, guard text, has_lots boolean, debits bigint, credits bigint,
    debits_held bigint, credits_held bigint, wallet_debt bigint, overdraft bigint, changed_at timestamptz,
    closed_at timestamptz, closed_until timestamptz, closed_by bigint, lots bigint[], overdue bigint[],
    next_due timestamptz, soon bigint[], metrics bigint[], tier text, born int, attributes text, lists integer[], personal text)
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
                        order by x.wallet_id, x.priority, x.expires_at, x.earned_at, x.id limit asked.soon_limit) l) end,
           s.metrics, s.tier,
           case when with_traits then customers_born(who.number) end,
           case when with_traits then customers_plain_attributes(who.number) end,
           case when with_people then (select l.lists from promotions_listed l where l.customer_number = who.number) end,
           case when with_people then promotions_personal_of(who.number, moment) end
      from unnest(numbers, checks, lot_limits, soon_limits) with ordinality as asked (number, check_id, lot_limit, soon_limit, ord)
      left join customers_resolve(type_ids, hashes) r on r.ord = asked.ord
      cross join lateral (select coalesce(asked.number, r.number) as number) who
      left join lateral ledger_available(who.number << 8 | points_unit, moment) a on true
      left join lateral promotions_standing_of(who.number, moment) s on who.number is not null
      left join pos_quote q on q.check_id = asked.check_id
      left join pos_sale x on x.check_id = asked.check_id
      left join lateral ledger_read(array[who.number << 8 | points_unit], asked.lot_limit, moment) w on asked.lot_limit <> 0
$$;
