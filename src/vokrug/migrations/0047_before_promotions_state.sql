-- What is known of a customer beside the offers themselves, and the doors by which sales take from limits and
-- codes. Every door takes arrays, one call for a whole batch, and answers with statuses rather than exceptions.

create table promotions_household (
    customer_number bigint primary key,
    household       bigint not null
);

create table promotions_list (
    number     integer generated always as identity primary key,
    key        text not null,
    name       text not null,
    members    bigint not null default 0,
    changed_by text not null,
    changed_at timestamptz not null,
    constraint list_key_is_unique unique (key),
    constraint list_key_is_a_short_word check (key ~ '^[a-z0-9][a-z0-9_.-]{0,63}$')
);

-- All the lists a customer is on, in one row: membership is one key read, however many lists there are.
create table promotions_listed (
    customer_number bigint primary key,
    lists           integer[] not null
) with (fillfactor = 80);

create table promotions_personal (
    customer_number bigint not null,
    offer           bigint not null references promotions_offer (number),
    terms           jsonb not null default '{}',
    state           "char" not null default 'a',      -- n: waits for the customer to activate it
    until_at        timestamptz,
    import          uuid not null,
    primary key (customer_number, offer),
    constraint personal_offer_state_is_known check (state in ('n', 'a'))
);
create index personal_offers_that_will_lapse on promotions_personal (until_at) where until_at is not null;

create type promotions_want as (
    check_id uuid, offer bigint, limit_id bigint, subject bigint, bucket integer, amount bigint, until_at timestamptz);
create type promotions_want_code as (
    check_id uuid, code bytea, pool bigint, serial bigint, most integer, customer_number bigint, until_at timestamptz);

-- Locks, in one order for everybody, the counters and codes that these wants are about. Limits over rolling
-- days are locked as a whole: somebody may be opening the counter of a day that we cannot see yet.
create function promotions_lock(wants promotions_want[], codes promotions_want_code[]) returns void language plpgsql as $$
begin
    perform pg_advisory_xact_lock(one.place)
       from (select distinct hashtextextended(w.limit_id || '/' || w.subject, 4501) as place
               from unnest(wants) w join promotions_limit l on l.id = w.limit_id and l.period = 'rolling' order by 1) one;
    insert into promotions_count (limit_id, subject, bucket, most)
    select distinct w.limit_id, w.subject, w.bucket, l.most
      from unnest(wants) w join promotions_limit l on l.id = w.limit_id
      left join promotions_count c on (c.limit_id, c.subject, c.bucket) = (w.limit_id, w.subject, w.bucket)
     where c.limit_id is null order by 1, 2, 3
        on conflict do nothing;
    perform from promotions_count c
      where (c.limit_id, c.subject, c.bucket) in (select w.limit_id, w.subject, w.bucket from unnest(wants) w)
      order by c.limit_id, c.subject, c.bucket for update;
    insert into promotions_coupon (code, pool, serial, most)
    select distinct w.code, w.pool, w.serial, w.most
      from unnest(codes) w join promotions_coupon_pool p on p.number = w.pool and p.kind in ('signed', 'range')
     order by w.code on conflict do nothing;
    perform from promotions_coupon c where c.code in (select w.code from unnest(codes) w) order by c.code for update;
end $$;

-- The first limit, or the first code, that these wants together would pass. Everything is locked already.
create function promotions_misfit(
    wants promotions_want[], codes promotions_want_code[], moment timestamptz, out limit_id bigint, out code bytea)
language plpgsql as $$
#variable_conflict use_column
begin
    select n.limit_id into limit_id
      from (select w.limit_id, w.subject, w.bucket, sum(w.amount)::bigint as amount from unnest(wants) w group by 1, 2, 3) n
      join promotions_limit l on l.id = n.limit_id
      join promotions_count c on (c.limit_id, c.subject, c.bucket) = (n.limit_id, n.subject, n.bucket)
     where n.amount > 0
       and case when l.period <> 'rolling' then c.taken + n.amount > l.most
                else n.amount + (
                    -- Of all windows that this day lies in, the fullest one. They end on this day or on a later counter's.
                    select max((select coalesce(sum(x.taken), 0) from promotions_count x
                                 where x.limit_id = n.limit_id and x.subject = n.subject
                                   and x.bucket > e.bucket - l.days and x.bucket <= e.bucket))
                      from promotions_count e
                     where e.limit_id = n.limit_id and e.subject = n.subject and e.bucket >= n.bucket and e.bucket < n.bucket + l.days
                ) > l.most end
     order by n.limit_id limit 1;
    if limit_id is null then
        select n.code into code
          from (select w.code, count(*) as uses, min(w.customer_number) as customer_number from unnest(codes) w group by 1) n
          left join promotions_coupon c on c.code = n.code
          left join promotions_coupon_pool p on p.number = c.pool
         where c.code is null or c.state <> 'a' or p.state <> 'open' or c.uses + n.uses > c.most
            or coalesce(c.until_at, p.until_at) <= moment or p.from_at > moment
            or c.customer_number <> coalesce(n.customer_number, -1)
         order by n.code limit 1;
    end if;
