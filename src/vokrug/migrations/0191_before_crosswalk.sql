-- Which customers changed, each with the place of the last change: who reads on from a place reads everybody who
-- changed since, once. One row a customer, so that a reader who was away for years reads no more than there are people.
-- Places are given under the lock of the head, so that none ever appears below what was read.
create table customers_change_head (
    is_one boolean primary key default true,
    place bigint not null,
    constraint there_is_one_head check (is_one)
);
insert into customers_change_head (place) values (0);

create table customers_change (
    customer_number bigint primary key references customers_customer,
    place bigint not null,                 -- of the last change of whatever kind
    identity_place bigint not null         -- of the last change of who they are; 0: none was noted
) with (fillfactor = 80);

create unique index changes_in_order on customers_change (place);
create unique index changes_of_identity_in_order on customers_change (identity_place) where identity_place > 0;

-- What a partner's key may see. Of the same sector, keys see the same ids.
create table customers_crosswalk_right (
    key_id text primary key,
    sector text not null,
    types text[] not null,
    is_pairwise boolean not null,
    granted_by text not null,
    granted_at timestamptz not null,

    constraint crosswalk_right_is_never_granted_to_oneself check (granted_by <> key_id)
);

create function customers_note_changes(numbers bigint[], is_of_identity boolean) returns void
language sql as $$
    with changed as (select distinct number from unnest(numbers) as number),
    head as (
        update customers_change_head set place = place + (select count(*) from changed) returning place
    )
    insert into customers_change as known (customer_number, place, identity_place)
    select number, place, case when is_of_identity then place else 0 end
      from (select changed.number, head.place - (select count(*) from changed) + row_number() over (order by changed.number) as place
              from changed join customers_customer on customers_customer.number = changed.number cross join head) placed
    on conflict (customer_number) do update
       set place = excluded.place,
           identity_place = case when is_of_identity then excluded.place else known.identity_place end
$$;

-- Everybody who is there already has changed, in the order of their numbers.
insert into customers_change (customer_number, place, identity_place)
select number, row_number() over (order by number), row_number() over (order by number) from customers_customer;
update customers_change_head set place = (select count(*) from customers_change);
