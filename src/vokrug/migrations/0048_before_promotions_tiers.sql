-- Tiers: what qualifies, what each customer has done (running totals by day), where they stand and why.

create table promotions_tier_programme (
    only_row   boolean primary key default true check (only_row),
    version    bigint not null default 1,
    zone       text not null default 'Europe/Moscow',
    span       text not null default 'lifetime',
    days       integer not null default 0,
    match      text not null default 'any',
    up         text not null default 'at_once',
    down       text not null default 'at_once',
    review     text not null default 'none',
    grace_days integer not null default 0,
    on_return  text not null default 'recount',
    points_of  text not null default 'base',
    constraint tier_window_is_known check (span in ('lifetime', 'year', 'rolling', 'anniversary')),
    constraint rolling_tiers_say_over_how_many_days check ((span = 'rolling') = (days > 0)),
    constraint tiers_match_any_or_all check (match in ('any', 'all')),
    constraint tiers_rise_at_once_or_at_review check (up in ('at_once', 'at_review')),
    constraint tiers_fall_in_a_known_way check (down in ('at_once', 'one_down', 'by_value')),
    constraint tiers_are_reviewed_when_known check (review in ('none', 'day', 'month', 'year')),
    constraint what_waits_for_a_review_has_one check (review <> 'none' or (up = 'at_once' and down = 'at_once')),
    constraint tiers_heed_returns_in_a_known_way check (on_return in ('recount', 'at_review')),
    constraint tier_points_are_known check (points_of in ('all', 'base')),
    constraint grace_is_not_negative check (grace_days >= 0)
);
insert into promotions_tier_programme default values;

-- What a tier asks: null asks nothing. `keep_` is asked of those who have it already; null: the same.
create table promotions_tier (
    rank             integer primary key,
    code             text not null,
    name_ru          text not null,
    name_en          text not null,
    spend            bigint,
    points           bigint,
    visits           bigint,
    categories       bigint,
    keep_spend       bigint,
    keep_points      bigint,
    keep_visits      bigint,
    keep_categories  bigint,
    constraint tier_code_is_used_once unique (code),
    constraint tier_asks_nothing_negative check (least(spend, points, visits, categories, keep_spend, keep_points, keep_visits, keep_categories) >= 0)
);

-- Running totals at the end of each day (1970-01-01 is day 0) on which a customer bought something: what lies in
-- any window is a difference of two rows, and no history is gone through. Without windows there is one row, day 0.
create table promotions_standing (
    customer_number bigint not null,
    day             integer not null,
    spent_minor     bigint not null default 0,
    points_minor    bigint not null default 0,
    visits          bigint not null default 0,
    last_at         timestamptz not null,
    primary key (customer_number, day)
) with (fillfactor = 70);

-- Only kept while some tier asks for distinct categories.
create table promotions_standing_category (
    customer_number bigint not null,
    day             integer not null,
    category        bigint not null,
    times           integer not null,
    primary key (customer_number, day, category)
);

create table promotions_tier_state (
    customer_number bigint primary key,
    tier            text not null,
    since           date not null,
    protected_until date,                 -- nothing takes the tier away before this day is over
    grace_until     date,                 -- failed a review; falls if it fails the first one after this day
    reviewed_on     date
) with (fillfactor = 80);

create table promotions_tier_change (
    number          bigint generated always as identity primary key,
    customer_number bigint not null,
    at              timestamptz not null,
    from_tier       text,
    to_tier         text,
    cause           text not null,
    document        uuid,
    by              text not null default '',
    constraint tier_changes_for_a_known_cause check (cause in ('sale', 'return', 'review', 'grant', 'revoke', 'offer', 'programme'))
);
create index tier_changes_of_a_customer on promotions_tier_change (customer_number, number);