end $$;

-- Writes takings down and counts them. `over` grows only for what is forced: a printed receipt is a fact.
create function promotions_put(wants promotions_want[], codes promotions_want_code[], moment timestamptz) returns void language plpgsql as $$
begin
    if cardinality(wants) > 0 then
        update promotions_count c
           set taken = c.taken + n.amount, most = n.most, over = greatest(0, c.taken + n.amount - n.most)
          from (select w.limit_id, w.subject, w.bucket, sum(w.amount)::bigint as amount, min(l.most) as most
                  from unnest(wants) w join promotions_limit l on l.id = w.limit_id group by 1, 2, 3) n
         where (c.limit_id, c.subject, c.bucket) = (n.limit_id, n.subject, n.bucket);
        insert into promotions_taking (check_id, offer, limit_id, subject, bucket, amount, state, until_at)
        select w.check_id, w.offer, w.limit_id, w.subject, w.bucket, sum(w.amount),
               case when min(w.until_at) is null then 't' else 'h' end, min(w.until_at)
          from unnest(wants) w group by 1, 2, 3, 4, 5;
        insert into promotions_alarm (limit_id, subject, bucket, level, taken, most, at)
        select distinct c.limit_id, c.subject, c.bucket, level, c.taken, c.most, moment
          from unnest(wants) w
          join promotions_limit l on l.id = w.limit_id and l.subject in ('offer', 'shop', 'shop_group') and l.most > 0
          join promotions_count c on (c.limit_id, c.subject, c.bucket) = (w.limit_id, w.subject, w.bucket)
          join unnest(array[80, 95]) level on c.taken * 100 >= c.most * level
            on conflict do nothing;
    end if;
    if cardinality(codes) > 0 then
        update promotions_coupon c set uses = c.uses + n.uses, over = greatest(0, c.uses + n.uses - c.most)
          from (select w.code, count(*)::integer as uses from unnest(codes) w group by 1) n where c.code = n.code;
        insert into promotions_coupon_use (check_id, code, state, until_at)
        select w.check_id, w.code, case when w.until_at is null then 't' else 'h' end, w.until_at
          from unnest(codes) w join promotions_coupon c on c.code = w.code;
    end if;
end $$;

-- Gives back what these checks hold (or, for a cancelled document, whatever state it is in).
create function promotions_release(checks uuid[]) returns bigint language plpgsql as $$
declare
    freed bigint;
    used bigint;
begin
    perform from promotions_count c
      where (c.limit_id, c.subject, c.bucket) in
            (select t.limit_id, t.subject, t.bucket from promotions_taking t where t.check_id = any(checks) and t.state = 'h')
      order by c.limit_id, c.subject, c.bucket for update;
    with gone as (
        delete from promotions_taking t where t.check_id = any(checks) and t.state = 'h' returning t.*
    ), given as (
        update promotions_count c set taken = c.taken - g.amount, over = greatest(0, c.taken - g.amount - c.most)
          from (select limit_id, subject, bucket, sum(amount)::bigint as amount from gone group by 1, 2, 3) g
         where (c.limit_id, c.subject, c.bucket) = (g.limit_id, g.subject, g.bucket)
    )
    select count(*) into freed from gone;
    perform from promotions_coupon c
      where c.code in (select u.code from promotions_coupon_use u where u.check_id = any(checks) and u.state = 'h')
      order by c.code for update;
    with gone as (
        delete from promotions_coupon_use u where u.check_id = any(checks) and u.state = 'h' returning u.code
    ), given as (
        update promotions_coupon c set uses = c.uses - g.uses, over = greatest(0, c.uses - g.uses - coalesce(c.most, c.uses))
          from (select code, count(*)::integer as uses from gone group by 1) g where c.code = g.code
    )
    select count(*) into used from gone;
    return freed + used;
end $$;

-- Reservations whose time is up come free, a slice at a time.
create function promotions_sweep(moment timestamptz, slice integer) returns bigint language plpgsql as $$
declare
    late uuid[];
begin
    select array_agg(distinct x.check_id) into late
      from ((select t.check_id from promotions_taking t where t.state = 'h' and t.until_at <= moment order by t.until_at limit slice)
            union all
            (select u.check_id from promotions_coupon_use u where u.state = 'h' and u.until_at <= moment order by u.until_at limit slice)) x;
    return case when late is null then 0 else promotions_release(late) end;
end $$;

-- Reservations in the way of these wants, whose time is up.
create function promotions_in_the_way(wants promotions_want[], codes promotions_want_code[], moment timestamptz) returns uuid[] language sql stable as $$
    select array_agg(distinct x.check_id)
      from (select t.check_id from promotions_taking t
             where t.state = 'h' and t.until_at <= moment
               and (t.limit_id, t.subject) in (select w.limit_id, w.subject from unnest(wants) w)
            union all
            select u.check_id from promotions_coupon_use u
             where u.state = 'h' and u.until_at <= moment and u.code in (select w.code from unnest(codes) w)) x
$$;

-- Takes what is wanted, all of a check's or nothing of it. A row in the answer for each check that could not
-- have it, with the limit or the code in its way. `forced` passes the limits: the receipt is printed.
create function promotions_claim(
    wants promotions_want[], codes promotions_want_code[], forced boolean, moment timestamptz)
returns table (check_id uuid, limit_id bigint, code bytea) language plpgsql as $$
#variable_conflict use_column
declare
    bad_limit bigint;
    bad_code bytea;
    late uuid[];
    one uuid;
    its_wants promotions_want[];
    its_codes promotions_want_code[];
begin
    perform promotions_lock(wants, codes);
    if not forced then
        select m.limit_id, m.code into bad_limit, bad_code from promotions_misfit(wants, codes, moment) m;
        if bad_limit is not null or bad_code is not null then
            late := promotions_in_the_way(wants, codes, moment);
            if late is not null then
                perform promotions_release(late);
                select m.limit_id, m.code into bad_limit, bad_code from promotions_misfit(wants, codes, moment) m;
            end if;
        end if;
    end if;
    if forced or (bad_limit is null and bad_code is null) then
        perform promotions_put(wants, codes, moment);
        return;
    end if;
    for one in select x.check_id
                 from (select w.check_id, n from unnest(wants) with ordinality w (check_id, offer, limit_id, subject, bucket, amount, until_at, n)
                       union all
                       select w.check_id, n from unnest(codes) with ordinality w (check_id, code, pool, serial, most, customer_number, until_at, n)) x
                group by 1 order by min(x.n), 1 loop
        its_wants := array(select w from unnest(wants) w where w.check_id = one);
        its_codes := array(select w from unnest(codes) w where w.check_id = one);
        select m.limit_id, m.code into bad_limit, bad_code from promotions_misfit(its_wants, its_codes, moment) m;
        if bad_limit is null and bad_code is null then
            perform promotions_put(its_wants, its_codes, moment);
        else
            check_id := one;
            limit_id := bad_limit;
            code := bad_code;
            return next;
        end if;
    end loop;
end $$;

-- Sets aside until a moment: every want carries its own.
create function promotions_reserve(wants promotions_want[], codes promotions_want_code[], moment timestamptz)
returns table (check_id uuid, limit_id bigint, code bytea) language sql as $$
    select * from promotions_claim(wants, codes, false, moment)
$$;

-- For good. What a check has set aside becomes taken and no counter moves; what it has not is claimed now.
create function promotions_take(
    checks uuid[], wants promotions_want[], codes promotions_want_code[], forced boolean, moment timestamptz)
returns table (check_id uuid, limit_id bigint, code bytea) language plpgsql as $$
#variable_conflict use_column
declare
    settled uuid[];
begin
    with limits as (
        update promotions_taking t set state = 't', until_at = null where t.check_id = any(checks) and t.state = 'h' returning t.check_id
    ), coupons as (
        update promotions_coupon_use u set state = 't', until_at = null where u.check_id = any(checks) and u.state = 'h' returning u.check_id
    )
    select array_agg(distinct x.check_id) into settled from (select * from limits union all select * from coupons) x;
    return query select * from promotions_claim(
        array(select w from unnest(wants) w where settled is null or w.check_id <> all(settled)),
        array(select w from unnest(codes) w where settled is null or w.check_id <> all(settled)), forced, moment);
end $$;