-- One row a sale and customer. The first sale of a day opens it with the total so far; a late one raises the
-- days after its own too. Whoever opens a day is alone with that customer, or it would miss another's addition.
create function promotions_count_spending(added promotions_standing[]) returns void language plpgsql as $$
begin
    if not exists (select from unnest(added) a where a.day > 0) then
        insert into promotions_standing select a.* from unnest(added) a order by a.customer_number
            on conflict (customer_number, day) do update
            set spent_minor = promotions_standing.spent_minor + excluded.spent_minor,
                points_minor = promotions_standing.points_minor + excluded.points_minor,
                visits = promotions_standing.visits + excluded.visits,
                last_at = greatest(promotions_standing.last_at, excluded.last_at);
        return;
    end if;
    perform pg_advisory_xact_lock(4801, one.place)
       from (select distinct hashint8(a.customer_number) as place from unnest(added) a order by 1) one;
    with opened as (
        insert into promotions_standing
        select a.customer_number, a.day, coalesce(min(b.spent_minor), 0) + sum(x.spent_minor), coalesce(min(b.points_minor), 0) + sum(x.points_minor),
               coalesce(min(b.visits), 0) + sum(x.visits), greatest(min(b.last_at), max(x.last_at))
          from (select distinct u.customer_number, u.day from unnest(added) u) a
          join unnest(added) x on x.customer_number = a.customer_number and x.day <= a.day
          left join lateral (select * from promotions_standing s where s.customer_number = a.customer_number and s.day < a.day
                              order by s.day desc limit 1) b on true
         group by 1, 2 order by 1, 2
            on conflict do nothing
    )
    update promotions_standing s
       set spent_minor = s.spent_minor + n.spent_minor, points_minor = s.points_minor + n.points_minor,
           visits = s.visits + n.visits, last_at = greatest(s.last_at, n.last_at)
      from (select t.customer_number, t.day, sum(x.spent_minor)::bigint as spent_minor, sum(x.points_minor)::bigint as points_minor,
                   sum(x.visits)::bigint as visits, max(x.last_at) as last_at
              from unnest(added) x join promotions_standing t on t.customer_number = x.customer_number and t.day >= x.day
             group by 1, 2) n
     where s.customer_number = n.customer_number and s.day = n.day;
end $$;

create function promotions_day(moment timestamptz, zone text) returns integer language sql stable parallel safe
    return (moment at time zone zone)::date - date '1970-01-01';

-- The first day of the window that a day lies in. `anchor` is the customer's first day, for anniversaries.
create function promotions_window_start(span text, days integer, today integer, anchor integer) returns integer
    language sql immutable parallel safe
    return case span
        when 'year' then date_trunc('year', date '1970-01-01' + today)::date - date '1970-01-01'
        when 'rolling' then today - days + 1
        when 'anniversary' then case when anchor is null or anchor = 0 then today else
            (date '1970-01-01' + anchor
             + make_interval(years => extract(year from age(date '1970-01-01' + today, date '1970-01-01' + anchor))::integer))::date - date '1970-01-01' end
        else 0 end;

-- Two index probes: the last running total, and the one before the window. metrics: spend, points, visits and
-- categories in the window, then all visits ever and the last purchase in microseconds since 1970. `tier` is
-- one that is held whatever the metrics say.
create function promotions_standing_of(wanted bigint, moment timestamptz)
returns table (spent_minor bigint, visits bigint, metrics bigint[], tier text)
language sql stable as $$
    select l.spent_minor - coalesce(b.spent_minor, 0), l.visits,
           array[l.spent_minor - coalesce(b.spent_minor, 0), l.points_minor - coalesce(b.points_minor, 0), l.visits - coalesce(b.visits, 0),
                 coalesce(g.categories, 0), l.visits, (date_part('epoch', l.last_at) * 1000000)::bigint],
           case when t.protected_until >= d.today or p.down <> 'at_once' then t.tier end
      from promotions_tier_programme p
     cross join lateral (select (moment at time zone p.zone)::date as today) d
      left join lateral (select * from promotions_standing s where s.customer_number = wanted order by s.day desc limit 1) l on true
      left join lateral (select min(s.day) as day from promotions_standing s where s.customer_number = wanted) a on p.span = 'anniversary'
     cross join lateral (select promotions_window_start(p.span, p.days, d.today - date '1970-01-01', a.day) as day) w
      left join lateral (select * from promotions_standing s where s.customer_number = wanted and s.day < w.day
                          order by s.day desc limit 1) b on p.span <> 'lifetime'
      left join lateral (select count(distinct c.category) as categories from promotions_standing_category c
                          where c.customer_number = wanted and c.day >= w.day and c.times > 0) g
             on exists (select from promotions_tier r where r.categories is not null)
      left join promotions_tier_state t on t.customer_number = wanted