-- Of each offer, its share of the sale that has come back by now: num / den. Safe to repeat: it says how much
-- in all, not how much more. Whole uses come back when everything has.
create function promotions_give_back(sale uuid, offers bigint[], nums numeric[], dens numeric[]) returns void language plpgsql as $$
begin
    perform from promotions_count c
      where (c.limit_id, c.subject, c.bucket) in
            (select t.limit_id, t.subject, t.bucket from promotions_taking t where t.check_id = sale and t.state = 't')
      order by c.limit_id, c.subject, c.bucket for update;
    with back as (
        select t.ctid as place, t.limit_id, t.subject, t.bucket,
               greatest(t.returned, case when s.num >= s.den then t.amount else floor(t.amount * s.num / s.den)::bigint end) as returned, t.returned as before
          from promotions_taking t join unnest(offers, nums, dens) s (offer, num, den) on s.offer = t.offer
         where t.check_id = sale and t.state = 't'
    ), noted as (
        update promotions_taking t set returned = b.returned from back b where t.ctid = b.place and b.returned > b.before
    )
    update promotions_count c set taken = c.taken - g.amount, over = greatest(0, c.taken - g.amount - c.most)
      from (select limit_id, subject, bucket, sum(returned - before)::bigint as amount from back group by 1, 2, 3) g
     where (c.limit_id, c.subject, c.bucket) = (g.limit_id, g.subject, g.bucket) and g.amount > 0;
end $$;

-- A sale came back whole: the codes it used live again where their pool allows; the codes it issued are void
-- (and, when used already, a debt: the view says so).
create function promotions_undo_codes(sale uuid) returns void language plpgsql as $$
begin
    perform from promotions_coupon c
      where c.code in (select u.code from promotions_coupon_use u where u.check_id = sale and u.state = 't') or c.origin = sale
      order by c.code for update;
    with restored as (
        update promotions_coupon_use u set state = 'r'
          from promotions_coupon c join promotions_coupon_pool p on p.number = c.pool and p.is_restorable
         where u.check_id = sale and u.state = 't' and c.code = u.code returning u.code
    )
    update promotions_coupon c set uses = c.uses - 1, over = greatest(0, c.uses - 1 - coalesce(c.most, c.uses))
      from restored r where c.code = r.code;
    update promotions_coupon c set state = 'v' where c.origin = sale and c.state <> 'v';
end $$;

-- What the engine has to be told, a row for each that asks: what is taken of every limit (`froms`: the first day
-- of a rolling window, else the bucket itself), what is known of codes, of lists, of personal offers.
create function promotions_read_state(
    limits bigint[], subjects bigint[], froms integer[], buckets integer[], limit_ords integer[],
    codes bytea[], code_ords integer[], numbers bigint[], moment timestamptz)
returns table (ord bigint, taken bigint[], found jsonb, household bigint, lists integer[], personal jsonb)
language sql stable as $$
    -- Reservations whose time is up are few, for they are swept each minute, and in nobody's way.
    with late as materialized (
        select t.limit_id, t.subject, t.bucket, sum(t.amount)::bigint as amount from promotions_taking t
         where t.state = 'h' and t.until_at <= moment group by 1, 2, 3
    ), late_use as materialized (
        select u.code, count(*)::integer as uses from promotions_coupon_use u where u.state = 'h' and u.until_at <= moment group by 1
    )
    select asked.ord,
           array(select coalesce((select sum(c.taken - coalesce(l.amount, 0))::bigint
                                    from promotions_count c left join late l using (limit_id, subject, bucket)
                                   where c.limit_id = w.limit_id and c.subject = w.subject and c.bucket between w.first and w.bucket), 0)
                   from unnest(limits, subjects, froms, buckets, limit_ords) with ordinality w (limit_id, subject, first, bucket, ord, n)
                  where w.ord = asked.ord order by w.n),
           (select jsonb_agg(jsonb_build_array(w.n - 1, c.pool, c.serial, c.state, c.uses - coalesce(x.uses, 0), c.most, c.customer_number,
                                               coalesce(c.until_at, p.until_at) <= moment, p.from_at > moment or p.state <> 'open') order by w.n)
              from unnest(codes, code_ords) with ordinality w (code, ord, n)
              join promotions_coupon c on c.code = w.code
              join promotions_coupon_pool p on p.number = c.pool
              left join late_use x on x.code = c.code
             where w.ord = asked.ord),
           h.household, l.lists,
           (select jsonb_agg(jsonb_build_array(p.offer, p.terms, p.until_at) order by p.offer) from promotions_personal p
             where p.customer_number = asked.number and p.state = 'a' and (p.until_at is null or p.until_at > moment))
      from unnest(numbers) with ordinality asked (number, ord)
      left join promotions_household h on h.customer_number = asked.number
      left join promotions_listed l on l.customer_number = asked.number
$$;