$$;

-- The highest tier that these metrics reach; `held` is what the customer has, and may keep on easier terms.
-- The same rule as `reached` in tiers/rules.py.
create function promotions_tier_reached(metrics bigint[], held integer, matching text) returns integer language sql stable as $$
    select max(t.rank) from promotions_tier t
      cross join lateral (values
          (case when t.rank <= held then coalesce(t.keep_spend, t.spend) else t.spend end, metrics[1]),
          (case when t.rank <= held then coalesce(t.keep_points, t.points) else t.points end, metrics[2]),
          (case when t.rank <= held then coalesce(t.keep_visits, t.visits) else t.visits end, metrics[3]),
          (case when t.rank <= held then coalesce(t.keep_categories, t.categories) else t.categories end, metrics[4])) m (asked, has)
     group by t.rank
    having case when count(m.asked) = 0 then true
                when matching = 'any' then bool_or(coalesce(m.has, 0) >= m.asked)
                else bool_and(m.asked is null or coalesce(m.has, 0) >= m.asked) end
     order by 1 desc nulls last limit 1
$$;

-- Reviews a slice of customers, set-based, once each on a day: said again it does nothing. Answers with the last
-- number looked at, null when there is nobody left, and what has changed.
create function promotions_review(after bigint, slice integer, moment timestamptz)
returns table (customer_number bigint, from_tier text, to_tier text) language plpgsql as $$
#variable_conflict use_column
declare
    p promotions_tier_programme;
    today date;
begin
    select * into p from promotions_tier_programme;
    today := (moment at time zone p.zone)::date;
    return query
    with looked as (
        select n.customer_number from (
            (select distinct s.customer_number from promotions_standing s where s.customer_number > after order by 1 limit slice)
            union
            (select t.customer_number from promotions_tier_state t where t.customer_number > after order by 1 limit slice)) n
         order by 1 limit slice
    ), judged as (
        -- The window of a review is the one that has just ended: it is read as of the last moment of yesterday.
        select k.customer_number, t.tier as had, h.rank as had_rank, t.protected_until, t.grace_until, t.reviewed_on,
               promotions_tier_reached(s.metrics, coalesce(h.rank, -1), p.match) as reached
          from looked k
          left join promotions_tier_state t on t.customer_number = k.customer_number
          left join promotions_tier h on h.code = t.tier
          cross join lateral promotions_standing_of(k.customer_number, (today::timestamp at time zone p.zone) - interval '1 microsecond') s
         where t.reviewed_on is distinct from today
    ), decided as (
        select j.*,
               case when j.reached >= coalesce(j.had_rank, -1) then j.reached
                    when j.protected_until >= today then j.had_rank
                    when p.grace_days > 0 and (j.grace_until is null or j.grace_until >= today) then j.had_rank
                    when p.down = 'one_down' then greatest(j.reached, (select max(r.rank) from promotions_tier r where r.rank < j.had_rank))
                    else j.reached end as becomes
          from judged j
    ), kept as (
        insert into promotions_tier_state as t (customer_number, tier, since, grace_until, reviewed_on)
        select d.customer_number, r.code, today, null, today from decided d join promotions_tier r on r.rank = d.becomes
            on conflict (customer_number) do update
            set tier = excluded.tier, reviewed_on = today,
                since = case when t.tier = excluded.tier then t.since else today end,
                grace_until = (select case when d.reached >= coalesce(d.had_rank, -1) or d.becomes < d.had_rank then null
                                           when d.protected_until >= today then null
                                           when p.grace_days > 0 then coalesce(d.grace_until, today + p.grace_days) end
                                 from decided d where d.customer_number = t.customer_number)
        returning t.customer_number
    ), told as (
        insert into promotions_tier_change (customer_number, at, from_tier, to_tier, cause)
        select d.customer_number, moment, d.had, r.code, 'review' from decided d join promotions_tier r on r.rank = d.becomes
         where d.had is distinct from r.code order by d.customer_number
    )
    select d.customer_number, d.had, r.code from decided d left join promotions_tier r on r.rank = d.becomes
     where d.had is distinct from r.code
    union all
    select max(k.customer_number), null, null from looked k having count(*) > 0;
end $$;
